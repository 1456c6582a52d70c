/**
 * The main job on real data, end to end: load, declare, train, prove, predict. `npm run demo` runs it.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import {
  columnLineage,
  connect,
  type Database,
  impact,
  isViewcastError,
  openStore,
  predictionQuery,
  predictRecorded,
  redact,
  renderDiagnostics,
  type Store,
  saveRecord,
  trainRecorded,
  verifyRecorded,
} from '@viewcast/sdk'
import { allFlights, defaultFlights, ForeignTables, loadFlights } from './load.ts'
import { declare } from './src/declare.ts'
import { periodOf } from './src/period.ts'
import { excerpt, heading, metricsTable, type Screen, screen, table, tree } from './src/screen.ts'

const help = `npm run demo -- [options]

  --size <n|full>       flights to load: the first n of 2001, or all ${allFlights.toLocaleString('en-US')} (default ${defaultFlights.toLocaleString('en-US')})
  --database <target>   postgres://… or a directory; default an embedded database beside the example
  --at <instant>        when to predict, such as 2001-02-01T12:00Z (default: the hour of the last departure)
  --help                this text

Examples
  npm run demo
  npm run demo -- --at 2001-01-10T12:00Z
  npm run demo -- --database postgres://me@localhost/demo --size full
`

export interface DemoOptions {
  readonly size: number
  readonly database: string
  /** Where records and SQL files go. */
  readonly directory: string
  readonly at?: string
  readonly signal?: AbortSignal
}

/** Runs the demo on a screen; returns what a test may look at. */
export async function demo(options: DemoOptions, show: Screen) {
  const db = await connect(options.database)
  try {
    return await mainJob(db, options, show)
  } finally {
    await db.close()
  }
}

async function mainJob(db: Database, options: DemoOptions, show: Screen) {
  const signal = options.signal ? { signal: options.signal } : {}
  show.print(`viewcast: will the next flight be late?\ndatabase  ${db.description}`)

  const loading = show.step('loading')
  const loaded = await loadFlights(db, {
    flights: options.size,
    onProgress: (n) => loading.update(n, options.size),
    ...signal,
  })
  loading.end(`${loaded.flights.toLocaleString('en-US')} flights${loaded.reused ? ', loaded before' : ''}`)

  const store = await openStore(db, { project: 'flight-delays' })
  const definitions = declare(await periodOf(db))
  const { delay15, delay15Timetable, delays } = definitions
  const train = async (model: typeof delay15 | typeof delay15Timetable) => {
    const step = show.step(`training ${model.name}`)
    const result = await trainRecorded(store, model, {
      onProgress: (_, done, total) => step.update(done, total),
      ...signal,
    })
    step.end(`${result.record.dataset.trainRows.toLocaleString('en-US')} rows`)
    return result
  }
  const plain = await train(delay15Timetable)
  const full = await train(delay15)
  const { record } = full

  const at = options.at ?? (await afterLast(db))
  const prediction = await predictionQuery(db, delay15, record, { at })
  const folder = join(options.directory, 'demo')
  await mkdir(folder, { recursive: true })
  const written = {
    training: join(folder, 'training.sql'),
    prediction: join(folder, 'prediction.sql'),
    model: await saveRecord(options.directory, record),
    plain: await saveRecord(options.directory, plain.record),
  }
  await writeFile(written.training, `${full.trainingQuery};\n`)
  await writeFile(written.prediction, `${prediction.sql};\n`)
  const shown = (path: string): string => relative(process.cwd(), path)

  show.print(heading('The training query: each row sees only flights that had landed before it left'))
  show.print(excerpt(full.trainingQuery, 60, shown(written.training)))
  show.print(
    heading(
      `Metrics on ${record.dataset.testRows.toLocaleString('en-US')} held-out flights, later than all trained on`,
    ),
  )
  show.print(metricsTable(plain.record, record))
  show.print(heading('The prediction query: views and model in one statement'))
  show.print(excerpt(prediction.sql, 60, shown(written.prediction)))

  const proving = show.step('verifying')
  const report = await verifyRecorded(store, delay15, record, { at, ...signal })
  proving.end()
  show.print(heading('The proof: interpreter against database'))
  const { parity } = report
  show.print(
    table(
      ['rows', 'largest difference', 'mismatched rows'],
      [[String(parity.rows), `${parity.maxUlp} ulp`, String(parity.mismatched)]],
    ),
  )
  show.print('')
  for (const check of report.checks) show.print(`${check.ok ? 'ok  ' : 'FAIL'}  ${check.name}: ${check.detail}`)

  show.print(heading('Lineage of one feature, down to the columns it is made of'))
  show.print(tree(await columnLineage(db, delays, 'origin_out_late_3h')))

  const predictions = await riskiest(store, delay15, record, at)
  show.print(heading(`Predictions for ${at}: the five riskiest of ${predictions.count.toLocaleString('en-US')} routes`))
  show.print(table(['route', 'probability of 15 minutes or more'], predictions.top))

  show.print(heading('What was logged in the schema viewcast of the same database'))
  show.print(table(['run', '', 'version', 'rows', 'digest of the rows'], await logged(db)))
  const hit = await impact(store, 'public.flights.landed_at')
  show.print(heading('What breaks without the column public.flights.landed_at'))
  show.print(
    table(
      ['model', 'share of its score', 'features'],
      hit.models.map((m) => [
        `${m.model} version ${m.version}`,
        m.share === undefined ? '' : `${(100 * m.share).toFixed(0)} %`,
        String(m.features.length),
      ]),
    ),
  )

  show.print(heading('Where everything is'))
  for (const path of Object.values(written)) show.print(`  ${shown(path)}`)
  show.print(heading('What to type next'))
  const target = options.database === embedded() ? '' : ' --database "$DATABASE_URL"'
  const folderHere = shown(here())
  show.print(`${folderHere === '' ? '' : `  cd ${folderHere}\n`}  npx viewcast ls${target}
  npx viewcast compile delay15${target} --at ${at}
  npx viewcast predict delay15${target} --at ${at} --limit 10
  npx viewcast runs ls${target}
  npx viewcast impact public.flights.landed_at${target}
  npx viewcast plan delay15${target} --as view
  npx viewcast apply delay15${target} --as view`)
  return { record, plain: plain.record, report, predictions, written, loaded }
}

async function afterLast(db: Database): Promise<string> {
  const [row] = await db.rows<{ at: string }>(
    `SELECT to_char(date_trunc('hour', max(departed_at)) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:00"Z"') AS at FROM flights`,
  )
  return row?.at ?? '2001-02-01T12:00Z'
}

async function riskiest(
  store: Store,
  model: Parameters<typeof predictRecorded>[1],
  record: Parameters<typeof predictRecorded>[2],
  at: string,
) {
  const { rows } = await predictRecorded(store, model, record, { at })
  const all: { route: string; probability: number }[] = []
  for await (const batch of rows) {
    for (const [origin, destination, , probability] of batch) {
      all.push({ route: `${String(origin)} → ${String(destination)}`, probability: Number(probability) })
    }
  }
  const top = all.sort((a, b) => b.probability - a.probability).slice(0, 5)
  return { count: all.length, top: top.map((t) => [t.route, t.probability.toFixed(4)]) }
}

/** The runs of this database, newest first, with the versions they made and the rows those were trained on. */
async function logged(db: Database): Promise<string[][]> {
  const rows = await db.rows<Record<string, string | null>>(
    `SELECT r.kind, r.name, r.state, m.version, d.rows, left(da.digest, 20) AS digest
     FROM viewcast.runs r
     LEFT JOIN viewcast.model_version v ON v.execution_id = r.run_id
     LEFT JOIN viewcast.artifact m ON m.id = v.artifact_id
     LEFT JOIN viewcast.dataset_version d ON d.artifact_id = v.dataset_artifact_id
     LEFT JOIN viewcast.artifact da ON da.id = d.artifact_id
     ORDER BY r.started_at DESC LIMIT 5`,
  )
  return rows.map((r) =>
    [`${r['kind']} ${r['name']}`, r['state'], r['version'], r['rows'], r['digest']].map((x) => String(x ?? '')),
  )
}

const here = (): string => dirname(fileURLToPath(import.meta.url))
const embedded = (): string => join(here(), '.viewcast', 'data')

async function main(argv: readonly string[]): Promise<number> {
  const abort = new AbortController()
  process.once('SIGINT', () => abort.abort())
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        size: { type: 'string', default: String(defaultFlights) },
        database: { type: 'string' },
        at: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help) {
      process.stdout.write(help)
      return 0
    }
    const size = values.size === 'full' ? allFlights : Number(values.size)
    if (!Number.isInteger(size) || size < 10_000 || size > allFlights) {
      process.stderr.write(`--size takes "full", or a number from 10000 to ${allFlights}\n`)
      return 2
    }
    await demo(
      {
        size,
        database: values.database ?? embedded(),
        directory: join(here(), '.viewcast'),
        signal: abort.signal,
        ...(values.at === undefined ? {} : { at: values.at }),
      },
      screen(process.stdout, process.stderr),
    )
    return 0
  } catch (e) {
    if (abort.signal.aborted) {
      process.stderr.write('\ninterrupted; nothing half done is kept\n')
      return 130
    }
    if (isViewcastError(e)) process.stderr.write(`\n${renderDiagnostics(e.diagnostics)}\n`)
    else if (e instanceof ForeignTables || (e as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) {
      process.stderr.write(`\n${redact((e as Error).message)}\n`)
      return e instanceof ForeignTables ? 1 : 2
    } else throw e
    return 1
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main(process.argv.slice(2))

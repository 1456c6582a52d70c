/** Existing views, untouched: train on them, then predict where only their base tables are. */
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import {
  connect,
  type Database,
  isDatabaseError,
  isViewcastError,
  predictionQuery,
  redact,
  renderDiagnostics,
  saveRecord,
  trainModel,
} from '@viewcast/sdk'
import { purchase } from './project.ts'
import { compare } from './src/compare.ts'
import { createTables, ForeignTables, prepare } from './src/prepare.ts'
import { recovered } from './src/recovered.ts'

const help = `npm start -- [options]

  --database <target>   postgres://… or a directory; default an embedded database beside the example
  --help                this text
`

/** The estimates or the two databases disagree. */
class Disagreement extends Error {
  override readonly name = 'Disagreement'
}

/**
 * Trains on the views of a database, which it makes when they are not there, and shows that the prediction query needs
 * only their base tables. Throws when a coefficient is not recovered, or a number is not the same.
 */
export async function existingViews(
  database: string,
  show: (line: string) => void,
  directory = join(here(), '.viewcast'),
) {
  const db = await connect(database)
  try {
    return await mainJob(db, show, directory)
  } finally {
    await db.close()
  }
}

async function mainJob(db: Database, show: (line: string) => void, directory: string) {
  show(`database  ${db.description}`)
  await prepare(db)

  const { record, trainingQuery } = await trainModel(db, purchase)
  await saveRecord(directory, record)
  show('\n── The training query\n')
  show(trainingQuery)

  const coefficients = recovered(record)
  show(`\n── Coefficients, from ${record.dataset.trainRows.toLocaleString('en-US')} customers\n`)
  const line = (cells: readonly string[]) => show(cells.map((c, i) => (i ? c.padStart(16) : c.padEnd(18))).join(''))
  line(['', 'truth', 'estimate', 'standard error', 'distance'])
  for (const c of coefficients) {
    line([c.name, c.truth.toFixed(4), c.estimate.toFixed(4), c.standardError.toFixed(4), `${c.distance.toFixed(2)} SE`])
  }
  const off = coefficients.filter((c) => !(c.distance <= 3)).map((c) => c.name)
  if (off.length > 0) throw new Disagreement(`More than three standard errors from the truth: ${off.join(', ')}`)
  show('\nAll are within three standard errors of the truth.')

  const { sql } = await predictionQuery(db, purchase, record, { spine: 'sample' })
  show('\n── The prediction query: no view is left, only base tables\n')
  show(`${sql};`)

  const bare = await connect('memory:')
  try {
    await createTables(bare)
    const comparison = await compare(db, bare, sql)
    show('\n── The same text on another database, which has only the base tables\n')
    show(
      `${comparison.rows.toLocaleString('en-US')} rows, ${comparison.missing} missing, largest difference ${comparison.maxUlp} ulp`,
    )
    // Mathematics libraries differ by this much in exp; on one engine the difference is 0.
    if (comparison.missing > 0 || comparison.maxUlp > 4) throw new Disagreement('The two databases disagree.')
    return { record, coefficients, sql, trainingQuery, comparison }
  } finally {
    await bare.close()
  }
}

const here = (): string => dirname(fileURLToPath(import.meta.url))

async function main(argv: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { database: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help) {
      process.stdout.write(help)
      return 0
    }
    await existingViews(values.database ?? join(here(), '.viewcast', 'data'), (line) =>
      process.stdout.write(`${line}\n`),
    )
    return 0
  } catch (e) {
    const usage = (e as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true
    if (isViewcastError(e)) process.stderr.write(`${renderDiagnostics(e.diagnostics)}\n`)
    else if (usage || e instanceof ForeignTables || e instanceof Disagreement || isDatabaseError(e)) {
      process.stderr.write(`${redact((e as Error).message)}\n`)
    } else throw e
    return usage ? 2 : 1
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main(process.argv.slice(2))

/**
 * Scoring in the database: the prediction query against the least a database can do, and against fetching the rows.
 *
 * Columns of integers have no values but NULL to test for, and are held to the ceiling. Columns of float8 carry the test for a
 * usable number (NaN, the infinities, magnitudes that overflow or underflow when multiplied), whose price is told as a figure.
 */
import { readFileSync } from 'node:fs'
import type { ModelRecord } from '@viewcast/sdk'
import { connect, type Database, predictionQuery, project, standardize } from '@viewcast/sdk'
import pg from 'pg'
import { startServer } from '../test/engines/postgres-server.ts'
import { duration, inRounds, least, median } from './timing.ts'

const rows = Number(process.env['BENCH_ROWS'] ?? 1_000_000)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 9)
const ceiling = 1.1

const features = Array.from({ length: 50 }, (_, i) => `x${i + 1}`)

/** Fixed numbers without a pattern, in (-1, 1). */
const mix = (n: number): number => (Math.imul(n ^ 0x9e3779b9, 0x85ebca6b) >> 8) / 2 ** 23

type ColumnType = 'int4' | 'float8'

const recordOf = (type: ColumnType): ModelRecord => ({
  format: 'viewcast/model@2',
  name: 'score',
  version: 1,
  trainedAt: '2026-01-01T00:00:00.000Z',
  family: 'binomial',
  link: 'logit',
  label: 'y',
  threshold: 0.5,
  inputs: features.map((feature, i) => ({
    feature,
    type,
    encoder: {
      kind: 'numeric',
      transform: 'identity',
      impute: mix(i) / 3,
      indicator: false,
      center: mix(i) / 3,
      scale: 0.6 + mix(i + 100) / 10,
    },
  })),
  coefficients: [null, ...features].map((feature, i) => ({
    name: feature ?? '(intercept)',
    feature,
    estimate: mix(i + 200),
    standardError: null,
    statistic: null,
    pValue: null,
  })),
  fit: {
    solver: 'irls',
    where: 'process',
    penalty: { l1: 0, l2: 0 },
    iterations: 6,
    converged: true,
    deviance: 1,
    nullDeviance: 1,
    residualDegrees: null,
    nullDegrees: null,
    dispersion: null,
    logLikelihood: null,
    aic: null,
  },
  dataset: { name: 'scored', queryHash: '0'.repeat(64), trainRows: rows, testRows: 0 },
  metrics: { train: {}, test: {}, baseline: {} },
  verification: [],
})
const record = recordOf('float8')
const weights = record.coefficients.slice(1).map((c, i) => {
  const { encoder } = record.inputs[i] as ModelRecord['inputs'][number]
  return c.estimate / (encoder.kind === 'numeric' ? encoder.scale : 1)
})

interface Variant {
  readonly table: string
  readonly title: string
  readonly type: ColumnType
  /** Columns of which one row in a hundred is NULL. */
  readonly withNulls: number
}
const variants: readonly Variant[] = (['int4', 'float8'] as const).flatMap((type) => [
  { table: `complete_${type}`, title: `${type}, no NULL, columns NOT NULL`, type, withNulls: 0 },
  { table: `gaps_${type}`, title: `${type}, 1 % NULL in each of 5 columns`, type, withNulls: 5 },
  { table: `many_gaps_${type}`, title: `${type}, 1 % NULL in each of 50 columns`, type, withNulls: 50 },
])

/** A model whose inputs are columns of the sample, which is also what lists the entities: one table, no join. */
function modelOver(table: string) {
  const p = project<Record<string, Record<string, number>>>('bench')
  const row = p.entity('row', { id: 'int4' }, { from: table })
  const sample = p.sample('rows', { entity: row }).existing(table)
  const target = p.target('outcome', { entity: row }).existing('outcomes').label({ y: 'bool' })
  const scored = p.dataset('scored', { sample, target, features: [] })
  const inputs = Object.fromEntries(features.map((f) => [f, standardize()]))
  return p.model('score', { dataset: scored, family: 'logistic', label: 'y' }).inputs(inputs as never)
}

const fill = (v: Variant): string => {
  const value = (i: number) =>
    v.type === 'int4'
      ? `(hashint8extended(g, ${i}) % 3)::int4`
      : `(hashint8extended(g, ${i}) >> 11)::float8 / 4503599627370496`
  const columns = features.map((f, i) =>
    i < v.withNulls
      ? `CASE WHEN hashint8extended(g, ${1000 + i}) % 100 <> 0 THEN ${value(i)} END AS ${f}`
      : `${value(i)} AS ${f}`,
  )
  const strict = v.withNulls === 0 ? `; ALTER TABLE ${v.table} ${features.map((f) => `ALTER ${f} SET NOT NULL`)}` : ''
  return `CREATE TABLE ${v.table} AS SELECT g AS id, ${columns} FROM generate_series(1, ${rows}) AS g${strict}; VACUUM ANALYZE ${v.table}`
}

const dotProduct = (table: string): string =>
  `SELECT id, ${features.map((f, i) => `${f} * '${weights[i]}'::float8`).join(' + ')} AS score FROM ${table}`

interface Figures {
  readonly executor: number[]
  readonly cpu: number[]
  readonly copied: number[]
}
const none = (): Figures => ({ executor: [], cpu: [], copied: [] })

/** One session with the settings both sides are measured under. */
async function session(url: string) {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('SET jit = off; SET max_parallel_workers_per_gather = 0; SET TimeZone = UTC')
  const pid = Number((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid)
  return { client, cpuMs: () => cpuOf(pid) }
}

/** Time on a processor, which a busy machine stretches less than time on the clock; NaN where Linux does not say. */
function cpuOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return Number.NaN
  }
}

async function measure(s: Awaited<ReturnType<typeof session>>, sql: string, into: Figures): Promise<void> {
  const before = s.cpuMs()
  const plan = await s.client.query(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${sql}`)
  into.cpu.push(s.cpuMs() - before)
  into.executor.push(plan.rows[0]['QUERY PLAN'][0]['Execution Time'])
  const start = performance.now()
  await s.client.query(`COPY (${sql}) TO '/dev/null' (FORMAT binary)`)
  into.copied.push(performance.now() - start)
}

/** What one does without a compiler: fetch the rows, score them here. */
async function scoreHere(db: Database, table: string, into: number[]): Promise<number> {
  const start = performance.now()
  const intercept = (record.coefficients[0]?.estimate ?? 0) - center()
  let sum = 0
  for await (const batch of db.stream(`SELECT id, ${features} FROM ${table}`)) {
    for (const row of batch) {
      let z = intercept
      for (let i = 0; i < weights.length; i++) z += (row[i + 1] as number) * (weights[i] as number)
      sum += 1 / (1 + Math.exp(-z))
    }
  }
  into.push(performance.now() - start)
  return sum
}
const center = (): number =>
  weights.reduce((sum, w, i) => {
    const { encoder } = record.inputs[i] as ModelRecord['inputs'][number]
    return sum + (encoder.kind === 'numeric' ? w * encoder.center : 0)
  }, 0)

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  const given = process.env['DATABASE_URL']
  const server = given === undefined ? await startServer(['shared_buffers=2GB', 'max_wal_size=8GB']) : undefined
  const url = given ?? server?.url ?? ''
  try {
    return await compare(url)
  } finally {
    await server?.stop()
  }
}

async function compare(url: string) {
  const db = await connect(url)
  const s = await session(url)
  const table: string[][] = []
  const notes: string[] = []
  try {
    await s.client.query('DROP TABLE IF EXISTS outcomes; CREATE TABLE outcomes (id int4 PRIMARY KEY, y bool)')
    for (const v of variants) {
      process.stderr.write(`${v.title}: ${rows} rows × ${features.length}…\n`)
      await s.client.query(`DROP TABLE IF EXISTS ${v.table}`)
      for (const statement of fill(v).split(';')) await s.client.query(statement)
      const ours = await predictionQuery(db, modelOver(v.table), recordOf(v.type))
      const figures = { ours: none(), limit: none() }
      const fetched: number[] = []
      await inRounds(rounds, {
        ours: () => measure(s, ours.sql, figures.ours),
        limit: () => measure(s, dotProduct(v.table), figures.limit),
      })
      if (v.withNulls === 0) {
        const [{ sum }] = (await s.client.query(`SELECT sum(probability) FROM (${ours.sql}) AS q`)).rows
        for (let i = 0; i < 3; i++) {
          const here = await scoreHere(db, v.table, fetched)
          if (Math.abs(here / sum - 1) > 1e-9) throw new Error('The two ways to score disagree')
        }
      }
      table.push(...compared(v, figures), ...inJavaScript(v.title, figures.ours, fetched))
      await s.client.query(`DROP TABLE ${v.table}`)
    }
    const [about] = (await s.client.query("SELECT current_setting('server_version') AS version")).rows
    notes.push(
      `PostgreSQL ${about.version}, ${rows} rows × ${features.length} columns, ${rounds} rounds, taken in turns.`,
      'jit off, no parallel workers, for both sides; tables in shared buffers.',
      'executor: EXPLAIN (ANALYZE, TIMING OFF); cpu: processor time of the backend meanwhile;',
      "copied: COPY (…) TO '/dev/null' as binary. Ratios are of medians; minima beside them.",
      `Ceiling, of int4: at most ${ceiling.toFixed(2)} times the bare dot product.`,
      'float8: with the test for a usable number of each column, which the bare dot product has not.',
    )
  } finally {
    await s.client.query('DROP TABLE IF EXISTS outcomes')
    await s.client.end()
    await db.close()
  }
  return {
    title: 'Scoring in the database: prediction query against the bare dot product',
    columns: ['rows', 'measure', 'viewcast', 'bare dot product', 'ratio', 'ratio of minima', 'ceiling'],
    rows: table,
    notes,
  }
}

function compared({ title, type }: Variant, { ours, limit }: { ours: Figures; limit: Figures }): string[][] {
  return (['executor', 'cpu', 'copied'] as const).map((measure) => {
    const [mine, theirs] = [ours[measure], limit[measure]]
    const ratio = median(mine) / median(theirs)
    return [
      title,
      measure,
      duration(median(mine)),
      duration(median(theirs)),
      ratio.toFixed(2),
      (least(mine) / least(theirs)).toFixed(2),
      type === 'float8' ? 'a figure' : ratio <= ceiling ? 'held' : 'MISSED',
    ]
  })
}

function inJavaScript(title: string, ours: Figures, fetched: readonly number[]): string[][] {
  if (fetched.length === 0) return []
  const [mine, theirs] = [median(ours.copied), median(fetched)]
  const cells = [duration(mine), `${duration(theirs)} (rows fetched, scored in JavaScript)`]
  return [[title, 'copied', ...cells, (mine / theirs).toFixed(2), (least(ours.copied) / least(fetched)).toFixed(2), '']]
}

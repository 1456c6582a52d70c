/**
 * Scoring in the database against the shapes other compilers of models write: a softmax of three classes, and a category of
 * two hundred levels. Their SQL is written here after what they are described to do; no code is theirs.
 *
 * - SKompiler: one common table expression for each shared value, joined back to each other by the key.
 * - orbital: a chain of common table expressions, one column for each level; or one CASE for each level.
 */
import { readFileSync } from 'node:fs'
import { connect, type ModelRecord, predictionQuery, project } from '@viewcast/sdk'
import pg from 'pg'
import { startServer } from '../test/engines/postgres-server.ts'
import { duration, inRounds, least, median } from './timing.ts'

const rows = Number(process.env['BENCH_ROWS'] ?? 1_000_000)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
const target = 3

const numbers = ['x1', 'x2', 'x3', 'x4']
const classes = ['setosa', 'versicolor', 'virginica']
const levels = Array.from({ length: 200 }, (_, i) => `level ${String(i + 1).padStart(3, '0')}`)

const mix = (n: number): number => (Math.imul(n ^ 0x9e3779b9, 0x85ebca6b) >> 8) / 2 ** 23
const weight = (k: number, i: number): number => mix(17 * k + i)
const literal = (x: number): string => `'${x}'::float8`

const common = {
  format: 'viewcast/model@2' as const,
  version: 1,
  trainedAt: '2026-01-01T00:00:00.000Z',
  label: 'y',
  threshold: 0.5,
  fit: {
    solver: 'irls',
    where: 'process' as const,
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
}
const coefficient = (name: string, feature: string | null, estimate: number, of?: string) => ({
  name,
  feature,
  ...(of === undefined ? {} : { class: of }),
  estimate,
  standardError: null,
  statistic: null,
  pValue: null,
})

const softmax: ModelRecord = {
  ...common,
  name: 'softmax',
  family: 'multinomial',
  link: 'softmax',
  classes,
  outputs: ['probabilities', 'label'],
  inputs: numbers.map((feature) => ({
    feature,
    type: 'float8',
    encoder: { kind: 'numeric', transform: 'identity', impute: 0, indicator: false, center: 0, scale: 1 },
  })),
  coefficients: classes.flatMap((c, k) => [
    coefficient('(intercept)', null, weight(k, 0), c),
    ...numbers.map((x, i) => coefficient(x, x, weight(k, i + 1), c)),
  ]),
}

const category: ModelRecord = {
  ...common,
  name: 'category',
  family: 'gaussian',
  link: 'identity',
  inputs: [{ feature: 'state', type: 'text', encoder: { kind: 'onehot', levels, base: null } }],
  coefficients: [
    coefficient('(intercept)', null, 0.5),
    ...levels.map((l, i) => coefficient(`state=${l}`, 'state', weight(9, i))),
  ],
}

const linear = (k: number, alias: string): string =>
  [literal(weight(k, 0)), ...numbers.map((x, i) => `${literal(weight(k, i + 1))} * ${alias}.${x}`)].join(' + ')

/** One CTE per shared value, each joined to the others by the key. */
const selfJoins = (): string => {
  const decisions = classes.map((_, k) => `${linear(k, 't')} AS d${k}`).join(', ')
  const top = classes.map((_, k) => `d.d${k}`).join(', ')
  return `WITH d AS (SELECT t.id, ${decisions} FROM scored AS t),
    m AS (SELECT d.id, greatest(${top}) AS top FROM d),
    e AS (SELECT d.id, ${classes.map((_, k) => `exp(d.d${k} - m.top) AS e${k}`).join(', ')} FROM d JOIN m ON m.id = d.id),
    s AS (SELECT e.id, ${classes.map((_, k) => `e.e${k}`).join(' + ')} AS total FROM e)
    SELECT e.id, ${classes.map((_, k) => `e.e${k} / s.total AS p${k}`).join(', ')},
      CASE WHEN m.top = d.d0 THEN 0 WHEN m.top = d.d1 THEN 1 ELSE 2 END AS label
    FROM e JOIN s ON s.id = e.id JOIN m ON m.id = e.id JOIN d ON d.id = e.id`
}

/** The same values as a chain of stages that the planner merges, so that each is computed again wherever it is read. */
const chain =
  (): string => `WITH d AS (SELECT t.id, ${classes.map((_, k) => `${linear(k, 't')} AS d${k}`).join(', ')} FROM scored AS t),
    m AS (SELECT d.*, greatest(d.d0, d.d1, d.d2) AS top FROM d),
    e AS (SELECT m.*, ${classes.map((_, k) => `exp(m.d${k} - m.top) AS e${k}`).join(', ')} FROM m),
    s AS (SELECT e.*, ${classes.map((_, k) => `e.e${k}`).join(' + ')} AS total FROM e)
    SELECT s.id, ${classes.map((_, k) => `s.e${k} / s.total AS p${k}`).join(', ')},
      CASE WHEN s.top = s.d0 THEN 0 WHEN s.top = s.d1 THEN 1 ELSE 2 END AS label FROM s`

const caseOf = (level: string): string => `CASE WHEN t.state = '${level}' THEN 1::float8 ELSE 0::float8 END`
const casePerLevel = (): string =>
  `SELECT t.id, ${literal(0.5)} + ${levels.map((l, i) => `${caseOf(l)} * ${literal(weight(9, i))}`).join(' + ')} AS prediction FROM scored AS t`
const columnPerLevel = (): string =>
  `WITH encoded AS (SELECT t.id, ${levels.map((l, i) => `${caseOf(l)} AS c${i}`).join(', ')} FROM scored AS t OFFSET 0)
   SELECT e.id, ${literal(0.5)} + ${levels.map((_, i) => `e.c${i} * ${literal(weight(9, i))}`).join(' + ')} AS prediction FROM encoded AS e`

const shapes = [
  {
    title: '3-class softmax, label too',
    record: softmax,
    peers: { 'self-joined stages (SKompiler)': selfJoins(), 'merged chain (orbital)': chain() },
  },
  {
    title: 'category of 200 levels',
    record: category,
    peers: { 'CASE per level (SKompiler)': casePerLevel(), 'column per level (orbital)': columnPerLevel() },
  },
]

/** The inputs are columns of the sample, which is also what lists the entities: one table, no join of ours. */
function model(inputs: Readonly<Record<string, 'auto'>>) {
  const p = project<Record<string, Record<string, unknown>>>('shapes')
  const row = p.entity('row', { id: 'int4' }, { from: 'scored' })
  const sample = p.sample('rows', { entity: row }).existing('scored')
  const target = p
    .target('outcome', { entity: row })
    .existing('outcomes')
    .label({ y: 'bool' } as never)
  const dataset = p.dataset('scored', { sample, target, features: [] })
  return p.model('shape', { dataset, family: 'logistic', label: 'y' as never }).inputs(inputs as never)
}

const cpuOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  const given = process.env['DATABASE_URL']
  const server = given === undefined ? await startServer(['shared_buffers=1GB', 'max_wal_size=4GB']) : undefined
  const client = new pg.Client(given ?? server?.url ?? '')
  await client.connect()
  const db = await connect(given ?? server?.url ?? '')
  const table: string[][] = []
  try {
    await client.query('SET jit = off; SET max_parallel_workers_per_gather = 0; SET work_mem = "256MB"')
    await client.query('DROP TABLE IF EXISTS scored, outcomes; CREATE TABLE outcomes (id int4 PRIMARY KEY, y bool)')
    const value = (i: number) => `(hashint8extended(g, ${i}) >> 11)::float8 / 4503599627370496 AS x${i}`
    const state = `'level ' || lpad((1 + abs(hashint8extended(g, 9) % 200))::text, 3, '0') AS state`
    await client.query(
      `CREATE TABLE scored AS SELECT g AS id, ${[1, 2, 3, 4].map(value)}, ${state} FROM generate_series(1, ${rows}) AS g`,
    )
    await client.query('ALTER TABLE scored ADD PRIMARY KEY (id)')
    await client.query('VACUUM ANALYZE scored')
    const pid = Number((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid)
    for (const { title, record, peers } of shapes) {
      process.stderr.write(`${title}…\n`)
      const inputs = Object.fromEntries(record.inputs.map((i) => [i.feature, 'auto' as const]))
      const { sql } = await predictionQuery(db, model(inputs), record)
      const texts = { viewcast: sql, ...peers }
      await agree(client, Object.values(texts))
      const times: Record<string, number[]> = Object.fromEntries(Object.keys(texts).map((name) => [name, []]))
      const measured = Object.entries(texts).map(([name, text]) => [
        name,
        async () => {
          const before = cpuOf(pid)
          await client.query(`EXPLAIN (ANALYZE, TIMING OFF) ${text}`)
          times[name]?.push(cpuOf(pid) - before)
        },
      ])
      await inRounds(rounds, Object.fromEntries(measured))
      const ours = times['viewcast'] ?? []
      for (const name of Object.keys(peers)) {
        const theirs = times[name] ?? []
        const ratio = median(theirs) / median(ours)
        table.push([
          title,
          name,
          duration(median(ours)),
          duration(median(theirs)),
          ratio.toFixed(1),
          (least(theirs) / least(ours)).toFixed(1),
          ratio >= target ? 'held' : 'MISSED',
        ])
      }
    }
  } finally {
    await client.query('DROP TABLE IF EXISTS scored, outcomes')
    await client.end()
    await db.close()
    await server?.stop()
  }
  return {
    title: 'Scoring in the database: against the shapes other compilers write',
    columns: ['model', 'shape', 'viewcast', 'theirs', 'times faster', 'of minima', `at least ${target}`],
    rows: table,
    notes: [
      `${rows} rows, ${rounds} rounds taken in turns; processor time of the backend, jit off, no parallel workers.`,
      'The shapes have no guard against overflow, NaN or NULL; ours has.',
    ],
  }
}

/** All texts give the same sums, to the rounding of sums in another order. */
async function agree(client: pg.Client, texts: readonly string[]): Promise<void> {
  const sums: number[][] = []
  for (const text of texts) {
    const { rows: sample, fields } = await client.query(`SELECT * FROM (${text}) AS q WHERE q.id <= 1000 ORDER BY q.id`)
    const floats = fields.filter((f) => f.dataTypeID === 701).map((f) => f.name)
    sums.push(floats.map((name) => sample.reduce((sum: number, r) => sum + Number(r[name]), 0)))
  }
  for (const own of sums) {
    if (own.some((s, i) => Math.abs(s - (sums[0]?.[i] ?? 0)) > 1e-6)) throw new Error('The shapes disagree')
  }
}

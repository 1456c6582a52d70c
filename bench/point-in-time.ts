/**
 * The latest row of a history at each question's instant: the training query against the best SQL a person would write, and
 * against the shape that Feast's template for PostgreSQL generates, written here from its description.
 */
import { readFileSync } from 'node:fs'
import type { ModelRecord } from '@viewcast/sdk'
import { connect, type Database, explain, numeric, predictionQuery, project, trainingQuery } from '@viewcast/sdk'
import pg from 'pg'
import { startServer } from '../test/engines/postgres-server.ts'
import { duration, inRounds, median } from './timing.ts'

const sizes = (process.env['BENCH_ROWS'] ?? '1000,100000,1000000').split(',').map(Number)
const history = 2_000_000
const keys = 50_000
const atMost = 1.1
const atLeast = 3
const limitMs = 120_000
/** One key has to be a lookup; a scan of the history would take hundreds. */
const oneKeyMs = 10

interface DB {
  entities: { entity: number }
  history: { entity: number; at: Date; a: number; b: number; c: string }
  questions: { question: number; entity: number; as_of: Date }
  outcomes: { question: number; y: number }
}

const seconds = (salt: number, range: string) =>
  `((hashint8extended(g, ${salt}) & 2147483647) % (${range})) * interval '1 second'`
const value = (salt: number) => `(hashint8extended(g, ${salt}) >> 11)::float8 / 4503599627370496`

/** 40 rows of each key over two years, a random instant in each 18 days, stored in no order. */
const tables = `
  CREATE TABLE history AS
    SELECT (g % ${keys})::int4 AS entity, timestamptz '2020-01-01Z' + (g / ${keys}) * interval '432 hours' + ${seconds(1, '18 * 86400')} AS at,
           ${value(2)} AS a, ${value(3)} AS b, 'c' || g % 7 AS c
      FROM generate_series(0, ${history - 1}) AS g ORDER BY hashint8extended(g, 4);
  CREATE UNIQUE INDEX history_entity_at ON history (entity, at) INCLUDE (a, b, c);
  CREATE TABLE unindexed AS SELECT * FROM history;
  CREATE TABLE tied AS SELECT * FROM history;
  CREATE INDEX tied_entity_at ON tied (entity, at) INCLUDE (a, b, c);
  CREATE TABLE entities AS SELECT g::int4 AS entity FROM generate_series(0, ${keys - 1}) AS g;
  ALTER TABLE entities ADD PRIMARY KEY (entity);
  CREATE TABLE outcomes (question int4 PRIMARY KEY, y int4);
  ${sizes
    .map(
      (n) => `CREATE TABLE questions_${n} AS
    SELECT g::int4 AS question, ((hashint8extended(g, 5) & 2147483647) % ${keys})::int4 AS entity,
           timestamptz '2020-03-01 00:00:00.5Z' + ${seconds(6, '670 * 86400')} AS as_of
      FROM generate_series(1, ${n}) AS g;`,
    )
    .join('\n')}`

/** A dataset of one history view over `table`, asked by `n` questions. */
function datasetOf(table: string, n: number, maxAge?: '30 days') {
  const p = project<DB>('bench')
  const entity = p.entity('entity', { entity: 'int4' }, { from: 'entities' })
  const question = p.entity('question', { question: 'int4' })
  const sample = p
    .sample('asked', { entity, split: p.split.none() })
    .query(({ db }) => db.selectFrom(`questions_${n}` as 'questions').select(['question', 'entity', 'as_of']))
  const target = p.target('outcome', { entity: question }).existing('outcomes').label({ y: 'int4' })
  const latest = p
    .featureView('latest', { entity, time: 'at', ...(maxAge ? { maxAge } : {}) })
    .query(({ db }) => db.selectFrom(table as 'history').select(['entity', 'at', 'a', 'b', 'c']))
  const week = p.aggregates('week', {
    entity,
    source: table as 'history',
    time: 'at',
    windows: { '30d': '30 days' },
    features: (f) => ({ n: f.count(), b: f.sum('b') }),
  })
  return {
    asked: p.dataset('asked', { sample, features: [latest] }),
    labelled: p
      .model('m', {
        dataset: p.dataset('labelled', { sample, target, features: [latest, week.prefix('w_')] }),
        family: 'linear',
        label: 'y',
      })
      .inputs({ a: numeric(), w_n_30d: numeric(), w_b_30d: numeric() } as never),
  }
}

/** What a person who knows PostgreSQL would write; the fastest of them counts. */
const byHand = (n: number): Readonly<Record<string, string>> => {
  const lookup = `LEFT JOIN LATERAL (SELECT h.a, h.b, h.c FROM history h WHERE h.entity = s.entity AND h.at < s.as_of ORDER BY h.at DESC LIMIT 1) h ON true`
  return {
    'LATERAL, sorted': `SELECT s.*, h.* FROM (SELECT * FROM questions_${n} ORDER BY entity, as_of) s ${lookup}`,
    LATERAL: `SELECT s.*, h.* FROM questions_${n} s ${lookup}`,
    ranges: `SELECT s.*, h.a, h.b, h.c FROM questions_${n} s LEFT JOIN (
      SELECT *, lead(at) OVER (PARTITION BY entity ORDER BY at) AS until FROM history) h
      ON h.entity = s.entity AND h.at < s.as_of AND (s.as_of < h.until OR h.until IS NULL)`,
  }
}

/** Row ids of concatenated text, an inequality join, ROW_NUMBER, and a join back on id and time; `ttl` in days. */
function feast(n: number, ttl?: number): string {
  const [oldest, fresh] =
    ttl === undefined
      ? ['', '']
      : [
          `AND at >= (SELECT min(as_of) FROM entity_dataframe) - ${ttl} * interval '1 day'`,
          `AND subquery.event_timestamp >= ed.event_timestamp - ${ttl} * interval '1 day'`,
        ]
  return `
    WITH entity_dataframe AS (
      SELECT *, entity::text || as_of::text AS row_id FROM questions_${n}
    ), v__entity_dataframe AS (
      SELECT entity, as_of AS event_timestamp, row_id FROM entity_dataframe GROUP BY entity, as_of, row_id
    ), v__subquery AS (
      SELECT at AS event_timestamp, entity, a, b, c FROM history
       WHERE at <= (SELECT max(as_of) FROM entity_dataframe) ${oldest}
    ), v__base AS (
      SELECT subquery.*, ed.event_timestamp AS entity_timestamp, ed.row_id
        FROM v__subquery subquery INNER JOIN v__entity_dataframe ed
          ON subquery.event_timestamp <= ed.event_timestamp ${fresh} AND subquery.entity = ed.entity
    ), v__latest AS (
      SELECT row_id, event_timestamp FROM (
        SELECT *, row_number() OVER (PARTITION BY row_id ORDER BY event_timestamp DESC) AS row_number FROM v__base) t
       WHERE row_number = 1
    ), v__cleaned AS (
      SELECT base.* FROM v__base base INNER JOIN v__latest USING (row_id, event_timestamp)
    )
    SELECT question, entity_dataframe.entity, as_of, v.a, v.b, v.c
      FROM entity_dataframe LEFT JOIN (SELECT row_id, a, b, c FROM v__cleaned) v USING (row_id)`
}

type Session = { readonly client: pg.Client; readonly cpuMs: () => number }

async function session(url: string): Promise<Session> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(
    `SET jit = off; SET max_parallel_workers_per_gather = 0; SET TimeZone = UTC; SET statement_timeout = ${limitMs}`,
  )
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

interface Taken {
  readonly wall: number[]
  readonly cpu: number[]
}
const nothing = (): Taken => ({ wall: [], cpu: [] })

/** Runs a statement whole; infinity when it takes longer than the limit. */
async function take(s: Session, sql: string, into: Taken): Promise<void> {
  const cpu = s.cpuMs()
  const start = performance.now()
  try {
    await s.client.query(`COPY (${sql}) TO '/dev/null' (FORMAT binary)`)
    into.wall.push(performance.now() - start)
    into.cpu.push(s.cpuMs() - cpu)
  } catch (e) {
    if ((e as { code?: string }).code !== '57014') throw e
    into.wall.push(Number.POSITIVE_INFINITY)
    into.cpu.push(Number.POSITIVE_INFINITY)
  }
}

const shown = (ms: number): string => (Number.isFinite(ms) ? duration(ms) : `over ${duration(limitMs)}`)
const times = (ratio: number): string => (Number.isFinite(ratio) ? ratio.toFixed(2) : 'more')
const rounds = (n: number): number => (n > 500_000 ? 3 : n > 10_000 ? 5 : 41)

/** The questions whose values differ between two queries; names of columns are the same, order is not. */
async function differing(s: Session, a: string, b: string): Promise<number> {
  const { rows } = await s.client.query(
    `SELECT count(*)::int4 AS n FROM (${a}) AS x FULL JOIN (${b}) AS y USING (question)
      WHERE (x.a, x.b, x.c) IS DISTINCT FROM (y.a, y.b, y.c)`,
  )
  return rows[0].n
}

async function compareAt(n: number, db: Database, s: Session): Promise<string[][]> {
  process.stderr.write(`${n} questions over ${history} rows…\n`)
  const { sql: whole } = await trainingQuery(db, datasetOf('history', n).asked)
  const { sql: fresh } = await trainingQuery(db, datasetOf('history', n, '30 days').asked)
  const hands = byHand(n)
  const peers = { 'Feast’s shape': feast(n), 'Feast’s shape, 30 days': feast(n, 30) }
  if ((await differing(s, whole, hands['LATERAL, sorted'] ?? '')) > 0) throw new Error('Two ways disagree')
  if (n <= 1000) {
    if ((await differing(s, whole, peers['Feast’s shape'])) > 0) throw new Error('Two ways disagree')
    if ((await differing(s, fresh, peers['Feast’s shape, 30 days'])) > 0) throw new Error('Two ways disagree')
  }
  const all: Record<string, string> = { whole, fresh, ...hands, ...peers }
  const taken = Object.fromEntries(Object.keys(all).map((name) => [name, nothing()]))
  const of = (name: string): Taken => taken[name] as Taken
  // At the largest size the peers take minutes: once is enough to see by how much.
  const repeated = Object.entries(all).filter(([name]) => n <= 500_000 || !(name in peers))
  await inRounds(rounds(n), Object.fromEntries(repeated.map(([name, sql]) => [name, () => take(s, sql, of(name))])))
  if (n > 500_000) for (const [name, sql] of Object.entries(peers)) await take(s, sql, of(name))
  const best = Object.keys(hands).reduce((a, b) => (median(of(b).wall) < median(of(a).wall) ? b : a))
  const row = (ours: string, name: string, target: (ratio: number) => string): string[] => {
    const wall = median(of(ours).wall) / median(of(name).wall)
    const cpu = median(of(ours).cpu) / median(of(name).cpu)
    return [
      String(n),
      name,
      shown(median(of(ours).wall)),
      shown(median(of(name).wall)),
      target(Number.isNaN(cpu) ? wall : cpu),
      times(wall),
    ]
  }
  const faster = (r: number) => `${times(1 / r)} × faster, ${r <= 1 / atLeast ? 'held' : 'MISSED'}`
  return [
    row('whole', best, (r) => `${times(r)} × the best, ${r <= atMost ? 'held' : 'MISSED'}`),
    row('whole', 'Feast’s shape', faster),
    row('fresh', 'Feast’s shape, 30 days', faster),
  ]
}

/** Without an index: is the form the rules choose near the fastest of those there are? */
async function formsAt(n: number, db: Database, s: Session): Promise<string[][]> {
  const { asked } = datasetOf('unindexed', n)
  const chosen = (await explain(db, asked)).views[0]?.form ?? ''
  const taken: Record<string, number> = {}
  for (const form of ['distinct', 'merge', 'fill'] as const) {
    const { sql } = await trainingQuery(db, asked, { forms: { latest: form } })
    const own = nothing()
    await take(s, sql, own)
    taken[form] = median(own.wall)
  }
  const others = Object.entries(taken).map(([form, ms]) => `${form} ${shown(ms)}`)
  const ratio = (taken[chosen] ?? Number.NaN) / Math.min(...Object.values(taken))
  return [
    [
      String(n),
      `no index: ${others.join(', ')}`,
      shown(taken[chosen] ?? Number.NaN),
      '',
      `rules take ${chosen}`,
      times(ratio),
    ],
  ]
}

/** With ties possible the order of whole rows is written too. */
async function tiesAt(n: number, db: Database, s: Session): Promise<string[][]> {
  const { sql } = await trainingQuery(db, datasetOf('tied', n).asked)
  const hand = (byHand(n)['LATERAL, sorted'] ?? '').replace('history', 'tied')
  const [ours, theirs] = [nothing(), nothing()]
  await inRounds(rounds(n), { ours: () => take(s, sql, ours), theirs: () => take(s, hand, theirs) })
  const ratio = median(ours.cpu) / median(theirs.cpu)
  const cells = [shown(median(ours.wall)), shown(median(theirs.wall)), `${times(ratio)} × one that leaves ties open`]
  return [[String(n), 'no unique index', ...cells, times(median(ours.wall) / median(theirs.wall))]]
}

/** A prediction for one key, history and window, as a service would ask for it. */
async function oneKey(db: Database, s: Session): Promise<string[][]> {
  const inputs = ['a', 'w_n_30d', 'w_b_30d']
  const record: ModelRecord = {
    format: 'viewcast/model@2',
    name: 'm',
    version: 1,
    trainedAt: '2026-01-01T00:00:00.000Z',
    family: 'gaussian',
    link: 'identity',
    label: 'y',
    threshold: 0.5,
    inputs: inputs.map((feature) => ({
      feature,
      type: 'float8',
      encoder: { kind: 'numeric', transform: 'identity', impute: 0, indicator: false, center: 0, scale: 1 },
    })),
    coefficients: [null, ...inputs].map((feature) => ({
      name: feature ?? '(intercept)',
      feature,
      estimate: 1,
      standardError: null,
      statistic: null,
      pValue: null,
    })),
    fit: {
      solver: 'cholesky',
      where: 'process',
      penalty: { l1: 0, l2: 0 },
      iterations: 1,
      converged: true,
      deviance: 1,
      nullDeviance: 1,
      residualDegrees: null,
      nullDegrees: null,
      dispersion: null,
      logLikelihood: null,
      aic: null,
    },
    dataset: { name: 'labelled', queryHash: '0'.repeat(64), trainRows: 1, testRows: 0 },
    metrics: { train: {}, test: {}, baseline: {} },
    verification: [],
  }
  const { labelled } = datasetOf('history', sizes[0] ?? 1000)
  const { sql } = await predictionQuery(db, labelled, record, { keys: [{ entity: 4711 }], at: '2021-06-01T00:00Z' })
  const own = nothing()
  for (let i = 0; i < 50; i++) await take(s, sql, own)
  const ms = median(own.wall)
  return [
    ['1 key', 'prediction: latest row and windows', `${ms.toFixed(1)} ms`, '', ms <= oneKeyMs ? 'held' : 'MISSED', ''],
  ]
}

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  const server = await startServer(['shared_buffers=1GB', 'max_wal_size=8GB'])
  try {
    const db = await connect(server.url)
    const s = await session(server.url)
    try {
      for (const statement of tables.split(';')) await s.client.query(statement)
      await s.client.query('VACUUM ANALYZE')
      const rows: string[][] = []
      for (const n of sizes) rows.push(...(await compareAt(n, db, s)))
      for (const n of sizes.slice(-1)) rows.push(...(await tiesAt(n, db, s)))
      for (const n of sizes) rows.push(...(await formsAt(n, db, s)))
      rows.push(...(await oneKey(db, s)))
      const [about] = (await s.client.query("SELECT current_setting('server_version') AS version")).rows
      return {
        title: 'Point-in-time joins: the training query against the best by hand and against Feast’s shape',
        columns: ['questions', 'against', 'viewcast', 'other', 'ratio', 'of wall clock'],
        rows,
        notes: [
          `PostgreSQL ${about.version}, ${history} rows over ${keys} keys, all in memory; jit off, no parallel workers.`,
          "Medians of COPY (…) TO '/dev/null' as binary, taken in turns; the fastest by hand counts. Times are wall clock,",
          'ratios are of the processor time of the backend, which a busy machine stretches less.',
          `Targets: at most ${atMost} × the best form by hand, at least ${atLeast} × faster than Feast’s shape; with 30 days`,
          `both sides leave older rows out. One key in at most ${oneKeyMs} ms. Beyond ${duration(limitMs)} a statement is stopped.`,
        ],
      }
    } finally {
      await s.client.end()
      await db.close()
    }
  } finally {
    await server.stop()
  }
}

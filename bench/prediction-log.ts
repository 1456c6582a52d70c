/**
 * Logging predictions within the database against a plain INSERT … SELECT of the same predictions into one table with the same
 * key; then what is asked of a log: how much there is, what came true, how good it was, and why it would be otherwise now.
 */
import {
  connect,
  type Database,
  labelPredictions,
  listPredictions,
  loggedPrediction,
  logPredicted,
  type ModelRecord,
  openStore,
  predictionMetrics,
  project,
  purgePredictions,
  replayPredictions,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { startServer } from '../test/engines/postgres-server.ts'
import { duration, inRounds, median } from './timing.ts'

const rows = Number(process.env['BENCH_ROWS'] ?? 100_000)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
/** Of live traffic: each has an instant of its own. */
const live = 10_000
/** A log has an identity, a question as data, and three tables; a table of one model has none of it. */
const ceiling = 4

interface DB {
  customers: { customer: number; country: string }
  orders: { customer: number; at: Date; amount: number; arrived: Date }
  asked: { customer: number; as_of: Date }
}
const p = project<DB>('bench')
const customer = p.entity('customer', { customer: 'int4' }, { from: 'customers' })
const asked = p
  .sample('asked', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['customer', 'as_of']))
const profile = p
  .featureView('profile', { entity: customer })
  .query(({ db }) => db.selectFrom('customers').select(['customer', 'country']))
const spending = p.aggregates('spending', {
  entity: customer,
  source: 'orders',
  time: 'at',
  windows: { '7d': '7 days' },
  features: (a) => ({ n: a.count(), amount: a.avg('amount') }),
})
const bought = p
  .target('bought', { entity: customer, horizon: '3 days' })
  .outcomes({ source: 'orders', time: 'at', labels: (o) => ({ n: o.count() }) })
const dataset = p.dataset('buying', {
  sample: asked,
  target: bought,
  features: [profile, spending],
  sources: { orders: { knownAt: 'arrived' } },
})
const model = p.model('orders', { dataset, family: 'poisson', label: 'n', penalty: 1 } as never) as never

const tables = `
  CREATE TABLE customers (customer int4 PRIMARY KEY, country text NOT NULL);
  INSERT INTO customers SELECT i, (ARRAY['de', 'fr', 'it', 'es'])[1 + i % 4] FROM generate_series(1, ${rows}) i;
  CREATE TABLE orders (customer int4 NOT NULL, at timestamptz NOT NULL, amount float8 NOT NULL, arrived timestamptz NOT NULL);
  INSERT INTO orders SELECT 1 + (i::bigint * 7919 % ${rows})::int, t, i % 97, t + interval '1 minute'
    FROM generate_series(1, ${rows * 5}) i,
      LATERAL (SELECT timestamptz '2024-01-01Z' + (i::bigint * 104729 % 7776000) * interval '1 second' AS t) x;
  CREATE INDEX ON orders (customer, at) INCLUDE (arrived, amount);
  CREATE TABLE asked AS SELECT customer, timestamptz '2024-02-01Z' + customer * interval '2 minutes' AS as_of
    FROM customers WHERE customer <= ${live};
  CREATE TABLE plain (customer int4, as_of timestamptz, prediction float8, PRIMARY KEY (customer, as_of));
`

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  const server = await startServer(['autovacuum=off'])
  const db = await connect(server.url)
  try {
    await db.execute(tables)
    await db.query('VACUUM ANALYZE')
    const store = await openStore(db, { project: 'bench', actor: 'bench' })
    const { record } = await trainRecorded(store, model)
    return await compare(store, record)
  } finally {
    await db.close()
    await server.stop()
  }
}

async function compare(store: Store, record: ModelRecord) {
  const { db } = store
  const times: Record<string, number[]> = {}
  const timed = (name: string, body: (at: string) => Promise<unknown>) => {
    let n = 0
    times[name] = []
    return async () => {
      const at = new Date(Date.parse('2024-02-20T00:00Z') + n++ * 3_600_000).toISOString()
      const begin = performance.now()
      await body(at)
      times[name]?.push(performance.now() - begin)
      process.stderr.write(`${name}: ${duration(times[name]?.at(-1) ?? 0)}\n`)
    }
  }
  const peer = 'INSERT … SELECT into one table'
  const log = (requestId: string, inputs: 'none' | 'all') => (at: string) =>
    logPredicted(store, model, record, { at, log: { inputs, requestId } })
  await inRounds(rounds, {
    [peer]: timed(peer, async (at) => {
      const { plain } = await loggedPrediction(db, model, record, { at })
      await db.query(`INSERT INTO plain SELECT customer, as_of, prediction FROM (\n${plain.sql}\n) AS q`)
    }),
    bare: timed('logged', log('bare', 'none')),
    whole: timed('logged with its inputs', log('whole', 'all')),
  })
  const sizes = await sizesOf(db)
  await db.query('ANALYZE')
  const least = median(times[peer] ?? [])
  const shown = Object.entries(times).map(([name, took]) => {
    const ratio = median(took) / least
    const isHeld = name === 'logged with its inputs'
    const rate = `${Math.round(rows / (median(took) / 1000)).toLocaleString('en')}/s`
    return [
      name,
      rows.toLocaleString('en'),
      duration(median(took)),
      rate,
      ratio.toFixed(2),
      isHeld ? (ratio <= ceiling ? 'held' : 'MISSED') : '',
    ]
  })
  const once = async (name: string, count: number, body: () => Promise<unknown>) => {
    const begin = performance.now()
    await body()
    const took = performance.now() - begin
    shown.push([
      name,
      count.toLocaleString('en'),
      duration(took),
      `${Math.round(count / (took / 1000)).toLocaleString('en')}/s`,
    ])
    process.stderr.write(`${shown.at(-1)?.join(' | ')}\n`)
  }
  const all = rows * rounds * 2
  await once('predictions ls', all, () => listPredictions(store))
  await once('predictions label', all, () => labelPredictions(store, model))
  await once('predictions metrics', all, () => predictionMetrics(store, 'orders'))
  const { run } = await logPredicted(store, model, record, { spine: 'sample', log: { inputs: 'all' } })
  await db.execute(`
    UPDATE viewcast.prediction SET predicted_at = as_of
      WHERE batch_id IN (SELECT id FROM viewcast.prediction_batch WHERE execution_id = '${run.id}');
    INSERT INTO orders SELECT customer, as_of - interval '1 hour', 50, as_of + interval '1 day' FROM asked;
    ANALYZE orders`)
  await once(`predictions replay, late data at ${live.toLocaleString('en')} instants`, live, async () => {
    const { rows, causes, notExamined } = await replayPredictions(store, model, record, { run: run.id })
    if (rows !== live || !causes['late data'] || notExamined !== 0) throw new Error('A replay found something else')
  })
  await once('predictions purge', all + live, () => purgePredictions(store, { before: '2025-01-01T00:00Z' }))
  return {
    title: 'The prediction log',
    columns: ['what', 'predictions', 'wall', 'rate', 'ratio', 'ceiling'],
    rows: shown,
    notes: [`${rows} keys, ${rows * 5} events, ${rounds} rounds, taken in turns; medians.`, sizes],
  }
}

async function sizesOf(db: Database): Promise<string> {
  const found = await db.rows<{ what: string; bytes: string }>(
    `SELECT inhparent::regclass::text AS what, sum(pg_total_relation_size(inhrelid)) AS bytes FROM pg_inherits
     WHERE inhparent IN ('viewcast.prediction'::regclass, 'viewcast.prediction_input'::regclass) GROUP BY 1 ORDER BY 1`,
  )
  const per = found.map(
    ({ what, bytes }, i) => `${Math.round(Number(bytes) / (rows * rounds * (i === 0 ? 2 : 1)))} bytes in ${what}`,
  )
  return `A prediction takes, with indexes: ${per.join(', ')}.`
}

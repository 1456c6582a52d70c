/**
 * Planning a change of a feature where 200,000 keys have a million events: without comparing predictions, comparing those of
 * some keys, comparing all of them, and choosing the keys after all were computed.
 */
import {
  applyPlan,
  connect,
  type Database,
  openStore,
  type PlanOptions,
  planDeployments,
  project,
  trainRecorded,
} from '@viewcast/sdk'
import { startServer } from '../test/engines/postgres-server.ts'
import { duration, inRounds, least, median } from './timing.ts'

const events = Number(process.env['BENCH_ROWS'] ?? 1_000_000)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
const keys = Math.max(1, Math.floor(events / 5))

interface DB {
  customers: { customer: number; country: string }
  orders: { customer: number; at: Date; amount: number }
  asked: { customer: number; as_of: Date; answer: number }
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
  windows: { '7d': '7 days', '30d': '30 days' },
  features: (a) => ({ n: a.count(), amount: a.avg('amount') }),
})
const activity = p.existingView('public.activity', { entity: customer } as never)
const answer = p
  .target('answer', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['customer', 'answer']))
const dataset = p.dataset('answers', { sample: asked, target: answer, features: [profile, spending, activity] })
const model = p.model('replies', { dataset, family: 'logistic', label: 'answer', penalty: 1 } as never) as never

const activityOf = (spend: string): string =>
  `CREATE OR REPLACE VIEW activity AS SELECT customer, ${spend} AS spend, count(*) AS times FROM orders GROUP BY customer`
const tables = `
  CREATE TABLE customers (customer int4 PRIMARY KEY, country text NOT NULL);
  INSERT INTO customers SELECT i, (ARRAY['de', 'fr', 'it', 'es'])[1 + i % 4] FROM generate_series(1, ${keys}) i;
  CREATE TABLE orders (customer int4 NOT NULL, at timestamptz NOT NULL, amount float8 NOT NULL);
  INSERT INTO orders SELECT 1 + (i::bigint * 7919 % ${keys})::int, now() - (i::bigint * 104729 % 5184000) * interval '1 second', i % 97
    FROM generate_series(1, ${events}) i;
  CREATE INDEX ON orders (customer, at);
  CREATE TABLE asked AS SELECT customer, now() AS as_of, (customer * 7 % 10 > 4)::int::float8 AS answer
    FROM customers WHERE customer <= 5000;
`

export default async function run() {
  const server = await startServer(['autovacuum=off'])
  const db = await connect(server.url)
  try {
    return await measured(db)
  } finally {
    await db.close()
    await server.stop()
  }
}

async function measured(db: Database) {
  process.stderr.write(`${keys} keys, ${events} events…\n`)
  await db.execute(tables)
  await db.execute(activityOf('sum(amount)'))
  await db.query('VACUUM ANALYZE')
  const store = await openStore(db, { project: 'bench', actor: 'bench' })
  const { record } = await trainRecorded(store, model, {} as never)
  const plan = (options: PlanOptions, by = db) =>
    planDeployments(
      { ...store, db: by },
      [{ def: p.deployment('replies_now', { model, outputs: ['value', 'label'] }), record, isDeclared: true }],
      { timeout: 600_000, ...options },
    )
  await applyPlan(store, await plan({ sample: 0 }), { record: async () => record })
  await db.execute(activityOf('sum(amount + customer % 2)'))
  let whole = ''
  await plan(
    { sample: 'all' },
    told(db, (sql) => {
      if (sql.includes('FULL JOIN')) whole = sql
    }),
  )
  const times = new Map<string, number[]>()
  const timed = (name: string, body: () => Promise<unknown>) => async () => {
    const began = performance.now()
    await body()
    const took = performance.now() - began
    times.set(name, [...(times.get(name) ?? []), took])
    process.stderr.write(`${name}: ${duration(took)}\n`)
  }
  const contenders = {
    'plan, nothing compared': () => plan({ sample: 0 }),
    'plan, 1,000 keys': () => plan({ sample: 1000 }),
    'plan, 10,000 keys': () => plan({ sample: 10_000 }),
    'plan, all keys': () => plan({ sample: 'all' }),
    'the statement alone, 1,000 keys chosen after all were computed': () => db.query(`${whole} LIMIT 1000`),
  }
  await inRounds(
    rounds,
    Object.fromEntries(Object.entries(contenders).map(([name, body]) => [name, timed(name, body)])),
  )
  return {
    title: 'Planning a change of a feature that is deployed',
    columns: ['what', 'least', 'median'],
    rows: Object.keys(contenders).map((name) => {
      const own = times.get(name) ?? []
      return [name, duration(least(own)), duration(median(own))]
    }),
    notes: [`${keys} keys, ${events} events, ${rounds} rounds, taken in turns; PostgreSQL, everything in memory.`],
  }
}

/** The same database, which tells every statement that asks for rows. */
const told = (db: Database, tell: (sql: string) => void): Database => ({
  ...db,
  query: (sql, parameters, options) => {
    tell(sql)
    return db.query(sql, parameters, options)
  },
  transaction: (body) => db.transaction((tx) => body(told(tx, tell))),
})

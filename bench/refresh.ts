/**
 * Refreshing a table of predictions against CREATE TABLE AS of the bare feature query: the same features of the same keys at
 * the same instant, without a model, a key, or anybody who reads the table meanwhile.
 */
import { readdirSync, readFileSync } from 'node:fs'
import {
  applyPlan,
  connect,
  type Database,
  openStore,
  planDeployments,
  project,
  refreshTable,
  trainingQuery,
  trainRecorded,
} from '@viewcast/sdk'
import { sql } from 'kysely'
import { startServer } from '../test/engines/postgres-server.ts'
import { duration, inRounds, median } from './timing.ts'

const rows = Number(process.env['BENCH_ROWS'] ?? 1_000_000)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)
const perKey = 5
const ceiling = 1.25
const at = '2024-03-01 00:00:00+00'

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
  features: (a) => ({ n: a.count(), amount: a.avg('amount'), most: a.max('amount') }),
})
const answer = p
  .target('answer', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['customer', 'answer']))
const dataset = p.dataset('answers', { sample: asked, target: answer, features: [profile, spending] })
const model = p.model('replies', { dataset, family: 'logistic', label: 'answer', penalty: 1 } as never) as never

const tables = `
  CREATE TABLE customers (customer int4 PRIMARY KEY, country text NOT NULL);
  INSERT INTO customers SELECT i, (ARRAY['de', 'fr', 'it', 'es'])[1 + i % 4] FROM generate_series(1, ${rows}) i;
  CREATE TABLE orders (customer int4 NOT NULL, at timestamptz NOT NULL, amount float8 NOT NULL);
  INSERT INTO orders SELECT 1 + (i::bigint * 7919 % ${rows})::int, timestamptz '${at}' - (i::bigint * 104729 % 5184000) * interval '1 second', i % 97
    FROM generate_series(1, ${rows * perKey}) i;
  CREATE INDEX ON orders (customer, at);
  CREATE TABLE asked AS SELECT customer, timestamptz '${at}' AS as_of, (customer * 7 % 10 > 4)::int::float8 AS answer
    FROM customers WHERE customer <= 20000;
`

/** The same views for the same keys at one instant, and nothing else: what the compiler writes when there is no model. */
async function bareFeatures(db: Database, instant: string): Promise<string> {
  const everyone = p
    .sample('everyone', { entity: customer })
    .query((() => sql.raw(`SELECT customer, timestamptz '${instant}' AS as_of FROM customers`)) as never)
  return (await trainingQuery(db, p.dataset('bare', { sample: everyone, features: [profile, spending] } as never))).sql
}

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  // What autovacuum does at its own time would meet any contender; it is done between the rounds, and told.
  const server = await startServer(['autovacuum=off'])
  const db = await connect(server.url)
  try {
    return await compare(db)
  } finally {
    await db.close()
    await server.stop()
  }
}

async function compare(db: Database) {
  process.stderr.write(`${rows} keys, ${rows * perKey} events…\n`)
  await db.execute(tables)
  await db.query('VACUUM ANALYZE')
  const store = await openStore(db, { project: 'bench', actor: 'bench' })
  const { record } = await trainRecorded(store, model, {} as never)
  for (const refresh of kinds) {
    const def = p.deployment(`by_${refresh}`, { model, as: 'table', refresh, at: instantOf(0) })
    const plan = await planDeployments(store, [{ def, record, isDeclared: true }], { movement: false } as never)
    await applyPlan(store, plan, { record: async () => record })
  }
  const [postmaster] = await db.rows<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const server = parentOf(postmaster?.pid ?? 0)
  const wall: Record<string, number[]> = {}
  const cpu: Record<string, number[]> = {}
  const timed = (name: string, body: (instant: string) => Promise<unknown>, after: string) => {
    let n = 0
    wall[name] = []
    cpu[name] = []
    return async () => {
      const instant = instantOf(++n)
      const [began, used] = [performance.now(), processorOf(server)]
      await body(instant)
      const [took, spent] = [performance.now() - began, processorOf(server) - used]
      wall[name]?.push(took)
      cpu[name]?.push(spent)
      process.stderr.write(`${name}: ${duration(took)}, ${duration(spent)} of processors\n`)
      await db.execute(after)
    }
  }
  const peer = 'CREATE TABLE AS of the bare feature query'
  await inRounds(rounds, {
    [peer]: timed(
      peer,
      async (instant) => db.execute(`CREATE TABLE bare AS ${await bareFeatures(db, instant)}`),
      'DROP TABLE bare',
    ),
    ...Object.fromEntries(
      kinds.map((kind) => {
        const object = { schema: 'public', name: `by_${kind}` }
        const body = (instant: string) => refreshTable(store, object, { at: instant })
        return [kind, timed(`refresh, ${kind}`, body, `VACUUM by_${kind}`)]
      }),
    ),
  })
  return {
    title: 'Refreshing a table of predictions',
    columns: ['what', 'wall', 'ratio', 'processors', 'ratio', 'ceiling'],
    rows: Object.keys(wall).map((name) => {
      const [mine, theirs] = [wall[name] ?? [], wall[peer] ?? []]
      const [spent, least] = [cpu[name] ?? [], cpu[peer] ?? []]
      const ratio = median(spent) / median(least)
      return [
        name,
        duration(median(mine)),
        (median(mine) / median(theirs)).toFixed(2),
        duration(median(spent)),
        ratio.toFixed(2),
        name === 'refresh, full' ? (ratio <= ceiling ? 'held' : 'MISSED') : '',
      ]
    }),
    notes: [
      `${rows} keys, ${rows * perKey} events, ${rounds} rounds, taken in turns; medians.`,
      'processors: of all processes of the server, which other work on the machine does not lengthen as it does wall time.',
      'Each refresh replaces rows that are there already; tables are vacuumed between the rounds, untimed.',
    ],
  }
}

const kinds = ['full', 'partition', 'upsert'] as const

const instantOf = (n: number): string => new Date(Date.parse('2024-03-01T00:00Z') + n * 3_600_000).toISOString()

const stat = (pid: number | string): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}
const parentOf = (pid: number): number => Number(stat(pid)[1])

/** Milliseconds of a server and its processes, those that have ended included; a clock tick is 10 ms. */
function processorOf(server: number): number {
  const ticks = (fields: readonly string[], from: number, to: number): number =>
    fields.slice(from, to).reduce((sum, n) => sum + Number(n), 0)
  let sum = ticks(stat(server), 11, 15)
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      const fields = stat(pid)
      if (Number(fields[1]) === server) sum += ticks(fields, 11, 13)
    } catch {
      // It has ended meanwhile.
    }
  }
  return sum * 10
}

/** What a comparison of some keys costs, which keys they are, and how it is stopped. */
import {
  applyPlan,
  connect,
  type Database,
  type ModelRecord,
  openStore,
  type PlanOptions,
  planDeployments,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { customer, modelOf, p, profile, spending } from '../scenarios/shop.ts'

const activity = p.existingView('public.activity', { entity: customer } as never)
const model = modelOf([activity, profile, spending])
const keys = 20_000
const text = (spend = 'sum(amount)') =>
  `CREATE OR REPLACE VIEW activity AS SELECT customer, ${spend} AS spend, count(*) AS n FROM orders GROUP BY customer`
const tables = `
  CREATE TABLE customers (customer int4 PRIMARY KEY, country text, joined timestamptz NOT NULL);
  INSERT INTO customers SELECT i, (ARRAY['de', 'fr', 'it'])[1 + i % 3], timestamptz '2024-01-01Z' FROM generate_series(1, ${keys}) i;
  CREATE TABLE orders ("order" int4 PRIMARY KEY, customer int4 NOT NULL, at timestamptz NOT NULL, amount float8);
  INSERT INTO orders SELECT i, 1 + i * 7919 % ${keys}, now() - i * interval '3 seconds', i % 37 FROM generate_series(1, ${5 * keys}) i;
  CREATE INDEX ON orders (customer, at);
  CREATE TABLE asked AS SELECT customer, now() AS as_of, (customer * 7 % 10 > 4)::int::float8 AS answer FROM customers WHERE customer <= 500;
`

/** The same database, which tells every statement that asks for rows. */
const told = (db: Database, tell: (sql: string) => void): Database => ({
  ...db,
  query: (sql, parameters, options) => {
    tell(sql)
    return db.query(sql, parameters, options)
  },
  transaction: (body) => db.transaction((tx) => body(told(tx, tell))),
})

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Total Cost': number
  readonly Plans?: readonly Node[]
}
const nodes = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodes)]

describeEachEngine('a comparison of some keys of many', (engine) => {
  let store: Store
  let record: ModelRecord
  beforeAll(async () => {
    await engine.db.execute(tables)
    await engine.db.execute(text())
    await engine.db.query('ANALYZE')
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
    await applyPlan(store, await plan({ sample: 0 }), { record: async () => record })
    await engine.db.execute(text('sum(amount + customer % 2)'))
  })
  const plan = (options: PlanOptions, by = store) =>
    planDeployments(
      by,
      [{ def: p.deployment('answers_now', { model, outputs: ['value', 'label'] }), record, isDeclared: true }],
      options,
    )
  const movement = async (options: PlanOptions) => (await plan(options)).changes[0]?.insight?.movement
  /** The statement that compares, and how the server would run it. */
  const compared = async (sample: number | 'all') => {
    const statements: string[] = []
    await plan({ sample }, { ...store, db: told(engine.db, (sql) => statements.push(sql)) })
    const sql = statements.findLast((s) => s.includes('FULL JOIN')) ?? ''
    const { rows } = await engine.db.query(`EXPLAIN (FORMAT JSON) ${sql}`)
    const [root] = (rows[0]?.[0] ?? []) as { Plan: Node }[]
    if (!root) throw new Error('There is no plan')
    return { cost: root.Plan['Total Cost'], nodes: nodes(root.Plan) }
  }

  test('costs what its keys cost, not what the table does', async () => {
    const [few, some, all] = [await compared(20), await compared(200), await compared('all')]
    const readWhole = (found: Node[]) =>
      found.filter((n) => n['Node Type'] === 'Seq Scan').map((n) => n['Relation Name'])
    expect(readWhole(all.nodes)).toContain('orders')
    expect(readWhole(few.nodes)).not.toContain('orders')
    expect(few.cost).toBeLessThan(all.cost / 20)
    // By then reading all events once may cost less than looking up those of each key.
    expect(some.cost).toBeGreaterThan(few.cost)
    expect(some.cost).toBeLessThan(all.cost / 2)
  })

  test('takes the same keys whatever the order of the table, and holds the share of all', async () => {
    const first = await movement({ sample: 2000 })
    expect(first?.keys).toEqual({ compared: 2000, of: keys, isEstimate: false, chosen: 'hash' })
    await engine.db.execute('UPDATE customers SET joined = joined WHERE customer % 3 = 0')
    expect(await movement({ sample: 2000 })).toEqual(first)
    const share = first?.estimates?.outputs[0]?.moved
    expect(share?.low).toBeLessThan(0.5)
    expect(share?.high).toBeGreaterThan(0.5)
    expect((share?.high ?? 1) - (share?.low ?? 0)).toBeLessThan(0.05)
  })

  test('reads some pages of a table that has many more of them, the same ones each time', async () => {
    const first = await movement({ sample: 20 })
    expect(first?.keys).toMatchObject({ isEstimate: true, chosen: 'pages' })
    expect(first?.keys.compared).toBeGreaterThan(10)
    expect(first?.keys.compared).toBeLessThanOrEqual(20)
    expect(first?.keys.of).toBeGreaterThan(keys / 2)
    expect(first?.keys.of).toBeLessThan(2 * keys)
    expect(await movement({ sample: 20 })).toEqual(first)
  })

  describe.skipIf(engine.name === 'pglite')('on a server', () => {
    const active = (waiting: string, like: string) =>
      engine.db.rows(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
           AND state = 'active' AND wait_event_type = $1 AND query LIKE $2`,
        [waiting, like],
      )
    const until = async (what: () => Promise<boolean>): Promise<void> => {
      for (const end = Date.now() + 60_000; !(await what()); ) {
        if (Date.now() > end) throw new Error('it did not come about')
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    const interrupted = async (waiting: string, like = '%'): Promise<void> => {
      const db = await connect(engine.url ?? '')
      try {
        const interrupt = new AbortController()
        const planning = plan({ sample: 50, timeout: 600_000, signal: interrupt.signal }, { ...store, db })
        const refused = expect(planning).rejects.toMatchObject({ diagnostics: [{ code: 'engine/interrupted' }] })
        await until(async () => (await active(waiting, like)).length > 0)
        interrupt.abort()
        await refused
        await until(async () => (await active(waiting, like)).length === 0)
      } finally {
        await db.close()
      }
    }

    test('is cancelled there when the plan is interrupted', async () => {
      await engine.db.execute(text('sum(amount) + count(pg_sleep(1))'))
      try {
        await interrupted('Timeout', 'WITH _viewcast_keys%')
      } finally {
        await engine.db.execute(text('sum(amount + customer % 2)'))
      }
    })

    test('and so is a plan that waits for somebody who has locked a table', async () => {
      const other = await connect(engine.url ?? '')
      try {
        await other.transaction(async (tx) => {
          await tx.execute('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE')
          await interrupted('Lock')
        })
      } finally {
        await other.close()
      }
    })
  })
})

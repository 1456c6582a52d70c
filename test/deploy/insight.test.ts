import {
  applyPlan,
  listDeployments,
  type ModelRecord,
  openStore,
  planDeployments,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { customer, modelOf, p, tables } from '../scenarios/shop.ts'

const activity = p.existingView('public.activity', { entity: customer } as never)
const model = modelOf([activity])
const text = (rows: string) => `SELECT customer, sum(amount) AS spend FROM ${rows} o GROUP BY customer`

describeEachEngine('what there is to know before a change is applied', (engine) => {
  let store: Store
  let record: ModelRecord
  const define = (sql: string) => engine.db.execute(`CREATE OR REPLACE VIEW activity AS ${sql}`)
  const insight = async (name: string, options: object = {}) => {
    const def = p.deployment(name, { model, ...options })
    return (await planDeployments(store, [{ def, record, isDeclared: true }])).changes[0]?.insight
  }
  beforeAll(async () => {
    await engine.db.execute(tables)
    await define(text('orders'))
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
    const def = p.deployment('answers_now', { model })
    const plan = await planDeployments(store, [{ def, record, isDeclared: true }])
    await applyPlan(store, plan, { record: async () => record })
  })

  test('a cost many times greater, beside what it was', async () => {
    await define(text('(SELECT a.customer, a.amount FROM orders a CROSS JOIN orders b)'))
    const found = await insight('answers_now')
    expect(found?.cost?.before).toBeGreaterThan(0)
    expect(found?.cost?.total).toBeGreaterThan(2 * (found?.cost?.before ?? 0))
    expect(found?.notes).toEqual([
      expect.stringMatching(/^the planner expects \d+ times the cost: [\d,]+ before, [\d,]+ after$/),
    ])
    await define(text('orders'))
  })

  test('a table that each call of a function reads whole, once it is large', async () => {
    const small = await insight('answer_for', { as: 'function' })
    expect(small?.notes).toEqual([])
    expect(small?.cost?.total).toBeGreaterThan(0)
    await engine.db.execute(
      `INSERT INTO orders SELECT i, i % 200, now(), 1 FROM generate_series(5001, 25000) i; ANALYZE orders`,
    )
    expect((await insight('answer_for', { as: 'function' }))?.notes).toEqual([
      expect.stringMatching(/^each call reads all of public\.orders, about 24,000 rows$/),
    ])
    await engine.db.execute('CREATE INDEX orders_customer ON orders (customer)')
    expect((await insight('answer_for', { as: 'function' }))?.notes).toEqual([])
  })

  test('what a role lacks that may read the object already, though nobody declares it; and nothing of a table', async () => {
    const role = `insight_dashboard_${engine.name}`
    await engine.db.execute(`CREATE ROLE ${role}; GRANT SELECT ON answers_now TO ${role}`)
    try {
      await define(text('(SELECT customer, 2 * amount AS amount FROM orders)'))
      const found = await insight('answers_now')
      expect(found?.privileges).toEqual([
        `role ${role}, who reads public.answers_now, may not read customer of public.customers: GRANT SELECT (customer) ON public.customers TO ${role};`,
        `role ${role}, who reads public.answers_now, may not read amount, customer of public.orders: GRANT SELECT (amount, customer) ON public.orders TO ${role};`,
      ])
      expect((await insight('answers_kept', { as: 'table', readers: [role] }))?.privileges).toEqual([])
      const called = (await insight('answer_for', { as: 'function', readers: [role] }))?.privileges
      expect(called).toEqual([
        `role ${role}, who calls public.answer_for, may not read amount, customer of public.orders: GRANT SELECT (amount, customer) ON public.orders TO ${role};`,
      ])
    } finally {
      await define(text('orders'))
      await engine.db.execute(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })

  test('that the server would compile it just in time', async ({ skip }) => {
    await engine.db.transaction(async (tx) => {
      await tx.execute('SET LOCAL jit = on; SET LOCAL jit_above_cost = 0')
      const [row] = await tx.rows<{ may: boolean }>('SELECT pg_jit_available() AS may')
      if (!row?.may) skip()
      const def = p.deployment('answers_later', { model })
      const plan = await planDeployments({ ...store, db: tx }, [{ def, record, isDeclared: true }])
      expect(plan.changes[0]?.insight?.notes).toEqual([
        'at this cost the server compiles the query just in time: compare with SET jit = off in a session that reads it',
      ])
    })
  })

  test('of what goes: only what is lacked to take it away', async () => {
    const plan = await planDeployments(store, [], { unlessWanted: await listDeployments(store) })
    expect(plan.changes[0]).toMatchObject({
      class: 'remove',
      insight: { affected: [], privileges: [], indexes: [], notes: [] },
    })
  })
})

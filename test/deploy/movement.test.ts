import {
  applyPlan,
  type ModelRecord,
  openStore,
  type PlanOptions,
  planDeployments,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { customer, modelOf, p, tables } from '../scenarios/shop.ts'

const activity = p.existingView('public.activity', { entity: customer } as never)
const model = modelOf([activity])
const text = (spend = 'sum(amount)', rows = '') =>
  `SELECT customer, ${spend} AS spend, count(*) AS n FROM orders ${rows} GROUP BY customer`

describeEachEngine('predictions beside those of what is deployed', (engine) => {
  let store: Store
  let record: ModelRecord
  const define = (sql: string) => engine.db.execute(`CREATE OR REPLACE VIEW activity AS ${sql}`)
  beforeAll(async () => {
    await engine.db.execute(tables)
    await define(text())
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
    for (const as of ['view', 'function'] as const)
      await applyPlan(store, await plan(as), { record: async () => record })
  })
  afterEach(() => define(text()))
  const plan = (as: 'view' | 'function' = 'view', options: PlanOptions = {}) =>
    planDeployments(
      store,
      [{ def: p.deployment(`answers_${as}`, { model, as, outputs: ['value', 'label'] }), record, isDeclared: true }],
      options,
    )
  const insight = async (as?: 'view' | 'function', options?: PlanOptions) =>
    (await plan(as, options)).changes[0]?.insight

  test.each(['view', 'function'] as const)('of a %s are those of its keys, counted and measured', async (as) => {
    const scores = async () =>
      new Map(
        (
          await engine.db.rows<{ customer: number; probability: number; label: unknown }>(
            'SELECT customer, probability, label FROM answers_view',
          )
        ).map((r) => [r.customer, r]),
      )
    const before = await scores()
    await define(text('sum(amount) + 40 * (customer % 2)'))
    const movement = (await insight(as))?.movement
    // The view still answers by the text it was deployed with: what is planned is asked by deploying a view of it.
    const [planned] = (await plan('view')).changes
    const after = await engine.db.rows<{ customer: number; probability: number; label: unknown }>(planned?.query ?? '')
    const differences = after.map((r) => r.probability - (before.get(r.customer)?.probability ?? Number.NaN))
    expect(movement).toMatchObject({ sample: 10_000, rows: 200, repeated: 0, unmatched: { before: 0, after: 0 } })
    expect(movement?.outputs[0]).toMatchObject({
      output: 'probability',
      rows: 200,
      moved: differences.filter((d) => d !== 0).length,
    })
    expect(movement?.outputs[0]?.moved).toBe(100)
    expect(movement?.outputs[0]?.meanShift).toBeCloseTo(differences.reduce((s, d) => s + d, 0) / 200, 12)
    expect(movement?.outputs[0]?.largest?.difference).toBeCloseTo(Math.max(...differences.map(Math.abs)), 12)
    expect(movement?.label?.changed).toBe(after.filter((r) => r.label !== before.get(r.customer)?.label).length)
    expect(movement).not.toHaveProperty('largestKey')
  })

  test.each(['view', 'function'] as const)(
    'of a %s are of so many keys as are asked for, and the same every time',
    async (as) => {
      await define(text('sum(amount) + customer'))
      const first = (await insight(as, { sample: 7 }))?.movement
      expect(first?.rows).toBe(7)
      expect((await insight(as, { sample: 7 }))?.movement).toEqual(first)
      expect((await insight(as, { sample: 0 }))?.movement).toBeUndefined()
    },
  )

  test('give the key that moved furthest to who asks for it', async () => {
    await define(text('sum(amount) + CASE customer WHEN 117 THEN 1000 ELSE 0 END'))
    expect((await insight('view', { showKeys: true }))?.movement?.largestKey).toEqual({ customer: 117 })
    expect(JSON.stringify((await insight())?.movement)).not.toContain('117')
  })

  test('say which keys are in one of both', async () => {
    await define(text('sum(amount) + 1'))
    await engine.db.execute('CREATE TABLE gone AS SELECT * FROM customers WHERE customer > 190')
    const { live } = {
      live: await engine.db.rows<{ id: string; query: string }>(
        `SELECT artifact_id AS id, query FROM viewcast.deployment_version`,
      ),
    }
    for (const { id, query } of live)
      await engine.db.query('UPDATE viewcast.deployment_version SET query = $2 WHERE artifact_id = $1', [
        id,
        query.includes('FUNCTION')
          ? query
          : query.replace(
              /customers AS k/,
              '(SELECT * FROM customers WHERE customer NOT IN (SELECT customer FROM gone)) AS k',
            ),
      ])
    const all = await insight()
    expect(all?.movement).toMatchObject({
      rows: 190,
      unmatched: { before: 0, after: 10 },
      keys: { compared: 200, of: 200, isEstimate: false, chosen: 'all' },
    })
    expect(all?.movement).not.toHaveProperty('estimates')
    // Keys of both versions are chosen from: those of one alone come into the sample like any other.
    const some = (await insight('view', { sample: 100 }))?.movement
    expect(some).toMatchObject({ sample: 100, keys: { compared: 100, of: 200, isEstimate: false, chosen: 'hash' } })
    expect(some?.unmatched.before).toBe(0)
    expect(some?.unmatched.after).toBeGreaterThan(0)
    expect((some?.rows ?? 0) + (some?.unmatched.after ?? 0)).toBe(100)
    expect(some?.estimates?.unmatched.after.low).toBeLessThan(0.05)
    expect(some?.estimates?.unmatched.after.high).toBeGreaterThan(0.05)
    await engine.db.execute('DROP TABLE gone')
    const broken = await insight()
    expect(broken).not.toHaveProperty('movement')
    expect(broken?.notes).toEqual([expect.stringMatching(/^what is deployed now cannot be planned any more: .*gone/)])
    for (const { id, query } of live)
      await engine.db.query('UPDATE viewcast.deployment_version SET query = $2 WHERE artifact_id = $1', [id, query])
  })

  test('are given up after the time they may take, and of a failure nothing is told but its kind', async () => {
    await define(text('sum(amount) / (sum(amount) - sum(amount))'))
    const [note] = (await insight())?.notes ?? []
    expect(note).toMatch(/^predictions were not compared: .*division by zero/)
    if (engine.name === 'pglite') return
    await define(text(`sum(amount) + count(pg_sleep(0.01))`))
    expect((await insight('view', { timeout: 50 }))?.notes).toContain(
      'predictions were not compared: it took longer than 0.05 s; compare fewer keys with --sample 1000',
    )
  })
})

import {
  applyPlan,
  type ModelRecord,
  openStore,
  planDeployments,
  promoteModel,
  rollback,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { customer, modelOf, p, spending, tables } from '../scenarios/shop.ts'

const activity = p.existingView('public.activity', { entity: customer } as never)
const model = modelOf([activity, spending])
const other = p.model('other', {
  ...modelOf([activity]),
  name: undefined,
  dataset: modelOf([activity]).dataset,
  family: 'logistic',
  label: 'answer',
  penalty: 1,
} as never)
const text = (spend = 'sum(amount)', n = 'count(*)', more = '') => `
  SELECT customer, ${spend} AS spend, ${n} AS n FROM orders ${more} GROUP BY customer`

describeEachEngine('models that a definition concerns', (engine) => {
  let store: Store
  let record: ModelRecord
  const define = (sql: string) => engine.db.execute(`DROP VIEW IF EXISTS activity; CREATE VIEW activity AS ${sql}`)
  beforeAll(async () => {
    await engine.db.execute(tables)
    await define(text())
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
    await trainRecorded(store, other)
    const plan = await planDeployments(store, [wanted()])
    await applyPlan(store, plan, { record: async () => record })
  })
  beforeEach(() => define(text()))
  const wanted = (of: ModelRecord = record) => ({
    def: p.deployment('answers_now', { model }),
    record: of,
    isDeclared: true,
  })
  const insight = async (of?: ModelRecord) => (await planDeployments(store, [wanted(of)])).changes[0]?.insight
  const shape = (found: Awaited<ReturnType<typeof insight>>) =>
    found?.affected.map((m) => [
      `${m.model}@${m.version}`,
      ...m.columns.map((c) => `${c.column} ${c.change}, trained on ${c.trainedOn}`),
    ])

  test('are those that read the column, not those that read its sister', async () => {
    await define(text('sum(amount) FILTER (WHERE amount > 3)'))
    const found = await insight()
    expect(shape(found)).toEqual([
      ['replies@1', 'activity.spend changed, trained on another'],
      ['other@1', 'activity.spend changed, trained on another'],
    ])
    expect(found?.unchanged).toEqual(['activity.n', 'spending.n_7d', 'spending.amount_7d'])
    const [own, reader] = found?.affected.map((m) => m.columns[0]) ?? []
    const estimate = record.coefficients.find((c) => c.feature === 'spend')?.estimate
    expect(own?.coefficients).toEqual([{ term: 'spend', before: estimate, after: estimate }])
    expect(own?.share).toBeGreaterThan(0)
    expect(own?.share).toBeLessThanOrEqual(1)
    expect(reader?.coefficients).toHaveLength(1)
  })

  test('are all of its readers where the rows are others', async () => {
    await define(text('sum(amount)', 'count(*)', 'WHERE amount > 3'))
    expect(shape(await insight())).toEqual([
      ['replies@1', 'activity.spend changed, trained on another', 'activity.n changed, trained on another'],
      ['other@1', 'activity.n changed, trained on another', 'activity.spend changed, trained on another'],
    ])
  })

  test('are none where the text is written otherwise, and where what is added is read by none', async () => {
    await define(`/* again */ SELECT o.customer, SUM(o.amount) AS spend, count(*) AS n, max(o.at) AS last
      FROM public.orders AS o GROUP BY o.customer`)
    const plan = await planDeployments(store, [wanted()])
    expect(plan.changes[0]?.class).toBe('body')
    expect(plan.changes[0]?.insight?.affected).toEqual([])
    expect(plan.changes[0]?.insight?.unchanged).toContain('activity.spend')
  })

  test('learned from the new definition are named no more, and show how far their coefficients moved', async () => {
    await define(text('sum(amount) FILTER (WHERE amount > 3)'))
    const next = await trainRecorded(store, model)
    const found = await insight(next.record)
    expect(shape(found)).toEqual([
      [`replies@${next.record.version}`, 'activity.spend changed, trained on this'],
      ['other@1', 'activity.spend changed, trained on another'],
    ])
    expect(found?.coefficients?.of).toBe(record.coefficients.length)
    expect(found?.coefficients?.changed).toBeGreaterThan(0)
    const [first] = found?.coefficients?.largest ?? []
    const estimates = (of: ModelRecord) => new Map(of.coefficients.map((c) => [c.name, c.estimate]))
    expect(first).toEqual({
      term: first?.term,
      before: estimates(record).get(first?.term ?? ''),
      after: estimates(next.record).get(first?.term ?? ''),
    })
    // The version before is in use by its alias, and is about to be deployed no more.
    await promoteModel(store, model.name, 'production', 1)
    const others = (await insight(next.record))?.affected.map((m) => `${m.model}@${m.version}`)
    expect(others).toEqual([`replies@${next.record.version}`, 'other@1'])
  })

  test('a first deployment of what was trained on another definition says so', async () => {
    await define(text('sum(amount) FILTER (WHERE amount > 3)'))
    const def = p.deployment('answers_first', { model })
    const plan = await planDeployments(store, [{ def, record, isDeclared: true }])
    expect(shape(plan.changes[0]?.insight)).toEqual([['replies@1', 'activity.spend same, trained on another']])
  })

  test('are told after a rollback, too, which is made of what it was made of', async () => {
    await define(text('sum(amount) FILTER (WHERE amount > 3)'))
    const def = p.deployment('answers_back', { model })
    const more = p.deployment('answers_back', { model, outputs: ['value', 'label'] })
    const records = { record: async () => record }
    for (const one of [def, more]) {
      const plan = await planDeployments(store, [{ def: one, record, isDeclared: true }])
      await applyPlan(store, plan, records)
    }
    await rollback(store, { schema: 'public', name: 'answers_back' }, records)
    await define(text())
    const plan = await planDeployments(store, [{ def, record, isDeclared: true }])
    expect(shape(plan.changes[0]?.insight)?.[0]).toEqual(['replies@1', 'activity.spend changed, trained on this'])
  })
})

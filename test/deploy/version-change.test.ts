import {
  applyPlan,
  type ModelDef,
  type ModelRecord,
  openStore,
  planDeployments,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { customer, p, profile, spending, tables } from '../scenarios/shop.ts'

const asked = p
  .sample('asked', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['customer', 'as_of']))
const answer = p
  .target('answer', { entity: customer })
  .query((({ db }: { db: { selectFrom: (name: string) => { select: (names: string[]) => object } } }) =>
    db.selectFrom('asked').select(['customer', 'answer', 'paid', 'late'])) as never)
const modelOf = (features: object[], more: object): ModelDef =>
  p.model('replies', {
    dataset: p.dataset('answers', { sample: asked, target: answer, features } as never),
    family: 'logistic',
    label: 'answer',
    ...more,
  } as never)
const model = modelOf([profile, spending], { penalty: 1 })

describeEachEngine('another version of what is deployed', (engine) => {
  let store: Store
  let first: ModelRecord
  beforeAll(async () => {
    await engine.db.execute(tables)
    await engine.db.execute(
      `ALTER TABLE asked ADD paid float8, ADD late float8;
       UPDATE asked SET paid = (customer * 13 % 7 > 3)::int, late = customer % 50`,
    )
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    first = (await trainRecorded(store, model)).record
    await applyPlan(store, await plan(model, first), { record: async () => first })
  })
  const plan = (of: ModelDef, record: ModelRecord) =>
    planDeployments(store, [{ def: p.deployment('answers_now', { model: of }), record, isDeclared: true }])
  const insight = async (of: ModelDef) => {
    const { record } = await trainRecorded(store, of)
    return { record, insight: (await plan(of, record)).changes[0]?.insight }
  }

  test('is told by what it answers where the label is another: its coefficients are of something else', async () => {
    const { record, insight: found } = await insight(modelOf([profile, spending], { penalty: 1, label: 'paid' }))
    expect(found?.version).toMatchObject({
      before: { model: 'replies', version: 1, label: 'answer', family: 'binomial', threshold: 0.5, trainRows: 200 },
      after: { model: 'replies', version: record.version, label: 'paid', trainedAt: record.trainedAt },
      sameQuery: true,
      sameRows: true,
    })
    expect(found?.affected).toEqual([])
    expect(found).not.toHaveProperty('coefficients')
    // Who reads the object gets these numbers instead of those, whatever they answer.
    expect(found?.movement?.rows).toBe(200)
  })

  test('of another family has another scale, and no prediction to be compared', async () => {
    const { insight: found } = await insight(modelOf([profile, spending], { family: 'linear', label: 'late' }))
    expect(found?.version).toMatchObject({ after: { family: 'gaussian', link: 'identity', threshold: null } })
    expect(found).not.toHaveProperty('coefficients')
    expect(found).not.toHaveProperty('movement')
    expect(found?.notes).toContain('predictions were not compared: no output is in both under one name')
  })

  test('names a feature that is used no more by the version that used it', async () => {
    const { record, insight: found } = await insight(modelOf([spending], { penalty: 1 }))
    expect(found?.affected).toEqual([
      {
        model: 'replies',
        version: 1,
        aliases: [],
        columns: [expect.objectContaining({ column: 'profile.country', change: 'removed', trainedOn: null })],
      },
    ])
    expect(found?.version?.after.version).toBe(record.version)
    expect(found?.version?.sameQuery).toBe(false)
  })

  test('that learned from other rows says from how many; definitions are what they were', async () => {
    await engine.db.execute('UPDATE asked SET answer = 1 - answer WHERE customer % 5 = 0')
    const equal = (await insight(model)).insight
    expect(equal?.version).toMatchObject({ after: { trainRows: 200 }, sameQuery: true, sameRows: false })
    await engine.db.execute('DELETE FROM asked WHERE customer > 150')
    const { insight: found } = await insight(model)
    expect(found?.version).toMatchObject({ before: { trainRows: 200 }, after: { trainRows: 150 }, sameRows: false })
    expect(found?.affected).toEqual([])
    expect(found?.unchanged).toEqual(['profile.country', 'spending.n_7d', 'spending.amount_7d'])
    expect(found?.coefficients?.changed).toBeGreaterThan(0)
    expect(found?.movement?.outputs[0]?.moved).toBeGreaterThan(0)
  })

  test('is none where the version stays', async () => {
    const same = p.deployment('answers_now', { model, outputs: ['value', 'label'] })
    const made = await planDeployments(store, [{ def: same, record: first, isDeclared: true }])
    expect(made.changes[0]?.insight).not.toHaveProperty('version')
  })
})

/** Thresholds by rule and class weights, from the declaration to the record. */
import { type ModelDef, type ModelRecord, parseModelRecord, printModelRecord, project, trainModel } from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  visits: { id: number; x: number; y: boolean }
}
const p = project<DB>('visits')
const visit = p.entity('visit', { id: 'int4' }, { from: 'visits' })
const view = p
  .featureView('v', { entity: visit })
  .query(({ db }) => db.selectFrom('visits').select(['id', 'x']))
  .features({ x: { kind: 'numeric' } })
const target = p.target('t', { entity: visit }).query(({ db }) => db.selectFrom('visits').select(['id', 'y']))

const modelOf = (
  split: Parameters<typeof p.sample>[1]['split'],
  more: object,
  rows = sql<{ id: number }>`select id from visits`,
) => {
  const sample = p.sample('s', { entity: visit, ...(split ? { split } : {}) }).query(() => rows)
  const dataset = p.dataset('d', { sample, target, features: [view] })
  return p.model('m', { dataset, family: 'logistic', label: 'y', ...more }) as ModelDef
}
const cost = { cost: { falsePositive: 1, falseNegative: 9 } } as const

describeEachEngine('a threshold by rule', (engine) => {
  beforeAll(() =>
    engine.db.execute(`
      create table visits as
        select n as id, (n * 37 % 101) / 50.0::float8 as x, (n * 37 % 101) + (n * 53 % 89) > 130 as y
        from generate_series(1, 600) as n;
      alter table visits add primary key (id)`),
  )

  test('is chosen on the validation part, where errors cost the least', async () => {
    const split = p.split.hash({ test: 0.2, validation: 0.3 })
    const { record, warnings } = await trainModel(engine.db, modelOf(split, { threshold: cost }))
    expect(warnings).toEqual([])
    const choice = record.thresholdChoice as NonNullable<ModelRecord['thresholdChoice']>
    expect(choice).toMatchObject({ rule: cost, rows: 'validation' })
    expect(record.threshold).toBeLessThan(0.4)
    const row = choice.table.find((t) => t.threshold === record.threshold)
    const total =
      (row?.truePositives ?? 0) + (row?.falsePositives ?? 0) + (row?.trueNegatives ?? 0) + (row?.falseNegatives ?? 0)
    expect(total).toBe(record.dataset.validationRows)
    expect(choice.value).toBeCloseTo(((row?.falsePositives ?? 0) + 9 * (row?.falseNegatives ?? 0)) / total, 12)
    for (const t of choice.table) expect(t.value).toBeGreaterThanOrEqual(choice.value as number)
    expect(parseModelRecord(printModelRecord(record), 'r.json')).toEqual(record)
  })

  test('without a validation part it is chosen on predictions of models of other folds', async () => {
    const { record, warnings, trainingQuery } = await trainModel(
      engine.db,
      modelOf(p.split.hash({ test: 0.2 }), { threshold: 'youden' }),
    )
    expect(warnings).toEqual([])
    expect(record.thresholdChoice).toMatchObject({ rule: 'youden', rows: 'cross-validated' })
    const [line] = record.thresholdChoice?.table ?? []
    const counted =
      (line?.truePositives ?? 0) +
      (line?.falsePositives ?? 0) +
      (line?.trueNegatives ?? 0) +
      (line?.falseNegatives ?? 0)
    expect(counted).toBe(record.dataset.trainRows)
    expect(trainingQuery).not.toContain('_fold_key')
    const plain = await trainModel(engine.db, modelOf(p.split.hash({ test: 0.2 }), {}))
    expect(record.dataset.queryHash).toBe(plain.record.dataset.queryHash)
    expect(record.coefficients).toEqual(plain.record.coefficients)
    expect(record.inputs).toEqual(plain.record.inputs)
    expect(Object.keys(record.verification[0]?.inputs ?? {})).toEqual(['x'])
  })

  test('where no fold can be fitted it says that the training rows were used', async () => {
    const one = sql<{ id: number }>`select id from visits where id in (select min(id) from visits group by y)`
    const least = await trainModel(engine.db, modelOf(undefined, { threshold: 'f1', penalty: 1 }, one))
    expect(least.record.thresholdChoice?.rows).toBe('train')
    expect(least.warnings.map((w) => w.code)).toContain('train/threshold-rows')
  })

  describe('class weights', () => {
    test('move probabilities, and the prior correction moves them back; metrics stay those of the rows', async () => {
      const split = p.split.hash({ test: 0.2 })
      const train = async (more: object) => (await trainModel(engine.db, modelOf(split, more))).record
      const [plain, weighed, corrected] = await Promise.all([
        train({}),
        train({ classWeights: { true: 8 } }),
        train({ classWeights: { true: 8 }, priorCorrection: true }),
      ])
      const intercept = (r: ModelRecord) => r.coefficients[0]?.estimate as number
      expect(intercept(weighed) - intercept(plain)).toBeGreaterThan(1)
      expect(intercept(weighed) - intercept(corrected)).toBeCloseTo(Math.log(8), 10)
      expect(weighed.classWeights).toEqual({ weights: { true: 8 }, priorCorrection: false })
      expect(weighed.metrics.train['baseRate']).toBe(plain.metrics.train['baseRate'])
      expect(weighed.metrics.train['logLoss']).toBeGreaterThan(plain.metrics.train['logLoss'] as number)
    })
  })
})

/** A result has one column of a name, and says in its header what was proven about its score. */
import {
  isViewcastError,
  type ModelRecord,
  type PredictionOptions,
  predictionObject,
  predictionQuery,
} from '@viewcast/compiler'
import { type Database, prepareDataset, project } from '@viewcast/sdk'
import { openTestDatabase } from '@viewcast/sdk/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linearRecord } from './records.ts'

interface DB {
  tickets: { label: number; size: number; prediction: number; asked: Date }
}
const p = project<DB>('tickets')

let db: Database
beforeAll(async () => {
  db = await openTestDatabase()
  await db.execute(`
    CREATE TABLE tickets (label int4 PRIMARY KEY, size int4, prediction int4, asked timestamptz NOT NULL);
    INSERT INTO tickets VALUES (1, 3, 7, '2024-01-01Z'), (2, NULL, -4, '2024-01-02Z');
  `)
})
afterAll(() => db.close())

const ticket = p.entity('ticket', { label: 'int4' }, { from: 'tickets' })
const asked = p
  .sample('asked', { entity: ticket, split: p.split.none() })
  .query(({ db }) => db.selectFrom('tickets').select(['label', 'asked as as_of']))
const profile = p
  .featureView('profile', { entity: ticket })
  .query(({ db }) => db.selectFrom('tickets').select(['label', 'size', 'prediction']))
const dataset = p.dataset('tickets', { sample: asked, features: [profile] })

async function compiled(record: ModelRecord, options: Omit<PredictionOptions, 'spine'> = {}) {
  const { dataset: prepared, facts } = await prepareDataset(db, dataset)
  const model = {
    kind: 'model',
    name: record.name,
    dataset: prepared,
    family: record.family,
    link: record.link,
    label: 'wanted',
    inputs: {},
    penalty: { l1: 0, l2: 0 },
    solver: 'irls',
    threshold: 0.5,
  } as const
  return {
    query: () => predictionQuery(model, record, facts, { ...options, spine: { kind: 'sample' } }),
    view: () => predictionObject(model, record, facts, { ...options, as: 'view' }),
  }
}

const refusal = (compile: () => unknown) => {
  try {
    compile()
  } catch (e) {
    if (isViewcastError(e))
      return e.diagnostics.map(({ code, parameters: { output, reason } }) => ({ code, output, reason }))
    throw e
  }
  return 'nothing'
}
const names = async (sql: string) => (await db.query(sql)).columns.map((c) => c.name)

const logistic = { family: 'binomial', link: 'logit' } as const

describe('an output with the name of', () => {
  const key = [{ code: 'model/output', output: 'label', reason: 'the key column of that name stands beside it' }]
  test('a key is refused, in a query and in a view', async () => {
    const made = await compiled(linearRecord('m', ['size'], { ...logistic, outputs: ['value', 'label'] }))
    expect(refusal(made.query)).toEqual(key)
    expect(refusal(made.view)).toEqual(key)
    const chosen = await compiled(linearRecord('m', ['size'], logistic), { outputs: ['label'] })
    expect(refusal(chosen.query)).toEqual(key)
  })

  test('a key is no matter where it is not asked for', async () => {
    const { query } = await compiled(linearRecord('m', ['size'], logistic))
    expect(await names(query().sql)).toEqual(['label', 'as_of', 'probability'])
  })

  test('a feature is refused where the features are returned', async () => {
    const record = linearRecord('m', ['size', 'prediction'])
    expect(refusal((await compiled(record, { withFeatures: true })).query)).toEqual([
      { code: 'model/output', output: 'prediction', reason: 'the feature of that name is asked for beside it' },
    ])
    expect(await names((await compiled(record)).query().sql)).toEqual(['label', 'as_of', 'prediction'])
    const other = await compiled(record, { withFeatures: true, outputs: ['linear'] })
    const own = ['label', 'as_of', 'size', 'prediction', '_linear', 'linear_predictor']
    expect(other.query().columns.map((c) => c.name)).toEqual(own)
    expect(await names(other.query().sql)).toEqual(own)
  })
})

describe('the guard of the link', () => {
  const clipped = (estimate: number, more: Partial<ModelRecord> = {}): ModelRecord => {
    const record = linearRecord('m', ['size'], { ...logistic, ...more })
    const encoder = { ...record.inputs[0]?.encoder, clip: [-10, 10] } as ModelRecord['inputs'][number]['encoder']
    const coefficients = record.coefficients.map((c) => ({ ...c, estimate: c.feature === null ? 0 : estimate }))
    return { ...record, inputs: [{ feature: 'size', type: 'int4', encoder }], coefficients }
  }
  const guard = /CASE\s+WHEN abs\(s\._linear\) <= 708/

  test.each<[string, ModelRecord]>([
    ['a probability', clipped(1)],
    ['a probability beside others', clipped(1, { outputs: ['linear', 'value', 'contributions'] })],
    ['a count', clipped(1, { family: 'poisson', link: 'log' })],
  ])('is left out of %s that is bounded, and the header says so', async (_, record) => {
    const { sql, plan } = (await compiled(record)).query()
    expect(sql).toMatch(/^-- link +without a guard/m)
    expect(sql).not.toMatch(/708|709/)
    expect(plan.model?.unguarded).toBe(true)
    expect((await compiled(record)).view().sql).toMatch(/^-- link +without a guard/m)
    expect((await db.query(sql)).rows).toHaveLength(2)
  })

  test('stays where a product of inputs may go beyond', async () => {
    const base = clipped(1)
    const product = { ...base.coefficients[1], name: 'size:size', feature: null } as ModelRecord['coefficients'][number]
    const more = {
      interactions: [['size', 'size']],
      coefficients: [...base.coefficients, { ...product, estimate: 80 }],
    }
    const { sql, plan } = (await compiled({ ...base, ...more })).query()
    expect(sql).toMatch(guard)
    expect(sql).not.toMatch(/^-- link/m)
    expect(plan.model?.unguarded).toBe(false)
  })

  test.each<[string, ModelRecord, RegExp | undefined]>([
    ['a score that is not bounded', clipped(71), guard],
    ['a mean that is the score', clipped(1, { family: 'gaussian', link: 'identity' }), undefined],
    ['outputs that are no mean', clipped(1, { outputs: ['linear'] }), undefined],
  ])('is not spoken of with %s', async (_, record, written) => {
    const { sql, plan } = (await compiled(record)).query()
    if (written !== undefined) expect(sql).toMatch(written)
    expect(sql).not.toMatch(/^-- link/m)
    expect(plan.model?.unguarded).toBe(false)
  })
})

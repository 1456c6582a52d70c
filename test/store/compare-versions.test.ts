import {
  compareRecords,
  compareVersions,
  modelVersion,
  openStore,
  predict,
  registerModel,
  type Store,
  scoreMovement,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, describe, expect, test } from 'vitest'
import { linearRecord } from '../compiler/records.ts'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, modelOf, profile, spending, tables } from '../scenarios/shop.ts'

const coefficient = (name: string, estimate: number, standardError: number | null = null) => ({
  ...{ name, feature: name, estimate, standardError, statistic: null, pValue: null },
})

describe('two records', () => {
  const before = {
    ...linearRecord('m', ['a', 'b']),
    coefficients: [coefficient('a', 1, 0.3), coefficient('b', 2, 0.1), coefficient('gone', 3)],
    metrics: { train: { auc: 0.7 }, test: { auc: 0.65, brier: null }, baseline: {} },
  }
  const after = {
    ...linearRecord('m', ['b', 'c']),
    threshold: 0.4,
    coefficients: [coefficient('b', 2, 0.1), coefficient('a', 1.5, 0.4), coefficient('new', 1)],
    metrics: { train: { auc: 0.75 }, validation: { auc: 0.7 }, test: { auc: 0.7, brier: 0.2 }, baseline: {} },
    fit: { ...linearRecord('m', []).fit, penalty: { l1: 0, l2: 1 } },
  }

  test('differ by coefficient, with z where both have an error', () => {
    const { coefficients } = compareRecords(before, after)
    expect(coefficients.map((c) => [c.name, c.change, c.difference])).toEqual([
      ['b', 'same', 0],
      ['a', 'changed', 0.5],
      ['new', 'added', null],
      ['gone', 'removed', null],
    ])
    expect(coefficients[1]?.z).toBeCloseTo(0.5 / 0.5, 12)
    expect(coefficients[0]?.z).toBe(0)
    expect(coefficients[2]?.z).toBeNull()
  })

  test('differ by input, metric and setting', () => {
    const { inputs, metrics, settings } = compareRecords(before, after)
    expect(inputs.map((i) => [i.feature, i.change])).toEqual([
      ['b', 'same'],
      ['c', 'added'],
      ['a', 'removed'],
    ])
    const byName = Object.fromEntries(metrics.map((m) => [`${m.part}.${m.metric}`, m.difference]))
    expect(byName['train.auc']).toBeCloseTo(0.05, 12)
    expect(byName).toMatchObject({ 'validation.auc': null, 'test.brier': null })
    expect(settings).toEqual([
      { name: 'threshold', before: 0.5, after: 0.4 },
      { name: 'penalty.l2', before: 0, after: 1 },
    ])
  })

  test('that are the same differ in nothing, whatever their version and time', () => {
    const { coefficients, inputs, settings } = compareRecords(before, {
      ...before,
      version: 9,
      trainedAt: '2030-01-01',
    })
    expect([...coefficients, ...inputs].every((c) => c.change === 'same')).toBe(true)
    expect(settings).toEqual([])
  })

  test('of classes are told apart by class', () => {
    const classes = (x: number) => ({
      ...before,
      coefficients: [
        { ...coefficient('a', 1), class: 'x' },
        { ...coefficient('a', x), class: 'y' },
      ],
    })
    expect(compareRecords(classes(1), classes(2)).coefficients.map((c) => [c.class, c.change])).toEqual([
      ['x', 'same'],
      ['y', 'changed'],
    ])
  })
})

describeEachEngine('two versions', (engine) => {
  let store: Store
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    await trainRecorded(store, model)
    await trainRecorded(store, modelOf([profile, spending], {}, { penalty: 50 }))
  })

  test('are compared with their SQL and the scores of the same rows', async () => {
    const [before, after] = [await modelVersion(store, 'replies', 1), await modelVersion(store, 'replies', 2)]
    const compared = await compareVersions(store.db, model, before, after)
    expect(compared).toMatchObject({ model: 'replies', before: 1, after: 2 })
    expect(compared.settings).toContainEqual({ name: 'penalty.l2', before: 1, after: 50 })
    expect(compared.sql.training).toBe('')
    expect(compared.sql.prediction).toMatch(/^--- replies@1\n\+\+\+ replies@2\n@@ -1,/)
    // Trained on the same rows with another penalty: what moved is what prediction gives for the sample, row by row.
    const [movement] = compared.scores?.outputs ?? []
    const [p1, p2] = [await probabilities(1), await probabilities(2)]
    const shifts = [...p1].map(([key, p]) => (p2.get(key) ?? Number.NaN) - p).sort((x, y) => x - y)
    expect(movement).toMatchObject({ output: 'probability', rows: 200, missing: { before: 0, after: 0, both: 0 } })
    expect(movement?.meanShift).toBeCloseTo(shifts.reduce((s, d) => s + d, 0) / 200, 12)
    expect(movement?.quantiles['0']).toBe(shifts[0])
    expect(movement?.quantiles['1']).toBe(shifts.at(-1))
    expect(movement?.quantiles['0.5']).toBeCloseTo(((shifts[99] ?? 0) + (shifts[100] ?? 0)) / 2, 14)
    expect(movement?.largest?.difference).toBe(Math.max(...shifts.map(Math.abs)))
    const flipped = [...p1].filter(([key, p]) => p >= 0.5 !== (p2.get(key) ?? 0) >= 0.5).length
    expect(compared.scores?.label).toMatchObject({ rows: 200, changed: flipped })
  })

  const probabilities = async (version: number): Promise<Map<unknown, number>> => {
    const { record } = await modelVersion(store, 'replies', version)
    const out = new Map<unknown, number>()
    const { rows } = await predict(store.db, model, record, { spine: 'sample' })
    for await (const batch of rows) for (const [key, , p] of batch) out.set(key, Number(p))
    return out
  }

  test('that are one do not move', async () => {
    const { record } = await modelVersion(store, 'replies', 1)
    const { rows, outputs, label, only } = await scoreMovement(store.db, model, record, record, { rows: 50 })
    expect(rows).toBe(50)
    expect(outputs).toMatchObject([{ rows: 50, moved: 0, meanShift: 0, standardDeviation: 0 }])
    expect(outputs[0]?.largest).toEqual({ difference: 0, keys: 50 })
    expect(label).toEqual({ rows: 50, changed: 0, changes: [] })
    expect(only).toEqual({ before: [], after: [] })
  })

  test('can be asked about every row of the entity at an instant, also before anything was known', async () => {
    const [a, b] = [await modelVersion(store, 'replies', 1), await modelVersion(store, 'replies', 2)]
    const at = await scoreMovement(store.db, model, a.record, b.record, { at: '2024-03-01T00:00Z' })
    expect(at.outputs[0]).toMatchObject({ rows: 200 })
  })

  test('leave out questions that are asked more than once, and count them', async () => {
    const db = await engine.open()
    await db.execute(
      `${tables}; ALTER TABLE asked DROP CONSTRAINT asked_pkey; INSERT INTO asked SELECT customer, as_of, answer FROM asked WHERE customer <= 3`,
    )
    const { record } = await modelVersion(store, 'replies', 1)
    expect(await scoreMovement(db, model, record, record)).toMatchObject({ rows: 197, repeated: 6 })
  })

  test('tell why one cannot predict any more', async () => {
    const [before, after] = [await modelVersion(store, 'replies', 1), await modelVersion(store, 'replies', 2)]
    const narrow = modelOf([spending])
    const { scores, notScored, coefficients } = await compareVersions(store.db, narrow, before, after)
    expect(scores).toBeUndefined()
    expect(notScored?.map((d) => d.code)).toContain('model/stale')
    expect(coefficients.length).toBeGreaterThan(1)
  })

  test('of other families have outputs of their own', async () => {
    const { record } = await modelVersion(store, 'replies', 1)
    const linear = { ...record, family: 'gaussian', link: 'identity' } as const
    const moved = await scoreMovement(store.db, model, record, linear, { rows: 10 })
    expect(moved).toMatchObject({
      rows: 10,
      outputs: [],
      only: { before: ['probability', 'label'], after: ['prediction'] },
    })
    expect(moved.label).toBeUndefined()
  })

  test('that were adopted have no SQL of their own: the query of today stands for it', async () => {
    const { record } = await modelVersion(store, 'replies', 1)
    const other = await openStore(store.db, { project: 'elsewhere' })
    const registered = await registerModel(other, record)
    const version = await modelVersion(other, 'replies', registered.version)
    expect(version.predictionSql).toBeNull()
    const compared = await compareVersions(store.db, model, version, version, { scores: false })
    expect(compared.sql).toEqual({ training: null, prediction: '' })
    expect(compared.scores).toBeUndefined()
  })
})

import {
  evaluateModel,
  loggedPrediction,
  logPredicted,
  logPredictions,
  type ModelDef,
  measurePredictions,
  openPredictionLog,
  openStore,
  predictionMetrics,
  project,
  purgePredictions,
  recordLabels,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

interface DB {
  asked: { id: number; as_of: Date; x: number; z: number; won: boolean; amount: number; n: number; kind: string }
}
const tables = `
  CREATE TABLE asked (id int4 PRIMARY KEY, as_of timestamptz NOT NULL, x float8, z float8, won boolean, amount float8, n int4, kind text);
  INSERT INTO asked SELECT i, timestamptz '2024-01-01Z' + i * interval '3 hours', sin(i), cos(i * 1.7),
    sin(i) + sin(i * 12.9898) * 1.3 > 0, 2 + sin(i) + 0.3 * cos(i * 3.1), floor(2 + 2 * sin(i) + 1.5 * abs(cos(i * 5.3)))::int4,
    (ARRAY['a', 'b', 'c'])[1 + (abs(sin(i) * 2 + cos(i * 7.7) * 1.2))::int4 % 3]
  FROM generate_series(1, 400) i`
const p = project<DB>('shop')
const thing = p.entity('thing', { id: 'int4' }, { from: 'asked' })
const sample = p.sample('asked', { entity: thing }).query(({ db }) => db.selectFrom('asked').select(['id', 'as_of']))
const target = p
  .target('outcome', { entity: thing })
  .query(({ db }) => db.selectFrom('asked').select(['id', 'won', 'amount', 'n', 'kind']))
const features = p
  .featureView('features', { entity: thing })
  .query(({ db }) => db.selectFrom('asked').select(['id', 'x', 'z']))
const dataset = p.dataset('rows', { sample, target, features: [features] })
const modelOf = (name: string, family: string, label: string, more: object = {}) =>
  p.model(name, { dataset, family, label, ...more } as never) as ModelDef
const won = modelOf('won', 'logistic', 'won')
const century = { every: '36500 days' }

describeEachEngine('metrics of logged predictions', (engine) => {
  let store: Store
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
  })
  beforeEach(async () => {
    await purgePredictions(store, { before: '9000-01-01T00:00Z' })
  })
  /** Trains, logs what the model says of its own rows, and gives their labels. */
  async function logged(model: ModelDef) {
    const { record } = await trainRecorded(store, model)
    await logPredicted(store, model, record, { spine: 'sample' })
    const rows = await store.db.rows<{ id: number; label: string }>(
      `SELECT id, ${model.label}::text AS label FROM asked`,
    )
    const given = rows.map(({ id, label }) => ({ key: { id }, label }))
    expect(await recordLabels(store, model.name, given)).toMatchObject({ predictions: 400, unmatched: 0 })
    return record
  }

  test.each([
    ['logistic', 'won', ['auc', 'logLoss', 'brier', 'accuracy', 'baseRate']],
    ['svm', 'won', ['auc', 'squaredHinge', 'accuracy', 'baseRate']],
    ['linear', 'amount', ['rmse', 'mae', 'r2', 'mean']],
    ['poisson', 'n', ['rmse', 'mae', 'mean', 'deviance', 'devianceExplained']],
    ['gamma', 'amount', ['rmse', 'mae', 'mean', 'deviance', 'devianceExplained']],
    ['inverse-gaussian', 'amount', ['rmse', 'mae', 'mean', 'deviance', 'devianceExplained']],
    ['multinomial', 'kind', ['logLoss', 'brier', 'accuracy', 'largestShare']],
  ])('of %s are those of training, on the rows of training', async (family, label, names) => {
    const model = modelOf(
      `of_${family.replace('-', '_')}`,
      family,
      label,
      family === 'gamma' || family === 'inverse-gaussian' ? { link: 'log' } : {},
    )
    const record = await logged(model)
    const [found, ...more] = await predictionMetrics(store, model.name, century)
    expect(more).toEqual([])
    expect(found).toMatchObject({ version: 1, predictions: 400, labelled: 400 })
    for (const name of names) {
      const trained = record.metrics.train[name]
      expect(trained, name).toEqual(expect.any(Number))
      expect(found?.metrics[name], name).toBeCloseTo(trained as number, 10)
    }
    expect(
      Object.keys(found?.metrics ?? {})
        .filter((n) => n !== 'calibrationError')
        .sort(),
    ).toEqual([...names].sort())
  })

  test('calibrate as the report does', async () => {
    const record = await logged(won)
    const { result } = await evaluateModel(store.db, won, record)
    const [found] = await predictionMetrics(store, 'won', century)
    if (result.kind !== 'outcome') throw new Error('not two outcomes')
    expect(found?.calibration).toHaveLength(10)
    for (const [i, bin] of result.calibration.entries()) {
      expect(found?.calibration?.[i]?.rows).toBe(bin.rows)
      expect(found?.calibration?.[i]?.predicted).toBeCloseTo(bin.predicted, 12)
      expect(found?.calibration?.[i]?.observed).toBeCloseTo(bin.observed.value, 12)
    }
    const error = result.metrics.find((m) => m.name === 'calibrationError')?.estimate.value
    expect(found?.metrics['calibrationError']).toBeCloseTo(error as number, 12)
  })

  test('are told by period and version, and kept', async () => {
    await logged(won)
    const weeks = await measurePredictions(store, 'won')
    expect(weeks.length).toBeGreaterThan(6)
    expect(weeks[0]).toMatchObject({ from: '2024-01-01 00:00:00+00', until: '2024-01-08 00:00:00+00', labelled: 55 })
    expect(weeks.reduce((n, w) => n + w.labelled, 0)).toBe(400)
    const months = await predictionMetrics(store, 'won', { every: '1 month', from: '2024-02-01T00:00Z' })
    expect(months.map((m) => [m.from, m.until])).toEqual([['2024-02-01 00:00:00+00', '2024-03-01 00:00:00+00']])
    const points = await store.db.rows<{ n: number; first: string }>(
      `SELECT count(*)::int4 AS n, min(to_timestamp(m.ts_ms / 1000))::text AS first FROM viewcast.metric m
       JOIN viewcast.metric_key k ON k.id = m.key_id JOIN viewcast.execution e ON e.id = m.execution_id
       WHERE k.name = 'live.auc' AND e.kind = 'measure'`,
    )
    expect(points).toEqual([{ n: weeks.length, first: '2024-01-01 00:00:00+00' }])
  })

  test('count what has no label yet, and survive what cannot be measured', async () => {
    const { record } = await trainRecorded(store, won)
    await logPredicted(store, won, record, { at: '2024-06-05T00:00Z', keys: [{ id: 1 }, { id: 2 }, { id: 3 }] })
    expect(await predictionMetrics(store, 'won')).toEqual([
      {
        version: record.version,
        from: '2024-06-03 00:00:00+00',
        until: '2024-06-10 00:00:00+00',
        predictions: 3,
        labelled: 0,
        metrics: {},
      },
    ])
    await recordLabels(store, 'won', [
      { key: { id: 1 }, label: true },
      { key: { id: 2 }, label: true },
    ])
    const [one] = await predictionMetrics(store, 'won')
    expect(one).toMatchObject({ predictions: 3, labelled: 2, metrics: { auc: null, baseRate: 1 } })
    // An error of certainty is held at 1e-15; a square too small for a number is 0.
    const { shape } = await loggedPrediction(store.db, won, record)
    const log = await openPredictionLog(store, { model: 'won', version: record.version, shape })
    const row = (id: number, probability: unknown) => ({
      key: { id },
      asOf: '2024-07-02T00:00Z',
      outputs: { probability },
    })
    await logPredictions(store, log, { rows: [row(1, 0), row(2, 1e-200), row(3, Number.NaN), row(4, null)] })
    await recordLabels(
      store,
      'won',
      [1, 2, 3, 4].map((id) => ({ key: { id }, asOf: '2024-07-02T00:00Z', label: id === 1 })),
    )
    const [edge] = await predictionMetrics(store, 'won', { from: '2024-07-01T00:00Z' })
    expect(edge).toMatchObject({ predictions: 4, labelled: 2, metrics: { auc: 0, brier: 0.5 } })
    expect(edge?.metrics['logLoss']).toBeCloseTo(-Math.log(1e-15) / 2, 8)
  })

  test('refuse what was not logged, or is no period', async () => {
    const { record } = await trainRecorded(store, won)
    await logPredicted(store, won, record, { at: '2024-06-05T00:00Z', keys: [{ id: 1 }], outputs: ['label'] })
    expect(await codesOf(() => predictionMetrics(store, 'won'))).toEqual(['log/no-value'])
    expect(await codesOf(() => predictionMetrics(store, 'won', { every: 'blue moon' }))).toEqual(['define/option'])
    expect(await codesOf(() => predictionMetrics(store, 'lost'))).toEqual(['model/not-trained'])
    expect(await codesOf(() => predictionMetrics(store, 'won', { version: 99 }))).toEqual(['model/not-trained'])
  })
})

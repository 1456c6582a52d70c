/** Penalties along a path, margins and calibration through published names, on every engine. */
import {
  type ModelDef,
  type ModelRecord,
  parseModelRecord,
  penaltyPath,
  predict,
  printModelRecord,
  project,
  trainModel,
  verifyModel,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  plants: { plant: number; a: number | null; b: number; c: number; noise: number; soil: string | null }
  measured: { plant: number; height: number; blooms: boolean; day: number }
}

const p = project<DB>('garden')
const plant = p.entity('plant', { plant: 'int4' })
const grown = p
  .featureView('grown', { entity: plant })
  .query(({ db }) => db.selectFrom('plants').select(['plant', 'a', 'b', 'c', 'noise', 'soil']))
const target = p
  .target('outcome', { entity: plant })
  .query(({ db }) => db.selectFrom('measured').select(['plant', 'height', 'blooms']).where('day', '=', 1))
const sampleOf = (name: string, split: ReturnType<typeof p.split.hash> | ReturnType<typeof p.split.none>) =>
  p
    .sample(name, { entity: plant, split })
    .query(({ db }) => db.selectFrom('measured').select(['plant', 'day']).where('day', '=', 1))
const datasetOf = (name: string, split: Parameters<typeof sampleOf>[1]) =>
  p.dataset(name, { sample: sampleOf(`${name}_rows`, split), target, features: [grown] })
const tested = datasetOf('tested', p.split.hash({ test: 0.25 }))
const validated = datasetOf('validated', p.split.hash({ test: 0.2, validation: 0.3 }))
const inputs = { a: 'auto', b: 'auto', c: 'auto', noise: 'auto', soil: 'auto' } as const

const random = (seed: string): string => `(('x' || left(md5(i || '${seed}'), 7))::bit(28)::int4 / 268435456.0)`
const setup = `
  CREATE TABLE plants AS SELECT i AS plant, CASE WHEN i % 50 = 0 THEN NULL ELSE ${random('a')}::float8 END AS a,
    ${random('b')}::float8 AS b, (i % 7)::float8 AS c, ${random('n')}::float8 AS noise,
    CASE WHEN i % 40 = 0 THEN NULL ELSE (ARRAY['clay', 'sand', 'loam'])[1 + i % 3] END AS soil
    FROM generate_series(1, 1200) AS i;
  ALTER TABLE plants ADD PRIMARY KEY (plant);
  CREATE TABLE measured AS SELECT plant, 1 AS day, 3 * coalesce(a, 0.5) - 2 * b + r AS height,
    3 * coalesce(a, 0.5) - 2 * b + 2 * r > 1.5 AS blooms
    FROM (SELECT i AS plant, ${random('r')}::float8 AS r FROM generate_series(1, 1200) AS i) AS x JOIN plants USING (plant);
  ALTER TABLE measured ADD PRIMARY KEY (plant);`

describeEachEngine('penalties and calibration', (engine) => {
  beforeAll(() => engine.db.execute(setup))
  const trained = async (model: ModelDef): Promise<ModelRecord> =>
    (await trainModel(engine.db, model, { trainedAt: '2025-01-01T00:00:00.000Z' })).record
  const agrees = async (model: ModelDef, record: ModelRecord): Promise<void> => {
    expect(parseModelRecord(printModelRecord(record), 'again')).toEqual(record)
    const { checks, parity } = await verifyModel(engine.db, model, record)
    expect(checks.filter((c) => !c.ok)).toEqual([])
    expect(parity).toMatchObject({ rows: 1200, mismatched: 0 })
  }

  test.each([
    ['linear', 'height'],
    ['logistic', 'blooms'],
  ] as const)('a path of %s keeps what tells and drops what does not', async (family, label) => {
    const model = p.model('tall', { dataset: tested, family, label, penalty: penaltyPath({ folds: 5 }) }).inputs(inputs)
    const record = await trained(model)
    const { path, fit } = record
    expect(path).toMatchObject({ l1Ratio: 1, folds: 5, rule: '1se' })
    const chosen = path?.steps[path.chosen]
    expect(fit).toMatchObject({ solver: 'coordinate-descent', penalty: { l1: chosen?.lambda, l2: 0 }, converged: true })
    const estimates = Object.fromEntries(record.coefficients.map((c) => [c.name, c.estimate]))
    expect(estimates.a).toBeGreaterThan(0.3)
    expect(estimates.b).toBeLessThan(-0.2)
    expect(estimates.noise).toBe(0)
    expect(estimates['soil=loam'] ?? 0).toBe(0)
    expect(chosen?.nonZero).toBe(record.coefficients.slice(1).filter((c) => c.estimate !== 0).length)
    expect(chosen?.nonZero).toBeLessThan(record.coefficients.length - 1)
    await agrees(model, record)
  })

  test('folds follow the keys and not the order of the rows', async () => {
    const model = p.model('tall', {
      dataset: tested,
      family: 'linear',
      label: 'height',
      penalty: penaltyPath({ folds: 4 }),
    })
    const before = await trained(model.inputs(inputs))
    await engine.db.execute(`
      CREATE TABLE turned AS SELECT * FROM measured ORDER BY plant DESC; DROP TABLE measured;
      ALTER TABLE turned RENAME TO measured; ALTER TABLE measured ADD PRIMARY KEY (plant);`)
    const after = await trained(model.inputs(inputs))
    expect(after.path?.chosen).toBe(before.path?.chosen)
    after.path?.steps.forEach((step, i) => {
      const was = before.path?.steps[i]
      expect(step.cvMean / (was?.cvMean ?? Number.NaN)).toBeCloseTo(1, 9)
    })
  })

  test.each([
    ['platt', validated, 'validation'],
    ['isotonic', validated, 'validation'],
    ['platt', tested, 'cross-fit'],
    ['isotonic', tested, 'cross-fit'],
  ] as const)('%s: probabilities come from the curve', async (calibrate, dataset, on) => {
    // So strong a penalty leaves probabilities close to the base rate, which a curve has to undo.
    const model = p
      .model('blooming', { dataset, family: 'logistic', label: 'blooms', penalty: 400, calibrate })
      .inputs(inputs)
    const record = await trained(model)
    const { calibration, metrics } = record
    expect(calibration?.curve.kind).toBe(calibrate)
    expect(calibration?.fitted).toMatchObject({
      on,
      ...(on === 'cross-fit' ? { folds: 5, rows: record.dataset.trainRows } : { rows: record.dataset.validationRows }),
    })
    expect(calibration?.measured).toMatchObject({ on: 'test', rows: record.dataset.testRows })
    const { before, after } = calibration?.measured ?? {}
    expect(after?.logLoss).toBeLessThan((before?.logLoss ?? 0) - 0.05)
    expect(after?.ece).toBeLessThan(before?.ece ?? 0)
    expect(metrics.test.logLoss).toBe(after?.logLoss)
    await agrees(model, record)

    const result = await predict(engine.db, model, record, {})
    const at = result.columns.findIndex((c) => c.name === 'probability')
    const probabilities: number[] = []
    for await (const batch of result.rows) probabilities.push(...batch.map((row) => row[at] as number))
    expect(probabilities.length).toBe(1200)
    const mean = probabilities.reduce((s, q) => s + q, 0) / probabilities.length
    const { rows } = await engine.db.query('select avg(blooms::int)::float8 from measured')
    expect(Math.abs(mean - (rows[0]?.[0] as number))).toBeLessThan(0.02)
  })

  test('a margin tells the sides apart, and has probabilities when they are asked for', async () => {
    const model = p
      .model('sides', { dataset: tested, family: 'svm', label: 'blooms', calibrate: 'platt' })
      .inputs(inputs)
    const record = await trained(model)
    expect(record.fit).toMatchObject({ solver: 'newton', penalty: { l1: 0, l2: 1 }, converged: true })
    expect(record.metrics.test.accuracy).toBeGreaterThan(0.75)
    expect(record.metrics.test.logLoss).toBe(record.calibration?.measured.after.logLoss)
    expect(record.calibration?.measured.before).toBeNull()
    await agrees(model, record)
  })

  test('what only rows can teach is not fitted in the database', async () => {
    const model = p.model('blooming', { dataset: tested, family: 'logistic', label: 'blooms', calibrate: 'platt' })
    await expect(trainModel(engine.db, model, { where: 'database' })).rejects.toMatchObject({
      diagnostics: [{ code: 'train/not-in-database', parameters: { what: 'the option "calibrate"' } }],
    })
  })
})

/** Least squares fitted again from sums: the model of the rows of the partitions that are there, without reading them. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  isViewcastError,
  listVersions,
  loadRecord,
  loadSums,
  type ModelRecord,
  numeric,
  oneHot,
  type PartitionSums,
  partitionSums,
  predict,
  project,
  refit,
  saveRecord,
  saveSums,
  standardize,
  trainModel,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  rides: { ride: number; at: Date; region: string | null; worth: number; far: number }
  facts: { ride: number; distance: number; far: number; kind: string; night: boolean; price: number }
  minutes: { ride: number; minutes: number }
}

const p = project<DB>('rides')
const ride = p.entity('ride', { ride: 'int4' })
const facts = p.featureView('facts', { entity: ride }).query(({ db }) => db.selectFrom('facts').selectAll())
const minutes = p.target('minutes', { entity: ride }).query(({ db }) => db.selectFrom('minutes').selectAll())

const setup = `
  CREATE TABLE rides AS SELECT i AS ride, timestamptz '2024-01-15 23:30Z' + i * interval '2 hours' AS at,
    (ARRAY['north', 'it''s', 'south', 'north'])[1 + i % 4] AS region, (0.5 + i % 7)::float8 AS worth FROM generate_series(1, 1500) i;
  UPDATE rides SET region = NULL WHERE ride % 90 = 1;
  CREATE TABLE facts AS SELECT ride,
      CASE ride % 50 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' ELSE ride * 7919 % 1009 / 50.0 - 10 END::float8 AS distance,
      (1e4 + ride * 31 % 997)::float8 AS far,
      (ARRAY['bus', 'tram', 'bus', 'ferry', 'bus', 'tram', NULL])[1 + ride * 13 % 7] AS kind,
      ride * 17 % 5 < 2 AS night, (ride * 271 % 883)::float8 AS price
    FROM rides;
  CREATE TABLE minutes AS SELECT ride,
      10 + 0.5 * coalesce(nullif(distance, 'NaN'), 0) + 0.01 * far + CASE kind WHEN 'tram' THEN 2 ELSE 0 END
        + ride * 101 % 37 / 5.0 AS minutes FROM facts;
  UPDATE minutes SET minutes = NULL WHERE ride % 83 = 0;`

/** What these learn does not depend on the rows, so that a training of some of the rows is a fit with the same encoders. */
const fixed = {
  distance: numeric({ impute: 3 }),
  far: numeric({ impute: 0 }),
  night: 'auto',
  price: numeric({ impute: 0 }),
}
const learned = { distance: standardize(), far: standardize(), kind: oneHot({ minCount: 5 }), night: 'auto' }

const sampleOf = (name: string, options: object, but?: string) =>
  p.sample(name, { entity: ride, ...options } as { entity: typeof ride }).query(({ db }) => {
    const all = db.selectFrom('rides').select(['ride', 'at as as_of', 'region', 'worth'])
    return but === undefined ? all : all.where('region', '!=', but)
  })

const modelOf = (name: string, sample: ReturnType<typeof sampleOf>, inputs: object, options: object = {}) =>
  p
    .model(name, {
      dataset: p.dataset(`${name}_set`, { sample, target: minutes, features: [facts] }),
      family: 'linear',
      label: 'minutes',
      ...options,
    } as never)
    .inputs(inputs as never)

const plain = sampleOf('every_ride', {})
const weighted = sampleOf('weighted', { weight: 'worth', split: p.split.hash({ test: 0.2 }) })
const trainedAt = '2024-06-01T00:00:00.000Z'

const apart = (a: number | null, b: number | null): number =>
  a === null || b === null
    ? a === b
      ? 0
      : Infinity
    : a === b
      ? 0
      : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b))

const numbersOf = ({ coefficients, fit, covariance = [] }: ModelRecord): (number | null)[] => [
  ...coefficients.flatMap((c) => [c.estimate, c.standardError]),
  ...[fit.dispersion, fit.deviance, fit.nullDeviance, fit.residualDegrees, fit.logLikelihood, fit.aic],
  ...covariance.filter((_, i) => coefficients.some((_, j) => i === (j * (j + 3)) / 2)),
]

function expectSame(a: ModelRecord, b: ModelRecord, within = 1e-10): void {
  expect(b.coefficients.map((c) => c.name)).toEqual(a.coefficients.map((c) => c.name))
  const [x, y] = [numbersOf(a), numbersOf(b)]
  expect(y).toHaveLength(x.length)
  expect(Math.max(...x.map((v, i) => apart(v, y[i] as number | null)))).toBeLessThan(within)
  for (const name of ['rmse', 'r2', 'mean']) {
    expect(apart(a.metrics.train[name] ?? null, b.metrics.train[name] ?? null)).toBeLessThan(within)
  }
}

async function codeOf(run: () => unknown): Promise<readonly string[]> {
  try {
    await run()
  } catch (e) {
    if (isViewcastError(e)) return e.diagnostics.map((d) => `${d.code}: ${d.message}`)
    throw e
  }
  return []
}

describeEachEngine('fitting again from sums', (engine) => {
  beforeAll(async () => {
    await engine.db.execute(setup)
  })

  const trained = async (model: ReturnType<typeof modelOf>, by: Parameters<typeof partitionSums>[3]['by']) => {
    const { record } = await trainModel(engine.db, model, { trainedAt })
    return { record, sums: await partitionSums(engine.db, model, record, { by: by ?? 'region' }) }
  }

  for (const [sample, penalty] of [
    [plain, 0],
    [plain, 5],
    [weighted, 0],
    [weighted, 0.7],
  ] as const) {
    test(`the sums of all partitions of ${sample.name} give the model they belong to, penalty ${penalty}`, async () => {
      const model = modelOf(`all_${sample.name}_${penalty * 10}`, sample, learned, { penalty })
      const { record, sums } = await trained(model, 'region')
      expect(sums.partitions.map((s) => s.value)).toEqual(["it's", 'north', 'south', null])
      expectSame(record, refit(record, sums).record)
    })
  }

  for (const penalty of [0, 2]) {
    test(`leaving a partition out is training without its rows, penalty ${penalty}`, async () => {
      const { record, sums } = await trained(modelOf(`whole_${penalty}`, plain, fixed, { penalty }), 'region')
      const rest = modelOf(`rest_${penalty}`, sampleOf(`rest_${penalty}`, {}, 'south'), fixed, { penalty })
      const { record: full } = await trainModel(engine.db, rest, { trainedAt })
      const next = refit(record, sums, { remove: ['south', null], trainedAt })
      expect(next.record.version).toBe(2)
      expect(next.record.dataset.trainRows).toBe(full.dataset.trainRows)
      expectSame(full, next.record)
    })
  }

  test('partitions come back by their own rows only, in any order', async () => {
    const model = modelOf('months', weighted, learned)
    const { record, sums } = await trained(model, { column: 'as_of', every: 'month' })
    const months = sums.partitions.map((s) => s.value)
    expect(months).toEqual(['2024-01-01', '2024-02-01', '2024-03-01', '2024-04-01', '2024-05-01'])
    const before = refit(record, sums, { remove: months.slice(2) })
    const one = async (state: { record: ModelRecord; sums: PartitionSums }, value: string | null) =>
      refit(state.record, state.sums, {
        add: await partitionSums(engine.db, model, state.record, { like: state.sums, only: [value] }),
      })
    let forth = before
    for (const month of months.slice(2)) forth = await one(forth, month as string)
    let back = before
    for (const month of months.slice(2).reverse()) back = await one(back, month as string)
    expect(forth.record.version).toBe(5)
    expectSame(record, forth.record)
    expectSame(forth.record, back.record, 1e-12)
  })

  test('a partition whose rows changed is replaced in one call', async () => {
    const db = await engine.open()
    await db.execute(setup)
    const model = modelOf('changing', plain, fixed)
    const { record } = await trainModel(db, model, { trainedAt })
    const sums = await partitionSums(db, model, record, { by: 'region' })
    await db.execute(
      "UPDATE minutes SET minutes = minutes * 2 WHERE ride IN (SELECT ride FROM rides WHERE region = 'it''s')",
    )
    const add = await partitionSums(db, model, record, { like: sums, only: ["it's"] })
    expect(add.partitions).toHaveLength(1)
    const { record: full } = await trainModel(db, model, { trainedAt })
    expectSame(full, refit(record, sums, { add, remove: ["it's"] }).record)
    expect(await codeOf(() => refit(record, sums, { add }))).toEqual([
      expect.stringContaining('train/partition: Partition "it\'s" is in the sums already'),
    ])
  })

  test('rows the encoders do not know are told, and rows far away are refused', async () => {
    const db = await engine.open()
    await db.execute(setup)
    const model = modelOf('later', plain, { far: standardize(), kind: oneHot({ minCount: 5 }), price: standardize() })
    const { record } = await trainModel(db, model, { trainedAt })
    const sums = await partitionSums(db, model, record, { by: 'region' })
    await db.execute(`
      INSERT INTO rides SELECT i, timestamptz '2024-07-01Z' + i * interval '1 hour', CASE WHEN i % 2 = 0 THEN 'east' ELSE 'west' END, 1 FROM generate_series(2001, 2200) i;
      INSERT INTO facts SELECT ride, 1, CASE region WHEN 'east' THEN 1e4 + ride % 7 ELSE 1e14 + ride % 5 END, 'rocket', true, CASE WHEN ride % 3 > 0 THEN ride % 11 END FROM rides WHERE ride > 2000;
      INSERT INTO minutes SELECT ride, ride % 13 FROM rides WHERE ride > 2000`)
    const east = await partitionSums(db, model, record, { like: sums, only: ['east'] })
    const next = refit(record, sums, { add: east })
    expect(next.warnings.map((w) => [w.code, w.message.replace(/ of the added.*have/, '')])).toEqual([
      ['train/refit-unseen', '100 rows levels of input "kind" that the encoders do not know'],
      ['train/refit-unseen', expect.stringMatching(/^3[34] rows missing values of input "price"/)],
    ])
    const west = await partitionSums(db, model, record, { like: sums, only: ['west'] })
    expect(await codeOf(() => refit(record, sums, { add: west, remove: ["it's", 'north', 'south', null] }))).toEqual([
      expect.stringMatching(/train\/(refit: .* leave [0-7] digits|collinear: .*far)/),
    ])
    await db.execute('UPDATE facts SET far = 1e140 * ride WHERE far > 1e13')
    expect(await codeOf(() => partitionSums(db, model, record, { like: sums, only: ['west'] }))).toEqual([
      expect.stringContaining('column "far" has numbers of another magnitude'),
    ])
    await db.execute("UPDATE minutes SET minutes = 'Infinity' WHERE ride = 2001")
    expect(await codeOf(() => partitionSums(db, model, record, { like: sums, only: ['west'] }))).toEqual([
      expect.stringContaining('train/not-finite'),
    ])
  })

  test('a level that the rest does not have loses its coefficient, and says so', async () => {
    const model = modelOf('levels', plain, learned)
    const { record, sums } = await trained(model, { column: 'kind' })
    const { record: next, warnings } = refit(record, sums, { remove: ['tram'] })
    expect(warnings.map((w) => [w.code, w.message])).toEqual([
      ['train/constant', expect.stringContaining('"kind=tram"')],
    ])
    expect(next.coefficients.find((c) => c.name === 'kind=tram')).toMatchObject({ estimate: 0, standardError: null })
  })

  test('the record predicts what its own verification says', async () => {
    const model = modelOf('predicting', plain, learned)
    const { record, sums } = await trained(model, 'region')
    const next = refit(record, sums, { remove: ['south'] }).record
    expect(next.verification).toHaveLength(record.verification.length)
    expect(next.verification.map((v) => v.scores)).not.toEqual(record.verification.map((v) => v.scores))
    const prediction = await predict(engine.db, model, next, { spine: 'sample', limit: 5 })
    let rows = 0
    for await (const batch of prediction.rows) rows += batch.length
    expect(rows).toBe(5)
  })

  test('what is no partition is refused by name', async () => {
    const model = modelOf('refusing', plain, fixed)
    const { record, sums } = await trained(model, 'region')
    const sumsBy = (options: Parameters<typeof partitionSums>[3], of = model) =>
      codeOf(() => partitionSums(engine.db, of, record, options))
    expect(await sumsBy({ by: 'nowhere' })).toEqual([
      expect.stringContaining('train/partition: Partition "nowhere" is no column'),
    ])
    expect(await sumsBy({ by: 'as_of' })).toEqual([expect.stringContaining('has the type timestamptz')])
    expect(await sumsBy({ by: { column: 'region', every: 'day' } })).toEqual([
      expect.stringContaining('which has no day'),
    ])
    expect(await sumsBy({ like: sums, only: ["no'ne"] })).toEqual([
      expect.stringContaining('train/partition: Partition "no\'ne" has no training rows'),
    ])
    expect(await sumsBy({})).toEqual([expect.stringContaining('no column is named')])
    expect(await codeOf(() => refit(record, sums, { remove: ['east'] }))).toEqual([
      expect.stringContaining('train/partition: Partition "east" is not in the sums'),
    ])
    expect(await codeOf(() => refit(record, sums, { remove: sums.partitions.map((s) => s.value) }))).toEqual([
      expect.stringContaining('no partition is left'),
    ])
    const renamed = await codeOf(() => refit({ ...record, name: 'other' }, sums))
    expect(renamed.map((text) => text.split(': ')[0])).toEqual(['train/refit'])
    const other = modelOf('refusing', weighted, fixed)
    expect(await sumsBy({ by: 'region' }, other)).toEqual([
      expect.stringContaining('its training query is not the one'),
    ])
    const lasso = modelOf('refusing', plain, fixed, { solver: 'ml-logistic-regression' })
    expect(await sumsBy({ by: 'region' }, lasso)).toEqual([expect.stringContaining('sums do not hold')])
    const moved = { ...record, inputs: record.inputs.slice(1) }
    expect(await codeOf(() => refit(moved, sums))).toEqual([expect.stringContaining('made with other encoders')])
  })

  test('sums are kept beside the record, and an interrupted write loses nothing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sums-'))
    try {
      const model = modelOf('kept', weighted, learned)
      const { record, sums } = await trained(model, 'region')
      await saveSums(directory, sums, 1)
      await saveRecord(directory, record)
      const read = await loadRecord(directory, 'kept')
      const again = await loadSums(directory, 'kept', 1)
      expect(again).toEqual(sums)
      const next = refit(read, again, { remove: ['south'] })
      // Stopped before the record of version 2, and in the middle of a file.
      await saveSums(directory, next.sums, 2)
      const place = join(directory, 'models', 'kept')
      await writeFile(join(place, '2.json.1.tmp'), '{"format":')
      expect(await listVersions(directory, 'kept')).toEqual([1])
      expectSame(read, refit(await loadRecord(directory, 'kept'), await loadSums(directory, 'kept', 1)).record)
      expect(await codeOf(() => loadSums(directory, 'kept', 7))).toEqual([
        expect.stringContaining('version 7 was trained without'),
      ])
      const text = await readFile(join(place, '1.sums.json'), 'utf8')
      await writeFile(join(place, '1.sums.json'), text.slice(0, 500))
      expect(await codeOf(() => loadSums(directory, 'kept', 1))).toEqual([
        expect.stringContaining('does not hold sums'),
      ])
      await writeFile(join(place, '1.sums.json'), text.replace('"gradient":[', '"gradient":[0,'))
      expect(await codeOf(() => loadSums(directory, 'kept', 1))).toEqual([expect.stringContaining('sums are missing')])
      expect((await readdir(place)).sort()).toEqual(['1.json', '1.sums.json', '2.json.1.tmp', '2.sums.json'])
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})

/** Training where the rows are: the same model as from rows, and no row leaves. */
import {
  type Database,
  type Family,
  log1p,
  type ModelRecord,
  numeric,
  oneHot,
  project,
  standardize,
  trainModel,
} from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  trips: { trip: number; n: number; at: Date; importance: number }
  facts: { trip: number; distance: number; wait: number; kind: string; night: boolean; price: string; far: number }
  outcomes: { trip: number; late: boolean; minutes: number; calls: number; cost: number; changed: number }
}

const p = project<DB>('trips')
const trip = p.entity('trip', { trip: 'int4' })
const facts = p.featureView('facts', { entity: trip }).query(({ db }) => db.selectFrom('facts').selectAll())
const outcomes = p.target('outcomes', { entity: trip }).query(({ db }) => db.selectFrom('outcomes').selectAll())

/** Numbers with NULL, NaN and infinities; a category with rare levels; a numeric column; one far from zero. */
const setup = `
  CREATE TABLE trips (trip int4 PRIMARY KEY, n int4 NOT NULL, at timestamptz NOT NULL, importance float8 NOT NULL);
  INSERT INTO trips SELECT i, i, timestamptz '2024-01-01Z' + i * interval '1 minute', 0.5 + i % 7 FROM generate_series(1, 2400) i;
  UPDATE trips SET importance = 0 WHERE trip % 97 = 0;
  CREATE TABLE facts AS SELECT trip,
      CASE trip % 50 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' ELSE (u(trip, 'a') - 0.3) * 40 END::float8 AS distance,
      CASE trip % 61 WHEN 0 THEN NULL ELSE exp(4 * u(trip, 'b')) END::float8 AS wait,
      (ARRAY['bus', 'tram', 'bus', 'ferry', 'it''s', 'bus', NULL])[1 + floor(7 * u(trip, 'c'))::int] AS kind,
      CASE trip % 71 WHEN 0 THEN NULL ELSE u(trip, 'd') < 0.4 END AS night,
      (u(trip, 'e') * 1000)::numeric(10, 2) AS price,
      1e6 + u(trip, 'f') AS far
    FROM trips;
  UPDATE facts SET kind = 'rare' WHERE trip IN (3, 4);
  CREATE TABLE outcomes AS SELECT trip,
      u(trip, 'y') < 1 / (1 + exp(- (0.05 * coalesce(nullif(distance, 'NaN'), 0) + CASE kind WHEN 'tram' THEN 0.8 ELSE 0 END - 0.3 + 0.001 * price::float8))) AS late,
      10 + 0.5 * coalesce(nullif(distance, 'NaN'), 0) + 2 * ln(coalesce(wait, 5)) + 3 * (far - 1e6) + 4 * u(trip, 'z') AS minutes,
      floor(12 * u(trip, 'n') * exp(0.02 * coalesce(nullif(distance, 'NaN'), 0) + CASE kind WHEN 'tram' THEN 0.4 ELSE 0 END))::int4 AS calls,
      (0.3 + u(trip, 'g')) * exp(1 + 0.01 * coalesce(nullif(distance, 'NaN'), 0) + CASE kind WHEN 'tram' THEN 0.5 ELSE 0 END) AS cost,
      4 + 0.05 * coalesce(nullif(distance, 'NaN'), 0) + CASE kind WHEN 'tram' THEN 0.5 ELSE 0 END + u(trip, 'h') AS changed
    FROM facts;
  UPDATE outcomes SET late = NULL, minutes = NULL, calls = NULL, cost = NULL, changed = NULL WHERE trip % 83 = 0;`

/** The same numbers on every engine, from the digits of a hash. */
const uniform = `CREATE FUNCTION u(i int4, salt text) RETURNS float8 IMMUTABLE LANGUAGE sql
  AS $$ SELECT (('x' || left(md5(salt || i), 8))::bit(32)::int8 + 0.5) / 4294967296 $$`

const sampleWith = (name: string, options: object) =>
  p
    .sample(name, { entity: trip, ...options } as { entity: typeof trip })
    .query(({ db }) => db.selectFrom('trips').select(['trip', 'at as as_of', 'importance']))

const plain = sampleWith('every_trip', {})
const weighted = sampleWith('weighted', {
  weight: 'importance',
  split: p.split.hash({ test: 0.2, validation: 0.1 }),
})
const inTime = sampleWith('in_time', { split: p.split.time({ test: '2024-01-02T12:00Z', gap: '1 hour' }) })

const inputs = {
  distance: numeric({ impute: 'median', indicator: true }),
  wait: log1p(),
  kind: oneHot({ minCount: 5 }),
  night: 'auto',
  price: standardize(),
  far: numeric(),
} as const

const modelOf = (sample: typeof plain, family: 'logistic' | 'linear', options: object = {}) =>
  p
    .model(`${family}_${sample.name}`, {
      dataset: p.dataset(`${family}_${sample.name}_set`, { sample, target: outcomes, features: [facts] }),
      family,
      label: family === 'logistic' ? 'late' : 'minutes',
      ...options,
    } as never)
    .inputs(inputs as never)

const worst = (a: readonly (number | null)[], b: readonly (number | null)[]): number =>
  Math.max(
    ...a.map((v, i) => {
      const w = b[i] as number | null
      if (v === null || w === null) return v === w ? 0 : Number.POSITIVE_INFINITY
      return v === w ? 0 : Math.abs(v - w) / Math.max(Math.abs(v), Math.abs(w))
    }),
  )

const numbersOf = (r: ModelRecord): (number | null)[] =>
  r.coefficients.flatMap((c) => [c.estimate, c.standardError, c.statistic])

/** The database, noting the longest result it gives. */
function watched(db: Database, longest: { rows: number }): Database {
  return {
    ...db,
    stream: () => {
      throw new Error('rows were read')
    },
    transaction: (body) =>
      db.transaction((tx) =>
        body({
          ...tx,
          query: async (...args) => {
            const result = await tx.query(...args)
            longest.rows = Math.max(longest.rows, result.rows.length)
            return result
          },
        }),
      ),
  }
}

describeEachEngine('training in the database', (engine) => {
  beforeAll(async () => {
    await engine.db.execute(`${uniform};${setup}`)
  })

  const both = async (model: ReturnType<typeof modelOf>): Promise<readonly [ModelRecord, ModelRecord]> => {
    const options = { trainedAt: '2024-02-01T00:00:00.000Z' } as const
    const inProcess = await trainModel(engine.db, model, { ...options, where: 'process' })
    const inDatabase = await trainModel(engine.db, model, { ...options, where: 'database' })
    expect(inDatabase.warnings.map((w) => w.code)).toEqual(inProcess.warnings.map((w) => w.code))
    return [inProcess.record, inDatabase.record]
  }

  for (const family of ['linear', 'logistic'] as const) {
    for (const sample of [plain, weighted, inTime]) {
      test(`${family} over ${sample.name}: the model that rows give`, async () => {
        const [a, b] = await both(modelOf(sample, family))
        expect(b.fit.where).toBe('database')
        expect(b.coefficients.map((c) => c.name)).toEqual(a.coefficients.map((c) => c.name))
        expect(worst(numbersOf(a), numbersOf(b))).toBeLessThan(1e-9)
        expect(b.dataset).toEqual(a.dataset)
        for (const part of ['train', 'validation', 'test', 'baseline'] as const) {
          const metrics = a.metrics[part] ?? {}
          expect(Object.keys(b.metrics[part] ?? {})).toEqual(Object.keys(metrics))
          expect(worst(Object.values(metrics), Object.values(b.metrics[part] ?? {}))).toBeLessThan(1e-9)
        }
        const facts = [
          'deviance',
          'nullDeviance',
          'residualDegrees',
          'nullDegrees',
          'dispersion',
          'logLikelihood',
          'aic',
        ] as const
        expect(
          worst(
            facts.map((f) => a.fit[f]),
            facts.map((f) => b.fit[f]),
          ),
        ).toBeLessThan(1e-9)
        expect(worst(a.covariance ?? [], b.covariance ?? [])).toBeLessThan(1e-6)
      })
    }
    test(`${family} with a penalty: the model that rows give`, async () => {
      const [a, b] = await both(modelOf(weighted, family, { penalty: { l2: 3 } }))
      expect(worst(numbersOf(a), numbersOf(b))).toBeLessThan(1e-9)
    })
  }

  describe('the other families', () => {
    const few = {
      distance: numeric({ impute: 'median', indicator: true }),
      kind: oneHot({ minCount: 5 }),
      price: standardize(),
    }
    const familyModel = (family: Family, link: string, label: string, sample = weighted, options: object = {}) =>
      p
        .model('other_family', {
          dataset: p.dataset('other_family_set', { sample, target: outcomes, features: [facts] }),
          family,
          link,
          label,
          ...options,
        } as never)
        .inputs(few as never) as never as ReturnType<typeof modelOf>
    const closeTo = (a: readonly (number | null)[], b: readonly (number | null)[]): void => {
      expect(b.length).toBe(a.length)
      a.forEach((v, i) => {
        const w = b[i] as number | null
        if (v === null || w === null) expect(w).toBe(v)
        else expect(Math.abs(v - w)).toBeLessThan(1e-9 * Math.max(Math.abs(v), 1e-3))
      })
    }
    const facts9 = (r: ModelRecord): (number | null)[] => [
      r.fit.deviance,
      r.fit.nullDeviance,
      r.fit.residualDegrees,
      r.fit.nullDegrees,
      r.fit.dispersion,
      r.fit.logLikelihood,
      r.fit.aic,
    ]
    test.each([
      ['binomial', 'probit', 'late'],
      ['binomial', 'cloglog', 'late'],
      ['poisson', 'log', 'calls'],
      ['poisson', 'sqrt', 'calls'],
      ['poisson', 'identity', 'cost'],
      ['gamma', 'inverse', 'changed'],
      ['gamma', 'log', 'cost'],
      ['gamma', 'identity', 'changed'],
      ['inverse-gaussian', 'inverse-square', 'changed'],
      ['inverse-gaussian', 'inverse', 'changed'],
      ['inverse-gaussian', 'log', 'cost'],
      ['inverse-gaussian', 'identity', 'changed'],
      ['gaussian', 'log', 'cost'],
      ['gaussian', 'inverse', 'changed'],
    ] as const)('%s (%s): the model that rows give', async (family, link, label) => {
      const [a, b] = await both(familyModel(family, link, label))
      expect(b.fit.where).toBe('database')
      expect(b.coefficients.map((c) => c.name)).toEqual(a.coefficients.map((c) => c.name))
      expect(a.coefficients.some((c) => c.name.startsWith('kind='))).toBe(true)
      expect(worst(numbersOf(a), numbersOf(b))).toBeLessThan(1e-9)
      closeTo(facts9(a), facts9(b))
      expect(worst(a.covariance ?? [], b.covariance ?? [])).toBeLessThan(1e-6)
      for (const part of ['train', 'validation', 'test', 'baseline'] as const) {
        const metrics = a.metrics[part] ?? {}
        expect(Object.keys(b.metrics[part] ?? {})).toEqual(Object.keys(metrics))
        closeTo(Object.values(metrics), Object.values(b.metrics[part] ?? {}))
      }
      expect(b.metrics.test).not.toEqual({})
    })

    test('without a split, the baseline of the training rows explains nothing', async () => {
      const [a, b] = await both(familyModel('gamma', 'log', 'cost', plain))
      closeTo(Object.values(a.metrics.train), Object.values(b.metrics.train))
      expect(b.metrics.baseline.devianceExplained).toBeCloseTo(0, 12)
    })

    test('a penalty leaves no likelihood and no errors', async () => {
      const [a, b] = await both(familyModel('poisson', 'log', 'calls', weighted, { penalty: { l2: 5 } }))
      expect(worst(numbersOf(a), numbersOf(b))).toBeLessThan(1e-9)
      expect(b.fit.logLikelihood).toBeNull()
      expect(b.coefficients[1]?.standardError).toBeNull()
    })
  })

  test('no row leaves: results are as long as parts and levels, whatever the rows', async () => {
    const longest = { rows: 0 }
    await trainModel(watched(engine.db, longest), modelOf(weighted, 'logistic'), { where: 'database' })
    expect(longest.rows).toBeGreaterThan(0)
    expect(longest.rows).toBeLessThan(30)
  })

  test('example rows are made of statistics, and the record says where', async () => {
    const { record } = await trainModel(engine.db, modelOf(plain, 'logistic'), { where: 'database' })
    expect(record.fit).toMatchObject({ where: 'database' })
    expect(record.fit.reason).toBeUndefined()
    expect(record.verification).toHaveLength(7)
    expect(record.verification.every((v) => v.scores.every((score) => Number.isFinite(score)))).toBe(true)
  })

  test('auto says why it reads the rows', async () => {
    const { record } = await trainModel(engine.db, modelOf(plain, 'logistic'))
    expect(record.fit.where).toBe('process')
    expect(record.fit.reason).toMatch(
      engine.name === 'pglite' ? /embedded engine/ : /rows of 8 numbers are read sooner/,
    )
  })

  describe('refuses what rows would be refused for', () => {
    const refusal = async (model: ReturnType<typeof modelOf>, where: 'process' | 'database') => {
      try {
        await trainModel(engine.db, model, { where })
        return []
      } catch (e) {
        return (e as { diagnostics: { code: string; message: string }[] }).diagnostics.map(
          (d) => `${d.code}: ${d.message}`,
        )
      }
    }
    const modelFor = (late: string, more: string, family: object = { family: 'logistic' }) => {
      const own = p
        .featureView('own', { entity: trip })
        .query(({ db }) => db.selectFrom('facts').select(['trip', 'distance', sql.raw<number>(more).as('more')]))
      const labels = p.target('labels', { entity: trip }).query(({ db }) =>
        db
          .selectFrom('outcomes')
          .innerJoin('facts', 'facts.trip', 'outcomes.trip')
          .select(['outcomes.trip', sql.raw<boolean>(late).as('late')]),
      )
      const dataset = p.dataset('own_set', { sample: plain, target: labels, features: [own] } as never)
      return p.model('own_model', { dataset, ...family, label: 'late' } as never) as never as ReturnType<typeof modelOf>
    }
    test.each([
      ['one class', 'true', 'trip % 10', 'train/one-class'],
      ['separation', "nullif(distance, 'NaN') > 0.01", 'trip % 10', 'train/separation'],
      ['quasi-separation', "CASE kind WHEN 'tram' THEN true ELSE late END", "kind = 'tram'", 'train/separation'],
      ['collinear columns', 'late', 'distance * 2 + 1', 'train/collinear'],
      ['labels that are no outcomes', 'facts.trip % 3', 'trip % 10', 'train/label-values'],
    ])('%s', async (_, late, more, code) => {
      const model = modelFor(late, more)
      const inProcess = await refusal(model, 'process')
      expect(inProcess[0]).toContain(code)
      expect(await refusal(model, 'database')).toEqual(inProcess)
    })
    test.each([
      ['counts below 0', 'facts.trip % 3 - 1', 'trip % 10', { family: 'poisson' }, 'train/label-values'],
      ['amounts of 0', 'facts.trip % 3', 'trip % 10', { family: 'gamma', link: 'log' }, 'train/label-values'],
      ['collinear columns', 'calls', 'distance * 2 + 1', { family: 'poisson' }, 'train/collinear'],
      [
        'counts that are 0 on one side',
        "CASE kind WHEN 'tram' THEN 0 ELSE 1 + facts.trip % 5 END",
        "coalesce(kind = 'tram', false)",
        { family: 'poisson' },
        'train/separation',
      ],
    ] as const)('%s', async (_, label, more, family, code) => {
      const model = modelFor(label, more, family)
      const inProcess = await refusal(model, 'process')
      expect(inProcess[0]).toContain(code)
      expect(await refusal(model, 'database')).toEqual(inProcess)
    })
    test('means at the edge of the domain of a link', async () => {
      const model = modelFor('greatest(0, facts.trip / 100 - 12)', 'trip', { family: 'poisson', link: 'identity' })
      for (const where of ['process', 'database'] as const) {
        const [first = ''] = await refusal(model, where)
        expect(first).toContain('train/not-converged')
      }
    })
    test('a family without a likelihood', async () => {
      const model = modelFor('late', 'trip % 10', { family: 'svm' })
      expect(await refusal(model, 'database')).toEqual([
        'train/not-in-database: Aggregates cannot fit the family svm (identity), and training in the database reads no rows',
      ])
    })
    test('a solver that reads rows', async () => {
      const model = modelOf(plain, 'logistic', { solver: 'ml-logistic-regression' })
      expect(await refusal(model, 'database')).toEqual([
        'train/not-in-database: Aggregates cannot fit the solver "ml-logistic-regression", and training in the database reads no rows',
      ])
    })
  })
})

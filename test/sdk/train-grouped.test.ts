/** Training on groups of equal rows: the same model as from the rows. */
import {
  frequency,
  isViewcastError,
  log1p,
  type ModelRecord,
  numeric,
  oneHot,
  ordinal,
  project,
  robust,
  standardize,
  target,
  trainModel,
  yeoJohnson,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  visits: { visit: number; importance: number }
  facts: { visit: number; steps: number; wait: number; kind: string; tag: string; night: boolean; exposure: number }
  outcomes: { visit: number; late: boolean; count: number; cost: number; mode: string }
}

const p = project<DB>('visits')
const visit = p.entity('visit', { visit: 'int4' })
const facts = p.featureView('facts', { entity: visit }).query(({ db }) => db.selectFrom('facts').selectAll())
const outcomes = p.target('outcomes', { entity: visit }).query(({ db }) => db.selectFrom('outcomes').selectAll())

/** NULL, NaN, infinities and both zeros; texts that are equal for their type and different; quotes; weights of 0; labels NULL. */
const setup = `
  CREATE FUNCTION u(i int4, salt text) RETURNS float8 IMMUTABLE LANGUAGE sql
    AS $$ SELECT (('x' || left(md5(salt || i), 8))::bit(32)::int8 + 0.5) / 4294967296 $$;
  CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  CREATE TABLE visits (visit int4 PRIMARY KEY, importance float8 NOT NULL);
  INSERT INTO visits SELECT i, (ARRAY[1, 2.5, 0.3, 0])[1 + i % 97 % 4] FROM generate_series(1, 3000) i;
  CREATE TABLE facts (visit int4, steps int4, wait float8, kind text COLLATE any_case, tag text, night bool, exposure float8);
  INSERT INTO facts SELECT visit,
      floor(5 * u(visit, 'a'))::int,
      (ARRAY[NULL, 'NaN', 'Infinity', '-0', '0', '0.1', '7.25', '3'])[1 + floor(8 * u(visit, 'b'))::int]::float8,
      (ARRAY['bus', 'Bus', 'it''s', NULL])[1 + floor(4 * u(visit, 'c'))::int],
      (ARRAY['x', 'y', 'z'])[1 + floor(3 * u(visit, 't'))::int],
      CASE WHEN u(visit, 'd') < 0.1 THEN NULL ELSE u(visit, 'd') < 0.5 END,
      (ARRAY[0, 0.5, -0.25])[1 + visit % 3]
    FROM visits;
  CREATE TABLE outcomes AS SELECT visit,
      u(visit, 'y') < 1 / (1 + exp(-(0.4 * steps - 1 + CASE WHEN night THEN 0.5 ELSE 0 END))) AS late,
      floor(-ln(u(visit, 'z')) * exp(0.2 * steps))::int AS count,
      1 + floor(3 * u(visit, 'v') + steps)::float8 / 4 AS cost,
      (ARRAY['car', 'foot', 'rail'])[1 + floor(3 * u(visit, 'w') * (0.6 + 0.08 * steps))::int] AS mode
    FROM facts;
  UPDATE outcomes SET late = NULL, count = NULL, cost = NULL, mode = NULL WHERE visit % 83 = 0;`

const sampleWith = (name: string, options: object) =>
  p
    .sample(name, { entity: visit, ...options } as { entity: typeof visit })
    .query(({ db }) => db.selectFrom('visits').select(['visit', 'importance']))
const plain = sampleWith('every_visit', {})
const weighted = sampleWith('weighted', { weight: 'importance', split: p.split.hash({ test: 0.2, validation: 0.1 }) })

const inputs = {
  steps: standardize(),
  wait: robust({ impute: 'median', indicator: true }),
  kind: oneHot({ minCount: 5 }),
  night: 'auto',
} as const

const modelOf = (
  sample: typeof plain,
  label: keyof DB['outcomes'],
  family: string,
  options: object = {},
  chosen: object = inputs,
) => {
  const name = `${family.replaceAll('-', '_')}_${sample.name}`
  const dataset = p.dataset(`${name}_set`, { sample, target: outcomes, features: [facts] })
  return p.model(name, { dataset, family, label, ...options } as never).inputs(chosen as never)
}

const apart = (a: number | null, b: number | null): number =>
  a === null || b === null || a === b ? (a === b ? 0 : Infinity) : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b))

const numbers = [
  'deviance',
  'nullDeviance',
  'residualDegrees',
  'nullDegrees',
  'dispersion',
  'logLikelihood',
  'aic',
] as const

function expectSame(grouped: ModelRecord, rows: ModelRecord, digits = 1e-12): void {
  expect(grouped.coefficients.map((c) => c.name)).toEqual(rows.coefficients.map((c) => c.name))
  // A coefficient near 0 has the digits that its standard error lets it have.
  for (const [i, c] of rows.coefficients.entries()) {
    const own = grouped.coefficients[i]
    const size = Math.max(Math.abs(c.estimate), c.standardError ?? 0)
    expect(Math.abs((own?.estimate ?? Number.NaN) - c.estimate), c.name).toBeLessThanOrEqual(digits * size)
    expect(apart(own?.standardError ?? null, c.standardError), c.name).toBeLessThan(digits)
  }
  // The log-likelihood is a difference of sums over rows, and may be near 0.
  for (const name of numbers) {
    const isDifference = name === 'logLikelihood' || name === 'aic'
    const [a, b] = [grouped.fit[name], rows.fit[name]]
    const most = digits * Math.max(Math.abs(b ?? 0), isDifference ? (rows.fit.nullDegrees ?? 0) : 0)
    expect(a === b ? 0 : Math.abs((a ?? Number.NaN) - (b ?? Number.NaN)), `${name}: ${a} and ${b}`).toBeLessThanOrEqual(
      most,
    )
  }
  expect(grouped.dataset).toEqual(rows.dataset)
  expect(grouped.fit.residualDegrees).toBe(rows.fit.residualDegrees)
  for (const part of ['train', 'validation', 'test', 'baseline'] as const) {
    const metrics = rows.metrics[part] ?? {}
    expect(Object.keys(grouped.metrics[part] ?? {})).toEqual(Object.keys(metrics))
    for (const [name, v] of Object.entries(metrics)) {
      const own = grouped.metrics[part]?.[name] ?? null
      expect(own === null, name).toBe(v === null)
      // Shares explained by one mean are 0 but for rounding.
      expect(Math.abs((own ?? 0) - (v ?? 0)), `${part} ${name}`).toBeLessThan(digits * Math.max(1, Math.abs(v ?? 0)))
    }
  }
}

describeEachEngine('training on groups of equal rows', (engine) => {
  beforeAll(() => engine.db.execute(setup))

  const both = async (model: ReturnType<typeof modelOf>): Promise<readonly [ModelRecord, ModelRecord]> => {
    const rows = await trainModel(engine.db, model, { where: 'process' })
    const grouped = await trainModel(engine.db, model, { groupRows: true })
    expect(grouped.warnings).toEqual(rows.warnings)
    expect(grouped.record.fit.reason).toMatch(/^grouped: [\d,]+ rows are [\d,]+ groups$/)
    return [grouped.record, rows.record]
  }

  const cases: readonly [keyof DB['outcomes'], string, object][] = [
    ['late', 'logistic', {}],
    ['late', 'binomial', { link: 'probit' }],
    ['late', 'logistic', { offset: 'exposure' }],
    ['late', 'logistic', { classWeights: 'balanced' }],
    ['late', 'logistic', { penalty: { l2: 3 } }],
    ['cost', 'linear', {}],
    ['cost', 'gaussian', { link: 'log' }],
    ['count', 'poisson', {}],
    ['cost', 'gamma', { link: 'log' }],
    ['cost', 'inverse-gaussian', { link: 'log' }],
    ['mode', 'multinomial', {}],
  ]
  for (const sample of [plain, weighted]) {
    for (const [label, family, options] of cases) {
      test(`${family} ${JSON.stringify(options)} over ${sample.name}: the model that rows give`, async () => {
        expectSame(...(await both(modelOf(sample, label, family, options))))
      })
    }
  }

  test('encoders learn from groups what they learn from rows', async () => {
    const encoders = {
      steps: log1p({ scale: 'minMax' }),
      wait: numeric({ impute: 'mostFrequent', clip: { quantiles: [0.05, 0.95] } }),
      kind: frequency(),
      tag: ordinal(),
      night: oneHot({ minCount: 1 }),
    }
    const [grouped, rows] = await both(modelOf(weighted, 'cost', 'linear', {}, encoders))
    expectSame(grouped, rows)
    const flat = (r: ModelRecord): unknown[] =>
      r.inputs.map((i) => JSON.parse(JSON.stringify(i), (_, v) => (typeof v === 'number' ? Number(v.toFixed(9)) : v)))
    expect(flat(grouped)).toEqual(flat(rows))
  })

  test('a power is where a flat curve is highest, and so has fewer digits', async () => {
    const [grouped, rows] = await both(modelOf(plain, 'cost', 'linear', {}, { steps: yeoJohnson() }))
    expectSame(grouped, rows, 1e-6)
  })

  test('the same record each time, with groups as verification rows', async () => {
    const options = { groupRows: true, trainedAt: '2024-02-01T00:00:00.000Z' } as const
    const model = modelOf(weighted, 'late', 'logistic')
    const { record } = await trainModel(engine.db, model, options)
    expect((await trainModel(engine.db, model, options)).record).toEqual(record)
    expect(record.verification.length).toBeGreaterThan(10)
  })

  test('what needs rows one by one is refused by name', async () => {
    const refusal = (model: ReturnType<typeof modelOf>, options: object): Promise<unknown> =>
      trainModel(engine.db, model, { groupRows: true, ...options }).catch((e: unknown) =>
        isViewcastError(e) ? e.diagnostics.map((d) => [d.code, d.parameters]) : e,
      )
    const targeted = modelOf(plain, 'late', 'logistic', {}, { tag: target({}) })
    expect(await refusal(targeted, {})).toEqual([['train/not-grouped', { what: 'the encoder of input "tag"' }]])
    expect(await refusal(modelOf(plain, 'late', 'logistic'), { where: 'database' })).toEqual([
      ['train/not-grouped', { what: 'a fit in the database' }],
    ])
    const calibrated = modelOf(weighted, 'late', 'logistic', { calibrate: 'platt' })
    expect(await refusal(calibrated, {})).toEqual([['train/not-grouped', { what: 'the option "calibrate"' }]])
  })

  test('auto groups many rows that are few, and says so; and neither few rows nor many groups', async () => {
    await engine.db.execute(`
      CREATE TABLE more_visits AS SELECT i AS visit FROM generate_series(1, 30000) i;
      CREATE TABLE more_facts AS SELECT visit, visit % 7 AS steps, u(visit, 'q') AS far, visit % 11 < 4 AS night FROM more_visits;
      CREATE TABLE more_outcomes AS SELECT visit, u(visit, 'y') < 0.3 + 0.05 * steps AS late FROM more_facts;
      ANALYZE more_visits; ANALYZE more_facts; ANALYZE more_outcomes;`)
    const q = project<{
      more_visits: { visit: number }
      more_facts: { visit: number; steps: number; far: number; night: boolean }
      more_outcomes: { visit: number; late: boolean }
    }>('more')
    const entity = q.entity('visit', { visit: 'int4' })
    const dataset = q.dataset('more_set', {
      sample: q.sample('more', { entity }).query(({ db }) => db.selectFrom('more_visits').selectAll()),
      target: q.target('more_late', { entity }).query(({ db }) => db.selectFrom('more_outcomes').selectAll()),
      features: [q.featureView('more_facts', { entity }).query(({ db }) => db.selectFrom('more_facts').selectAll())],
    })
    const model = q.model('more_model', { dataset, family: 'logistic', label: 'late' })
    const few = model.inputs({ steps: 'auto', night: 'auto' })
    const { record } = await trainModel(engine.db, few)
    expect(record.fit).toMatchObject({ where: 'process', reason: 'grouped: 30,000 rows are 28 groups' })
    const rows = await trainModel(engine.db, few, { groupRows: false })
    expect(rows.record.fit.reason).not.toContain('grouped')
    expectSame(record, rows.record)
    const many = await trainModel(engine.db, model.inputs({ steps: 'auto', far: 'auto' }))
    expect(many.record.fit.reason).not.toContain('grouped')
    const small = await trainModel(engine.db, modelOf(plain, 'late', 'logistic'))
    expect(small.record.fit.reason).not.toContain('grouped')
  })
})

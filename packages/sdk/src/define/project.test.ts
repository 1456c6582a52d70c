import { type Definition, isFeatureView, isViewcastError } from '@viewcast/compiler'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { bins, bSpline, polynomial, spline } from './encoders/basis.ts'
import { hashed, oneHot, ordinal, target } from './encoders/category.ts'
import { boxCox, days, log1p, numeric, standardize } from './encoders/numeric.ts'
import { project } from './project.ts'

interface DB {
  airports: { iata: string; latitude: number; state: string | null }
  flights: { id: number; origin: string; dest: string; date: Date; delay: number | null }
  'ops.weather': { station: string; observed: Date; reported: Date; wind: number }
}

const p = project<DB>('flights')
const airport = p.entity('airport', { iata: 'text' }, { from: 'ops.airports' as 'airports' })
const flight = p.entity('flight', { id: 'integer' }, { description: 'a departure' })

const profile = p
  .featureView('profile', { entity: airport, description: 'what does not change' })
  .query(({ db }) => db.selectFrom('airports').select(['iata', 'latitude', 'state']))
  .features({ state: { kind: 'category', fill: 'none' } })

const late = p.aggregates('late', {
  entity: airport,
  source: 'flights',
  keys: { iata: 'origin' },
  time: 'date',
  windows: { '1d': '1 day', '7d': '7 days' },
  features: (a) => ({
    n: a.count({ description: 'departures' }),
    delay: a.avg('delay', { fill: 0 }),
    worst: a.max('delay'),
  }),
})

const codeOf = (f: () => unknown): string => {
  try {
    f()
  } catch (e) {
    if (isViewcastError(e)) return e.diagnostics[0]?.code ?? ''
    throw e
  }
  return 'accepted'
}

describe('a definition is plain, frozen data', () => {
  test('entity', () => {
    expect(airport).toEqual({
      kind: 'entity',
      name: 'airport',
      keys: [{ name: 'iata', type: 'text' }],
      from: { schema: 'ops', name: 'airports' },
    })
    expect(flight).toEqual({
      kind: 'entity',
      name: 'flight',
      keys: [{ name: 'id', type: 'int4' }],
      description: 'a departure',
    })
  })

  test('static view', () => {
    expect(profile).toStrictEqual({
      kind: 'static',
      name: 'profile',
      entity: airport,
      query: { kind: 'sql', text: 'select iata, latitude, state from airports', origin: { kind: 'kysely' } },
      features: { state: { kind: 'category', fill: 'none' } },
      description: 'what does not change',
    })
    expect(Object.isFrozen(profile)).toBe(true)
  })

  test('history view', () => {
    const weather = p
      .featureView('weather', { entity: airport, time: 'observed', knownAt: 'reported', maxAge: '6 hours' })
      .query(({ db }) => db.selectFrom('ops.weather').select(['station as iata', 'observed', 'reported', 'wind']))
      .features({})
    expect(weather).toEqual({
      kind: 'history',
      name: 'weather',
      entity: airport,
      query: {
        kind: 'sql',
        text: 'select station as iata, observed, reported, wind from ops.weather',
        origin: { kind: 'kysely' },
      },
      time: 'observed',
      knownAt: 'reported',
      maxAge: '6 hours',
      features: {},
    })
  })

  test('window view, over spine', () => {
    const congestion = p
      .windowView('congestion', { entity: airport })
      .query(({ db }) =>
        db
          .selectFrom('spine')
          .leftJoin('flights', (j) =>
            j
              .onRef('flights.origin', '=', 'spine.iata')
              .onRef('flights.date', '<', 'spine.as_of')
              .on(({ eb, ref }) => eb('flights.date', '>=', sql<Date>`${ref('spine.as_of')} - interval '168 hours'`)),
          )
          .groupBy(['spine.iata', 'spine.as_of'])
          .select(({ fn }) => ['spine.iata', 'spine.as_of', fn.count('flights.id').as('n')]),
      )
      .features({ n: { kind: 'numeric', fill: 0 } })
    expect(congestion.kind).toBe('window')
    expect(congestion.query).toEqual({
      kind: 'sql',
      text:
        'select spine.iata, spine.as_of, count(flights.id) as n from spine left join flights ' +
        'on flights.origin = spine.iata and flights.date < spine.as_of ' +
        "and flights.date >= spine.as_of - interval '168 hours' group by spine.iata, spine.as_of",
      origin: { kind: 'kysely' },
    })
  })

  test('aggregates, with metadata for every column', () => {
    expect(late).toEqual({
      kind: 'aggregates',
      name: 'late',
      entity: airport,
      spec: {
        source: { kind: 'relation', relation: { name: 'flights' } },
        keys: { iata: 'origin' },
        time: 'date',
        windows: { '1d': '1 day', '7d': '7 days' },
        aggregates: {
          n: { function: 'count', fill: 0, description: 'departures' },
          delay: { function: 'avg', column: 'delay', fill: 0 },
          worst: { function: 'max', column: 'delay' },
        },
      },
      features: {
        n_1d: { kind: 'numeric', fill: 0, description: 'departures, last 1 day' },
        n_7d: { kind: 'numeric', fill: 0, description: 'departures, last 7 days' },
        delay_1d: { kind: 'numeric', fill: 0 },
        delay_7d: { kind: 'numeric', fill: 0 },
        worst_1d: { kind: 'numeric' },
        worst_7d: { kind: 'numeric' },
      },
    })
    const ofQuery = p.aggregates('delays', {
      entity: airport,
      source: ({ db }) => db.selectFrom('flights').select(['origin as iata', 'date']).where('delay', '>', 15),
      time: 'date',
      windows: { '7d': '7 days' },
      features: (a) => ({ n: a.count('iata') }),
    })
    expect(ofQuery.spec).toMatchObject({
      source: { kind: 'sql', text: 'select origin as iata, date from flights where delay > 15' },
      keys: { iata: 'iata' },
      aggregates: { n: { function: 'count', column: 'iata', fill: 0 } },
    })
  })

  test('views in files and in the database', () => {
    expect(p.sqlView('runway', { entity: airport }).features({})).toMatchObject({
      kind: 'static',
      query: { kind: 'file', path: 'views/runway.sql' },
    })
    expect(p.sqlView('w', { entity: airport, kind: 'window', file: 'sql/w.sql' }).features({})).toMatchObject({
      kind: 'window',
      query: { kind: 'file', path: 'sql/w.sql' },
    })
    expect(p.sqlView('h', { entity: airport, time: 'at', maxAge: '1 week' }).features({})).toMatchObject({
      kind: 'history',
      time: 'at',
      maxAge: '1 week',
    })
    expect(
      p.existingView('public.vw_Behaviour', { entity: airport }).features({ visits: { kind: 'numeric' } }),
    ).toEqual({
      kind: 'static',
      name: 'vw_Behaviour',
      entity: airport,
      query: { kind: 'relation', relation: { schema: 'public', name: 'vw_Behaviour' } },
      features: { visits: { kind: 'numeric' } },
    })
    expect(p.existingView({ name: 'a.b' }, { entity: airport, name: 'ab' }).features({})).toMatchObject({
      name: 'ab',
      query: { relation: { name: 'a.b' } },
    })
  })

  test('sample and target, by query, file and relation', () => {
    const sample = p.sample('s', { entity: flight, split: p.split.hash({ test: 0.2, seed: 'x' }), weight: 'delay' })
    expect(sample.query(({ db }) => db.selectFrom('flights').select(['id', 'date as as_of', 'delay']))).toEqual({
      kind: 'sample',
      name: 's',
      entity: flight,
      query: { kind: 'sql', text: 'select id, date as as_of, delay from flights', origin: { kind: 'kysely' } },
      split: { kind: 'hash', test: 0.2, seed: 'x' },
      weight: 'delay',
    })
    const existing = p.sample('s', { entity: flight }).existing('vw_TrainSample')
    expect(existing).toEqual({
      kind: 'sample',
      name: 's',
      entity: flight,
      query: { kind: 'relation', relation: { name: 'vw_TrainSample' } },
      split: { kind: 'none' },
    })
    expect(existing.columns({ as_of: 'timestamptz' })).toEqual({ ...existing })
    expect(p.sample('s', { entity: flight }).file('views/s.sql').query).toEqual({ kind: 'file', path: 'views/s.sql' })

    const target = p.target('t', { entity: flight, horizon: '1 day' })
    expect(
      target.query(({ db }) => db.selectFrom('flights').select((eb) => ['id', eb('delay', '>', 15).as('late')])),
    ).toEqual({
      kind: 'target',
      name: 't',
      entity: flight,
      query: { kind: 'sql', text: 'select id, delay > 15 as late from flights', origin: { kind: 'kysely' } },
      horizon: '1 day',
    })
    expect(target.existing({ schema: 'public', name: 'vw_Late' }).label({ late: 'boolean' }).query).toEqual({
      kind: 'relation',
      relation: { schema: 'public', name: 'vw_Late' },
    })
  })
})

describe('a dataset and its model', () => {
  const sample = p
    .sample('departures', { entity: flight, split: p.split.time({ test: '2001-01-12T00:00Z', gap: '1 day' }) })
    .query(({ db }) => db.selectFrom('flights').select(['id', 'date as as_of', 'origin as iata', 'dest']))
  const target = p
    .target('outcome', { entity: flight })
    .query(({ db }) => db.selectFrom('flights').select((eb) => ['id', eb('delay', '>', 15).as('late15')]))
  const plain = p
    .featureView('plain', { entity: airport })
    .query(({ db }) => db.selectFrom('airports').select(['iata', 'latitude as plain_latitude']))
  const ds = p.dataset('departure', {
    sample,
    target,
    features: [
      plain,
      profile,
      profile.on({ iata: 'dest' }).pick('state').prefix('dest_'),
      profile.prefix('again_').pick('state', 'latitude').pick('latitude'),
      late.pick('n_7d', 'delay_7d'),
    ],
  })

  test('uses are plain, and the same whatever the order of the steps', () => {
    expect(ds.features).toStrictEqual([
      { view: { ...plain, features: {} } },
      { view: { ...profile } },
      { view: { ...profile }, on: { iata: 'dest' }, pick: ['state'], prefix: 'dest_' },
      { view: { ...profile }, prefix: 'again_', pick: ['latitude'] },
      { view: { ...late }, pick: ['n_7d', 'delay_7d'] },
    ])
    expect(ds).toMatchObject({ kind: 'dataset', name: 'departure', sample: { name: 'departures' } })
    expect(JSON.parse(JSON.stringify(ds))).toEqual(structuredClone(ds))
  })

  test('defaults', () => {
    const { inputs, ...logistic } = p
      .model('m', { dataset: ds, family: 'binomial', link: 'logit', label: 'late15' })
      .inputs({})
    expect(inputs).toEqual({})
    expect(logistic).toEqual({
      kind: 'model',
      name: 'm',
      dataset: ds,
      family: 'binomial',
      link: 'logit',
      label: 'late15',
      penalty: { l1: 0, l2: 0 },
      solver: 'irls',
      threshold: 0.5,
    })
    const linear = p.dataset('d', {
      sample,
      target: p.target('t', { entity: flight }).query(({ db }) => db.selectFrom('flights').select(['id', 'delay'])),
      features: [],
    })
    expect(p.model('m', { dataset: linear, family: 'linear', label: 'delay' }).solver).toBe('cholesky')
  })

  test('an interaction multiplies two or three different inputs, once', () => {
    const of = (...interactions: string[][]) =>
      p.model('m', { dataset: ds, family: 'logistic', label: 'late15', interactions: interactions as never })
    expect(of(['n_7d', 'state']).interactions).toEqual([['n_7d', 'state']])
    for (const wrong of [
      [['n_7d']],
      [['n_7d', 'n_7d']],
      [['a', 'b', 'c', 'd']],
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
    ]) {
      expect(codeOf(() => of(...wrong))).toBe('define/option')
    }
  })

  test('inputs keep their order', () => {
    const model = p
      .model('m', { dataset: ds, family: 'logistic', label: 'late15', penalty: 1, solver: 'ml-logistic-regression' })
      .inputs({ n_7d: log1p(), state: oneHot({ maxCategories: 5 }), delay_7d: standardize(), plain_latitude: 'auto' })
    expect(Object.entries(model.inputs)).toEqual([
      ['n_7d', { kind: 'numeric', scaling: 'none', transform: 'log1p', impute: 'mean', indicator: false }],
      ['state', { kind: 'onehot', maxCategories: 5, minCount: 1 }],
      ['delay_7d', { kind: 'numeric', scaling: 'standard', transform: 'identity', impute: 'mean', indicator: false }],
      ['plain_latitude', 'auto'],
    ])
    expect(structuredClone(model)).toEqual(model)
  })

  test('a view without metadata and a model without inputs are complete: their records are empty', () => {
    const model = p.model('m', { dataset: ds, family: 'logistic', label: 'late15' })
    for (const record of [model.inputs, plain.features] as Readonly<Record<string, unknown>>[]) {
      expect(Object.keys(record)).toEqual([])
      expect(record['name']).toBeUndefined()
      expect(record['length']).toBeUndefined()
      expect({ ...record }).toEqual({})
    }
    expect(JSON.parse(JSON.stringify(model)).inputs).toEqual({})
    expect(isFeatureView(plain as Definition)).toBe(true)
    expect(Object.keys(plain)).toEqual(['kind', 'name', 'entity', 'query', 'features'])
  })
})

describe('what the type checker cannot see is checked when a definition is made', () => {
  const query = p.featureView('v', { entity: airport })
  test.each<[string, () => unknown]>([
    ['define/name', () => p.entity('', { id: 'int4' })],
    ['define/name', () => p.featureView(' ', { entity: airport })],
    ['define/name', () => p.windowView('x'.repeat(51), { entity: airport })],
    ['define/name', () => p.sample('ü'.repeat(26), { entity: airport })],
    ['define/name', () => p.sqlView('spine', { entity: airport })],
    ['define/name', () => project('')],
    ['time/window', () => p.target('t', { entity: flight, horizon: 'soon' as '1 day' })],
    ['time/window', () => p.sqlView('h', { entity: airport, time: 'at', maxAge: '-1 days' })],
    ['time/instant', () => p.split.time({ test: '2001-01-12' })],
    ['time/window', () => p.split.time({ test: '2001-01-12T00:00Z', gap: '0 days' })],
    ['define/option', () => p.split.hash({ test: 20 })],
    ['define/option', () => p.split.hash({ test: Number.NaN })],
    [
      'define/option',
      () => p.sqlView('h', { entity: airport, kind: 'history' } as unknown as { entity: typeof airport }),
    ],
    ['define/option', () => oneHot({ maxCategories: 0 })],
    ['define/option', () => oneHot({ minCount: 1.5 })],
    ['define/option', () => standardize({ impute: Number.NaN })],
    ['define/option', () => standardize({ clip: [3, 1] })],
    ['define/option', () => numeric({ clip: { quantiles: [0.5, 1.5] } })],
    ['define/option', () => boxCox({ lambda: 9 })],
    ['define/option', () => days('1.1.2020')],
    ['define/option', () => days('2020-13-01')],
    ['define/option', () => bins({ count: 1 })],
    ['define/option', () => bins({ edges: [1, 1] })],
    ['define/option', () => bins({ edges: [] })],
    ['define/option', () => polynomial({ degree: 9 })],
    ['define/option', () => spline({ knots: 2 })],
    ['define/option', () => spline({ knots: [0, 1] })],
    ['define/option', () => bSpline({ degree: 0 })],
    ['define/option', () => bSpline({ ends: [1, 0] })],
    ['define/option', () => ordinal({ order: ['a', 'a'] })],
    ['define/option', () => ordinal({ unseen: Number.NaN })],
    ['define/option', () => target({ smoothing: -1 })],
    ['define/option', () => target({ folds: 1 })],
    ['define/option', () => hashed({ columns: 5000 })],
    ['compile/literal', () => query.query(() => sql<{ iata: string }>`select ${Symbol('x')} as iata`)],
    ['sql/not-a-select', () => query.query(({ db }) => db.deleteFrom('airports').returning('iata') as never)],
  ])('%s', (code, make) => expect(codeOf(make)).toBe(code))

  test('penalty and threshold of a model', () => {
    const dataset = p.dataset('d', {
      sample: p.sample('s', { entity: flight }).query(({ db }) => db.selectFrom('flights').select(['id', 'delay'])),
      features: [],
    })
    const model = (options: { penalty?: number; threshold?: number }) => () =>
      p.model('m', { dataset, family: 'logistic', label: 'delay', ...options })
    for (const penalty of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(codeOf(model({ penalty }))).toBe('define/option')
    for (const threshold of [0, 1, Number.NaN]) expect(codeOf(model({ threshold }))).toBe('define/option')
    expect(codeOf(model({ penalty: 0, threshold: 0.3 }))).toBe('accepted')
  })
})

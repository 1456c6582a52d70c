/**
 * Golden SQL: reviewed in diffs, and executed. A case is a dataset, a model record and the two queries made from them;
 * both run on every engine and must give the rows on file, so that a change of text that changes rows cannot pass.
 */
import {
  type DatasetDef,
  distributedProblems,
  type FeatureView,
  type ModelDef,
  type ModelRecord,
  type PredictionOptions,
  passNames,
  predictionQuery,
  trainingQuery,
} from '@viewcast/compiler'
import { type Database, prepareDataset } from '@viewcast/sdk'
import type { Kysely } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { asked, createPlaces, known, type PlacesDB, p, place, profile, totals, wanted } from './compiler/places.ts'
import { linearRecord } from './compiler/records.ts'
import { describeEachEngine } from './engines/each-engine.ts'

const trend = p.windowView('trend', { entity: place }).query(({ db }) =>
  db
    .selectFrom('spine')
    .leftJoin('readings as r', (j) =>
      j.onRef('r.place', '=', 'spine.place').onRef('r.at', '<', 'spine.as_of').onRef('r.known_at', '<', 'spine.as_of'),
    )
    .groupBy(['spine.place', 'spine.as_of'])
    .select(({ fn }) => ['spine.place', 'spine.as_of', fn.max('r.amount').as('peak'), fn.min('r.amount').as('trough')]),
)

const numeric = (feature: string, center: number, scale: number) => ({
  feature,
  type: 'float8',
  encoder: {
    kind: 'numeric' as const,
    transform: 'identity' as const,
    impute: center,
    indicator: false,
    center,
    scale,
  },
})

const logistic: Partial<ModelRecord> = {
  family: 'binomial',
  link: 'logit',
  inputs: [
    numeric('mean_2d', 0.5, 4),
    numeric('n_1w', 12, 3),
    numeric('peak', 10, 5),
    { feature: 'region', type: 'text', encoder: { kind: 'onehot', levels: ['south', "o'hare"], base: 'north' } },
  ],
  coefficients: [
    ['(intercept)', null, -0.25],
    ['mean_2d', 'mean_2d', 0.75],
    ['n_1w', 'n_1w', -0.5],
    ['peak', 'peak', 0.125],
    ['region=south', 'region', 1.5],
    ["region=o'hare", 'region', -2],
  ].map(([name, feature, estimate]) => ({
    name: String(name),
    feature: feature as string | null,
    estimate: Number(estimate),
    standardError: null,
    statistic: null,
    pValue: null,
  })),
}

const estimate = (name: string, feature: string | null, value: number, of?: string) => ({
  name,
  feature,
  ...(of === undefined ? {} : { class: of }),
  estimate: value,
  standardError: null,
  statistic: null,
  pValue: null,
})

/** More levels than a CASE is written for, of which the rows have some. */
const manyRegions = ['south', "o'hare", 'north', ...Array.from({ length: 8 }, (_, i) => `region ${i + 1}`)]
const ofClass = (of: string, sign: number) => [
  estimate('(intercept)', null, 0.25 * sign, of),
  estimate('size', 'size', 0.5 * sign, of),
  estimate('n_1w', 'n_1w', -0.125, of),
  ...manyRegions.map((level, i) => estimate(`region=${level}`, 'region', (sign * (i + 1)) / 8, of)),
]
const classified: Partial<ModelRecord> = {
  family: 'multinomial',
  link: 'softmax',
  classes: ['low', 'mid', "o'high"],
  inputs: [
    { ...numeric('size', 4, 2), type: 'int4' },
    { ...numeric('n_1w', 12, 4), type: 'int8' },
    { feature: 'region', type: 'text', encoder: { kind: 'onehot', levels: manyRegions, base: 'west' } },
  ],
  coefficients: [...ofClass('mid', 1), ...ofClass("o'high", -1)],
}

/** A product among the inputs, and a covariance with an entry beside its diagonal for each coefficient. */
const explained: Partial<ModelRecord> = {
  family: 'binomial',
  link: 'logit',
  inputs: [
    numeric('mean_2d', 0.5, 4),
    { ...numeric('n_1w', 12, 4), type: 'int8' },
    { feature: 'region', type: 'text', encoder: { kind: 'onehot', levels: ['south', "o'hare"], base: 'north' } },
  ],
  interactions: [['mean_2d', 'n_1w']],
  coefficients: [
    estimate('(intercept)', null, -0.25),
    estimate('mean_2d', 'mean_2d', 0.75),
    estimate('n_1w', 'n_1w', -0.5),
    estimate('region=south', 'region', 1.5),
    estimate("region=o'hare", 'region', -2),
    estimate('mean_2d:n_1w', null, 0.375),
  ],
  means: [0.125, -0.25, 0.25, 0.125, 0.5],
  covariance: Array.from({ length: 6 }, (_, i) =>
    Array.from({ length: i + 1 }, (__, j) => (i === j ? 0.25 : i === j + 1 ? 0.0625 : 0)),
  ).flat(),
  outputs: ['value', 'label', 'linear', 'contributions', { reasons: 2 }, { confidence: 0.9 }],
}

interface Case {
  readonly name: string
  readonly dataset: DatasetDef
  readonly record: ModelRecord
  readonly options: PredictionOptions
}

const full = p.dataset('full', {
  sample: asked,
  target: wanted,
  features: [profile, totals, known.prefix('known_'), trend],
})

/** Everything else there is: each form of a history, rich windows, outcomes, a request, a composite key, nested views. */
const history = (name: string, more: object = {}) =>
  p
    .featureView(name, { entity: place, time: 'at', ...more } as never)
    .query((({ db }: { db: never }) =>
      (db as Kysely<PlacesDB>)
        .selectFrom('readings')
        .select(['place', 'at', 'known_at', 'id', 'level'])
        .where('place', 'is not', null)) as never) as unknown as FeatureView
const rich = p.aggregates('rich', {
  entity: place,
  source: 'readings',
  time: 'at',
  windows: { '1d': '1 day', ever: 'all' },
  features: (a) => ({
    kinds: a.countDistinct('amount'),
    spread: a.stddev('amount'),
    first: a.first('level'),
    last: a.last('amount'),
    high: a.count().where('level', '>', 7),
    share: a.ratio(a.count().where('amount', '>', 0), a.count()),
  }),
})
const next = p.target('next', { entity: place, horizon: '1 day', censored: 'flag' }).outcomes({
  source: 'readings',
  time: 'at',
  labels: (o) => ({ seen: o.exists(), level: o.max('level') }),
})
const split = p
  .sample('asked', { entity: place, split: p.split.time({ test: '2024-03-07T00:00Z' }) })
  .query(({ db }) => db.selectFrom('questions').select(['question', 'place', 'as_of']))
const cells = p.entity('cell', { place: 'text', region: 'text' })
const byCell = p
  .featureView('by_cell', { entity: cells })
  .query(({ db }) => db.selectFrom('places').select(['place', 'region', 'size as cell_size']))
const asks = p.requestView('asks', { columns: { urgency: 'float8', region: 'text' } })
const requests = p.sample('requests', { entity: place }).query(({ db }) =>
  db
    .selectFrom('questions as q')
    .leftJoin('places as w', 'w.place', 'q.place')
    .select(({ eb }) => [
      'q.question',
      'q.place',
      'q.as_of',
      'w.region',
      eb.cast<number>('q.wanted', 'float8').as('urgency'),
    ]),
)
const everything = p.dataset('everything', {
  sample: split,
  target: next,
  features: [
    history('tied', { tieBreak: ['id desc'] }),
    history('fresh', { maxAge: '12 hours' }),
    history('arrived', { knownAt: 'known_at' }),
    rich,
    p.existingView('quiet_places', { entity: place }),
  ].map((v, i) => (v as unknown as { prefix(by: string): unknown }).prefix(`v${i}_`)),
} as never) as unknown as DatasetDef
const asking = p.dataset('asking', { sample: requests, features: [byCell, asks] } as never) as unknown as DatasetDef
const at = '2024-03-08T12:00:00Z'
const cases: readonly Case[] = [
  {
    name: 'windows-at-an-instant',
    dataset: full,
    record: linearRecord('wanted', [], logistic),
    options: { spine: { kind: 'entities', at } },
  },
  {
    name: 'keys-with-late-arrivals',
    dataset: full,
    record: linearRecord('wanted', ['known_total_6h', 'known_n_2d', 'size']),
    options: { spine: { kind: 'keys', rows: [{ place: 'a' }, { place: "o'c" }, { place: 'nowhere' }], at } },
  },
  {
    name: 'every-kind-of-view',
    dataset: everything,
    record: linearRecord('next', ['v0_level', 'v1_level', 'v2_level', 'v3_spread_ever', 'v3_share_1d', 'v4_quiet']),
    options: { spine: { kind: 'sample' } },
  },
  {
    name: 'histories-without-an-index',
    dataset: everything,
    record: linearRecord('next', ['v0_level', 'v1_level']),
    options: { spine: { kind: 'entities', at }, forms: { tied: 'fill', fresh: 'merge' } },
  },
  {
    name: 'a-request-with-two-keys',
    dataset: asking,
    record: linearRecord('next', ['cell_size', 'urgency']),
    options: {
      spine: {
        kind: 'keys',
        rows: [
          { place: 'a', region: 'north', urgency: 0.5 },
          { place: 'a', region: 'south', urgency: null },
        ],
        at,
      },
    },
  },
  {
    name: 'classes-by-a-category-of-many-levels',
    dataset: full,
    record: linearRecord('wanted', [], classified),
    options: {
      spine: { kind: 'keys', rows: ['a', 'b', "o'c", 'é', 'nowhere'].map((key) => ({ place: key })), at },
    },
  },
  {
    name: 'a-probability-explained',
    dataset: full,
    record: linearRecord('wanted', [], explained),
    options: { spine: { kind: 'entities', at } },
  },
]

/** Keys a case asks for that the entity's relation does not have: on a cluster nobody answers for them. */
const unknown: Readonly<Record<string, string>> = {
  'keys-with-late-arrivals': '["nowhere",',
  'classes-by-a-category-of-many-levels': '["nowhere",',
}

const rowsOf = async (db: Database, sql: string): Promise<string> => {
  const { columns, rows } = await db.query(sql)
  const lines = rows.map((r) => JSON.stringify(r)).sort()
  return `${[JSON.stringify(columns.map((c) => `${c.name} ${c.type}`)), ...lines].join('\n')}\n`
}

/** Views on views, with CTEs, a window and a set operation, for the cases that read the database's own. */
const nested = `
  CREATE VIEW loud AS WITH w AS (SELECT place, level, row_number() OVER (PARTITION BY place ORDER BY level DESC, id) AS n FROM readings)
    SELECT w.place, w.level FROM w JOIN places AS l ON l.place = w.place WHERE w.n <= 3;
  CREATE VIEW quiet_places AS SELECT p.place, coalesce(q.quiet, 0) AS quiet FROM places p LEFT JOIN
    (SELECT place, count(*)::int4 AS quiet FROM (SELECT place FROM readings EXCEPT ALL SELECT place FROM loud) AS r GROUP BY place) AS q
    USING (place);
`

describeEachEngine('golden SQL', (engine) => {
  beforeAll(async () => {
    await createPlaces(engine.db)
    await engine.db.execute(nested)
  })

  test.each(cases)('$name', async ({ name, dataset, record, options }) => {
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const model: ModelDef = {
      kind: 'model',
      name: record.name,
      dataset: d,
      family: record.family,
      link: record.link,
      label: 'wanted',
      inputs: {},
      penalty: { l1: 0, l2: 0 },
      solver: 'irls',
      threshold: 0.5,
    }
    const forms = options.forms === undefined ? {} : { forms: options.forms }
    const training = trainingQuery(d, facts, forms).sql
    const prediction = predictionQuery(model, record, facts, options).sql
    const file = (what: string) => `./golden/${name}/${what}`
    await expect(`${training}\n`).toMatchFileSnapshot(file('training.sql'))
    await expect(`${prediction}\n`).toMatchFileSnapshot(file('prediction.sql'))
    await expect(await rowsOf(engine.db, training)).toMatchFileSnapshot(file('training.rows'))
    await expect(await rowsOf(engine.db, prediction)).toMatchFileSnapshot(file('prediction.rows'))

    // What is optional changes no row: each pass off by itself, and all of them.
    for (const names of [...passNames.map((n) => [n]), passNames]) {
      const passes = Object.fromEntries(names.map((n) => [n, false]))
      const off = predictionQuery(model, record, facts, { ...options, passes }).sql
      expect(await rowsOf(engine.db, off), `${names}\n${off}`).toBe(await rowsOf(engine.db, prediction))
      const trained = trainingQuery(d, facts, { ...forms, passes }).sql
      expect(await rowsOf(engine.db, trained), `${names}\n${trained}`).toBe(await rowsOf(engine.db, training))
    }
    // Forms with UNION are not for a cluster; the rest of the case is as good there.
    if (options.forms !== undefined) return
    const distributed = { ...options, dialect: 'citus' } as const
    const citus = {
      training: trainingQuery(d, facts, distributed),
      prediction: predictionQuery(model, record, facts, distributed),
    }
    await expect(`${citus.training.sql}\n`).toMatchFileSnapshot(file('training.citus.sql'))
    await expect(`${citus.prediction.sql}\n`).toMatchFileSnapshot(file('prediction.citus.sql'))
    expect(await rowsOf(engine.db, citus.training.sql)).toBe(await rowsOf(engine.db, training))
    const lines = (await rowsOf(engine.db, prediction)).split('\n')
    const answered = lines.filter((l) => unknown[name] === undefined || !l.startsWith(unknown[name]))
    expect(await rowsOf(engine.db, citus.prediction.sql)).toBe(answered.join('\n'))
    expect(lines.length - answered.length).toBe(name in unknown ? 1 : 0)

    const warned = [...citus.training.warnings, ...citus.prediction.warnings].map((w) => w.parameters['view'])
    // A user's own set operation is told of, not rewritten.
    expect([...new Set(warned)]).toEqual(name === 'every-kind-of-view' ? ['view "quiet_places"'] : [])
    if (warned.length > 0 || dataset !== full) return
    for (const sql of [citus.training.sql, citus.prediction.sql]) expect(distributedProblems(sql)).toEqual([])
    const products = `SELECT sum(q.size * q.n_1w), sum(q.size * q.size) FROM (\n${citus.training.sql}\n) AS q`
    expect(distributedProblems(products)).toEqual([])
    expect(await rowsOf(engine.db, products)).toBe(
      await rowsOf(engine.db, products.replace(citus.training.sql, training)),
    )
  })
})

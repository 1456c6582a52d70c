/**
 * Golden SQL: reviewed in diffs, and executed. A case is a dataset, a model record and the two queries made from them;
 * both run on every engine and must give the rows on file, so that a change of text that changes rows cannot pass.
 */
import {
  type DatasetDef,
  distributedProblems,
  type ModelDef,
  type ModelRecord,
  type PredictionOptions,
  predictionQuery,
  trainingQuery,
} from '@viewcast/compiler'
import { type Database, prepareDataset } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { asked, createPlaces, known, p, place, profile, totals, wanted } from './compiler/places.ts'
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
  family: 'logistic',
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
]

/** Keys a case asks for that the entity's relation does not have: on a cluster nobody answers for them. */
const unknown: Readonly<Record<string, string>> = { 'keys-with-late-arrivals': '["nowhere",' }

const rowsOf = async (db: Database, sql: string): Promise<string> => {
  const { columns, rows } = await db.query(sql)
  const lines = rows.map((r) => JSON.stringify(r)).sort()
  return `${[JSON.stringify(columns.map((c) => `${c.name} ${c.type}`)), ...lines].join('\n')}\n`
}

describeEachEngine('golden SQL', (engine) => {
  beforeAll(() => createPlaces(engine.db))

  test.each(cases)('$name', async ({ name, dataset, record, options }) => {
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const model: ModelDef = {
      kind: 'model',
      name: record.name,
      dataset: d,
      family: record.family,
      label: 'wanted',
      inputs: {},
      penalty: 0,
      solver: 'irls',
      threshold: 0.5,
    }
    const training = trainingQuery(d, facts).sql
    const prediction = predictionQuery(model, record, facts, options).sql
    const file = (what: string) => `./golden/${name}/${what}`
    await expect(`${training}\n`).toMatchFileSnapshot(file('training.sql'))
    await expect(`${prediction}\n`).toMatchFileSnapshot(file('prediction.sql'))
    await expect(await rowsOf(engine.db, training)).toMatchFileSnapshot(file('training.rows'))
    await expect(await rowsOf(engine.db, prediction)).toMatchFileSnapshot(file('prediction.rows'))

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

    expect([...citus.training.warnings, ...citus.prediction.warnings]).toEqual([])
    for (const sql of [citus.training.sql, citus.prediction.sql]) expect(distributedProblems(sql)).toEqual([])
    const products = `SELECT sum(q.size * q.n_1w), sum(q.size * q.size) FROM (\n${citus.training.sql}\n) AS q`
    expect(distributedProblems(products)).toEqual([])
    expect(await rowsOf(engine.db, products)).toBe(
      await rowsOf(engine.db, products.replace(citus.training.sql, training)),
    )
  })
})

/** Compile time against size: views × columns, and terms of a model; growth, and that what comes out runs. */
import {
  type ModelDef,
  type ModelRecord,
  type PredictionOptions,
  predictionQuery,
  trainingQuery,
} from '@viewcast/compiler'
import { connect, type Database, prepareDataset, project } from '@viewcast/sdk'
import { sql } from 'kysely'
import { duration, least, median } from './timing.ts'

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)
const tables = 20
const numbers = 10
const at = '2025-01-01T00:00:00Z'

interface DB {
  things: { thing: number; as_of: Date; y: number }
}
const p = project<DB>('sizes')
const thing = p.entity('thing', { thing: 'int4' }, { from: 'things' })
const asked = p
  .sample('asked', { entity: thing, split: p.split.none() })
  .query(({ db }) => db.selectFrom('things').select(['thing', 'as_of', 'y']))

/** Most views are lookups of ten columns; every tenth aggregates events over windows, every tenth is a history. */
function views(count: number) {
  return Array.from({ length: count }, (_, i) => {
    const table = sql.table(`facts_${i % tables}`)
    const columns = sql.join(
      Array.from(
        { length: numbers },
        (_, c) => sql`f.${sql.ref(`n_${c}`)} + ${sql.lit(i)} as ${sql.ref(`v_${i}_${c}`)}`,
      ),
    )
    if (i % 10 === 8) {
      return p.aggregates(`w_${i}`, {
        entity: thing,
        source: `facts_${i % tables}` as never,
        time: 'at' as never,
        windows: { '1d': '1 day', '7d': '7 days' },
        features: (a) => ({ [`v_${i}_0`]: a.count(), [`v_${i}_1`]: a.avg('n_1' as never) }),
      })
    }
    const own = sql`select f.thing, ${columns} from ${table} as f`
    if (i % 10 === 9) {
      const query = sql`select f.thing, f.at, ${columns} from ${table} as f`
      return p.featureView(`h_${i}`, { entity: thing, time: 'at' as never }).query((() => query) as never)
    }
    return p.featureView(`s_${i}`, { entity: thing }).query((() => own) as never)
  })
}

/** The first feature of each view, as the dataset names it. */
const firstOf = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => (i % 10 === 8 ? `v_${i}_0_1d` : `v_${i}_0`))

function model(dataset: ModelDef['dataset']): ModelDef {
  const shape = {
    family: 'binomial',
    link: 'logit',
    label: 'y',
    inputs: {},
    penalty: { l1: 0, l2: 0 },
    solver: 'irls',
    threshold: 0.5,
  } as const
  return { kind: 'model', name: 'sizes', dataset, ...shape }
}

type Input = ModelRecord['inputs'][number]

function record(inputs: readonly Input[]): ModelRecord {
  const names = inputs.flatMap((i) =>
    i.encoder.kind === 'onehot'
      ? i.encoder.levels.map((l) => [`${i.feature}=${l}`, i.feature])
      : [[i.feature, i.feature]],
  )
  const unknown = { standardError: null, statistic: null, pValue: null }
  return {
    format: 'viewcast/model@2',
    name: 'sizes',
    version: 1,
    trainedAt: '2025-01-01T00:00:00.000Z',
    family: 'binomial',
    link: 'logit',
    label: 'y',
    threshold: 0.5,
    inputs: [...inputs],
    coefficients: [
      { name: '(intercept)', feature: null, estimate: 0.1, ...unknown },
      ...names.map(([name = '', feature = ''], i) => ({ name, feature, estimate: Math.sin(i + 1) / 100, ...unknown })),
    ],
    fit: {
      solver: 'irls',
      where: 'process',
      penalty: { l1: 0, l2: 0 },
      iterations: 1,
      converged: true,
      deviance: 0,
      nullDeviance: 0,
      residualDegrees: null,
      nullDegrees: null,
      dispersion: null,
      logLikelihood: null,
      aic: null,
    },
    dataset: { name: 'sizes', queryHash: '0'.repeat(64), trainRows: 1, testRows: 0 },
    metrics: { train: {}, test: {}, baseline: {} },
    verification: [],
  }
}

const numeric = (feature: string): Input => ({
  feature,
  type: 'float8',
  encoder: { kind: 'numeric', transform: 'identity', impute: 1.5, indicator: false, center: 0.25, scale: 2 },
})

/** A fifth of the terms are numbers; the others are levels of categories of a hundred. */
function terms(count: number) {
  const plain = Math.round(count / 5)
  const categories = Math.round((count - plain) / 100)
  const columns = [
    ...Array.from(
      { length: plain },
      (_, i) => sql`f.${sql.ref(`n_${i % numbers}`)} * ${sql.lit(i)} as ${sql.ref(`x_${i}`)}`,
    ),
    ...Array.from({ length: categories }, (_, i) => sql`(f.n_0 + ${sql.lit(i)})::text as ${sql.ref(`c_${i}`)}`),
  ]
  const query = sql`select f.thing, ${sql.join(columns)} from facts_0 as f`
  const view = p.featureView('wide', { entity: thing }).query((() => query) as never)
  const levels = Array.from({ length: 100 }, (_, l) => `level ${l}`)
  const inputs = [
    ...Array.from({ length: plain }, (_, i) => numeric(`x_${i}`)),
    ...Array.from(
      { length: categories },
      (_, i): Input => ({ feature: `c_${i}`, type: 'text', encoder: { kind: 'onehot', levels, base: 'other' } }),
    ),
  ]
  return { views: [view], record: record(inputs) }
}

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  const db = await connect('memory:')
  const rows: string[][] = []
  try {
    await fill(db)
    for (const [what, sizes] of [
      ['views', [250, 500, 1000]],
      ['terms', [1250, 2500, 5000]],
    ] as const) {
      const times: number[] = []
      for (const size of sizes) {
        const made = what === 'views' ? { views: views(size), record: record(firstOf(size).map(numeric)) } : terms(size)
        process.stderr.write(`describing ${size} ${what}…\n`)
        const dataset = p.dataset('sizes', { sample: asked, features: made.views as never })
        const prepared = await prepareDataset(db, dataset as never)
        const options: PredictionOptions = { spine: { kind: 'entities', at } }
        const compile = () => predictionQuery(model(prepared.dataset), made.record, prepared.facts, options).sql
        const prediction = compile()
        const spent = Array.from({ length: rounds }, () => timed(compile))
        const training =
          what === 'views'
            ? Array.from({ length: rounds }, () => timed(() => trainingQuery(prepared.dataset, prepared.facts)))
            : []
        times.push(median(spent))
        const started = performance.now()
        const found = await db.query(prediction)
        const ran = performance.now() - started
        if (found.rows.length !== 5 || found.rows.some((r) => typeof r.at(-1) !== 'number')) {
          throw new Error(`${size} ${what}: ${found.rows.length} rows came back`)
        }
        const last = size === sizes.at(-1)
        rows.push([
          what === 'views' ? `${size} views × ${numbers} columns` : `${size} terms`,
          duration(median(spent)),
          duration(least(spent)),
          training.length === 0 ? '' : duration(median(training)),
          `${Math.round(prediction.length / 1000)} kB`,
          duration(ran),
          last ? '1000 ms' : '',
          last ? (median(spent) <= 1000 ? 'held' : 'MISSED') : '',
        ])
      }
      const growth = (times[2] ?? 0) / (times[0] ?? 1)
      rows.push([
        `growth, ${what} × 4`,
        `× ${growth.toFixed(1)}`,
        '',
        '',
        '',
        '',
        '× 6',
        growth <= 6 ? 'held' : 'MISSED',
      ])
    }
  } finally {
    await db.close()
  }
  return {
    title: 'Compile time against size',
    columns: ['size', 'prediction', 'least', 'training', 'text', 'runs in', 'ceiling', ''],
    rows,
    notes: [
      `Node ${process.versions.node}, ${rounds} rounds in a warm process; facts of the database known, layout included where it applies.`,
      'views: eight of ten are lookups, one is a history, one has declared windows; the model reads one column of each.',
      'terms: a fifth are numbers, the rest levels of categories of a hundred.',
      'runs in: the text on the embedded engine, planning included, for five things.',
    ],
  }
}

function timed(work: () => unknown): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

async function fill(db: Database): Promise<void> {
  const list = Array.from({ length: numbers }, (_, i) => `n_${i} int4`).join(', ')
  const values = Array.from({ length: numbers }, (_, i) => `t + ${i}`).join(', ')
  await db.execute(`
    CREATE TABLE things (thing int4 PRIMARY KEY, as_of timestamptz NOT NULL, y int4 NOT NULL);
    INSERT INTO things SELECT t, timestamptz '2025-01-01Z', t % 2 FROM generate_series(1, 5) AS t;
    ${Array.from({ length: tables }, (_, i) => `CREATE TABLE facts_${i} (thing int4 PRIMARY KEY, at timestamptz NOT NULL, ${list}); INSERT INTO facts_${i} SELECT t, timestamptz '2024-12-31Z', ${values} FROM generate_series(1, 5) AS t;`).join('\n')}
  `)
}

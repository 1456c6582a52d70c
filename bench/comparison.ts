/**
 * Champion and challengers in one query, against running their prediction queries one after the other.
 *
 * Each query is executed whole on the server, by EXPLAIN ANALYZE without timing of its steps. The last figures are those of
 * readers who want the champion's column alone: what they pay for challengers that stand beside it.
 */
import type { ModelRecord } from '@viewcast/sdk'
import { comparisonQuery, connect, type Database, predictionQuery, project } from '@viewcast/sdk'
import { startServer } from '../test/engines/postgres-server.ts'
import { duration, inRounds, median } from './timing.ts'

const entities = Number(process.env['BENCH_ROWS'] ?? 50_000)
const ordersOfEach = 40
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)
/** Of the queries one after the other; a half would be a challenger for nothing. */
const ceiling = 0.7
const at = '2025-06-01T00:00:00Z'

interface DB {
  customers: { customer: number; age: number; visits: number; seen: Date }
  orders: { customer: number; at: Date; amount: number }
}

const p = project<DB>('bench')
const customer = p.entity('customer', { customer: 'int4' }, { from: 'customers' })
const asked = p
  .sample('asked', { entity: customer })
  .query(({ db }) => db.selectFrom('customers').select(['customer', 'seen as as_of']))
const profile = p
  .featureView('profile', { entity: customer })
  .query(({ db }) => db.selectFrom('customers').select(['customer', 'age', 'visits']))
const spending = p.aggregates('spending', {
  entity: customer,
  source: 'orders',
  time: 'at',
  windows: { '7d': '7 days', '30d': '30 days', '90d': '90 days' },
  features: (a) => ({ n: a.count(), amount: a.sum('amount'), most: a.max('amount') }),
})
const dataset = p.dataset('spenders', { sample: asked, features: [profile, spending] })
const model = p.model('returns', { dataset, family: 'logistic', label: 'visits' } as never)

const inputs = ['age', 'visits', ...['7d', '30d', '90d'].flatMap((w) => [`n_${w}`, `amount_${w}`, `most_${w}`])]
const versionOf = (version: number): ModelRecord => ({
  format: 'viewcast/model@2',
  name: 'returns',
  version,
  trainedAt: '2026-01-01T00:00:00.000Z',
  family: 'binomial',
  link: 'logit',
  label: 'visits',
  threshold: 0.5,
  inputs: inputs.map((feature) => ({
    feature,
    type: 'float8',
    encoder: { kind: 'numeric', transform: 'identity', impute: 0, indicator: false, center: 1, scale: 10 },
  })),
  coefficients: [null, ...inputs].map((feature, i) => ({
    name: feature ?? '(intercept)',
    feature,
    estimate: Math.sin(i + 1 + version) / 4,
    standardError: null,
    statistic: null,
    pValue: null,
  })),
  fit: {
    solver: 'irls',
    where: 'process',
    penalty: { l1: 0, l2: 0 },
    iterations: 6,
    converged: true,
    deviance: 1,
    nullDeviance: 1,
    residualDegrees: null,
    nullDegrees: null,
    dispersion: null,
    logLikelihood: null,
    aic: null,
  },
  dataset: { name: 'spenders', queryHash: '0'.repeat(64), trainRows: 1, testRows: 0 },
  metrics: { train: {}, test: {}, baseline: {} },
  verification: [],
})

const setup = `
  CREATE TABLE customers AS SELECT g AS customer, g % 80 AS age, g % 13 AS visits, timestamptz '2025-05-01Z' AS seen FROM generate_series(1, ${entities}) AS g;
  ALTER TABLE customers ADD PRIMARY KEY (customer);
  CREATE TABLE orders AS SELECT 1 + (hashint8extended(g, 1) & 2147483647) % ${entities} AS customer,
    timestamptz '2025-02-01Z' + (hashint8extended(g, 2) & 2147483647) % 10000000 * interval '1 second' AS at,
    ((hashint8extended(g, 3) & 2147483647) % 1000)::float8 / 8 AS amount
  FROM generate_series(1, ${entities * ordersOfEach}) AS g;
  CREATE INDEX ON orders (customer, at);
  ANALYZE customers; ANALYZE orders`

export default async function () {
  const server = await startServer(['shared_buffers=512MB'])
  try {
    const db = await connect(server.url)
    try {
      return await compare(db)
    } finally {
      await db.close()
    }
  } finally {
    await server.stop()
  }
}

async function compare(db: Database) {
  await db.execute(setup)
  const [champion, next, third] = [1, 2, 3].map((v) => ({ model, record: versionOf(v) }))
  if (!champion || !next || !third) throw new Error('three versions')
  const alone = (await predictionQuery(db, champion.model, champion.record, { at })).sql
  const second = (await predictionQuery(db, next.model, next.record, { at })).sql
  const two = (await comparisonQuery(db, champion, { next }, { at })).sql
  const three = (await comparisonQuery(db, champion, { next, third }, { at })).sql
  await db.execute(`CREATE VIEW plain_scores AS ${alone}; CREATE VIEW scores AS ${two}`)
  const took = new Map<string, number[]>()
  const timed = (name: string, ...queries: readonly string[]): (() => Promise<void>) => {
    took.set(name, [])
    return async () => {
      const started = performance.now()
      for (const sql of queries) await db.query(`EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) ${sql}`)
      took.get(name)?.push(performance.now() - started)
    }
  }
  const [both, beside] = ['two queries, one after the other', 'one query, a challenger beside the champion']
  const column = 'SELECT customer, probability FROM'
  await inRounds(rounds, {
    alone: timed('the champion alone', alone),
    both: timed(both, alone, second),
    two: timed(beside, two),
    three: timed('one query, two challengers', three),
    plain: timed("the champion's column, of a view of it", `${column} plain_scores`),
    column: timed("the champion's column, of a view with a challenger", `${column} scores`),
  })
  const middle = (name: string): number => median(took.get(name) ?? [])
  const ratio = middle(beside) / middle(both)
  return {
    title: `champion and challengers: ${entities} entities, ${entities * ordersOfEach} events`,
    columns: ['query', 'median', 'over two queries', 'ceiling'],
    rows: [...took.keys()].map((name) => [
      name,
      duration(middle(name)),
      (middle(name) / middle(both)).toFixed(2),
      name === beside ? (ratio > ceiling ? 'MISSED' : String(ceiling)) : '',
    ]),
    notes: ['Eleven inputs, nine of them aggregates over windows of 7, 30 and 90 days.'],
  }
}

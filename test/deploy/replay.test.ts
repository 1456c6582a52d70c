import {
  hasFaults,
  loggedPrediction,
  logPredicted,
  logPredictions,
  type ModelRecord,
  openPredictionLog,
  openStore,
  project,
  purgePredictions,
  type Replay,
  type ReplayOptions,
  replayPredictions,
  replayRecorded,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

interface DB {
  customers: { customer: number; country: string | null }
  orders: { id: number; customer: number; at: Date; amount: number; arrived: Date }
  asked: { customer: number; as_of: Date; answer: number }
}
const tables = `
  CREATE TABLE customers (customer int4 PRIMARY KEY, country text);
  CREATE TABLE orders (id int4 PRIMARY KEY, customer int4 NOT NULL, at timestamptz NOT NULL, amount float8, arrived timestamptz NOT NULL);
  CREATE TABLE asked (customer int4 PRIMARY KEY, as_of timestamptz NOT NULL, answer float8);
  CREATE VIEW recent AS SELECT customer, at, amount FROM orders WHERE amount >= 0;
`
const rows = `
  TRUNCATE customers, orders, asked;
  INSERT INTO customers SELECT i, (ARRAY['de', 'fr', 'it', NULL])[1 + i % 4] FROM generate_series(1, 60) i;
  INSERT INTO orders SELECT i, 1 + i % 60, timestamptz '2024-02-01Z' + i * interval '30 minutes', i % 37, timestamptz '2024-02-01 00:01Z' + i * interval '30 minutes' FROM generate_series(1, 1500) i;
  INSERT INTO asked SELECT i, timestamptz '2024-02-20Z' + i * interval '1 hour', (i * 7 % 10 > 4)::int FROM generate_series(1, 60) i;
`
const p = project<DB>('shop')
const customer = p.entity('customer', { customer: 'int4' }, { from: 'customers' })
const sample = p
  .sample('asked', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['customer', 'as_of']))
const target = p
  .target('answer', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['customer', 'answer']))
const profile = p
  .featureView('profile', { entity: customer })
  .query(({ db }) => db.selectFrom('customers').select(['customer', 'country']))
const spending = (source: string) =>
  p.aggregates('spending', {
    entity: customer,
    source,
    time: 'at',
    windows: { '7d': '7 days' },
    features: (a: { count(): unknown; avg(c: string): unknown }) => ({ n: a.count(), amount: a.avg('amount') }),
  } as never)
const modelOf = (name: string, more: object = {}, source = 'orders') =>
  p.model(name, {
    dataset: p.dataset(`${name}_rows`, { sample, target, features: [profile, spending(source)], ...more } as never),
    family: 'logistic',
    label: 'answer',
    penalty: 1,
  } as never)
const dated = modelOf('dated', { sources: { orders: { knownAt: 'arrived' } } })
const undated = modelOf('undated')
const last = p
  .featureView('last', { entity: customer, time: 'at', knownAt: 'arrived' } as never)
  .query(({ db }) => db.selectFrom('orders').select(['customer', 'at', 'arrived', 'amount as last_amount'])) as never
const latest = modelOf('latest', {
  features: [profile, spending('orders'), last],
  sources: { orders: { knownAt: 'arrived' } },
})
const viewed = modelOf('viewed', {}, 'recent')
const at = '2024-02-25T00:00:00Z'
const inputs = { inputs: 'all' } as const

describeEachEngine('a replay', (engine) => {
  let store: Store
  const records = new Map<string, ModelRecord>()
  const recordOf = (model: { name: string }) => records.get(model.name) as ModelRecord
  beforeAll(async () => {
    await engine.db.execute(tables + rows)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    for (const m of [dated, undated, viewed, latest]) records.set(m.name, (await trainRecorded(store, m)).record)
  })
  beforeEach(async () => {
    await purgePredictions(store, { before: '9000-01-01T00:00Z' })
    await store.db.execute(
      `CREATE OR REPLACE VIEW recent AS SELECT customer, at, amount FROM orders WHERE amount >= 0;${rows}`,
    )
  })
  const replay = (model: typeof dated, options: ReplayOptions = {}) =>
    replayPredictions(store, model, recordOf(model), options)
  const causes = ({ columns }: Replay) =>
    Object.fromEntries(columns.filter((c) => c.different > 0).map((c) => [c.column ?? '', c.causes]))
  const log = (model: typeof dated, options: object = {}) =>
    logPredicted(store, model, recordOf(model), { at, log: inputs, ...options })
  /** As if the prediction had been made at its instant. */
  const predictedAt = (sql: string) => store.db.execute(`UPDATE viewcast.prediction SET predicted_at = ${sql}`)

  test('of unchanged sources finds every value again, bit for bit', async () => {
    await log(dated)
    const found = await replay(dated)
    expect(found).toMatchObject({
      model: 'dated',
      version: 1,
      logged: 60,
      rows: 60,
      equal: 60,
      causes: {},
      largestMovement: null,
      changedViews: [],
      notExamined: 0,
    })
    expect(found.columns.map((c) => [c.column, c.view, c.compared, c.different])).toEqual([
      [null, null, 60, 0],
      ['country', 'profile', 60, 0],
      ['n_7d', 'spending', 60, 0],
      ['amount_7d', 'spending', 60, 0],
    ])
  })

  test('tells rows that came late from rows that were changed, by when they became known', async () => {
    await log(dated)
    await predictedAt("'2024-02-25T00:05Z'")
    await store.db.execute(`
      INSERT INTO orders VALUES (9001, 5, '2024-02-24T12:00Z', 100, '2024-02-26Z');
      UPDATE orders SET amount = amount + 50 WHERE customer = 7 AND at > '2024-02-20Z';
      DELETE FROM orders WHERE customer = 9 AND at > '2024-02-20Z'`)
    const found = await replay(dated)
    expect(causes(found)).toEqual({
      n_7d: { 'late data': 1, 'changed source': 1 },
      amount_7d: { 'late data': 1, 'changed source': 2 },
    })
    expect(found.equal).toBe(57)
    const n = found.columns.find((c) => c.column === 'n_7d')
    const weight = recordOf(dated).coefficients.find((c) => c.name === 'n_7d')?.estimate ?? 0
    expect(n?.moved?.largest).toBeGreaterThan(0)
    expect((n?.moved?.mean ?? 0) * 2).toBeGreaterThan(Math.abs(weight))
    expect(found.columns.reduce((sum, c) => sum + (c.moved?.share ?? 0), 0)).toBeCloseTo(1, 12)
    expect(found.largestMovement).toBeGreaterThan(0)
    expect(await replay(dated, { instants: 0 })).toMatchObject({ notExamined: 3, causes: { 'unknown arrival': 5 } })
  })

  test('of live traffic asks every question as of its own instant, by an index, and finds what a statement each finds', async () => {
    await log(latest)
    // One instant for each; some are older than rows that came, and some are not; a row without an instant hides nothing.
    await predictedAt("'2024-02-25Z'::timestamptz + key_text::int * interval '7 minutes'")
    await store.db.execute(`
      INSERT INTO orders SELECT 9000 + c, c, '2024-02-24T12:00Z', 100, timestamptz '2024-02-25Z' + (c * 7 + CASE WHEN c % 2 = 0 THEN 3 ELSE -3 END) * interval '1 minute'
        FROM generate_series(1, 40) c;
      UPDATE orders SET amount = amount + 50 WHERE customer BETWEEN 35 AND 45 AND at > '2024-02-20Z'`)
    const each = await replay(latest, { instants: 1000 })
    expect(await replay(latest, { instants: 10 })).toMatchObject({
      notExamined: 35,
      createIndexes: [expect.stringMatching(/ON public\.orders \(customer, at\) INCLUDE \(arrived, amount\)$/)],
    })
    await store.db.execute('CREATE INDEX by_customer ON orders (customer, at)')
    try {
      const together = await replay(latest, { instants: 10 })
      expect(together.columns.map((c) => [c.column, c.different, c.causes])).toEqual(
        each.columns.map((c) => [c.column, c.different, c.causes]),
      )
      expect(together).toMatchObject({ notExamined: 0, createIndexes: [] })
      expect(together.columns.find((c) => c.column === 'n_7d')?.causes).toEqual({
        'late data': 20,
        'changed source': 20,
      })
      expect(together.columns.find((c) => c.column === 'last_amount')?.different).toBeGreaterThan(0)
    } finally {
      await store.db.execute('DROP INDEX by_customer')
    }
  })

  test('says that it cannot tell where nothing says when rows came', async () => {
    await log(undated)
    await predictedAt("'2024-02-25T00:05Z'")
    await store.db.execute(`INSERT INTO orders VALUES (9001, 5, '2024-02-24T12:00Z', 100, '2024-02-26Z');
      UPDATE customers SET country = 'es' WHERE customer = 3; DELETE FROM customers WHERE customer = 4`)
    expect(causes(await replay(undated))).toEqual({
      country: { 'changed source': 2 },
      n_7d: { 'unknown arrival': 1 },
      amount_7d: { 'unknown arrival': 1 },
    })
  })

  test('tells a view that is defined otherwise from rows that are', async () => {
    await log(viewed)
    await store.db.execute(
      'CREATE OR REPLACE VIEW recent AS SELECT customer, at, amount FROM orders WHERE amount >= 10',
    )
    await store.db.execute(`UPDATE customers SET country = 'es' WHERE customer = 3`)
    const found = await replay(viewed)
    expect(found.changedViews).toEqual(['spending'])
    expect(Object.keys(found.causes)).toEqual(['changed definition', 'changed source'])
    expect(found.columns.find((c) => c.column === 'country')?.causes).toEqual({ 'changed source': 1 })
  })

  test('finds a log that was tampered with, and a server that answers otherwise', async () => {
    await log(dated)
    await store.db.execute(`
      UPDATE viewcast.prediction_input SET inputs = jsonb_set(inputs, '{n_7d}', '99') WHERE id = (SELECT id FROM viewcast.prediction WHERE key_text = '5');
      UPDATE viewcast.prediction SET outputs = '{"probability": 0.123}' WHERE key_text = '6';
      UPDATE viewcast.prediction_input SET inputs = '{"n_7d": "x", "country": 7}' WHERE id = (SELECT id FROM viewcast.prediction WHERE key_text = '8')`)
    const found = await replay(dated)
    expect(found.causes).toEqual({ skew: expect.any(Number) })
    expect(found.equal).toBe(57)
    expect(found.columns[0]).toMatchObject({ column: null, different: 3, causes: { skew: 3 }, moved: null })
    expect(found.columns.find((c) => c.column === 'n_7d')?.different).toBe(2)
  })

  test('finds a server that takes another instant than it writes down', async () => {
    const { sql, shape, views } = await loggedPrediction(store.db, dated, recordOf(dated), { at }, inputs)
    const opened = await openPredictionLog(store, { model: 'dated', version: 1, shape, views })
    await logPredictions(store, opened, {
      query: `SELECT q.*, timestamptz '2024-02-21Z' AS other FROM (${sql}) q`
        .replace('SELECT q.*', 'SELECT q.customer, q.country, q.n_7d, q.amount_7d, q.probability')
        .replace('AS other', 'AS as_of'),
      at: '2024-02-21T00:00Z',
    })
    await predictedAt("'2024-02-25Z'")
    const found = await replay(dated)
    expect(Object.keys(found.causes)).toEqual(['skew'])
    expect(found.equal).toBeLessThan(60)
  })

  test('compares what was kept: hashes with their key, predictions where there are no inputs', async () => {
    const policy = { inputs: 'all', redact: { country: 'hash', amount_7d: 'absent' }, hashKey: 'pepper' } as const
    await log(undated, { log: policy })
    await store.db.execute(
      `UPDATE customers SET country = 'es' WHERE customer IN (3, 4); UPDATE orders SET amount = amount + 50 WHERE customer = 7`,
    )
    const keyed = await replay(undated, { hashKey: 'pepper' })
    expect(keyed.columns.map((c) => [c.column, c.compared, c.different])).toEqual([
      [null, 60, 1],
      ['country', 60, 2],
      ['n_7d', 60, 0],
      ['amount_7d', 0, 0],
    ])
    expect(keyed.columns[0]?.causes).toEqual({ 'unknown arrival': 1 })
    const keyless = await replay(undated, { hashKey: 'salt' })
    expect(keyless.columns.map((c) => c.compared)).toEqual([60, 0, 60, 0])
    await purgePredictions(store, { before: '9000-01-01T00:00Z' })
    await log(undated, { log: {} })
    await store.db.execute(`UPDATE customers SET country = 'fr' WHERE customer = 4`)
    expect((await replay(undated)).columns.map((c) => c.different)).toEqual([1, 0, 0, 0])
  })

  test('takes sums in another order for what they are', async () => {
    await log(dated)
    await store.db.execute(
      `UPDATE viewcast.prediction_input SET inputs = jsonb_set(inputs, '{amount_7d}', to_jsonb((inputs ->> 'amount_7d')::float8 * (1 + 3e-16)))`,
    )
    const found = await replay(dated)
    expect(Object.keys(found.causes)).toEqual(['rounding'])
    expect(found.equal).toBe(60)
  })

  test('takes the same sample again, and what is chosen', async () => {
    await log(dated)
    await store.db.execute(`UPDATE customers SET country = 'es'`)
    const [one, again] = [await replay(dated, { limit: 20 }), await replay(dated, { limit: 20 })]
    expect(one).toMatchObject({ logged: 60, rows: 20 })
    expect(again).toEqual(one)
    expect(await replay(dated, { from: '2024-03-01T00:00Z' })).toMatchObject({ logged: 0, rows: 0, equal: 0 })
    expect(await replay(dated, { from: '2024-02-25T02:00+02:00', until: '2024-02-25T00:00:01Z' })).toMatchObject({
      rows: 60,
    })
    expect(await codesOf(() => replay(dated, { deployment: 'public.nothing' }))).toEqual(['deploy/unknown'])
    expect(await codesOf(() => replay(dated, { from: 'today' }))).toEqual(['time/instant'])
    const unknown = { ...recordOf(dated), version: 7 }
    expect(await codesOf(() => replayPredictions(store, dated, unknown))).toEqual(['model/not-trained'])
  })
  test('is a run with a check for each column, and metrics', async () => {
    await log(dated)
    await store.db.execute(`UPDATE customers SET country = 'es' WHERE customer = 4;
      UPDATE viewcast.prediction SET outputs = '{"probability": 0.123}' WHERE key_text = '6'`)
    const found = await replayRecorded(store, dated, recordOf(dated), { limit: 100 })
    expect(hasFaults(found)).toBe(true)
    const [run] = await store.db.rows<{ id: string }>(
      `SELECT id FROM viewcast.execution WHERE kind = 'replay' AND state = 'finished'`,
    )
    const checks = await store.db.rows(
      'SELECT name, column_name, severity, passed, detail FROM viewcast.check_result WHERE execution_id = $1 ORDER BY name',
      [run?.id],
    )
    expect(checks.map((c) => [c['name'], c['column_name'], c['severity'], c['passed']])).toEqual([
      ['replay/amount_7d', 'amount_7d', 'warn', true],
      ['replay/country', 'country', 'warn', false],
      ['replay/n_7d', 'n_7d', 'warn', true],
      ['replay/prediction', '', 'error', false],
    ])
    expect(checks[1]?.['detail']).toMatchObject({
      compared: 60,
      different: 1,
      causes: { 'changed source': 1 },
      view: 'profile',
    })
    const metrics = await store.db.rows<{ name: string; value: number }>(
      'SELECT k.name, l.value FROM viewcast.metric_latest l JOIN viewcast.metric_key k ON k.id = l.key_id WHERE l.execution_id = $1',
      [run?.id],
    )
    expect(Object.fromEntries(metrics.map((m) => [m.name, m.value]))).toMatchObject({
      'replay.rows': 60,
      'replay.equal': 58,
      'replay.skew': 1,
      'replay.changed_source': 1,
    })
  })
})

/** `explain` on real plans: what the rules chose, and whether the planner follows. */
import { explain, predictionQuery, project, trainingQuery } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { linearRecord } from '../compiler/records.ts'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  customers: { customer_id: number; country: string }
  mailings: { customer_id: number; sent_at: Date; opened: number }
  orders: { customer_id: number; ordered_at: Date; amount: number }
  plans: { customer_id: number; valid_from: Date; plan: string; seats: number }
  prices: { customer_id: number; valid_from: Date; price: number }
}
const p = project<DB>('shop')
const customer = p.entity('customer', { customer_id: 'int4' }, { from: 'customers' })
const mailing = p.entity('mailing', { customer_id: 'int4', as_of: 'timestamptz' })
const country = p
  .featureView('country', { entity: customer })
  .query(({ db }) => db.selectFrom('customers').select(['customer_id', 'country']))
const plan = p
  .featureView('plan', { entity: customer, time: 'valid_from' })
  .query(({ db }) => db.selectFrom('plans').select(['customer_id', 'valid_from', 'seats']))
const price = p
  .featureView('price', { entity: customer, time: 'valid_from' })
  .query(({ db }) => db.selectFrom('prices').select(['customer_id', 'valid_from', 'price']))
const recent = p.aggregates('recent', {
  entity: customer,
  source: 'orders',
  time: 'ordered_at',
  windows: { '7d': '7 days' },
  features: (a) => ({ n: a.count() }),
})
const mailed = p
  .sample('mailed', { entity: customer, split: p.split.none() })
  .query(({ db }) => db.selectFrom('mailings').select(['customer_id', 'sent_at as as_of']))
const opened = p
  .target('opened', { entity: mailing })
  .query(({ db }) => db.selectFrom('mailings').select(['customer_id', 'sent_at as as_of', 'opened']))
const asked = p.dataset('asked', { sample: mailed, target: opened, features: [country, plan, price, recent] })
const model = p.model('open', { dataset: asked, family: 'linear', label: 'opened' })

describeEachEngine('explain', (engine) => {
  beforeAll(async () => {
    await engine.db.execute(`
      CREATE TABLE customers (customer_id int4 PRIMARY KEY, country text);
      CREATE TABLE mailings (customer_id int4, sent_at timestamptz, opened int4);
      CREATE TABLE orders (customer_id int4, ordered_at timestamptz, amount int4);
      CREATE TABLE plans (customer_id int4, valid_from timestamptz, plan text, seats int4);
      CREATE TABLE prices (customer_id int4, valid_from timestamptz, price float8);
      INSERT INTO customers SELECT g, 'DE' FROM generate_series(1, 500) g;
      INSERT INTO mailings SELECT g % 500 + 1, timestamptz '2025-01-01Z' + g * interval '1 hour', g % 2 FROM generate_series(1, 200) g;
      INSERT INTO plans SELECT g % 500 + 1, timestamptz '2024-01-01Z' + g * interval '1 hour', 'plan', g % 9 FROM generate_series(1, 20000) g;
      INSERT INTO prices SELECT g % 500 + 1, timestamptz '2024-01-01Z' + g * interval '1 hour', g FROM generate_series(1, 300) g;
      CREATE INDEX plans_customer_time ON plans (customer_id, valid_from) INCLUDE (seats);
      CREATE INDEX prices_customer_time ON prices (customer_id, valid_from);
    `)
    await engine.db.execute('VACUUM ANALYZE')
  })

  test('a dataset: form, reason, index, questions and rows per question, view by view', async () => {
    const { views, stages, bytes, warnings } = await explain(engine.db, asked)
    expect(warnings).toEqual([])
    expect(bytes).toBe((await trainingQuery(engine.db, asked)).sql.length)
    expect(views.map((v) => [v.name, v.kind, v.form, v.asked, v.oneRow])).toEqual([
      ['country', 'static', 'lookup', undefined, 'proven'],
      ['plan', 'history', 'lateral', undefined, 'by form'],
      ['price', 'history', 'lateral', undefined, 'by form'],
      ['recent', 'aggregates', 'running', '_spine_customer_id', 'by form'],
    ])
    expect(views[1]?.reason).toContain('plans_customer_time (customer_id, valid_from)')
    expect(views.every((v) => v.createIndex === undefined)).toBe(true)
    // What is joined laterally has no stage.
    expect(stages?.map((s) => s.name)).toEqual(['mailed', 'country', '_spine_customer_id', 'recent', 'opened'])
    expect(stages?.every((s) => s.bytes > 0)).toBe(true)
  })

  test('a model: its prediction query, and how large the model in it is', async () => {
    const record = linearRecord('open', ['seats', 'n_7d'])
    const report = await explain(engine.db, model, { record, keys: [{ customer_id: 7 }], at: '2025-02-01T00:00Z' })
    expect(report).toMatchObject({ query: 'prediction', model: { inputs: 2, coefficients: 3, depthLimit: 100 } })
    expect(report.model?.depth).toBeGreaterThan(1)
    expect(report.views.map((v) => v.name)).toEqual(['plan', 'recent'])
    expect((await explain(engine.db, model)).query).toBe('training')
  })

  test('the plan of the database looks every question up in its index, for training and for keys', async () => {
    const record = linearRecord('open', ['seats', 'price', 'n_7d'])
    const keys = [{ customer_id: 7 }]
    for (const options of [{}, { record, keys }, { record }]) {
      const { plan: found } = await explain(engine.db, model, { ...options, plan: true })
      expect(found?.ok, JSON.stringify(found)).toBe(true)
      expect(found?.branches.map((b) => b.view)).toEqual(['plan', 'price'])
      expect(found?.branches[0]?.detail).toMatch(/^Index (Only )?Scan on plans_customer_time$/)
      expect(found?.cost).toBeGreaterThan(0)
    }
    const { sql } = await predictionQuery(engine.db, model, record, { keys, at: '2025-02-01T00:00Z' })
    expect((await engine.db.query(sql)).rows).toHaveLength(1)
  })

  test('an index the planner does not use is told, with what it does instead', async () => {
    await engine.db.transaction(async (tx) => {
      await tx.execute(
        'SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off',
      )
      const { plan: found } = await explain(tx, asked, { plan: true })
      expect(found?.ok).toBe(false)
      expect(found?.branches).toEqual([
        {
          view: 'plan',
          name: 'plan',
          ok: false,
          detail: 'Seq Scan of plans for each question; expected plans_customer_time',
        },
        { view: 'price', name: 'price', ok: true, detail: 'Seq Scan: prices has about 300 rows only' },
      ])
    })
  })

  test('a view alone, in each form it takes', async () => {
    expect((await explain(engine.db, recent)).views.map((v) => v.form)).toEqual(['running', 'join'])
    expect((await explain(engine.db, plan, { plan: true })).plan).toMatchObject({ ok: true })
    expect((await explain(engine.db, country)).views).toMatchObject([{ form: 'lookup', oneRow: 'proven' }])
    await expect(explain(engine.db, mailed)).rejects.toMatchObject({ diagnostics: [{ code: 'project/wrong-kind' }] })
  })

  test('declared windows: the index they want, and the plan that uses it', async () => {
    const [, forPrediction] = (await explain(engine.db, recent)).views
    expect(forPrediction).toMatchObject({ form: 'join', oneRow: 'by form' })
    const create = forPrediction?.createIndex
    expect(create).toBe(
      'CREATE INDEX CONCURRENTLY orders_customer_id_ordered_at_idx ON public.orders (customer_id, ordered_at)',
    )
    await engine.db.execute(
      "INSERT INTO orders SELECT g % 500 + 1, timestamptz '2024-01-01Z' + g * interval '1 hour', g FROM generate_series(1, 20000) g",
    )
    await engine.db.execute(create?.replace(' CONCURRENTLY', '') ?? '')
    await engine.db.execute('VACUUM ANALYZE orders')
    const record = linearRecord('open', ['n_7d'])
    for (const options of [{ record }, { record, keys: [{ customer_id: 7 }] }]) {
      const { plan: found, views } = await explain(engine.db, model, { ...options, plan: true })
      expect(views).toMatchObject([{ name: 'recent', form: 'lateral' }])
      expect(found?.branches).toMatchObject([{ view: 'recent', ok: true }])
      expect(found?.branches[0]?.detail).toMatch(
        /^(Index (Only )?|Bitmap Heap )Scan on orders_customer_id_ordered_at_idx$/,
      )
    }
    await engine.db.transaction(async (tx) => {
      await tx.execute(
        'SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off',
      )
      const { plan: found } = await explain(tx, model, { record, plan: true })
      expect(found?.ok).toBe(false)
      expect(found?.branches[0]?.detail).toMatch(/^Seq Scan of orders for each question/)
    })
    await engine.db.execute('DROP INDEX orders_customer_id_ordered_at_idx; TRUNCATE orders')
  })

  test('without the index: another form, and the statement to run', async () => {
    await engine.db.execute('DROP INDEX plans_customer_time')
    const { views } = await explain(engine.db, asked)
    expect(views[1]).toMatchObject({
      form: 'distinct',
      asked: '_spine_customer_id',
      createIndex:
        'CREATE INDEX CONCURRENTLY plans_customer_id_valid_from_idx ON public.plans (customer_id, valid_from) INCLUDE (seats)',
    })
    await expect(explain(engine.db, asked, { forms: { plan: 'lateral' } })).rejects.toMatchObject({
      diagnostics: [{ code: 'form/no-index' }],
    })
    // The text is what the database takes.
    const create = views[1]?.createIndex?.replace(' CONCURRENTLY', '') ?? ''
    await engine.db.execute(create)
    expect((await explain(engine.db, asked, { plan: true })).plan?.branches[0]?.detail).toMatch(
      /Scan on plans_customer_id_valid_from_idx$/,
    )
  })
})

/** What a question brings is the same in training, from the sample, and in prediction, from the caller. */
import { type DatasetDef, predictionQuery, type SpineBinding, trainingQuery } from '@viewcast/compiler'
import { prepareDataset, project, showRows, trainModel, verifyModel } from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'
import { linearRecord } from './records.ts'

interface DB {
  checkouts: { id: number; customer_id: number; at: Date; amount: number; items: number; channel: string; sold: number }
  customers: { customer_id: number; since: Date }
  rates: { channel: string; rate: number }
}

const p = project<DB>('checkout')
const customer = p.entity('customer', { customer_id: 'int4' }, { from: 'customers' })

const asked = p
  .sample('asked', { entity: customer })
  .query(({ db }) =>
    db.selectFrom('checkouts').select(['id', 'customer_id', 'at as as_of', 'amount', 'items', 'channel']),
  )
const target = p
  .target('sold', { entity: p.entity('checkout', { id: 'int4' }) })
  .query(({ db }) => db.selectFrom('checkouts').select(['id', 'sold']))

const plain = p
  .requestView('basket', { columns: { amount: 'numeric', channel: 'text' } })
  .features({ amount: { kind: 'numeric', fill: 0 } })
const computed = p
  .requestView('ratios', { entity: customer, columns: { amount: 'numeric', items: 'int4', channel: 'text' } })
  .query(({ db }) =>
    db
      .selectFrom('spine')
      .leftJoin('rates', 'rates.channel', 'spine.channel')
      .select([
        sql<number>`spine.amount / nullif(spine.items, 0)`.as('each'),
        sql<number>`coalesce(spine.amount, -1) * coalesce(rates.rate, 1)`.as('amount'),
        sql<number>`extract(hour from spine.as_of at time zone 'UTC')`.as('hour'),
        sql<number>`count(*) over ()`.as('alone'),
        sql<number>`spine.customer_id % 2`.as('odd'),
      ]),
  )
const age = p.windowView('age', { entity: customer }).query(
  () => sql<{ customer_id: number; as_of: Date; days: number }>`
    select s.customer_id, s.as_of, extract(epoch from s.as_of - c.since) / 86400 as days
    from spine as s left join customers as c on c.customer_id = s.customer_id`,
)

describeEachEngine('request views', (engine) => {
  beforeAll(() =>
    engine.db.execute(`
      CREATE TABLE customers (customer_id int4 PRIMARY KEY, since timestamptz NOT NULL);
      INSERT INTO customers SELECT g, timestamptz '2024-01-01 00:00Z' + g * interval '1 day' FROM generate_series(1, 5) AS g;
      CREATE TABLE rates (channel text, rate float8);
      INSERT INTO rates VALUES ('web', 2), ('shop', 3), ('shop', 3);
      CREATE VIEW known_rates AS SELECT * FROM rates;
      CREATE TABLE checkouts (id int4 PRIMARY KEY, customer_id int4, at timestamptz, amount int8, items int4, channel text, sold float8);
      INSERT INTO checkouts SELECT g, CASE WHEN g % 9 > 0 THEN g % 5 + 1 END, timestamptz '2025-01-01 00:00Z' + (g / 3) * interval '7 hours',
        CASE WHEN g % 7 > 0 THEN g * 10 END, g % 4, (ARRAY['web', 'shop', 'mail', NULL])[g % 4 + 1], g % 13 FROM generate_series(1, 90) AS g;
      INSERT INTO checkouts VALUES (200, 1, '2025-01-02', 5, 1, 'web', 1), (201, 1, '2025-01-02', 5, 1, 'web', 2);
    `),
  )

  const prepare = async (dataset: DatasetDef) => {
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    return { dataset: d, facts }
  }
  const train = async (dataset: DatasetDef) => {
    const { dataset: d, facts } = await prepare(dataset)
    const query = trainingQuery(d, facts)
    const rows = await engine.db.rows<Record<string, unknown>>(`SELECT * FROM (${query.sql}) AS q ORDER BY id`)
    expect(Object.keys(rows[0] ?? {})).toEqual(query.columns.map((c) => c.name))
    return { ...query, rows }
  }
  const predict = async (dataset: DatasetDef, inputs: string[], spine: SpineBinding) => {
    const { dataset: d, facts } = await prepare(dataset)
    const model = { ...p.model('m', { dataset, family: 'linear', label: 'sold' } as never), dataset: d } as never
    return predictionQuery(model, linearRecord('m', inputs), facts, { spine, withFeatures: true })
  }

  test('columns as they are are features of the question, cast and filled like any other', async () => {
    const { rows, columns, sql: text } = await train(p.dataset('d', { sample: asked, target, features: [plain] }))
    expect(text).not.toContain('LATERAL')
    expect(rows).toHaveLength(92)
    expect(columns.map((c) => `${c.name} ${c.type}`)).toEqual([
      'id int4',
      'customer_id int4',
      'as_of timestamptz',
      'items int4',
      'amount float8',
      'channel text',
      'sold float8',
    ])
    expect(rows.map((r) => r['amount'])).toEqual([
      ...Array.from({ length: 90 }, (_, i) => ((i + 1) % 7 > 0 ? (i + 1) * 10 : 0)),
      5,
      5,
    ])
  })

  const dataset = p.dataset('d', { sample: asked, target, features: [computed, age] })

  test('a query is asked for each question alone, NULLs, duplicates and several answers included', async () => {
    const { rows } = await train(dataset)
    expect(rows.map((r) => r['id'])).toEqual([...Array.from({ length: 90 }, (_, i) => i + 1), 200, 201])
    const rate: Record<string, number> = { web: 2, shop: 3 }
    for (const row of rows.slice(0, 90)) {
      const g = row['id'] as number
      const amount = g % 7 > 0 ? g * 10 : null
      const items = g % 4
      const channel = ['web', 'shop', 'mail', null][g % 4] ?? ''
      expect(row['amount'], `row ${g}`).toBe((amount ?? -1) * (rate[channel] ?? 1))
      if (amount === null || items === 0) expect(row['each']).toBeNull()
      else expect(row['each']).toBeCloseTo(amount / items, 10)
      expect(row['hour']).toBe((Math.floor(g / 3) * 7) % 24)
      expect(row['odd']).toBe(g % 9 > 0 ? ((g % 5) + 1) % 2 : null)
    }
    // The view's own window saw one question, whatever else is asked.
    expect(new Set(rows.map((r) => Number(r['alone'])))).toEqual(new Set([1, 2]))
  })

  test('the same question gives the same features in training and in prediction', async () => {
    const { rows } = await train(dataset)
    const inputs = ['each', 'amount', 'hour', 'odd', 'days']
    const source = await engine.db.rows<Record<string, unknown>>('SELECT * FROM checkouts ORDER BY id')
    for (const i of [0, 1, 3, 6, 8, 44, 90]) {
      const question = source[i] as Record<string, unknown>
      const { sql: text } = await predict(dataset, inputs, {
        kind: 'keys',
        at: String(question['at']).replace(' ', 'T').replace('+00', 'Z'),
        rows: [
          {
            customer_id: question['customer_id'] as never,
            amount: question['amount'] as never,
            items: question['items'] as never,
            channel: question['channel'] as never,
          },
        ],
      })
      const [row] = await engine.db.rows<Record<string, unknown>>(text)
      for (const f of inputs) expect(row?.[f], `${f} of row ${i}`).toEqual(rows[i]?.[f])
    }
  })

  test('asks for the columns the wanted features need and for no other', async () => {
    const both = p.dataset('d', { sample: asked, target, features: [computed.pick('each').prefix('r_'), plain, age] })
    const keys = (inputs: string[], rows: Record<string, string>[]) =>
      predict(both, inputs, { kind: 'keys', rows, at: '2025-02-01T00:00Z' })
    const lacking = async (inputs: string[]) =>
      (await diagnosticsOf(() => keys(inputs, [{ customer_id: '1' }]))).map(
        (d) => `${d.code} ${d.parameters['column']}`,
      )
    expect(await lacking(['amount'])).toEqual(['compile/keys amount', 'compile/keys channel'])
    expect(await lacking(['r_each'])).toEqual(['compile/keys amount', 'compile/keys items', 'compile/keys channel'])
    expect((await keys(['days'], [{ customer_id: '1' }])).sql).not.toContain('LATERAL')
    const brought = [{ customer_id: '1', amount: '3.5', channel: 'web' }]
    // amount is int8 in the sample, so that is what a caller can bring.
    expect(await codesOf(() => keys(['amount'], brought))).toEqual(['compile/literal'])
  })

  test('a question that brings nothing is told what it must bring', async () => {
    const [first, ...rest] = await diagnosticsOf(() =>
      predict(dataset, ['each'], { kind: 'entities', at: '2025-02-01T00:00Z' }),
    )
    expect(rest).toEqual([])
    expect(first?.code).toBe('compile/no-anchor')
    expect(first?.message).toContain('amount, items, channel')
    expect(first?.hint).toContain('amount, items, channel')
    // What does not read them is still there for everyone.
    expect((await predict(dataset, ['days'], { kind: 'entities', at: '2025-02-01T00:00Z' })).sql).toContain('customers')
    expect(await codesOf(() => showRows(engine.db, computed))).toEqual(['compile/no-anchor'])
  })

  test('is trained and verified end to end', async () => {
    const model = p
      .model('m', { dataset, family: 'linear', label: 'sold' })
      .inputs({ amount: 'auto', odd: 'auto', days: 'auto' })
    const { record } = await trainModel(engine.db, model)
    const report = await verifyModel(engine.db, model, record)
    expect(report.checks.filter((c) => !c.ok)).toEqual([])
  })

  describe('declared wrongly', () => {
    const over = (text: string, columns: Record<string, string> = { amount: 'numeric' }) =>
      p.requestView('r', { columns }).query(() => sql.raw(text) as never)
    const codes = (view: object, sample: object = asked) =>
      codesOf(async () => {
        const { dataset: d, facts } = await prepare(p.dataset('d', { sample, target, features: [view] } as never))
        return trainingQuery(d, facts)
      })
    const timeless = p
      .sample('timeless', { entity: customer })
      .query(({ db }) => db.selectFrom('checkouts').select(['id', 'customer_id', 'amount']))

    test.each([
      [
        'a column the sample lacks',
        () => codes(p.requestView('r', { columns: { amuont: 'numeric' } })),
        ['dataset/request-column'],
      ],
      [
        'a column of another type',
        () => codes(p.requestView('r', { columns: { amount: 'text' } })),
        ['dataset/key-type'],
      ],
      ['a column the database has not', () => codes(over('select prize from spine')), ['view/database-error']],
      [
        'an instant where there is none',
        () => codes(over('select spine.as_of from spine'), timeless),
        ['time/needs-as-of'],
      ],
      ['the same feature twice', () => codes(over('select 1 as items from spine')), ['dataset/duplicate-column']],
      ['no column', () => codesOf(() => p.requestView('r', { columns: {} })), ['define/option']],
    ])('%s', async (_, found, expected) => expect(await found()).toEqual(expected))
  })

  test.each([
    ['several rows', 'select r.rate, spine.amount from spine join known_rates as r on true', 2],
    ['no row', 'select 1.5 as rate from spine where false', null],
    ['a set operation', 'select 7 as rate from spine union all select 6 from spine', 6],
    ['an expanded array', 'select unnest(array[9, 8]) as rate from spine', 8],
    ['no FROM at all', 'select 4 as rate', 4],
    [
      'its own CTE named like the sample',
      'with asked as (select amount from spine) select count(*) as rate from asked',
      1,
    ],
  ])('a query of %s changes no row', async (_, text, rate) => {
    const view = p.requestView('r', { columns: { amount: 'numeric' } }).query(() => sql.raw(text) as never)
    const { rows } = await train(
      p.dataset('d', {
        sample: asked,
        target,
        features: [(view as unknown as typeof computed).pick('rate' as never)],
      } as never),
    )
    expect(rows).toHaveLength(92)
    expect(new Set(rows.map((r) => r['rate']))).toEqual(new Set([rate]))
  })
})

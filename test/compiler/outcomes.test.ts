/** Labels lie in [as_of, as_of + horizon), features before; rows without a complete outcome are told apart. */
import { type TargetDef, trainingQuery } from '@viewcast/compiler'
import { type Numeric, prepareDataset, project, trainModel } from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

interface DB {
  orders: { buyer: number | null; ordered_at: Date; amount: Numeric | null; status: string; loaded_at: Date }
  asked: { row: number; customer_id: number | null; as_of: Date | null; half: string | null }
}

const p = project<DB>('shop')
const customer = p.entity('customer', { customer_id: 'int4' })
const events = { source: 'orders', keys: { customer_id: 'buyer' }, time: 'ordered_at' } as const
const day = (n: number, hours = 0) => new Date(Date.UTC(2025, 0, n, hours)).toISOString()

/** Customer 1 orders at both ends of the window of 5 January + 5 days; 2 has ties; 3 orders only much later. */
const orders = [
  [1, day(5), 10, 'paid'],
  [1, day(7), null, 'paid'],
  [1, day(9, 23), 30, 'open'],
  [1, day(10), 1000, 'paid'],
  [2, day(6), 7, 'open'],
  [2, day(6), 5, 'paid'],
  [null, day(6), 99, 'paid'],
  [3, day(20), 1, 'paid'],
] as const

const questions = [
  [1, 1, day(5), 'a'],
  [2, 2, day(5), 'a'],
  [3, 3, day(5), null],
  [4, null, day(5), null],
  [5, 1, null, 'b'],
  [6, 1, day(5), 'b'],
  [7, 3, day(15), 'b'],
  [8, 3, day(15, 1), 'c'],
  [9, 3, day(20), 'c'],
] as const

const value = (v: string | number | null) => (v === null ? 'NULL' : typeof v === 'number' ? String(v) : `'${v}'`)
const values = (rows: readonly (readonly (string | number | null)[])[]) =>
  rows.map((r) => `(${r.map(value).join(', ')})`).join(', ')

const asked = p.sample('asked', { entity: customer }).query(({ db }) =>
  db.selectFrom('asked').select(['row', 'customer_id', 'as_of', 'half']).$castTo<{
    row: number
    customer_id: number
    as_of: Date
    half: string | null
  }>(),
)

const declared = p.target('declared', { entity: customer, horizon: '5 days' }).outcomes({
  ...events,
  labels: (o) => ({
    came: o.exists(),
    stayed_away: o.notExists(),
    n: o.count(),
    n_amounts: o.count('amount'),
    total: o.sum('amount'),
    spent: o.sum('amount', { fill: 0 }),
    mean: o.avg('amount'),
    least: o.min('amount'),
    most: o.max('amount'),
    first_amount: o.first('amount'),
    last_status: o.last('status'),
    paid: o.count().where('status', '=', 'paid'),
    last_paid: o.last('amount').where('status', '=', 'paid').where('amount', '>', 8),
  }),
})

describeEachEngine('outcomes', (engine) => {
  beforeAll(() =>
    engine.db.execute(`
      CREATE TABLE orders (buyer int4, ordered_at timestamptz, amount numeric, status text, loaded_at timestamptz);
      INSERT INTO orders SELECT c1, c2::timestamptz, c3, c4, c2::timestamptz + interval '1 day'
        FROM (VALUES ${values(orders)}) AS v (c1, c2, c3, c4);
      CREATE TABLE asked ("row" int4, customer_id int4, as_of timestamptz, half text);
      INSERT INTO asked SELECT c1, c2, c3::timestamptz, c4 FROM (VALUES ${values(questions)}) AS v (c1, c2, c3, c4);
      CREATE VIEW order_events AS SELECT * FROM orders;
    `),
  )

  const run = async (target: TargetDef, split = p.split.none()) => {
    const dataset = p.dataset('d', { sample: { ...asked, split }, target, features: [] })
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const query = trainingQuery(d, facts)
    const rows = await engine.db.rows(`SELECT * FROM (${query.sql}) AS q ORDER BY "row"`)
    expect(rows).toHaveLength(questions.length)
    expect(Object.keys(rows[0] ?? {})).toEqual(query.columns.map((c) => c.name))
    return { ...query, rows }
  }
  const only = (rows: readonly Record<string, unknown>[], ...names: string[]) => rows.map((r) => names.map((n) => r[n]))

  test('count what lies in the window, its start within and its end outside', async () => {
    const { rows, sql: text } = await run(declared)
    expect(text).toContain('-- outcome   in [as_of, as_of + 5 days); rows whose outcome is not complete')
    const amounts = (r: Record<string, unknown>) => [r['first_amount'], r['last_paid']].map((v) => v && Number(v))
    expect(rows[0]).toMatchObject({
      came: true,
      stayed_away: false,
      n: '3',
      n_amounts: '2',
      total: 40,
      spent: 40,
      mean: 20,
      least: 10,
      most: 30,
      last_status: 'open',
      paid: '2',
    })
    expect(amounts(rows[0] ?? {})).toEqual([10, 10])
    expect(rows[1]).toMatchObject({ n: '2', total: 12, mean: 6, last_status: 'open', paid: '1', last_paid: null })
    expect(amounts(rows[1] ?? {})[0]).toBe(5)
    expect(rows[2]).toMatchObject({ came: false, stayed_away: true, n: '0', total: null, spent: 0, last_status: null })
    // The same question twice is answered twice.
    expect({ ...rows[5], row: 1, half: 'a' }).toEqual(rows[0])
  })

  test('a question without a key or an instant has none', async () => {
    const { rows } = await run({ ...declared, censored: 'keep' })
    for (const row of [3, 4])
      expect(only(rows.slice(row, row + 1), 'came', 'stayed_away', 'n')).toEqual([[null, null, null]])
  })

  test('rows that end after the last event are dropped, flagged or kept', async () => {
    const dropped = await run(declared, p.split.hash({ test: 0.5 }))
    expect(only(dropped.rows, '_censored')).toEqual(
      [false, false, false, false, true, false, false, true, true].map((c) => [c]),
    )
    for (const row of dropped.rows) {
      expect(row['_split'] === null).toBe(row['_censored'])
      if (row['_censored']) expect(row).toMatchObject({ came: null, n: null, spent: null })
    }
    const flagged = await run({ ...declared, censored: 'flag' }, p.split.hash({ test: 0.5 }))
    expect(only(flagged.rows, '_censored')).toEqual(only(dropped.rows, '_censored'))
    expect(flagged.rows.every((r) => r['_split'] !== null)).toBe(true)
    expect(flagged.rows[8]).toMatchObject({ came: true, n: '1' })
    const kept = await run({ ...declared, censored: 'keep' })
    expect(kept.columns.map((c) => c.name)).not.toContain('_censored')
    expect(kept.rows[8]).toMatchObject({ came: true, n: '1' })
  })

  describe('what is known until when', () => {
    const known = async (target: TargetDef): Promise<unknown[]> => {
      const { rows } = await run({ ...target, censored: 'flag' })
      return rows.filter((r) => r['_censored'] === false).map((r) => r['row'])
    }
    const labels = { labels: (o: never) => ({ came: (o as { exists(): object }).exists() }) } as never
    const until = (knownUntil: never) =>
      known(
        p
          .target('t', { entity: customer, horizon: '5 days', knownUntil })
          .outcomes({ ...events, ...(labels as object) } as never),
      )

    test.each([
      ['an instant', '2025-01-10T00:00Z', [1, 2, 3, 4, 6]],
      ['an instant a microsecond too early', '2025-01-09T23:59:59.999999Z', []],
      ['a column of the events', { column: 'loaded_at' }, [1, 2, 3, 4, 6, 7, 8]],
      ['a column of a relation', { source: 'order_events', column: 'ordered_at' }, [1, 2, 3, 4, 6, 7]],
      ['a query', () => sql`select timestamptz '2025-01-25 00:00Z'`, [1, 2, 3, 4, 6, 7, 8, 9]],
      ['a query without rows', () => sql`select timestamptz '2025-01-25 00:00Z' where false`, []],
    ])('%s', async (_, knownUntil, rows) => {
      expect(await until(knownUntil as never)).toEqual(rows)
    })

    test('events without a row know nothing, and every question is still there', async () => {
      const target = p.target('t', { entity: customer, horizon: '5 days' }).outcomes({
        source: ({ db }) => db.selectFrom('orders').selectAll().where('status', '=', 'gone'),
        keys: { customer_id: 'buyer' },
        time: 'ordered_at',
        labels: (o) => ({ came: o.exists() }),
      })
      expect(await known(target)).toEqual([])
    })

    const over = (from: 'orders' | 'order_events' | 'pays') =>
      p.target('t', { entity: customer, horizon: '5 days' }).query(
        () => sql<{ customer_id: number; as_of: Date; came: boolean }>`
          select s.customer_id, s.as_of, count(o.buyer) > 0 as came from spine as s
          left join ${sql.table(from)} as o on o.buyer = s.customer_id and o.ordered_at >= s.as_of
            and o.ordered_at < s.as_of + interval '5 days'
          group by 1, 2`,
      )

    test('is found for a query over spine where there is one candidate only', async () => {
      await engine.db.execute('CREATE TABLE IF NOT EXISTS pays AS SELECT buyer, ordered_at FROM orders')
      expect(await known(over('pays'))).toEqual([1, 2, 3, 4, 6, 7])
      const two = await run(over('orders'))
      expect(two.warnings.map((w) => w.code)).toEqual(['time/known-until'])
      expect(two.columns.map((c) => c.name)).not.toContain('_censored')
      // Declared, there is nothing to warn of.
      const told = await run({ ...over('orders'), knownUntil: { kind: 'instant', at: '2025-01-10T00:00Z' } })
      expect(told.warnings).toEqual([])
      expect(told.columns.map((c) => c.name)).toContain('_censored')
    })
  })

  test('what is declared wrongly is told by name', async () => {
    const wrong = {
      time: 'orderd_at',
      keys: { customer_id: 'buyr' },
      labels: { x: { function: 'sum', column: 'status' } },
    }
    const outcomes = wrong as unknown as NonNullable<TargetDef['outcomes']>
    expect(await codesOf(() => run({ ...declared, outcomes }))).toEqual([
      'view/unknown-column',
      'view/unknown-column',
      'model/label-type',
    ])
    const knownUntil = (relation: string, column: string) =>
      codesOf(() => run({ ...declared, knownUntil: { kind: 'column', relation: { name: relation }, column } }))
    expect(await knownUntil('ordrs', 'x')).toEqual(['view/unknown-relation'])
    expect(await knownUntil('orders', 'x')).toEqual(['view/unknown-column'])
    expect(await knownUntil('orders', 'amount')).toEqual(['time/type'])
    const timeless = p
      .sample('timeless', { entity: customer })
      .query(({ db }) => db.selectFrom('asked').select('customer_id').$castTo<{ customer_id: number }>())
    const dataset = p.dataset('d', { sample: timeless, target: declared, features: [] })
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    expect(await codesOf(() => trainingQuery(d, facts))).toEqual(['time/needs-as-of'])
    expect(
      await codesOf(() =>
        p.target('t', { entity: customer }).outcomes({ ...events, labels: (o) => ({ x: o.exists() }) }),
      ),
    ).toEqual(['define/option'])
  })

  test('training leaves the censored rows out and says how many', async () => {
    const hashed = { ...asked, split: p.split.none() }
    const dataset = p.dataset('d', { sample: hashed, target: declared, features: [] })
    const size = p.featureView('size', { entity: customer }).query(
      () => sql<{ customer_id: number; size: number }>`
      select g as customer_id, g * g as size from generate_series(1, 3) as g`,
    )
    const model = p.model('m', {
      dataset: { ...dataset, features: [{ view: size }] } as never,
      family: 'linear',
      label: 'spent',
      solver: 'cholesky',
    } as never)
    const { record } = await trainModel(engine.db, { ...model, penalty: { l1: 0, l2: 1 } } as never)
    expect(record.dataset).toMatchObject({
      trainRows: 5,
      testRows: 0,
      leftOut: { censored: 3, gap: 0, unlabelled: 1, weightless: 0 },
    })
  })
})

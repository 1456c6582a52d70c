/** `showRows` of every kind of definition: what it gives, or what it needs. */
import { instant, project, showRows } from '@viewcast/sdk'
import { type RawBuilder, sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'

interface DB {
  users: { user_id: number; country: string }
  orders: { user_id: number; at: Date; amount: number }
}
const p = project<DB>('shop')
const user = p.entity('user', { user_id: 'int4' }, { from: 'users' })
const nowhere = p.entity('visitor', { user_id: 'int4' })
const text = (query: RawBuilder<unknown>): never => (() => query) as never

const sample = p
  .sample('asked', { entity: user })
  .query(text(sql`select user_id, timestamptz '2024-01-10Z' as as_of from users;`))
const profile = p
  .featureView('profile', { entity: user })
  .query(({ db }) => db.selectFrom('users').select(['user_id', 'country']))
const balance = p
  .featureView('balance', { entity: user, time: 'at' } as never)
  .query(text(sql`select user_id, at, amount from orders`))
const recency = p.windowView('recency', { entity: user }).query(
  text(sql`select spine.user_id, spine.as_of, count(o.at) as orders
      from spine left join orders o on o.user_id = spine.user_id and o.at < spine.as_of group by 1, 2`),
)
const spending = (entity: unknown) =>
  p.aggregates('spending', {
    entity,
    source: 'orders',
    time: 'at',
    windows: { '7d': '7 days' },
    features: (a: { sum: (c: string) => object }) => ({ amount: a.sum('amount') }),
  } as never)
const once = p.target('once', { entity: user }).query(text(sql`select user_id, country = 'de' as german from users`))
const writtenOver = (entity: unknown) =>
  p.target('next', { entity, horizon: '7 days', knownUntil: '2025-01-01T00:00Z' } as never).query(
    text(sql`select s.user_id, s.as_of, count(o.at) > 0 as bought from spine s
      left join orders o on o.user_id = s.user_id and o.at >= s.as_of and o.at < s.as_of + interval '168 hours'
      group by s.user_id, s.as_of`),
  )
const outcomes = (entity: unknown) =>
  p.target('later', { entity, horizon: '7 days', knownUntil: '2025-01-01T00:00Z' } as never).outcomes({
    source: 'orders',
    time: 'at',
    labels: (a: { exists: () => object; sum: (c: string) => object }) => ({
      bought: a.exists(),
      spent: a.sum('amount'),
    }),
  } as never)
const request = p.requestView('basket', { entity: user, columns: { price: 'float8' } } as never)

const at = '2024-01-10T00:00Z'
const asOf = '2024-01-10 00:00:00+00'

describeEachEngine('showing on', (engine) => {
  beforeAll(() =>
    engine.db.execute(`
      CREATE TABLE users (user_id int4 PRIMARY KEY, country text);
      CREATE TABLE orders (user_id int4 NOT NULL, at timestamptz NOT NULL, amount float8 NOT NULL);
      INSERT INTO users VALUES (1, 'de'), (2, 'fr');
      INSERT INTO orders VALUES (1, '2024-01-08Z', 5), (1, '2024-01-12Z', 7), (2, '2024-01-30Z', 9);
    `),
  )
  const shown = async (definition: unknown) => {
    const { columns, rows } = await showRows(engine.db, definition as never, { at })
    const named = rows.map((row) => Object.fromEntries(columns.map((c, i) => [c.name, row[i]])))
    return named.sort((a, b) => Number(a.user_id) - Number(b.user_id))
  }

  test.each([
    ['a sample', sample, { user_id: 1, as_of: asOf }, { user_id: 2, as_of: asOf }],
    ['a static view', profile, { user_id: 1, country: 'de' }, { user_id: 2, country: 'fr' }],
    ['a history', balance, { user_id: 1, as_of: asOf, amount: 5 }, { user_id: 2, as_of: asOf, amount: null }],
    ['a window view', recency, { user_id: 1, as_of: asOf, orders: 1 }, { user_id: 2, as_of: asOf, orders: 0 }],
    ['an aggregates view', spending(user), { user_id: 1, as_of: asOf, amount_7d: 5 }, { user_id: 2, amount_7d: null }],
    ['a target', once, { user_id: 1, german: true }, { user_id: 2, german: false }],
    [
      'a target over spine',
      writtenOver(user),
      { user_id: 1, as_of: asOf, bought: true },
      { user_id: 2, as_of: asOf, bought: false },
    ],
    [
      'outcomes',
      outcomes(user),
      { user_id: 1, as_of: asOf, bought: true, spent: 7 },
      { user_id: 2, bought: false, spent: null },
    ],
  ])('%s', async (_, definition, first, second) => {
    expect(instant(at)).toBeTruthy()
    expect(await shown(definition)).toMatchObject([first, second])
    // Without an instant it is asked as of now, which is no error either.
    expect((await showRows(engine.db, definition as never)).rows).toHaveLength(2)
  })

  test.each([
    ['an aggregates view', spending(nowhere)],
    ['a target over spine', writtenOver(nowhere)],
    ['outcomes', outcomes(nowhere)],
  ])('%s of an entity that no relation lists', async (_, definition) => {
    const found = await diagnosticsOf(() => showRows(engine.db, definition as never, { at }))
    expect(found).toMatchObject([{ code: 'compile/no-anchor' }])
    expect(found[0]?.message).toContain('"visitor"')
    expect(found[0]?.hint).toBe("Declare it: entity('visitor', { … }, { from: 'table' }).")
  })

  test('a request view says what asks it', async () => {
    const [found] = await diagnosticsOf(() => showRows(engine.db, request as never, { at }))
    expect(found).toMatchObject({ code: 'compile/no-anchor', parameters: { entity: 'user', columns: 'price' } })
    expect(found?.hint).toContain('Show a dataset that uses view "basket"')
  })

  test('a target over spine without as_of or without a key is told as in training', async () => {
    const lacking = p
      .target('lacking', { entity: user } as never)
      .query(text(sql`select count(*) > 0 as bought, s.as_of from spine s group by s.as_of`))
    const found = await diagnosticsOf(() => showRows(engine.db, lacking as never, { at }))
    expect(found.map((d) => d.code)).toContain('view/missing-key')
  })

  test('a static view or sample that reads spine is told what may', async () => {
    const wrong = p.featureView('wrong', { entity: user }).query(text(sql`select user_id, as_of from spine`))
    const [found] = await diagnosticsOf(() => showRows(engine.db, wrong as never))
    expect(found).toMatchObject({
      code: 'view/unknown-relation',
      parameters: { relation: 'spine' },
      hint: 'Only window views, request views and targets are asked over spine.',
    })
  })
})

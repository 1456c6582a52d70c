/** What declared aggregates refuse when the types did not: each problem with its view, aggregate and column, all at once. */
import { type Database, project, trainingQuery } from '@viewcast/sdk'
import { openTestDatabase } from '@viewcast/sdk/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codesOf, diagnosticsOf } from './codes-of.ts'

interface DB {
  users: { user_id: number; joined: Date }
  visits: Record<'user_id' | 'at' | 'seconds' | 'page' | 'stay' | 'day' | 'tags' | 'done' | 'extra', never>
}

// Declared loosely, as in JavaScript: what is wrong here would not compile.
const p = project<DB>('shop')
const user = p.entity('user', { user_id: 'int4' }, { from: 'users' })
const asked = p
  .sample('asked', { entity: user })
  .query(({ db }) => db.selectFrom('users').select(['user_id', 'joined as as_of']))

let db: Database
beforeAll(async () => {
  db = await openTestDatabase()
  await db.execute(`
    create table users (user_id int4 primary key, joined timestamptz);
    create table visits (user_id int4, at timestamptz, seconds float8, page text, stay interval, day date, tags text[],
                         done bool, extra jsonb);
  `)
})
afterAll(() => db.close())

type Builder = Record<string, (...args: unknown[]) => { where(...args: unknown[]): unknown }>
const compiled = (features: (a: Builder) => unknown, more: object = {}) => {
  const options = { entity: user, source: 'visits', time: 'at', windows: { '7d': '7 days' }, features, ...more }
  const view = p.aggregates('recent', options as never)
  return trainingQuery(db, p.dataset('d', { sample: asked, features: [view] } as never))
}

describe('a function and a column that do not fit', () => {
  it.each<[string, (a: Builder) => unknown, string]>([
    ['a sum of text', (a) => ({ n: a['sum']?.('page') }), 'sum cannot take "page", which is text'],
    ['a mean of intervals', (a) => ({ n: a['avg']?.('stay') }), 'avg cannot take "stay", which is interval'],
    ['the maximum of instants', (a) => ({ n: a['max']?.('at') }), 'max cannot take "at", which is timestamptz'],
    ['the minimum of booleans', (a) => ({ n: a['min']?.('done') }), 'min cannot take "done", which is bool'],
    ['the deviation of text', (a) => ({ n: a['stddev']?.('page') }), 'stddev cannot take "page", which is text'],
    ['the last array', (a) => ({ n: a['last']?.('tags') }), 'last cannot take "tags", which is _text'],
    [
      'distinct JSON',
      (a) => ({ n: a['countDistinct']?.('extra') }),
      'countDistinct cannot take "extra", which is jsonb',
    ],
    [
      'a ratio of texts',
      (a) => ({ n: a['ratio']?.(a['last']?.('page'), a['count']?.()) }),
      'ratio cannot take "page", which is text',
    ],
  ])('view/aggregate-type: %s', async (_, features, sentence) => {
    const found = await diagnosticsOf(() => compiled(features))
    expect(found.map((d) => d.code)).toEqual(['view/aggregate-type'])
    expect(found[0]?.message).toBe(`view "recent", aggregate "n": ${sentence}`)
    expect(found[0]?.hint).toBeTruthy()
  })
})

describe('a filter and a column that do not fit', () => {
  it.each<[string, unknown[], string]>([
    ['text with a number', ['page', '=', 5], 'compares it with a number'],
    ['a number with text', ['seconds', '>', 'long'], 'compares it with a text'],
    ['a boolean with text', ['done', '=', 'true'], 'compares it with a text'],
    ['an instant without a zone', ['at', '>', '2024-03-01 12:00'], 'compares it with a text'],
    ['a day with words', ['day', '>', 'yesterday'], 'compares it with a text'],
    ['an array', ['tags', '=', 'a'], 'compares it with a text'],
    ['NULL', ['page', '=', null], 'compares it with NULL'],
    ['NULL in a list', ['page', 'in', ['a', null]], 'compares it with NULL'],
    ['one value for a list', ['page', 'in', 'a'], 'compares it with one value'],
    ['a list for one value', ['page', '=', ['a']], 'compares it with a list'],
  ])('view/filter-value: %s', async (_, where, sentence) => {
    const found = await diagnosticsOf(() => compiled((a) => ({ n: a['count']?.().where(...where) })))
    expect(found.map((d) => d.code)).toEqual(['view/filter-value'])
    expect(found[0]?.message).toContain(`view "recent", aggregate "n": the filter on "${where[0]}"`)
    expect(found[0]?.message).toContain(sentence)
  })

  it.each<[string, unknown[]]>([
    ['an operator there is not', ['page', 'like', 'a%']],
    ['a Date that is none', ['at', '>', new Date('soon')]],
  ])('define/option: %s', async (_, where) => {
    expect(await codesOf(async () => compiled((a) => ({ n: a['count']?.().where(...where) })))).toEqual([
      'define/option',
    ])
  })
})

it('view/unknown-column: in a filter, a tie-break and a side of a ratio, with the nearest, and with all other problems', async () => {
  const found = await diagnosticsOf(() =>
    compiled(
      (a) => ({
        n: a['count']?.().where('pgae', '=', 'a'),
        r: a['ratio']?.(a['sum']?.('second'), a['count']?.()),
        s: a['sum']?.('page'),
      }),
      { sequence: ['idd'] },
    ),
  )
  expect(found.map((d) => [d.code, d.parameters['column']])).toEqual([
    ['view/unknown-column', 'idd'],
    ['view/unknown-column', 'second'],
    ['view/unknown-column', 'pgae'],
    ['view/aggregate-type', 'page'],
  ])
  expect(found[2]?.hint).toBe('Did you mean "page"?')
})

it('define/option: a fill of another type than the column', async () => {
  const found = await diagnosticsOf(() => compiled((a) => ({ n: a['last']?.('page', { fill: 0 }) })))
  expect(found.map((d) => d.message)).toEqual([
    'fill of aggregate "n" of view "recent" is a number, and the column is text',
  ])
})

it.each(['1 month', '2 years', 'ever', ''])('time/window: %j', async (length) => {
  const windows = { w: length }
  expect(await codesOf(async () => compiled((a) => ({ n: a['count']?.() }), { windows }))).toEqual(['time/window'])
})

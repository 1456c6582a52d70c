import { beforeAll, expect, test } from 'vitest'
import { sqlFacts } from '../front/sql/facts.ts'
import { loadParser } from '../front/sql/parser.ts'
import type { Catalog } from '../ir/catalog.ts'
import { spineColumns } from './spine-columns.ts'
import { uniqueKeys } from './unique-keys.ts'

beforeAll(loadParser)

const column = (name: string, type: string) => ({ name, type, nullable: true })
const catalog: Catalog = {
  searchPath: ['public'],
  serverVersion: 18,
  relations: [
    {
      schema: 'public',
      name: 'orders',
      kind: 'table',
      columns: [
        column('order_id', 'int8'),
        column('customer', 'uuid'),
        column('shop', 'text'),
        column('at', 'timestamptz'),
      ],
      indexes: [{ name: 'orders_pkey', columns: ['order_id'], unique: true, total: true }],
    },
  ],
}
const facts = (sql: string) => sqlFacts(sql, { view: 'view "v"', file: 'v' })
const columns = (sql: string) => spineColumns(facts(sql), catalog)?.map((c) => `${c.name} ${c.type}`)

test.each([
  ['select customer, as_of from orders', undefined],
  ['select customer, as_of from other.spine', undefined],
  ['select s.c, s.as_of from spine s left join orders o on o.customer = s.c and o.at < s.as_of', ['c uuid']],
  ['select * from spine join orders using (customer, shop)', ['customer uuid', 'shop text']],
  ['select shop, as_of, 1 as n from spine', ['shop undefined']],
  [
    'with q as (select shop, as_of from spine) select q.shop, count(o.*) from q join orders o on o.shop = q.shop',
    ['shop text'],
  ],
  ['select spine.shop from spine cross join orders', ['shop text']],
  [
    'select spine.k, (select max(at) from orders where customer = spine.k and at < spine.as_of) from spine',
    ['k undefined'],
  ],
])('spine columns of %s are %j', (sql, expected) => {
  expect(columns(sql)).toEqual(expected)
})

test.each([
  ['select order_id, customer, shop from orders', ['order_id'], 'source'],
  ['select customer, shop, count(*) as n from orders group by 1, 2', ['customer', 'shop'], 'group by'],
  ['select distinct on (shop) shop, customer from orders order by shop, at', ['shop'], 'distinct on'],
])('the smallest key of %s', (sql, expected, by) => {
  expect(uniqueKeys(facts(sql), ['customer', 'shop', 'order_id', 'n'], catalog)).toEqual([{ columns: expected, by }])
})

test('every minimal key is found, however wide', () => {
  const wide = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const relation = {
    schema: 'public',
    name: 'wide',
    kind: 'table' as const,
    columns: wide.map((c) => column(c, 'int4')),
    indexes: [['a'], ['b', 'c'], ['c', 'd', 'e', 'f', 'g'], ['a', 'b']].map((columns, i) => ({
      name: `i${i}`,
      columns,
      unique: true,
      total: true,
    })),
  }
  const found = uniqueKeys(facts('select * from wide'), wide, { ...catalog, relations: [relation] })
  expect(found.map((k) => k.columns.join(' '))).toEqual(['a', 'b c', 'c d e f g'])
})

test('rows that are not proven unique have no key, whatever is tried', () => {
  const many = Array.from({ length: 40 }, (_, i) => `c${i}`)
  expect(uniqueKeys(facts('select customer, shop from orders'), ['customer', 'shop', ...many], catalog)).toEqual([])
  expect(uniqueKeys(facts('select 1 as a union select 2'), ['a'], catalog)).toEqual([])
})

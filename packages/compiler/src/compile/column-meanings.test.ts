import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../front/sql/parser.ts'
import type { Catalog, CatalogRelation } from '../ir/catalog.ts'
import type { AggregatesView, EntityDef, FeatureView } from '../ir/definition.ts'
import { columnMeanings } from './column-meanings.ts'

beforeAll(loadParser)

const column = (name: string) => ({ name, type: 'int4', nullable: true })
const table = (name: string, columns: string[], unique: string[] = []): CatalogRelation => ({
  schema: 'public',
  name,
  kind: 'table',
  columns: columns.map(column),
  indexes: unique.length === 0 ? [] : [{ name: `${name}_key`, columns: unique, unique: true, total: true }],
})
const catalogWith = (definition: string): Catalog => ({
  searchPath: ['public'],
  serverVersion: 18,
  relations: [
    table('orders', ['id', 'customer', 'amount', 'at', 'country'], ['id']),
    table('customers', ['customer', 'country', 'joined'], ['customer']),
    { ...table('spent', ['customer', 'total', 'n']), kind: 'view', definition },
  ],
})
const spent = 'SELECT customer, sum(amount) AS total, count(*) AS n FROM public.orders GROUP BY customer'
const entity: EntityDef = { kind: 'entity', name: 'customer', keys: [{ name: 'customer', type: 'int4' }] }
const viewOf = (text: string, kind: 'static' | 'window' = 'window'): FeatureView =>
  ({
    kind,
    name: 'v',
    entity,
    features: {},
    query: { kind: 'sql', text, origin: { kind: 'generated' } },
  }) as FeatureView
const meanings = (text: string, definition = spent) =>
  columnMeanings(viewOf(text), {
    catalog: catalogWith(definition),
    columns: () => ['customer', 'as_of', 'a', 'b'].map(column),
  })
/** Names of columns whose meaning is another one. */
const changed = (before: string, after: string, definitions: [string, string] = [spent, spent]): string[] => {
  const [x, y] = [meanings(before, definitions[0]), meanings(after, definitions[1])]
  return [...x.keys()].filter((c) => x.get(c) !== y.get(c))
}

const windowed = `
  SELECT s.customer, s.as_of, sum(o.amount) AS a, count(o.id) FILTER (WHERE o.amount > 0) AS b
  FROM spine s LEFT JOIN orders o ON o.customer = s.customer AND o.at < s.as_of GROUP BY s.customer, s.as_of`

test.each([
  ['layout and comments', windowed.replaceAll(/\s+/g, ' ').replace('sum', '/* all */ SUM')],
  ['aliases', windowed.replaceAll('o.', 'x.').replace('orders o', 'orders AS x')],
  ['no alias', windowed.replaceAll('o.', 'orders.').replace('orders o', 'orders')],
  ['a schema that is found anyway', windowed.replace('orders o', 'public.orders o')],
  ['a name that means the same with and without its relation', windowed.replace('sum(o.amount)', 'sum(amount)')],
  ['the order of columns', windowed.replace(/(sum.*AS a), (count.*AS b)/, '$2, $1')],
  ['places for names', windowed.replace('GROUP BY s.customer, s.as_of', 'GROUP BY 1, 2')],
  ['a column nobody takes', windowed.replace('AS b', 'AS b, max(o.at) AS c')],
])('%s changes nothing', (_, after) => {
  expect(changed(windowed, after)).toEqual([])
})

test.each([
  ['what one column says', windowed.replace('sum(o.amount)', 'avg(o.amount)'), ['a']],
  ['a constant in it', windowed.replace('> 0', '> 1'), ['b']],
  ['which rows there are', windowed.replace('o.at <', 'o.at <='), ['a', 'b']],
  ['another table', windowed.replace('orders o', 'orders2 o'), ['a', 'b']],
  ['what is joined and read by all', windowed.replace('LEFT JOIN', 'JOIN'), ['a', 'b']],
])('%s changes what is made of it', (_, after, expected) => {
  expect(changed(windowed, after)).toEqual(expected)
})

test('one meaning has several spellings', () => {
  const spelt = (a: string) =>
    `SELECT s.customer, s.as_of, ${a} AS a, 1 AS b FROM spine s JOIN orders o USING (customer)`
  expect(changed(spelt('o.id != 1'), spelt('(o.id <> 1)'))).toEqual([])
  expect(changed(spelt('o.id::int8'), spelt('CAST(o.id AS bigint)'))).toEqual([])
  expect(changed(spelt('abs(o.id)'), spelt('pg_catalog.abs(o.id)'))).toEqual([])
  expect(changed(spelt('o.id::int8'), spelt('o.id::int4'))).toEqual(['a'])
  expect(changed(spelt("'x'"), spelt("'X'"))).toEqual(['a'])
})

test('columns of queries below are told apart', () => {
  const over = (total: string, more = '') =>
    `WITH t AS (SELECT customer, ${total} AS total, count(*) AS n FROM orders${more} GROUP BY customer)
     SELECT s.customer, s.as_of, t.total AS a, t.n AS b FROM spine s LEFT JOIN t USING (customer)`
  expect(changed(over('sum(amount)'), over('avg(amount)'))).toEqual(['a'])
  expect(changed(over('sum(amount)'), over('sum(amount)', ' WHERE amount > 0'))).toEqual(['a', 'b'])
})

test('views of the database are followed down to their tables', () => {
  const text =
    'SELECT s.customer, s.as_of, t.total AS a, t.n AS b FROM spine s LEFT JOIN spent t ON t.customer = s.customer'
  expect(changed(text, text, [spent, spent.replace('sum', 'avg')])).toEqual(['a'])
  expect(changed(text, text, [spent, spent.replace('count(*)', 'count(id)')])).toEqual(['b'])
  expect(changed(text, text, [spent, spent.replace('public.orders', 'public.orders WHERE amount > 0')])).toEqual([
    'a',
    'b',
  ])
})

test('a join that only another column reads is of no concern, when it can make no rows', () => {
  const over = (lateral: string, on = 'true') =>
    `SELECT s.customer, s.as_of, x.v AS a, y.v AS b FROM spine s
     LEFT JOIN LATERAL (SELECT sum(amount) AS v FROM orders o WHERE o.customer = s.customer) x ON true
     LEFT JOIN LATERAL (${lateral}) y ON ${on}`
  const one = 'SELECT count(*) AS v FROM orders p WHERE p.customer = s.customer'
  expect(changed(over(one), over(`${one} AND p.amount > 0`))).toEqual(['b'])
  const many = 'SELECT p.amount AS v FROM orders p WHERE p.customer = s.customer'
  expect(changed(over(many), over(`${many} AND p.amount > 0`))).toEqual(['a', 'b'])
  const last = `${many} ORDER BY p.at DESC LIMIT 1`
  expect(changed(over(last), over(last.replace('DESC', 'ASC')))).toEqual(['b'])
  const tied = last.replace('LIMIT 1', 'FETCH FIRST 1 ROW WITH TIES')
  expect(changed(over(tied), over(tied.replace('DESC', 'ASC')))).toEqual(['a', 'b'])
  const keyed = (more: string) => `SELECT p.customer AS k, max(p.amount) AS v FROM orders p${more} GROUP BY p.customer`
  expect(changed(over(keyed(''), 'y.k = s.customer'), over(keyed(' WHERE p.amount > 0'), 'y.k = s.customer'))).toEqual([
    'b',
  ])
  expect(changed(over(keyed(''), 'y.k > s.customer'), over(keyed(' WHERE p.amount > 0'), 'y.k > s.customer'))).toEqual([
    'a',
    'b',
  ])
  const lookup = (extra: string) =>
    `SELECT s.customer, s.as_of, 1 AS a, c.country AS b FROM spine s LEFT JOIN customers c ON c.customer = s.customer${extra}`
  expect(changed(lookup(''), lookup(' AND c.joined > 3'))).toEqual(['b'])
})

test('what decides about all rows counts for every column', () => {
  const over = (list: string, more = '') => `SELECT ${list} FROM spine s JOIN orders o USING (customer)${more}`
  const list = 'customer, as_of, o.amount AS a, o.country AS b'
  expect(changed(over(`DISTINCT ${list}`), over(`DISTINCT ${list}, o.id`))).toEqual(['a', 'b'])
  expect(
    changed(
      over(`DISTINCT ON (customer, as_of) ${list}`, ' ORDER BY 1, 2, o.at'),
      over(`DISTINCT ON (customer, as_of) ${list}`, ' ORDER BY 1, 2, o.id'),
    ),
  ).toEqual(['a', 'b'])
  expect(
    changed(
      over(`DISTINCT ON (customer, as_of) ${list}`, ' ORDER BY 1, 2, o.at'),
      over(`DISTINCT ON (customer, as_of) ${list.replace('o.country', 'o.id')}`, ' ORDER BY 1, 2, o.at'),
    ),
  ).toEqual(['b'])
  expect(changed(over(list), over(`${list}, unnest(ARRAY[1, 2]) AS c`))).toEqual(['a', 'b'])
})

test('arms of a union match by place', () => {
  const union = (first: string, second: string, all = 'ALL') =>
    `SELECT s.customer, s.as_of, u.x AS a, u.y AS b FROM spine s JOIN (SELECT customer, ${first} FROM orders UNION ${all} SELECT customer, ${second} FROM customers) u ON u.customer = s.customer`
  const before = union('amount AS x, id AS y', 'country AS p, joined AS q')
  expect(changed(before, union('amount AS x, id AS y', 'country AS p, joined + 1 AS q'))).toEqual(['b'])
  expect(changed(before, union('amount AS x, id AS y', 'joined AS q, country AS p'))).toEqual(['a', 'b'])
  const distinct = union('amount AS x, id AS y', 'country AS p, joined AS q', '')
  expect(changed(distinct, union('amount AS x, id AS y', 'country AS p, joined + 1 AS q', ''))).toEqual(['a', 'b'])
})

test('new names by place keep what they stand for', () => {
  const named = (list: string) =>
    `SELECT s.customer, s.as_of, q.x AS a, q.y AS b FROM spine s JOIN (SELECT customer, ${list} FROM orders) AS q (c, x, y) ON q.c = s.customer`
  expect(changed(named('amount, id'), named('amount, id + 1'))).toEqual(['b'])
  expect(changed(named('amount, id'), named('id, amount'))).toEqual(['a', 'b'])
})

test('recursive queries, queries in expressions and what is not known are taken whole', () => {
  const tree = (step: string) =>
    `WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + ${step} FROM r WHERE n < 9)
     SELECT s.customer, s.as_of, (SELECT max(n) FROM r) AS a, 2 AS b FROM spine s`
  expect(changed(tree('1'), tree('2'))).toEqual(['a'])
  const scalar = (more: string) =>
    `SELECT s.customer, s.as_of, (SELECT max(o.amount) FROM orders o WHERE o.customer = s.customer${more}) AS a, 2 AS b FROM spine s`
  expect(changed(scalar(''), scalar(' AND o.at < s.as_of'))).toEqual(['a'])
  const call = (list: string) =>
    `SELECT s.customer, s.as_of, f.x AS a, f.y AS b FROM spine s, own_function(s.customer) AS f (${list})`
  expect(changed(call('x, y'), call('y, x'))).toEqual(['a', 'b'])
})

test('stars mean the columns they mean', () => {
  const star = (inner: string) => `SELECT q.* FROM (SELECT s.customer, s.as_of, ${inner} FROM spine s) q`
  expect(changed(star('1 AS a, 2 AS b'), star('1 AS a, 3 AS b'))).toEqual(['b'])
})

test('a chain of queries that each read the one before twice takes no time', () => {
  const chain = (first: string) => {
    const steps = Array.from(
      { length: 40 },
      (_, i) => `q${i + 1} AS (SELECT l.customer, l.v + r.v AS v FROM q${i} l JOIN q${i} r USING (customer))`,
    )
    return `WITH q0 AS (SELECT customer, ${first} AS v FROM orders), ${steps.join(', ')}
      SELECT s.customer, s.as_of, q40.v AS a, 1 AS b FROM spine s LEFT JOIN q40 ON q40.customer = s.customer`
  }
  expect(changed(chain('amount'), chain('id'))).toEqual(['a'])
})

test('queries of one name in two places are two', () => {
  const two = (second: string) =>
    `SELECT s.customer, s.as_of, l.v AS a, r.v AS b FROM spine s
     LEFT JOIN (WITH q AS (SELECT customer, sum(amount) AS v FROM orders GROUP BY customer) SELECT * FROM q) l ON l.customer = s.customer
     LEFT JOIN (WITH q AS (SELECT customer, ${second} AS v FROM orders GROUP BY customer) SELECT * FROM q) r ON r.customer = s.customer`
  expect(changed(two('sum(amount)'), two('max(amount)'))).toEqual(['b'])
})

test('declared windows are told apart by what they count and how far back', () => {
  const declared = (spec: Partial<AggregatesView['spec']>): AggregatesView => ({
    kind: 'aggregates',
    name: 'v',
    entity,
    features: {},
    spec: {
      source: { kind: 'sql', text: 'SELECT customer, at, amount, id FROM orders', origin: { kind: 'generated' } },
      keys: { customer: 'customer' },
      time: 'at',
      windows: { w: '7 days', m: '30 days' },
      aggregates: { n: { function: 'count' }, s: { function: 'sum', column: 'amount' } },
      ...spec,
    },
  })
  const facts = { catalog: catalogWith(spent), columns: () => ['customer', 'at', 'amount', 'id'].map(column) }
  const differing = (spec: Partial<AggregatesView['spec']>): string[] => {
    const [x, y] = [columnMeanings(declared({}), facts), columnMeanings(declared(spec), facts)]
    return [...x.keys()].filter((c) => x.get(c) !== y.get(c))
  }
  expect(differing({ windows: { w: '168 hours', m: '30 days' } })).toEqual([])
  expect(differing({ windows: { w: '8 days', m: '30 days' } })).toEqual(['n_w', 's_w'])
  expect(differing({ aggregates: { n: { function: 'count' }, s: { function: 'avg', column: 'amount' } } })).toEqual([
    's_w',
    's_m',
  ])
  const text = (amount: string, more = '') => ({
    kind: 'sql' as const,
    text: `SELECT customer, at, ${amount} AS amount, id FROM orders${more}`,
    origin: { kind: 'generated' as const },
  })
  expect(differing({ source: text('amount * 2') })).toEqual(['s_w', 's_m'])
  expect(differing({ source: text('amount', ' WHERE amount > 0') })).toEqual(['n_w', 'n_m', 's_w', 's_m'])
})

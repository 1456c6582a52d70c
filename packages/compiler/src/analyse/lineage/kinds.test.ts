/** Which way a column enters, for each of the ways, and what does not enter at all. */
import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../front/sql/parser.ts'
import type { Catalog } from '../../ir/catalog.ts'
import { viewsReading } from '../dependents.ts'
import { influences, isDirect, lineageOf, openLineage } from '../lineage.ts'

beforeAll(loadParser)

const table = (name: string, columns: string[], schema = 'public') => ({
  schema,
  name,
  kind: 'table' as const,
  columns: columns.map((c) => ({ name: c, type: 'int4', nullable: true })),
  indexes: [],
})
const view = (name: string, columns: string[], definition: string) => ({
  ...table(name, columns),
  kind: 'view' as const,
  definition,
})
const catalog: Catalog = {
  searchPath: ['public'],
  serverVersion: 18,
  relations: [
    table('t', ['id', 'a', 'b', 'c', 'd']),
    table('u', ['id', 'x', 'y', 'doc']),
    table('t', ['e'], 'other'),
    view('kept', ['k'], 'SELECT x FROM public.u WHERE y > 0'),
    view('turns', ['k'], 'SELECT k FROM public.returns'),
    view('returns', ['k'], 'SELECT k FROM public.turns'),
  ],
}
const speaker = { view: 'view "v"', file: 'v' }
const ways = (sql: string): string[] => {
  const [first] = lineageOf(sql, speaker, catalog)
  const sources = (first?.sources ?? []).map((s) => `${s.relation.replace('public.', '')}.${s.column} ${s.influence}`)
  return [...sources, ...(first?.unknown ? ['unknown'] : [])].sort()
}
const each = (cases: Readonly<Record<string, readonly string[]>>) =>
  test.each(Object.entries(cases))('%s', (sql, expected) => expect(ways(sql)).toEqual([...expected].sort()))

describe('conditions are told apart from results', () => {
  each({
    'select case when a > 0 then b else c end from t': ['t.a condition', 't.b transformation', 't.c transformation'],
    'select case a when b then 1 end from t': ['t.a condition', 't.b condition'],
    'select coalesce(a, b) from t': ['t.a condition', 't.a transformation', 't.b transformation'],
    'select nullif(a, b) from t': ['t.a condition', 't.a transformation', 't.b condition'],
    'select greatest(a, b) from t': ['t.a transformation', 't.b transformation'],
    'select count(*) filter (where a > 0) from t': ['t.a condition'],
  })
})

describe('windows, orders and aggregates', () => {
  each({
    'select sum(a) over (partition by b order by c rows d preceding) from t': [
      't.a aggregation',
      't.b window',
      't.c window',
      't.d window',
    ],
    'select lag(a) over w from t window v as (partition by b), w as (v order by c)': [
      't.a transformation',
      't.b window',
      't.c window',
    ],
    'select row_number() over (order by a) from t': ['t.a window'],
    'select string_agg(a::text, b::text order by c) from t': ['t.a aggregation', 't.b aggregation', 't.c sort'],
    'select percentile_cont(0.5) within group (order by a) from t': ['t.a aggregation'],
    'select json_objectagg(a: b) from t': ['t.a aggregation', 't.b aggregation'],
    'select json_arrayagg(a order by b) filter (where c > 0) from t': ['t.a aggregation', 't.b sort', 't.c condition'],
    'select a from t order by b limit 1': ['t.a identity', 't.b sort'],
    'select a from t order by b': ['t.a identity'],
    'select distinct on (b) a from t order by b, c': ['t.a identity', 't.b group by', 't.b sort', 't.c sort'],
    'select distinct a, b from t': ['t.a group by', 't.a identity', 't.b group by'],
    'select a as k, count(*) from t group by grouping sets ((1, b), rollup (k, c))': [
      't.a group by',
      't.a identity',
      't.b group by',
      't.c group by',
    ],
  })
})

describe('merged columns are those of the side that is there', () => {
  each({
    'select id from t join u using (id)': ['t.id identity', 't.id join', 'u.id join'],
    'select id from t left join u using (id)': ['t.id identity', 't.id join', 'u.id join'],
    'select id from t right join u using (id)': ['t.id join', 'u.id identity', 'u.id join'],
    'select id from t natural full join u': [
      't.id condition',
      't.id join',
      't.id transformation',
      'u.id join',
      'u.id transformation',
    ],
    'select u.id from t left join u using (id)': ['t.id join', 'u.id identity', 'u.id join'],
  })
})

describe('set operations', () => {
  each({
    'select a from t union all select x from u': ['t.a identity', 'u.x identity'],
    'select a from t union select x from u': ['t.a group by', 't.a identity', 'u.x group by', 'u.x identity'],
    'select a from t except select x from u': ['t.a filter', 't.a identity', 'u.x filter'],
    'select a from t intersect all select x from u': ['t.a filter', 't.a identity', 'u.x filter', 'u.x identity'],
    'select a from t union all select b from t union all (select c from t order by d limit 1)': [
      't.a identity',
      't.b identity',
      't.c identity',
      't.d sort',
    ],
  })

  test('of thousands of arms do not exhaust the stack', () => {
    const many = Array.from({ length: 3000 }, () => 'select a from t').join(' union all ')
    expect(ways(many)).toEqual(['t.a identity'])
  })
})

describe('subqueries', () => {
  each({
    'select exists (select y from u where u.x = t.a) from t': ['t.a filter', 'u.x filter'],
    'select a in (select x from u) from t': ['t.a transformation', 'u.x transformation'],
    'select a from t where b > (select max(x) from u where y = 1)': [
      't.a identity',
      't.b filter',
      'u.x filter',
      'u.y filter',
    ],
    'select array(select x from u order by y limit 2) from t': ['u.x aggregation', 'u.y sort'],
    'select (select s.m from (select max(t.a) as m from u) as s) from t': ['t.a aggregation'],
  })
})

describe('one row of all', () => {
  each({
    // The mean is one row whatever is filtered: only it depends on the filter.
    'select t.a from t, (select avg(x) as m from u where y > 0) as s': ['t.a identity'],
    'select s.m from t, (select avg(x) as m from u where y > 0) as s': ['u.x aggregation', 'u.y filter'],
    'select t.a from t, (select avg(x) as m from u where y > 0 having max(id) > 1) as s': [
      't.a identity',
      'u.id filter',
      'u.y filter',
    ],
    'select t.a from t, (select avg(x) as m from u where y > 0 group by id) as s': [
      't.a identity',
      'u.id group by',
      'u.y filter',
    ],
    'select count(*) from kept': ['u.y filter'],
  })
})

test('a stack of two thousand views ends at the table, and goes up again', () => {
  const stack = Array.from({ length: 2000 }, (_, i) =>
    view(`s${i}`, ['a'], `SELECT a FROM public.${i === 0 ? 't' : `s${i - 1}`}${i === 7 ? ' WHERE a > 0' : ''}`),
  )
  const deep: Catalog = { ...catalog, relations: [...stack.reverse(), ...catalog.relations] }
  const [found] = lineageOf('SELECT a FROM s1999', speaker, deep)
  expect(found?.sources.map((s) => `${s.relation}.${s.column} ${s.influence}`)).toEqual([
    'public.t.a identity',
    'public.t.a filter',
  ])
  expect(viewsReading(deep, 'public.t', 'a')).toHaveLength(2000)
})

test('a view as a source still says what decides about its rows', () => {
  const step = (sql: string) => lineageOf(sql, speaker, catalog, [], false)[0]?.sources
  expect(step('select count(*) from kept')).toEqual([{ relation: 'public.u', column: 'y', influence: 'filter' }])
  // Its own columns say so themselves.
  expect(step('select k from kept')).toEqual([{ relation: 'public.kept', column: 'k', influence: 'identity' }])
})

test('every influence has its word in OpenLineage', () => {
  for (const i of influences) expect(openLineage[i].type, i).toBe(isDirect(i) ? 'DIRECT' : 'INDIRECT')
  expect(openLineage['group by']).toEqual({ type: 'INDIRECT', subtype: 'GROUP_BY' })
})

describe('names mean what they mean to the server', () => {
  each({
    'select x from t, (select t.x from u as t) as s': ['u.x identity'],
    'select other.t.e from public.t, other.t': ['other.t.e identity'],
    'select t.a from public.t, other.t': ['unknown'],
    'select id from t, u': ['unknown'],
    'select s.id from (t cross join u) as s': ['unknown'],
    'select s.a from (select a from t) as s, (select s.b) as z': ['t.a identity'],
    'select z.b from t as s, (select s.b) as z': ['unknown'],
    'select z.b from t as s, lateral (select s.b) as z': ['t.b identity'],
    'select (select max(value) from jsonb_each(o.doc)) from (select doc, y as value from u) as o': [
      'u.doc aggregation',
      'u.doc filter',
    ],
    'select (select max(value) from my_rows(o.doc)) from (select doc, y as value from u) as o': [
      'u.doc filter',
      'unknown',
    ],
    'select r.p from my_rows(1) as r': ['unknown'],
    'select n from u, unnest(u.x, u.y) as s(m, n)': ['u.x filter', 'u.y filter', 'u.y transformation'],
    'select s from (select a, b from t) as s': ['t.a identity', 't.b identity'],
    'select (s).b from (select a, b from t) as s': ['t.b identity'],
    'select k from turns': ['unknown'],
    'with recursive p as (select q.a from q), q as (select a from t) select a from p': ['t.a identity'],
    'with recursive r(p, q) as (select a, b from t union all select q, p from r) select p from r': [
      't.a identity',
      't.b identity',
    ],
    'with q as (select a from t), t as (select a + 1 as a from q) select a from t': ['t.a transformation'],
  })
})

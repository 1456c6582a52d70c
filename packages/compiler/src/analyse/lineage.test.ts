import { beforeAll, expect, test } from 'vitest'
import { sqlFacts } from '../front/sql/facts.ts'
import { loadParser } from '../front/sql/parser.ts'
import type { Catalog } from '../ir/catalog.ts'
import { lineageOf } from './lineage.ts'
import { isUniqueOn } from './unique.ts'

beforeAll(loadParser)

const column = (name: string) => ({ name, type: 'int4', nullable: true })
const table = (name: string, columns: string[], unique: string[] = []) => ({
  schema: 'public',
  name,
  kind: 'table' as const,
  columns: columns.map(column),
  indexes: unique.length === 0 ? [] : [{ name: `${name}_key`, columns: unique, unique: true, total: true }],
})
const catalog: Catalog = {
  searchPath: ['public'],
  serverVersion: 18,
  relations: [
    table('flights', ['id', 'origin', 'delay', 'landed'], ['id']),
    table('airports', ['iata', 'state'], ['iata']),
    {
      schema: 'public',
      name: 'late',
      kind: 'view',
      columns: [column('place'), column('mean')],
      indexes: [],
      definition: 'SELECT origin, avg(delay) AS avg FROM public.flights WHERE landed > 0 GROUP BY origin',
    },
  ],
}
const speaker = { view: 'view "v"', file: 'v' }
const trace = (sql: string, wanted: string, spine: string[] = []): string[] => {
  const found = lineageOf(sql, speaker, catalog, spine).find((c) => c.column === wanted)
  const sources = found?.sources.map((s) => `${s.relation.replace('public.', '')}.${s.column} ${s.influence}`) ?? [
    'no such column',
  ]
  return [...sources, ...(found?.unknown ? ['unknown'] : [])].sort()
}

test.each([
  ['select delay from flights', 'delay', ['flights.delay identity']],
  ['select delay + 1 as d from flights', 'd', ['flights.delay transformation']],
  [
    'select max(delay) as d from flights where id > 3 group by origin',
    'd',
    ['flights.delay aggregation', 'flights.id filter', 'flights.origin group by'],
  ],
  [
    'select a.state from flights f join airports a on a.iata = f.origin',
    'state',
    ['airports.iata join', 'airports.state identity', 'flights.origin join'],
  ],
  [
    'with x as (select id, delay * 2 as twice from flights) select y.t from (select twice as t from x) y',
    't',
    ['flights.delay transformation'],
  ],
  ['select * from airports', 'state', ['airports.state identity']],
  [
    'select delay as d from flights union all select id from flights',
    'd',
    ['flights.delay identity', 'flights.id identity'],
  ],
  // The view renames its column; position is what holds.
  ['select mean from late', 'mean', ['flights.delay aggregation', 'flights.landed filter', 'flights.origin group by']],
  [
    'select (select max(delay) from flights f where f.origin = a.iata) as worst from airports a',
    'worst',
    ['airports.iata filter', 'flights.delay aggregation', 'flights.origin filter'],
  ],
  ['select nothing_here from flights', 'nothing_here', ['unknown']],
])('%s: %s', (sql, wanted, expected) => {
  expect(trace(sql, wanted)).toEqual([...expected].sort())
})

test('a window view is traced to the question and to the events', () => {
  const sql =
    'select s.k, s.as_of, sum(f.delay) as total from spine s left join flights f on f.origin = s.k and f.landed < s.as_of group by 1, 2'
  expect(trace(sql, 'total', ['k', 'as_of'])).toEqual(
    [
      'flights.delay aggregation',
      'flights.landed join',
      'flights.origin join',
      'spine.as_of group by',
      'spine.as_of join',
      'spine.k group by',
      'spine.k join',
    ].sort(),
  )
})

test.each([
  ['select iata, state from airports', ['iata'], true],
  ['select origin as iata, delay from flights', ['iata'], false],
  ['select origin as iata, max(delay) from flights group by origin', ['iata'], true],
  ['select origin as iata, max(delay) from flights group by 1', ['iata'], true],
  ['select origin as iata, id, max(delay) from flights group by origin, id', ['iata'], false],
  ['select distinct on (origin) origin as iata, delay from flights order by origin, landed', ['iata'], true],
  ['select * from airports', ['iata'], true],
  ['select place as iata, mean from late', ['iata'], true],
  ['select place as iata, mean from late', ['mean'], false],
  ['select a.iata from airports a join flights f on f.origin = a.iata', ['iata'], false],
  ['select f.id as iata, a.state from flights f left join airports a on a.iata = f.origin', ['iata'], true],
  ['select f.id as iata, a.state from flights f left join airports a using (iata)', ['iata'], true],
  [
    'select f.id as iata from flights f left join airports a on a.iata = f.origin and a.state = f.origin',
    ['iata'],
    true,
  ],
  [
    'select f.id as iata from flights f left join airports a on a.iata = f.origin or a.state = f.origin',
    ['iata'],
    false,
  ],
  ['select f.id as iata from flights f left join airports a on a.state = f.origin', ['iata'], false],
  ['select f.id as iata from flights f left join airports a on a.iata = a.state', ['iata'], false],
  ['select f.id as iata from flights f right join airports a on a.iata = f.origin', ['iata'], false],
  ['select a.iata from flights f left join airports a on a.iata = f.origin', ['iata'], false],
  ['select iata from airports union all select origin from flights', ['iata'], false],
  ['select iata, generate_series(1, 2) as n from airports', ['iata'], false],
  ['select iata, unnest(array[1, 2])::text as n from airports', ['iata'], false],
  ['select origin as iata, unnest(array_agg(delay)) as n from flights group by origin', ['iata'], false],
  ['select f.id as iata from flights f join airports a on a.iata = f.origin', ['iata'], true],
  ['select a.*, 1 as n from airports a left join late on late.place = a.state', ['iata'], true],
  [
    'with x as (select origin, count(*) n from flights group by origin) select origin as iata, n from x',
    ['iata'],
    true,
  ],
  ['with x as (select origin as iata, id from flights group by origin, id) select * from x', ['iata'], false],
  ['with recursive x as (select origin as iata from flights group by 1) select * from x', ['iata'], false],
  ['with airports as (select origin as iata from flights) select * from airports', ['iata'], false],
  ['select q.iata from (select distinct on (origin) origin as iata from flights) q', ['iata'], true],
  ['select q.iata from (select origin as iata from flights) q', ['iata'], false],
  ['select iata from airports as x (state, iata)', ['iata'], false],
  ['select lower(origin) as iata from flights group by lower(origin)', ['iata'], true],
  ['select lower(origin) as iata from flights group by upper(origin)', ['iata'], false],
  ['select lower(origin) as iata from flights group by iata', ['iata'], true],
  ['select lower(origin) as origin from flights group by origin', ['origin'], false],
  [
    'select * from (select *, row_number() over (partition by origin order by landed desc) as n from flights) x where n = 1',
    ['origin'],
    true,
  ],
  [
    'with x as (select origin as iata, row_number() over (partition by origin order by id) as n from flights) select iata from x where x.n = 1 and iata is not null',
    ['iata'],
    true,
  ],
  [
    'select * from (select *, row_number() over (partition by origin order by landed desc) as n from flights) x where n = 2',
    ['origin'],
    false,
  ],
  [
    'select * from (select *, rank() over (partition by origin order by landed desc) as n from flights) x where n = 1',
    ['origin'],
    false,
  ],
  [
    'select * from (select a.*, row_number() over (partition by f.id) as n from airports a join flights f on true) x where n = 1',
    ['id'],
    false,
  ],
])('uniqueness of %s on %s: %s', (sql, keys, expected) => {
  expect(isUniqueOn(sqlFacts(sql, speaker), keys, catalog)).toBe(expected)
})

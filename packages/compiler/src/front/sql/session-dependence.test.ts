import { beforeAll, describe, expect, test } from 'vitest'
import type { Catalog } from '../../ir/catalog.ts'
import { sqlFacts } from './facts.ts'
import { loadParser } from './parser.ts'
import { sessionDependence } from './session-dependence.ts'

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
      indexes: [],
      columns: [column('id', 'int4'), column('at', 'timestamptz'), column('local', 'timestamp'), column('day', 'date')],
    },
  ],
}
const found = (sql: string) =>
  sessionDependence(
    sqlFacts(sql, { view: 'view "v"', file: 'v.sql' }),
    { view: 'view "v"', file: 'v.sql' },
    catalog,
  ).map((d) => `${d.code} ${d.location?.line}:${d.location?.column} ${d.message.replace(/^view "v" /, '')}`)

describe('what depends on the session', () => {
  test.each([
    'select at::date from orders',
    'select cast(o.at as timestamp) from orders o',
    'select local::timestamptz from orders',
    "select date_trunc('day', at) from orders",
    'select extract(hour from at) from orders',
    "select to_char(max(at), 'YYYY') from orders",
    'select date(at) from orders',
    'select id from orders where at > local',
    'select id from orders where day = at',
    "select id from orders where at > timestamptz '2024-01-01'",
    "select id from orders where at > '2024-01-01 10:00'::timestamptz",
    "select s.as_of - interval '7 days' from spine s",
    "select (select max(at + interval '1 month') from orders)",
    "select to_timestamp('2024', 'YYYY')",
    'select id from (select id from orders where at::date = day) as q',
  ])('%s', (sql) => expect(found(sql).map((f) => f.split(' ')[0])).toEqual(['sql/time-zone']))

  test.each([
    "select (at at time zone 'UTC')::date from orders",
    "select date_trunc('day', at, 'UTC') from orders",
    'select extract(epoch from at) from orders',
    "select extract(hour from at at time zone 'UTC') from orders",
    "select id from orders where at > timestamptz '2024-01-01 00:00+00'",
    "select id from orders where at > '2024-01-01Z'::timestamptz",
    "select s.as_of - interval '168 hours' from spine s",
    "select local + interval '1 day', day - 1 from orders",
    "select date_trunc('day', local) from orders",
    'select unknown::date from nowhere',
    'with orders as (select 1 as at) select at::date from orders',
    "select timestamptz 'infinity'",
    'select at - at from orders',
  ])('nothing in %s', (sql) => expect(found(sql)).toEqual([]))

  test('is told with its place and what to write', () => {
    expect(found('select id,\n  at::date\nfrom orders')[0]).toMatch(
      /^sql\/time-zone 2:\d+ depends on the session's time zone: a cast of timestamptz to date$/,
    )
  })

  test.each([
    ['select current_user', 'current_user'],
    ["select current_setting('app.tenant')", 'current_setting()'],
  ])('%s', (sql, what) =>
    expect(found(sql)[0]).toMatch(
      new RegExp(`^${'sql/session'} .*reads the session through ${what.replace('()', '')}`),
    ),
  )
})

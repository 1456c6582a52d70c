import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../front/sql/parser.ts'
import { questionStage } from './question-stage.ts'

beforeAll(loadParser)

const query = (spine: string, name = '_spine') => `-- Prediction query, with _spine AS (in) its comment.
WITH
  _as_of AS (SELECT now() AS as_of),
  ${name} AS (
    ${spine} -- (
  ),
  late AS NOT MATERIALIZED (SELECT ')' AS "_spine", customer FROM orders),
  _spine_customer AS (SELECT DISTINCT customer FROM ${name})
SELECT s.customer FROM ${name} AS s`

const flat = (sql: string | undefined) =>
  sql
    ?.replaceAll(/--.*\n/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()

test('the questions are the stages up to it', () => {
  const stage = questionStage(query('SELECT k.customer, _as_of.as_of FROM customers AS k CROSS JOIN _as_of'))
  expect(flat(stage?.questions)).toBe(
    'WITH _as_of AS (SELECT now() AS as_of), _spine AS ( SELECT k.customer, _as_of.as_of FROM customers AS k CROSS JOIN _as_of ) SELECT * FROM _spine',
  )
  expect(stage?.source).toEqual({ name: 'customers' })
})

test('the keys of a relation are asked for together, and one by one', () => {
  const stage = questionStage(query('SELECT k.customer, k."Land" FROM "Shop"."cust""omers" AS k', '_spine_2'))
  const spine = 'SELECT k.customer, k."Land" FROM "Shop"."cust""omers" AS k'
  expect(stage?.source).toEqual({ schema: 'Shop', name: 'cust"omers' })
  expect(flat(stage?.among('_keys', ['customer', 'Land']))).toBe(
    `WITH _as_of AS (SELECT now() AS as_of), _spine_2 AS ( SELECT * FROM (${spine}) AS _all WHERE (_all.customer, _all."Land") IN (SELECT _some.customer, _some."Land" FROM _keys AS _some) ), late AS NOT MATERIALIZED (SELECT ')' AS "_spine", customer FROM orders), _spine_customer AS (SELECT DISTINCT customer FROM _spine_2) SELECT s.customer FROM _spine_2 AS s`,
  )
  expect(flat(stage?.each('_one', ['customer']))).toBe(
    `WITH _as_of AS NOT MATERIALIZED (SELECT now() AS as_of), _spine_2 AS NOT MATERIALIZED ( SELECT * FROM (${spine}) AS _all WHERE _all.customer = _one.customer ), late AS NOT MATERIALIZED (SELECT ')' AS "_spine", customer FROM orders), _spine_customer AS NOT MATERIALIZED (SELECT DISTINCT customer FROM _spine_2) SELECT s.customer FROM _spine_2 AS s`,
  )
})

test('pages are asked of a relation, not of a stage or a query', () => {
  const pages = (spine: string) => flat(questionStage(query(spine))?.ofPages(2.5))
  expect(pages('SELECT k.customer FROM public.customers AS k CROSS JOIN _as_of')).toContain(
    'FROM public.customers AS k TABLESAMPLE SYSTEM (2.5) REPEATABLE (0) CROSS JOIN _as_of',
  )
  for (const spine of ['SELECT DISTINCT k.customer FROM _as_of AS k', 'SELECT k.customer FROM (SELECT 1) AS k']) {
    expect(questionStage(query(spine))?.source).toBeUndefined()
    expect(pages(spine)).not.toContain('TABLESAMPLE')
  }
})

test.each([
  'SELECT 1',
  'CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1',
  'WITH a AS (SELECT 1) SELECT * FROM a',
  'WITH _spine (x) AS (SELECT 1) SELECT * FROM _spine',
  'WITH RECURSIVE _spine AS (SELECT 1) SELECT * FROM _spine',
  'WITH _spine AS (VALUES (1)) SELECT * FROM _spine',
])('%s has none', (sql) => {
  expect(questionStage(sql)).toBeUndefined()
})

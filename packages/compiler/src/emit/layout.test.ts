import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../front/sql/parser.ts'
import { sameSyntax } from '../front/sql/same-syntax.ts'
import { layout } from './layout.ts'

beforeAll(loadParser)

test.each([
  `SELECT 'FILTER ( WHERE x  )' AS a, count(*) FILTER (WHERE b > 'OFFSET   0') FROM t OFFSET 0`,
  `SELECT E'a\\n  b', $$ OFFSET   3 $$, "FILTER ( WHERE", 'two\n   lines' FROM t -- OFFSET   9`,
  `SELECT DISTINCT ON (a) a, extract(hour FROM b AT TIME ZONE 'UTC') FROM "select" ORDER BY a`,
  `SELECT a::float8, b -> 'x', c ->> 'y', d @> '{}', e ? 'k' FROM t WHERE f IS NOT DISTINCT FROM g`,
])('never alters what a text means: %s', (sql) => {
  expect(sameSyntax(sql, layout(sql))).toBe(true)
  expect(layout(layout(sql))).toBe(layout(sql))
})

test('leaves long texts as they are', () => {
  const sql = `SELECT ${Array.from({ length: 12_000 }, (_, i) => `a${i}`).join(', ')} FROM t`
  expect(sql.length).toBeGreaterThan(50_000)
  expect(layout(`${sql}, ${sql.slice(7)}`)).toBe(`${sql}, ${sql.slice(7)}`)
})

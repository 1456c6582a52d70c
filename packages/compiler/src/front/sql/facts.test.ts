import { beforeAll, expect, test } from 'vitest'
import { isViewcastError } from '../../diagnostics/diagnostic.ts'
import { sqlFacts } from './facts.ts'
import { loadParser } from './parser.ts'
import { pruneEdits } from './prune.ts'
import { retarget, splice } from './splice.ts'
import { unrepeatable } from './unrepeatable.ts'

beforeAll(loadParser)

const speaker = { view: 'view "v"', file: 'v.sql' }
const names = (sql: string): string[] =>
  sqlFacts(sql, speaker).references.map((r) => (r.schema === undefined ? r.name : `${r.schema}.${r.name}`))
const rewritten = (sql: string, from: string, to: string): string => {
  const facts = sqlFacts(sql, speaker)
  return splice(
    facts.text,
    retarget(
      facts,
      (r) =>
        (r.schema === undefined ? r.name : `${r.schema}.${r.name}`) === from
          ? { sql: to, sameRelation: false }
          : undefined,
      (n) => (/^\w+$/.test(n) ? n : `"${n}"`),
    ),
  )
}
const kept = (sql: string, ...keep: string[]): string => {
  const facts = sqlFacts(sql, speaker)
  return splice(facts.text, pruneEdits(facts, new Set(keep)))
    .replace(/\s+/g, ' ')
    .trim()
}

test.each([
  ['select * from a join s.b using (x), lateral (select 1 from c) q', ['a', 's.b', 'c']],
  ['with a as (select * from real_a), b as (select * from a) select * from b, public.a', ['real_a', 'public.a']],
  ['with recursive t as (select 1 as n union all select n + 1 from t) select * from t, u', ['u']],
  ['select * from a union all (select * from b except select * from c)', ['a', 'b', 'c']],
  [
    'select (select max(x) from s) from t where exists (select from e) and x in (select y from i)',
    ['s', 't', 'e', 'i'],
  ],
  // A CTE inside a subquery does not hide the table outside it.
  ['select * from (with a as (select * from z) select * from a) q join a on true', ['z', 'a']],
])('finds the relations of %s', (sql, expected) => {
  expect(names(sql)).toEqual(expected)
})

test.each([
  ['select a.x from a', 'a', 'v', 'select a.x from v as a'],
  ['select t.x from a t', 'a', 'v', 'select t.x from v t'],
  ['select public.a.x from public.a -- a', 'public.a', 'v', 'select a.x from v as a -- a'],
  [`select 'ä', "ü", "größe".x from "größe"`, 'größe', 'v', `select 'ä', "ü", "größe".x from v as "größe"`],
  ["select 'a' as a from a where 'a' = $$a$$", 'a', 'v', "select 'a' as a from v as a where 'a' = $$a$$"],
])('replaces a relation by place: %s', (sql, from, to, expected) => {
  expect(rewritten(sql, from, to)).toBe(expected)
})

test.each([
  ['select k, a, b from t', ['k'], 'select k from t'],
  ['select a, k, b from t', ['k'], 'select k from t'],
  ['select a, b, k from t', ['k'], 'select k from t'],
  ['select k, f(a, b) as x, (select max(q) from z) y from t', ['k', 'y'], 'select k, (select max(q) from z) y from t'],
  ['select k, -- the key\n a, -- gone\n b from t', ['k', 'b'], 'select k, -- the key b from t'],
  ['select k, sum(a) as s, count(*) as n from t group by k', ['k', 'n'], 'select k, count(*) as n from t group by k'],
  ['select sum(a) as s, max(b) as k from t', ['k'], 'select max(b) as k from t'],
  ['select k, a is distinct from b as d from t', ['k'], 'select k from t'],
  ['select k, a as from, b as "order" from t', ['k'], 'select k from t'],
  [
    'select k, percentile_cont(0.5) within group (order by a) as p from t group by k',
    ['k'],
    'select k from t group by k',
  ],
  ['select k, t.order from t', ['k'], 'select k from t'],
])('cuts columns out: %s', (sql, keep, expected) => {
  expect(kept(sql, ...keep)).toBe(expected)
})

test.each([
  'select distinct k, a from t',
  'select k, a from t union select k, b from u',
  'select k, a from t order by 2',
  'select k, a as z from t order by z',
  'select k, count(*) as n from t group by 1',
  'select my_sum(a) as s, my_max(b) as k from t',
  'select k, a from t group by k, 2',
  'select 1 as k, f(a) as a from t',
  'select k, unnest(a) as a from t',
  'select k, nextval(s) as a from t',
  'select *, k from t',
])('leaves %s whole, because a column there decides about rows', (sql) => {
  expect(kept(sql, 'k')).toBe(sql)
})

test('names what cannot be repeated, with its place', () => {
  const facts = sqlFacts('select id,\n  now() as t, random() as r, age(a, b) from x where d < current_date', speaker)
  const warnings = unrepeatable(facts, speaker)
  expect(warnings.map((w) => [w.code, w.location?.line, w.location?.column])).toEqual([
    ['sql/clock', 2, 3],
    ['sql/volatile', 2, 15],
    ['sql/clock', 2, 57],
  ])
})

test.each([
  ['select a frm b c', 'sql/syntax', 1, 14],
  ["select 'é',\n  frm x y", 'sql/syntax', 2, 9],
  ['select 1; select 2', 'sql/several-statements', 1, 11],
  ['delete from t', 'sql/not-a-select', 1, 1],
  ['select 1 into t', 'sql/not-a-select', 1, 1],
])('refuses %s', (sql, code, line, column) => {
  let caught: unknown
  try {
    sqlFacts(sql, speaker)
  } catch (e) {
    caught = e
  }
  expect(isViewcastError(caught) && caught.diagnostics[0]).toMatchObject({
    code,
    location: { file: 'v.sql', line, column },
  })
})

test('keeps leading lines, so that places are places in the file, and drops the final semicolon only', () => {
  expect(sqlFacts("\n-- doc\nselect ';' from t; -- end\n", speaker).text).toBe("\n-- doc\nselect ';' from t -- end")
})

test('control characters in strings, names and comments are part of the text', () => {
  const sql = "-- \x1f\nselect '\x07\b' as \"\x01x\", E'\\\x1b' as b, $$\x02$$ as c\ffrom\vraw r"
  const facts = sqlFacts(sql, speaker)
  expect(facts.text).toBe(sql)
  expect(facts.outputs.map((o) => sql.slice(o.start, o.end))).toEqual([
    '\'\x07\b\' as "\x01x"',
    "E'\\\x1b' as b",
    '$$\x02$$ as c',
  ])
  expect(rewritten(sql, 'raw', 'other')).toBe(sql.replace('raw', 'other'))
  expect(kept(sql, 'b')).toContain("E'\\\x1b' as b")
})

test.each([
  ['a control character between words', 'select 1,\n \x1f 2', 2, 2],
  ['DEL', 'select \x7f1', 1, 8],
  ['half of a pair in a string', "select 1,\n'\ud800' as a", 2, 2],
  ['the other half in a name', 'select 1 as "\udc00"', 1, 14],
  ['half of a pair after whole ones', "select '😀', '\ud83d' as a", 1, 15],
])('%s is refused with its place', (_, sql, line, column) => {
  const refusal = (): unknown => {
    try {
      return sqlFacts(sql, speaker)
    } catch (e) {
      return isViewcastError(e) ? e.diagnostics[0] : e
    }
  }
  expect(refusal()).toMatchObject({ code: 'sql/syntax', location: { file: 'v.sql', line, column } })
})

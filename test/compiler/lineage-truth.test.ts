/** Lineage against the database as the judge: dropping a column breaks exactly the views that lineage says read it. */
import { type Catalog, columnsRead, lineageOf, loadParser, viewsReading } from '@viewcast/compiler'
import { type Database, isDatabaseError } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

const tables = `
  CREATE TABLE a (id int PRIMARY KEY, x int, y int, "Größe" float8, tag text, at timestamptz);
  CREATE TABLE b (id int, x int, z int, tag text, "select" int, doc jsonb);
  CREATE TABLE c (k text, v numeric, parent int);
  CREATE SCHEMA other;
  CREATE TABLE other.a (id int, hidden int);
`

/** Every shape in which a column can be named. */
const views: Readonly<Record<string, string>> = {
  plain: 'SELECT x AS renamed FROM a',
  star: 'SELECT * FROM b',
  one_star: 'SELECT b.*, a.y FROM a JOIN b ON b.id = a.id',
  quoted: 'SELECT "Größe" AS "groß", b."select" FROM a, b WHERE a.tag = b.tag',
  qualified: 'SELECT other.a.hidden FROM other.a JOIN public.a AS p ON p.id = other.a.id',
  using_join: 'SELECT id, x, z FROM a JOIN b USING (id, x)',
  full_using: 'SELECT tag FROM a FULL JOIN b USING (tag)',
  using_alias: 'SELECT j.id FROM a LEFT JOIN b USING (id) AS j',
  join_alias: 'SELECT j.v FROM (c CROSS JOIN (SELECT 1 AS one) AS o) AS j',
  natural_join: 'SELECT count(*) AS n FROM a NATURAL JOIN b',
  filtered: 'SELECT k FROM c WHERE v > 3',
  grouped: 'SELECT tag, max(y) AS top FROM a GROUP BY tag HAVING min(x) > 0',
  ordinals: 'SELECT tag AS t, count(*) AS n FROM b GROUP BY 1 ORDER BY 2',
  sets: 'SELECT tag, x, sum(y) AS s FROM a GROUP BY GROUPING SETS ((tag), (x), ())',
  ordered: 'SELECT x FROM a ORDER BY y',
  limited: 'SELECT x FROM a ORDER BY at DESC LIMIT 3',
  distinct_on: 'SELECT DISTINCT ON (tag) tag, x FROM a ORDER BY tag, at DESC, "Größe"',
  windowed:
    'SELECT id, sum(y) OVER w AS run, lag(x) OVER (w ORDER BY at) AS before FROM a WINDOW w AS (PARTITION BY tag)',
  filter_clause: "SELECT count(*) FILTER (WHERE y > 1) AS n, string_agg(tag, ',' ORDER BY at) AS tags FROM a",
  within_group: 'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) AS median FROM c',
  cases: 'SELECT CASE WHEN y > 0 THEN x ELSE coalesce(x, y, 1) END AS c, nullif(x, y) AS n FROM a',
  simple_case: "SELECT CASE tag WHEN 'p' THEN x END AS c FROM a",
  cte: 'WITH q AS (SELECT id, x * 2 AS twice FROM a) SELECT q.twice FROM q',
  unused_cte: 'WITH q AS (SELECT z FROM b) SELECT k FROM c',
  shadowed: 'WITH b AS (SELECT id, x AS z FROM a) SELECT z FROM b',
  cte_columns: 'WITH q (one, two) AS (SELECT x, y FROM a) SELECT two FROM q',
  recursive:
    'WITH RECURSIVE r AS (SELECT id, 0 AS depth FROM a WHERE x = 1 UNION ALL SELECT b.id, r.depth + 1 FROM b JOIN r ON r.id = b.z) SELECT depth FROM r',
  nested_cte: 'SELECT o.n FROM (WITH q AS (SELECT y AS n FROM a) SELECT q.n FROM q) AS o',
  union_all: 'SELECT x FROM a UNION ALL SELECT z FROM b',
  excepted: 'SELECT x FROM a EXCEPT SELECT z FROM b',
  intersected: 'SELECT tag FROM a INTERSECT SELECT k FROM c',
  sub_from: 'SELECT s.m FROM (SELECT max(x) AS m, min(y) AS unused FROM a) AS s',
  sub_scalar: 'SELECT k, (SELECT max(b.z) FROM b WHERE b.tag = c.k) AS top FROM c',
  sub_in: 'SELECT id FROM a WHERE x IN (SELECT z FROM b)',
  sub_exists: 'SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.id = a.id AND b."select" > 0)',
  sub_array: 'SELECT ARRAY(SELECT z FROM b ORDER BY x) AS zs',
  sub_all: 'SELECT id FROM a WHERE y > ALL (SELECT z FROM b)',
  lateral_join:
    'SELECT a.id, l.z FROM a LEFT JOIN LATERAL (SELECT b.z FROM b WHERE b.id = a.id ORDER BY b.x LIMIT 1) AS l ON true',
  same_names: 'SELECT a.x FROM a, (SELECT x FROM b) AS s WHERE s.x = a.y',
  correlated: 'SELECT o.id FROM a AS o WHERE o.x = (SELECT max(i.x) FROM a AS i WHERE i.tag = o.tag)',
  inner_wins: 'SELECT (SELECT max(x) FROM b) AS m FROM a',
  values_list: 'SELECT v.n + c.parent AS s FROM (VALUES (1), (2)) AS v (n), c',
  series: 'SELECT g.n FROM a, generate_series(1, a.y) AS g(n)',
  json_rows: 'SELECT r.p FROM b, jsonb_to_recordset(b.doc) AS r(p int, q text)',
  json_each_rows: "SELECT e.key FROM b CROSS JOIN LATERAL jsonb_each(b.doc) AS e WHERE e.value <> 'null'",
  ordinality: 'SELECT u.n FROM a, unnest(ARRAY[a.x]) WITH ORDINALITY AS u(e, n)',
  casts:
    'SELECT x::float8 AS f, CAST(tag AS varchar) AS t, y COLLATE "C" AS u FROM (SELECT x, tag, tag AS y FROM a) AS s',
  row_value: 'SELECT (x, y) = (1, 2) AS same FROM a',
  sampled: 'SELECT x FROM a TABLESAMPLE BERNOULLI (50) REPEATABLE (1)',
  only_table: 'SELECT x FROM ONLY a',
  aliased_columns: 'SELECT one FROM c AS t (one, two)',
  on_view: 'SELECT renamed + 1 AS more FROM plain',
  on_views: 'SELECT p.more, s.tag FROM on_view AS p CROSS JOIN star AS s',
  only_counts: 'SELECT count(*) AS n FROM on_views',
  stored: 'SELECT id, at FROM a',
}

const setup = `${tables}${Object.entries(views)
  .map(([name, sql]) => `CREATE ${name === 'stored' ? 'MATERIALIZED ' : ''}VIEW ${name} AS ${sql};`)
  .join('\n')}`

/** What the server says depends on a column, when it is asked to drop it. */
async function brokenBy(db: Database, table: string, column: string): Promise<string[]> {
  let said = ''
  await db
    .transaction(async (tx) => {
      await tx.execute(`ALTER TABLE ${table} DROP COLUMN "${column}"`)
      throw new Error('not to be kept')
    })
    .catch((e: unknown) => {
      if (isDatabaseError(e)) said = e.detail ?? ''
    })
  return [...new Set([...said.matchAll(/^(?:materialized )?view (\S+) depends on/gm)].map((m) => m[1] ?? ''))].sort()
}

describeEachEngine('lineage', (engine) => {
  let catalog: Catalog
  beforeAll(async () => {
    await loadParser()
    await engine.db.execute(setup)
    catalog = await engine.db.introspect()
  })
  const columns = () =>
    catalog.relations
      .filter((r) => r.kind === 'table')
      .flatMap((r) => r.columns.map((c) => ({ table: `${r.schema}.${r.name}`, column: c.name })))

  test('a dropped column breaks exactly the views that are said to read it', async () => {
    let broken = 0
    for (const { table, column } of columns()) {
      const expected = await brokenBy(engine.db, table, column)
      const found = viewsReading(catalog, table, column).map((v) => v.name)
      expect(found.sort(), `${table}.${column}`).toEqual(expected)
      broken += expected.length
    }
    expect(broken).toBeGreaterThan(100)
  })

  test('the same from the text as it was written, before the server has put names to everything', async () => {
    const direct = await engine.db.rows<{ view: string; relation: string; column: string }>(`
      SELECT DISTINCT v.relname AS view, n.nspname || '.' || t.relname AS relation, att.attname AS column
        FROM pg_depend d
        JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_class v ON v.oid = r.ev_class
        JOIN pg_class t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass AND t.oid <> v.oid
        JOIN pg_namespace n ON n.oid = t.relnamespace
        JOIN pg_attribute att ON att.attrelid = t.oid AND att.attnum = d.refobjsubid AND att.attnum > 0
       WHERE v.relnamespace = 'public'::regnamespace`)
    for (const [view, sql] of Object.entries(views)) {
      const expected = direct.filter((d) => d.view === view).map((d) => `${d.relation}.${d.column}`)
      const found = columnsRead(sql, { view, file: view }, catalog).map((r) => `${r.relation}.${r.column}`)
      expect(found.sort(), `${view}: ${sql}`).toEqual(expected.sort())
    }
  })

  test('every output column of every view is traced, and to columns that are there', () => {
    const known = new Set(columns().map((c) => `${c.table}.${c.column}`))
    for (const [view, sql] of Object.entries(views)) {
      const relation = catalog.relations.find((r) => r.name === view)
      const traced = lineageOf(sql, { view, file: view }, catalog)
      expect(
        traced.map((t) => t.column),
        view,
      ).toEqual(relation?.columns.map((c) => c.name))
      for (const t of traced) {
        expect(t.unknown, `${view}.${t.column}`).toBe(false)
        for (const s of t.sources) expect(known, `${view}.${t.column}`).toContain(`${s.relation}.${s.column}`)
      }
    }
  })
})

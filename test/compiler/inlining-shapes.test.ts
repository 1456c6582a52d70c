/**
 * Any SQL: what a text returns where its views are, its compiled form returns where only the tables are.
 *
 * Each case is the text of a sample, so that all of its columns and rows come out: the views it reads are inlined, its stars
 * written out, its names made safe.
 */
import { type Database, project, trainingQuery } from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

// biome-ignore lint/complexity/noBannedTypes: every text is raw SQL
const p = project<{}>('shapes')
const thing = p.entity('thing', { k: 'int4' })
const long = 'ü'.repeat(31)

const tables = `
  CREATE SCHEMA other;
  CREATE SCHEMA hidden;
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
  CREATE DOMAIN percent AS int4 CHECK (VALUE BETWEEN 0 AND 100);
  CREATE TYPE pair AS (a int4, b text);
  CREATE TABLE t (k int4 PRIMARY KEY, g int4, x numeric, note text, m mood, pc percent, tags text[], j jsonb, c pair, at timestamptz);
  CREATE TABLE u (k int4, g int4, y int8, note text);
  CREATE TABLE other.t (k int4 PRIMARY KEY, z text);
  CREATE TABLE other.u2 (k int4, z text);
  CREATE TABLE hidden.h (k int4, w float8);
  CREATE TABLE "a.b" (k int4, "c.d" text);
  CREATE TABLE "Select" ("k" int4, "from" int4, "größe" int4, "x""y" text);
  CREATE TABLE "${long}t" (k int4, "${long}c" int4);
  CREATE TABLE "constructor" (k int4, n int4);
  CREATE TABLE parent (k int4, kind text);
  CREATE TABLE child () INHERITS (parent);
  CREATE FUNCTION note(t) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'f' $$;
  CREATE FUNCTION other.plus(int4, int4) RETURNS int4 LANGUAGE sql IMMUTABLE AS $$ SELECT $1 + $2 + 1 $$;
  CREATE OPERATOR other.+ (FUNCTION = other.plus, LEFTARG = int4, RIGHTARG = int4);
  INSERT INTO t SELECT i, i % 4, i * 1.25, CASE WHEN i % 5 > 0 THEN 'n' || i % 3 END, (ARRAY['sad', 'ok', 'happy'])[1 + i % 3]::mood, i * 3,
      ARRAY['a', 'b' || i], jsonb_build_object('k', i, 'deep', jsonb_build_array(1, i)), ROW(i, 'p' || i)::pair, timestamptz '2024-01-01 00:00Z' + i * interval '7 hours'
    FROM generate_series(1, 24) i;
  INSERT INTO u SELECT 1 + i % 9, i % 4, i * i, 'n' || i % 3 FROM generate_series(1, 40) i;
  INSERT INTO u SELECT k, g, k * k, note FROM t WHERE k BETWEEN 4 AND 9;
  INSERT INTO other.t SELECT i, 'z' || i FROM generate_series(3, 9) i;
  INSERT INTO other.u2 SELECT i % 5, 'z' || i FROM generate_series(1, 9) i;
  INSERT INTO hidden.h SELECT i % 7, i / 7.0 FROM generate_series(1, 20) i;
  INSERT INTO "a.b" SELECT i, 'c' || i FROM generate_series(1, 5) i;
  INSERT INTO "Select" SELECT i, i * 2, i * 3, 'q"' || i FROM generate_series(1, 5) i;
  INSERT INTO "${long}t" SELECT i, i FROM generate_series(1, 5) i;
  INSERT INTO "constructor" SELECT i, i FROM generate_series(1, 5) i;
  INSERT INTO parent VALUES (1, 'p'), (2, 'p');
  INSERT INTO child VALUES (3, 'c');
`
const views = `
  CREATE VIEW v AS SELECT * FROM t;
  CREATE VIEW v2 AS SELECT v.k, v.g, v.note FROM v WHERE v.k > 3;
  CREATE VIEW v_cte AS WITH v2 AS (SELECT u.k, sum(u.y) AS s FROM u GROUP BY u.k), t AS (SELECT * FROM v2) SELECT * FROM t;
  CREATE VIEW v_same_cte AS WITH v2 AS (SELECT u.k, count(*) AS n FROM u GROUP BY u.k) SELECT a.k, a.n, b.note FROM v2 a JOIN public.v2 b USING (k);
  CREATE VIEW v_named (k, "Second", "third col") AS SELECT u.k, u.y, u.note FROM u;
  CREATE VIEW v_values (k, word) AS VALUES (1, 'one'), (2, 'two');
  CREATE VIEW v_union (k, what) AS SELECT k, 't' FROM t UNION ALL SELECT k, 'u' FROM u;
  CREATE VIEW v_rec AS WITH RECURSIVE r (k, depth) AS (SELECT 1, 0 UNION ALL SELECT r.k * 2, r.depth + 1 FROM r WHERE r.k < 20) SELECT * FROM r;
  CREATE VIEW v_barrier WITH (security_barrier) AS SELECT k, x FROM t WHERE g = 1;
  CREATE VIEW v_distinct AS SELECT DISTINCT ON (g) g AS k, note, x FROM t ORDER BY g, x DESC;
  CREATE VIEW v_sets AS SELECT g AS k, note, GROUPING(g, note) AS level, sum(x) AS s FROM t GROUP BY GROUPING SETS ((g, note), (g), ());
  CREATE VIEW v_window AS SELECT k, row_number() OVER w AS n, lag(x, 1, 0) OVER w AS before FROM t WINDOW w AS (PARTITION BY g ORDER BY x);
  CREATE VIEW v_lateral AS SELECT t.k, l.y FROM t LEFT JOIN LATERAL (SELECT u.y FROM u WHERE u.g = t.g ORDER BY u.y DESC LIMIT 1) l ON true;
  CREATE VIEW v_ordinal AS SELECT t.k, e.tag, e.n FROM t, unnest(t.tags) WITH ORDINALITY AS e(tag, n);
  CREATE VIEW v_rowsfrom AS SELECT r.a AS k, r.b FROM ROWS FROM (generate_series(1, 3), generate_series(10, 14)) AS r(a, b);
  CREATE VIEW v_natural AS SELECT * FROM t NATURAL JOIN (SELECT k, note, y FROM u) uu;
  CREATE VIEW v_within AS SELECT g AS k, percentile_cont(0.5) WITHIN GROUP (ORDER BY x) AS med, count(*) FILTER (WHERE note IS NOT NULL) AS n FROM t GROUP BY g;
  CREATE VIEW v_op AS SELECT k, g OPERATOR(other.+) k AS s, note COLLATE "C" AS c FROM t;
  CREATE VIEW v_kinds AS SELECT k, m, pc, tags[1] AS first, j -> 'deep' ->> 1 AS deep, (c).b AS cb, c, x::int4::text AS xt FROM t;
  CREATE VIEW v_only AS SELECT k, kind FROM ONLY parent;
  CREATE VIEW v_row AS SELECT t.k, t AS whole, t.*::t AS again FROM t;
  CREATE VIEW v_nothing AS SELECT FROM t WHERE k < 3;
  CREATE VIEW v_system AS SELECT 1 AS k, count(*) > 0 AS some FROM pg_class;
  CREATE VIEW pg_class_like AS SELECT 1 AS k;
  CREATE VIEW hidden.t AS SELECT k, w AS hidden_w FROM hidden.h;
  CREATE VIEW hidden.over AS SELECT hidden.t.k, v.note FROM hidden.t JOIN v USING (k);
  CREATE VIEW "v.w" AS SELECT k, "c.d" FROM "a.b";
  CREATE VIEW "Order" AS SELECT * FROM "Select";
  CREATE VIEW "${long}v" AS SELECT * FROM "${long}t";
  CREATE VIEW "${long}w" AS SELECT * FROM "${long}v";
  CREATE VIEW later AS SELECT k, y FROM u;
  ALTER TABLE u RENAME COLUMN y TO why;
  ALTER VIEW later RENAME COLUMN y TO z;
`
// Views are made by the names of their day; the tables must be the same on both sides.
const afterwards = 'ALTER TABLE u RENAME COLUMN y TO why;'

const texts: Readonly<Record<string, string>> = {
  'a view over a view': 'select * from v2',
  'one view twice': 'select a.k, b.note as other from v a join v b on b.k = a.k + 1',
  'CTEs inside a view that are called like a view and a table': 'select * from v_cte',
  'a CTE beside a view of its name': 'select * from v_same_cte',
  'a CTE of the text that is called like the view it reads':
    'with v2 as (select k, g from public.v2) select a.*, b.note from v2 a join public.v2 b using (k)',
  'a CTE that hides a view': 'with v as (select 1 as k) select * from v',
  'a CTE in a subquery that does not hide the view outside':
    'select v.k, q.n from v, (with v as (select 7 as n) select n from v) q',
  'a CTE that is called like a table a view reads':
    'with t as (select 5 as k) select v.k, v.note from v join t using (k)',
  'a CTE called like the stage of another view':
    'with v2 as (select 4 as k) select x.k, x.note from hidden.over x join v2 using (k)',
  'a recursive text':
    'with recursive r as (select k, 1 as n from v where k < 3 union all select r.k, r.n + 1 from r where r.n < 3) select * from r',
  'names of columns given by the view': 'select k, "Second", "third col" from v_named',
  'names of columns given by the alias': 'select q.k, q.b from v_named as q(k, b)',
  VALUES: 'select * from v_values',
  'a text that is VALUES': "select column1 as k, column2 as w from (values (1, 'a'), (2, 'b')) q",
  'set operations': "select * from v_union except all select k, 'u' from v where k < 4",
  'a recursive view': 'select * from v_rec',
  'a view with a barrier': 'select * from v_barrier where x > 3',
  'DISTINCT ON': 'select * from v_distinct',
  'grouping sets': 'select * from v_sets',
  windows: 'select * from v_window where n < 3',
  'LATERAL in a view': 'select * from v_lateral',
  'LATERAL in the text': 'select v.k, l.* from v, lateral (select v.k + u.k as s, u.note from u where u.g = v.g) l',
  'WITH ORDINALITY': 'select * from v_ordinal',
  'ROWS FROM': 'select coalesce(k, 0) as k, b from v_rowsfrom',
  'NATURAL JOIN in a view': 'select * from v_natural',
  'NATURAL JOIN in the text': 'select * from v2 natural join u',
  'JOIN USING, merged columns first': 'select * from u full join (select k, note, x from v) q using (note, k)',
  'JOIN USING with a name': 'select j.k, v.x from v join v2 using (k) as j',
  'a named join': 'select j.k, j.note from (v2 join u using (k, g, note)) as j',
  'two stars': 'select a.*, b.why from v2 a, u b where a.k = b.k',
  'a star of a function': 'select v.k, g.* from v, generate_series(1, 2) as g(n)',
  'FILTER and WITHIN GROUP': 'select * from v_within',
  'an operator by its schema, a collation': 'select * from v_op',
  'enums, domains, arrays, jsonb, composites, casts': 'select * from v_kinds',
  'ONLY of a table in a view': 'select * from v_only',
  'ONLY of a view': 'select only_v.k from only v2 as only_v',
  'ONLY of a view in parentheses': 'select v2.k from only (v2)',
  'a star behind the name': 'select kind, k from parent *',
  'whole rows': 'select k, whole::text as w, (again).note as n from v_row',
  'a whole row of a view': 'select v2.k, v2::text as row, to_jsonb(v2) as j, count(v2) over () as n from v2',
  'fields of a whole row': 'select (q.r).k as k, (q.r).note as n from (select v2 as r from v2) q',
  'no column at all': 'select 1 as k from v_nothing',
  'a relation of the system': 'select * from v_system',
  'a schema that is not on the path': 'select * from hidden.over',
  'two relations of one name in two schemas':
    'select v.k, a.z, b.hidden_w from v join other.t a using (k) join hidden.t b using (k)',
  'two of one name in one FROM, told apart by schema':
    'select public.t.k, other.t.z, hidden.t.hidden_w from public.t, other.t, hidden.t where public.t.k = other.t.k and hidden.t.k = other.t.k',
  'columns with their schema':
    'select public.v2.k, public.v2.note from public.v2 where public.v2.k > (select avg(public.v.k) from public.v)',
  'columns with their schema, the relation without': 'select public.v2.k from v2 where public.v2.k < 9',
  'a star with its schema': 'select public.v2.* from public.v2',
  'an alias that is the name of another view': 'select v.k, v2.note from v2 v join v v2 on v2.k = v.k',
  'correlated through the name of a view':
    'select v2.k, (select max(u.why) from u where u.k = v2.k) as m from v2 where exists (select * from v where v.k = v2.k and v.x > 5)',
  'a name with a dot': 'select * from "v.w"',
  'quoted and reserved names': 'select o."k", o."from", o."größe", o."x""y" from "Order" o',
  'names of 63 bytes': `select * from "${long}w"`,
  'Unicode escapes': `select U&"d!006B".k from U&"!0076!0032" uescape '!' as "dk" where true`.replace(
    'U&"d!006B"',
    'dk',
  ),
  'a name every JavaScript object has': 'select * from "constructor"',
  'columns renamed since': 'select * from later',
  'a function called like a column': 'select t.k, t.note, note(t) as f from t',
  'strings, dollars and comments that look like names': `select /* from v /* nested */ v2 */ k, 'v2' as a, $q$from v$q$ as b, E'\\'v' as c -- from v\n from v2 -- the end`,
  TABLESAMPLE: 'select k from t tablesample bernoulli (100) repeatable (1)',
  'DISTINCT over a star': 'select distinct * from v_named',
  'EXISTS with a star': 'select k from v where exists (select * from v2 where v2.k = v.k)',
  'ordinals behind a star': 'select * from v2 order by 3, 1 limit 4',
  'IN over a view': 'select k from t where k in (select k from v2) and (k, g) in (select k, g from v)',
  'ARRAY of a view': 'select 1 as k, array(select k from v2 order by k) as ks',
}

const rowsOf = async (db: Database, query: string) => (await db.query(query)).rows.map((r) => JSON.stringify(r)).sort()

const compiled = async (db: Database, text: string): Promise<string> => {
  const asked = p
    .sample('asked', { entity: thing, split: p.split.none() })
    .query(() => sql<{ k: number }>`${sql.raw(text)}`)
  return (await trainingQuery(db, p.dataset('d', { sample: asked, features: [] as never }))).sql
}

describeEachEngine('the inlined text gives the rows of', (engine) => {
  let bare: Database
  beforeAll(async () => {
    await engine.db.execute(tables + views)
    bare = await engine.open()
    await bare.execute(tables + afterwards)
  })

  test.each(Object.entries(texts))('%s', async (_, text) => {
    const expected = await rowsOf(engine.db, text)
    expect(expected.length).toBeGreaterThan(0)
    const inlined = await compiled(engine.db, text)
    expect(await rowsOf(bare, inlined), inlined).toEqual(expected)
  })
})

describeEachEngine('stars', (engine) => {
  test('do not change when the table does', async () => {
    await engine.db.execute(`
      CREATE TABLE a (k int4, n int4); CREATE TABLE b (k int4, m int4);
      INSERT INTO a VALUES (1, 1), (1, 1), (2, 5); INSERT INTO b VALUES (1, 10), (2, 20);`)
    const queries = []
    for (const text of [
      'select distinct * from a',
      'with q as (select * from a) select * from q union select k, m from b',
      'select a.*, b.m from a join b using (k)',
      'select * from (select * from a) q where exists (select * from b)',
    ])
      queries.push(await compiled(engine.db, text))
    const before = await Promise.all(queries.map((q) => rowsOf(engine.db, q)))
    await engine.db.execute('ALTER TABLE a ADD COLUMN m int4 DEFAULT 7; ALTER TABLE a ADD COLUMN id serial;')
    expect(await Promise.all(queries.map((q) => rowsOf(engine.db, q)))).toEqual(before)
    expect(before.every((rows) => rows.length > 0)).toBe(true)
  })
})

describeEachEngine('deep stacks', (engine) => {
  test('60 views on one another are inlined, each once', async () => {
    const steps = Array.from({ length: 60 }, (_, i) =>
      i === 0
        ? 'CREATE VIEW deep_0 AS SELECT i AS k, i AS n FROM base'
        : `CREATE VIEW deep_${i} AS SELECT a.k, a.n + 1 AS n FROM deep_${i - 1} a${i % 20 === 0 ? ` JOIN deep_${i - 1} b USING (k)` : ''}`,
    )
    const base = 'CREATE TABLE base (i int4); INSERT INTO base SELECT generate_series(1, 5);'
    await engine.db.execute(base + steps.join(';'))
    const text = await compiled(engine.db, 'select * from deep_59')
    expect(text.match(/\bdeep_\d+ AS \(/g)).toHaveLength(60)
    const bare = await engine.open()
    await bare.execute(base)
    const rows = await rowsOf(bare, text)
    expect(rows).toEqual(await rowsOf(engine.db, 'select * from deep_59'))
    expect(rows).toContain('[5,64]')
  })
})

describeEachEngine('search paths', (engine) => {
  test('a text means what it meant when it was compiled, wherever it runs', async () => {
    await engine.db.execute(`
      CREATE SCHEMA shop; CREATE TABLE shop.items (k int4, what text); INSERT INTO shop.items VALUES (1, 'shop');
      CREATE TABLE public.items (k int4, what text); INSERT INTO public.items VALUES (2, 'public');
      CREATE VIEW shop.seen AS SELECT k, what FROM shop.items;`)
    const text = 'select i.k, items.what, s.what as seen from items i join items using (k) join seen s using (k)'
    await engine.db.transaction(async (tx) => {
      await tx.execute('SET LOCAL search_path = shop, public')
      const expected = await rowsOf(tx, text)
      const inlined = await compiled(tx, text)
      await tx.execute('SET LOCAL search_path = public')
      expect(await rowsOf(tx, inlined)).toEqual(expected)
      expect(expected).toEqual(['[1,"shop","shop"]'])
    })
  })

  test('needs no right on the views', async () => {
    await engine.db.execute(`
      CREATE SCHEMA secret; CREATE TABLE open_table (k int4, n int4); INSERT INTO open_table VALUES (1, 2);
      CREATE VIEW secret.inner_view AS SELECT k, n + 1 AS n FROM open_table;
      CREATE ROLE reader_${engine.name}; GRANT USAGE ON SCHEMA public TO reader_${engine.name}; GRANT SELECT ON open_table TO reader_${engine.name};`)
    const text = 'select * from secret.inner_view'
    const inlined = await compiled(engine.db, text)
    await engine.db.transaction(async (tx) => {
      await tx.execute(`SET LOCAL ROLE reader_${engine.name}`)
      expect(await rowsOf(tx, inlined)).toEqual(['[1,3]'])
    })
    await expect(
      engine.db.transaction(async (tx) => {
        await tx.execute(`SET LOCAL ROLE reader_${engine.name}`)
        await tx.query(text)
      }),
    ).rejects.toThrow('permission denied')
    await engine.db.execute(`DROP OWNED BY reader_${engine.name}; DROP ROLE reader_${engine.name}`)
  })
})

describe('names of cases', () => {
  test('there are many', () => expect(Object.keys(texts).length).toBeGreaterThan(60))
})

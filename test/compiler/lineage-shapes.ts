/** A schema with views of every shape in which a column can be named. */
const tables = `
  CREATE TABLE a (id int PRIMARY KEY, x int, y int, "Größe" float8, tag text, at timestamptz);
  CREATE TABLE b (id int, x int, z int, tag text, "select" int, doc jsonb);
  CREATE TABLE c (k text, v numeric, parent int);
  CREATE SCHEMA other;
  CREATE TABLE other.a (id int, hidden int);
`

/** Every shape in which a column can be named. */
export const views: Readonly<Record<string, string>> = {
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
    'WITH RECURSIVE r AS (SELECT id, 0 AS depth FROM a WHERE x = 1 UNION ALL SELECT b.id, r.depth + 1 FROM b JOIN r ON r.id = b.z WHERE r.depth < 4) SELECT depth FROM r',
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
  unused_window: 'SELECT x FROM a WINDOW w AS (PARTITION BY tag ORDER BY at)',
  same_name_twice: 'SELECT public.a.x, other.a.hidden FROM public.a, other.a',
  whole_row: 'SELECT to_json(c) AS j FROM c',
  whole_row_counted: 'SELECT count(c.*) AS n FROM c',
  field_of_row: 'SELECT (c).v FROM c',
  row_spread: 'SELECT (c).* FROM c',
  row_of_subquery: 'SELECT (s).v AS f, count(s) AS n FROM (SELECT v, parent FROM c) AS s GROUP BY 1',
  rolled_up: 'SELECT tag AS t, x AS u, sum(y) AS s FROM a GROUP BY ROLLUP (1, u)',
  cubed: 'SELECT count(*) AS n FROM a GROUP BY DISTINCT CUBE (x, (y, tag))',
  forward_cte: 'WITH RECURSIVE q AS (SELECT z FROM r), r AS (SELECT id AS z FROM a) SELECT z FROM q',
  recursive_with:
    'WITH RECURSIVE r AS (WITH s AS (SELECT id, x AS n FROM a) SELECT id, n FROM s UNION SELECT b.z, r.n + 1 FROM b, r WHERE r.id = b.id AND r.n < 20) SELECT n FROM r',
  recursive_swap:
    'WITH RECURSIVE r (p, q, o) AS (SELECT id, x, y FROM a UNION SELECT q, o, p FROM r WHERE p < 0) SELECT o FROM r',
  searched:
    'WITH RECURSIVE r AS (SELECT id, x FROM a UNION ALL SELECT b.id, b.z FROM b JOIN r ON b.x = r.id) ' +
    'SEARCH DEPTH FIRST BY id SET ord CYCLE id SET looped USING trail SELECT x, ord::text AS o, looped, trail::text AS t FROM r',
  two_arrays: 'SELECT u.p FROM a, unnest(ARRAY[a.x], ARRAY[a.y]) AS u(p, q)',
  inner_function_wins:
    'SELECT (SELECT max(value::text) FROM jsonb_each(o.doc)) AS m FROM (SELECT doc, tag AS value FROM b) AS o',
  rows_from: 'SELECT r.n, r.e FROM a, ROWS FROM (generate_series(1, a.x), unnest(ARRAY[a.y])) AS r(n, e)',
  spread_in_select: 'SELECT tag, generate_series(1, y) AS n FROM a',
  xml_rows:
    "SELECT t.p FROM c, xmltable('/r' PASSING xmlelement(name r, xmlelement(name p, coalesce(ascii(c.k), 0))) COLUMNS p int PATH 'p', q text DEFAULT c.parent::text) AS t",
  json_objects: 'SELECT json_object_agg(concat(tag), x ORDER BY y) FILTER (WHERE at IS NOT NULL) AS o FROM a',
  using_chain: 'SELECT id, tag FROM a JOIN b USING (id, tag) LEFT JOIN other.a AS o USING (id)',
  right_using: 'SELECT tag FROM a RIGHT JOIN b USING (tag)',
  natural_columns: 'SELECT * FROM (SELECT id, x FROM a) AS l NATURAL FULL JOIN (SELECT id, z FROM b) AS r',
  join_in_alias: 'SELECT j.one, j.two FROM (a CROSS JOIN c) AS j (one, two)',
  lateral_chain: 'SELECT z.n FROM a, LATERAL (SELECT a.x AS n) AS y, LATERAL (SELECT y.n + a.y AS n) AS z',
  outer_not_sibling: 'SELECT (SELECT s.v FROM (SELECT max(b.z) + a.x AS v FROM b) AS s) AS m FROM a',
  order_by_output: 'SELECT x AS y, y AS z FROM a ORDER BY y LIMIT 1',
  group_by_input: 'SELECT max(x) AS tag FROM a GROUP BY tag',
  rank_within: 'SELECT rank(3) WITHIN GROUP (ORDER BY v) AS r FROM c',
  ties: 'SELECT k FROM c ORDER BY v FETCH FIRST 2 ROWS WITH TIES',
  limited_by_query: 'SELECT k FROM c LIMIT (SELECT max(x) FROM b)',
  nested_sets: '(SELECT x FROM a UNION SELECT z FROM b) EXCEPT ALL (VALUES (1)) ORDER BY 1 LIMIT 5',
  aggregate_of_outer: 'SELECT (SELECT max(a.x + b.z) FROM b) AS m FROM a',
  quantified: 'SELECT x = ANY (ARRAY(SELECT z FROM b)) AS hit FROM a',
  pair_in: 'SELECT k FROM c WHERE (v, parent) IN (SELECT x, z FROM b)',
  kept_order: 'SELECT array_agg(s.x) AS xs, json_agg(s) AS j FROM (SELECT x, tag FROM a ORDER BY y) AS s',
  limited_later: 'SELECT s.x FROM (SELECT x FROM a ORDER BY at) AS s LIMIT 2',
  system_column: 'SELECT tableoid::regclass AS t, count(*) AS n FROM a GROUP BY 1',
  'Größe über alles': 'SELECT "Größe" AS "Größe, quadriert" FROM a AS "über alles" WHERE "über alles".x > 0',
  on_quoted: 'SELECT v."Größe, quadriert" AS g FROM "Größe über alles" AS v',
  stored: 'SELECT id, at FROM a',
  on_stored: 'SELECT s.at FROM stored AS s',
}

export const setup = `${tables}${Object.entries(views)
  .map(([name, sql]) => `CREATE ${name === 'stored' ? 'MATERIALIZED ' : ''}VIEW "${name}" AS ${sql};`)
  .join('\n')}`

/** Rows of which no two are alike in a column, so that orders are total, and of which some meet in every join. */
export const rows = `
  INSERT INTO a SELECT i, (i * 5 + 2) % 11 - 2, (i * 3 + 1) % 13 - 4, i / 4.0 + 1, chr(96 + i), timestamptz '2024-01-01Z' + i * 7 % 10 * interval '1 day'
    FROM generate_series(1, 9) i;
  INSERT INTO b SELECT i, CASE WHEN i % 2 = 0 THEN (i * 5 + 2) % 11 - 2 ELSE i + 20 END, (i * 4) % 9 - 1, chr(95 + i + i % 3), i - 3,
                       jsonb_build_object('p', i, 'q', i * i)
    FROM generate_series(1, 8) i;
  INSERT INTO b VALUES (3, 40, 3, 'c', 77, '[{"p": 5, "q": "six"}]'), (4, -2, 9, 'd', 78, NULL);
  INSERT INTO c SELECT chr(98 + i), i * 1.5 - 2, i % 6 - 1 FROM generate_series(1, 7) i;
  INSERT INTO other.a SELECT i, i * 100 FROM generate_series(2, 6) i;
  REFRESH MATERIALIZED VIEW stored;`

/** What is said of NULLs in hand-written queries, held against the rows they return. */
import { type Catalog, columnNullability, loadParser, relationNullability } from '@viewcast/compiler'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

const setup = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE DOMAIN share AS numeric CHECK (value <= 1);
  CREATE TABLE a (id int4 PRIMARY KEY, g int4 NOT NULL, x int4, t text, m mood NOT NULL, ts timestamptz NOT NULL,
                  j jsonb NOT NULL, arr int4[] NOT NULL, r int4range NOT NULL, d share);
  CREATE TABLE b (id int4 PRIMARY KEY, aid int4 NOT NULL, y int4, z int4 NOT NULL);
  CREATE TABLE empty (id int4 NOT NULL, g int4 NOT NULL);
  INSERT INTO a VALUES (1, 1, NULL, NULL, 'sad', '2024-01-01', 'null', '{}', '(,)', NULL),
                       (2, 1, 5, 'five', 'ok', 'infinity', '{"k": null}', '{NULL}', '[1,2)', 0.5),
                       (3, 2, 7, '', 'ok', '2024-01-03', '[]', '{1}', 'empty', 1);
  INSERT INTO b VALUES (1, 1, NULL, 1), (2, 1, 4, 2), (9, 8, 3, 3);
  CREATE VIEW joined AS SELECT a.id, b.id AS bid, b.y, coalesce(b.y, 0) AS y0 FROM a LEFT JOIN b ON b.aid = a.id;
  CREATE VIEW nested (one, two, three) AS SELECT id, bid, y0 + 1 FROM joined;
  CREATE MATERIALIZED VIEW stored AS SELECT g, count(*) AS n, sum(x) AS s, sum(id) AS total FROM a GROUP BY g;
  CREATE FUNCTION nothing(int4) RETURNS int4 LANGUAGE sql AS 'SELECT NULL::int4';
  CREATE SCHEMA mine;
  CREATE FUNCTION mine.abs(text) RETURNS int4 LANGUAGE sql AS 'SELECT NULL::int4';
  CREATE FUNCTION mine.nothing(int4, int4) RETURNS int4 LANGUAGE sql AS 'SELECT NULL::int4';
  CREATE OPERATOR mine.+ (FUNCTION = mine.nothing, LEFTARG = int4, RIGHTARG = int4);
`

/** The query, and for each column whether it can be NULL: `n` never, `p` possibly, `?` not known. */
const cases: readonly (readonly [group: string, rows: readonly (readonly [sql: string, expected: string])[]])[] = [
  [
    'columns and literals',
    [
      ['select id, x, t, m, d from a', 'npp n p'],
      ['select * from a', 'nnppnnnnnp'],
      ["select 1, 'a', null, true, null::text", 'nnpnp'],
      ['select a.*, b.y from a, b', 'nnppnnnnnpp'],
      ['select a, (a).id from a', '??'],
      ['table b', 'nnpn'],
    ],
  ],
  [
    'joins',
    [
      ['select a.id, b.id, b.y from a join b on b.aid = a.id', 'nnp'],
      // A row of a that found no partner is there as well.
      ['select a.x, b.id from a full join b on b.y = a.x where a.id is not null', 'pp'],
      ['select a.x, b.y from a full join b on b.y = a.x where a.id > 0 and b.id > 0', 'pp'],
      ['select a.id, b.y from a left join b on b.y = a.x where b.id is not null', 'nn'],
      ['select a.id, b.id from a left join b on b.aid = a.id', 'np'],
      ['select a.id, b.id from a right join b on b.aid = a.id', 'pn'],
      ['select a.id, b.id from a full join b on b.aid = a.id', 'pp'],
      ['select * from (select id from a) q full join (select id from b) w using (id)', 'n'],
      ['select q.id, w.id from (select id from a) q full join (select id from b) w using (id)', 'pp'],
      ['select * from (select id, x from a) q left join (select id, z from b) w using (id)', 'npp'],
      ['select * from (select id from a) q natural full join (select id from b) w', 'n'],
      ['select * from (select x from a) q full join (select y as x from b) w using (x)', 'p'],
      ['select * from (select x from a) q join (select y as x from b) w using (x)', 'n'],
      ['select b.id, c.id from a left join (b join b c on c.id = b.id) on b.aid = a.id', 'pp'],
      ['select a.id, b.id, c.id from a left join b on b.aid = a.id join b c on c.id = b.id', 'nnn'],
      ['select l.v, l.w from a left join lateral (select a.id as v, a.x as w where a.x is not null) l on true', 'pp'],
      ['select l.v from a cross join lateral (select a.id + 1 as v) l', 'n'],
      ['select j.q from (a left join b on b.aid = a.id) as j (q)', 'n'],
      ['select g from generate_series(1, 3) g', 'n'],
      ['select g from generate_series(1, null) g', 'n'],
      ['select generate_series(1, 2), generate_series(1, 3)', '??'],
      ['select u from unnest(array[1, null]) u', '?'],
    ],
  ],
  [
    'what conditions prove',
    [
      ['select x from a where x is not null', 'n'],
      ['select x, t from a where x > 1 and t like $$f%$$', 'nn'],
      ['select x, t from a where x > 1 or t is not null', 'pp'],
      ['select x from a where x > 9 or x < 6', 'n'],
      ['select x from a where not (x = 7)', 'n'],
      ['select x from a where (x = 7) is not true', 'p'],
      ['select x from a where (x is null) is false', 'n'],
      ['select x from a where x in (5, 7)', 'n'],
      ['select x from a where x = any (array[5, null])', 'n'],
      ['select x from a where x <> all (array[]::int4[])', 'p'],
      ['select x from a where x between 1 and 9', 'n'],
      ['select x from a where x is distinct from 5', 'p'],
      ['select x from a where coalesce(x, 0) = 0', 'p'],
      ['select x from a where abs(x)::text = $$5$$', 'n'],
      ['select b.y, b.z, b.id from a left join b on b.aid = a.id where b.z > 0', 'pnn'],
      ['select x from a where (x, id) = (5, 2)', 'p'],
      ['select x from a where exists (select 1 from b where b.y = x)', 'p'],
      ['select x from a where x in (select z from b)', 'n'],
    ],
  ],
  [
    'expressions',
    [
      ['select coalesce(x, 0), coalesce(x, null), coalesce(x, id) from a', 'npn'],
      ['select greatest(x, 0), least(x, x), nullif(id, 1) from a', 'npp'],
      ['select x + 1, id * 2 - g, id / 2.0, -id, -x from a', 'pnnnp'],
      [
        'select case when x > 1 then id else 0 end, case when x > 1 then id end, case id when 1 then g else 2 end from a',
        'npn',
      ],
      ['select case when x is null then 0 else x end, case when x is not null then x else 0 end from a', 'nn'],
      ['select case x when 5 then 0 else x end from a', 'p'],
      ['select id::text, x::text, m::text, d::float8, ts::date from a', 'npnpn'],
      ["select ts::time, ts::timetz, '10:00'::time from a", '??n'],
      ["select (j -> 'k')::int4, j ->> 'k', j::text, jsonb_typeof(j) from a where id = 3", '???n'],
      ['select arr[1], arr || null::int4, array[x] from a', '??n'],
      ['select lower(r), upper(t), lower(m::text) from a', '?pn'],
      ['select x is null, x = 5, id = 5, x is distinct from 5, not (x = 5), x = 5 or true from a', 'npnnpp'],
      ['select concat(x, t), x || t, id || m::text, concat_ws($$,$$, t) from a', 'npnn'],
      ['select extract(epoch from ts), extract(day from ts), date_trunc($$day$$, ts) from a', 'n?n'],
      ['select now(), current_date, current_user, to_char(ts, $$YYYY$$) from a', 'nnn?'],
      ['select exists (select 1), array(select x from a), (select count(*) from a), (select max(id) from a)', 'nnnp'],
      ['select (select id from a where id = 1), (select count(*) from a group by g limit 1), (select 1)', '??n'],
      ['select (select count(*) from a having false), (select count(*) from a order by generate_series(1, 0))', '??'],
      ['select x in (5, null), id in (1, 2), id in (select x from a), id in (select id from b) from a', 'pnpn'],
      ['select id = any (array[1, null]), x = any (arr) from a', '?p'],
      ['select nothing(id), mine.abs(t), abs(id), id operator(mine.+) id from a', '??n?'],
      ['select array_length(arr, 1), cardinality(arr), jsonb_build_object($$k$$, x) from a', '?nn'],
    ],
  ],
  [
    'aggregates and windows',
    [
      ['select count(*), count(x), sum(id), max(id), array_agg(x) from a', 'nnppp'],
      ['select g, sum(id), sum(x), max(m), avg(id), stddev(id), string_agg(m::text, t) from a group by g', 'nnpnnpn'],
      ['select g, sum(id) filter (where x > 6), count(*) filter (where x > 6) from a group by g', 'npn'],
      ['select g, array_agg(x), bool_and(x > 1), bool_or(id > 1) from a group by g', 'nnpn'],
      [
        'select g, percentile_cont(0.5) within group (order by id), mode() within group (order by x) from a group by g',
        'nnp',
      ],
      ['select g, count(*), sum(id), grouping(g) from a group by rollup (g)', 'pnpn'],
      ['select coalesce(g, 0) from a group by rollup (coalesce(g, 0))', '?'],
      ['select coalesce(t, $$-$$) || count(*)::text from a group by rollup (coalesce(t, $$-$$))', '?'],
      ['select sum(id) from empty group by ()', 'p'],
      [
        'select row_number() over (), rank() over (order by x), lag(id) over (order by id), lag(id, 1, 0) over () from a',
        'nnpn',
      ],
      ['select sum(id) over (), sum(x) over (), first_value(id) over w from a window w as (order by id)', 'npn'],
      ['select sum(id) over (order by id rows between 2 preceding and 1 preceding) from a', 'p'],
      [
        'select sum(id) over (order by id rows between unbounded preceding and current row exclude current row) from a',
        'p',
      ],
      ['select sum(id) filter (where x > 5) over () , nth_value(id, 2) over (order by id) from a', 'pp'],
      ['select case when x is not null then lag(x) over (order by id) else 0 end from a', 'p'],
      ['select case when x is not null then sum(x) over (order by id) else 0 end from a', 'p'],
      ['select distinct on (g) g, x from a order by g, x', 'np'],
      ['select g from a group by g having sum(x) > 0', 'n'],
    ],
  ],
  [
    'sets, CTEs, subqueries, VALUES',
    [
      ['select id from a union select y from b', 'p'],
      ['select id from a union all select z from b', 'n'],
      ['select x from a intersect select id from b', 'n'],
      ['select id from a except select y from b', 'n'],
      ['select x from a except select id from b', 'p'],
      ['values (1, null), (2, 3)', 'np'],
      ['select * from (values (1, 2), (3, 4)) v (p, q)', 'nn'],
      ['with c (k) as (select id from a) select k from c', 'n'],
      ['with c as (select id from a), d as (select * from c left join b using (id)) select * from d', 'nppp'],
      ['with recursive c as (select 1 as n union all select n + 1 from c where n < 3) select n from c', 'n'],
      [
        'with recursive c as (select 1 as n union all select case when n < 3 then n + 1 end from c where n < 3) select n from c',
        'p',
      ],
      ['with a as (select null::int4 as id) select a.id, z.x from a, public.a z', 'pp'],
      ['select q.v from (select max(id) as v from a) q', 'p'],
      ['select * from joined', 'nppn'],
      ['select * from nested', 'npn'],
      ['select * from stored', 'nnpn'],
    ],
  ],
]

const letter = { never: 'n', possible: 'p', unknown: '?' } as const
const speaker = { view: 'the query', file: 'query' }

describeEachEngine('nullability', (engine) => {
  let catalog: Catalog
  beforeAll(async () => {
    await loadParser()
    await engine.db.execute(setup)
    catalog = await engine.db.introspect()
  })

  for (const [group, rows] of cases) {
    describe(group, () => {
      test.each(rows)('%s', async (sql, expected) => {
        const said = columnNullability(sql, speaker, catalog)
        expect(said?.map((c) => letter[c.nullability]).join('')).toBe(expected.replaceAll(' ', ''))
        expect(said?.map((c) => c.name)).toEqual((await engine.db.describe(sql)).map((c) => c.name))
        const names = (said ?? []).map((_, i) => `c${i}`)
        // The null of jsonb is a value to SQL.
        const tests = names.map((n) => `bool_or(${n} IS NOT DISTINCT FROM NULL)`)
        const { rows } = await engine.db.query(`SELECT ${tests.join(', ')} FROM (${sql}) AS q (${names.join(', ')})`)
        expect(said?.filter((c, i) => rows[0]?.[i] === true && c.nullability === 'never')).toEqual([])
      })
    })
  }

  test('relations: tables by their constraints, views by their definitions', () => {
    const of = (name: string) => {
      const relation = catalog.relations.find((r) => r.name === name)
      return relation && relationNullability(relation, catalog).map((c) => `${c.name} ${c.nullability}`)
    }
    expect(of('b')).toEqual(['id never', 'aid never', 'y possible', 'z never'])
    expect(of('nested')).toEqual(['one never', 'two possible', 'three never'])
    expect(of('stored')).toEqual(['g never', 'n never', 's possible', 'total never'])
  })

  test('of a query over the questions nothing is promised for what they bring', () => {
    const spine = [{ name: 'id', type: 'int4' }]
    const said = columnNullability(
      'select spine.id, count(b.id) as n, max(b.z) as z from spine left join b on b.aid = spine.id group by spine.id',
      speaker,
      catalog,
      spine,
    )
    expect(said?.map((c) => c.nullability)).toEqual(['unknown', 'never', 'possible'])
  })

  test('a name the database has a function of its own for is not the one of PostgreSQL', async () => {
    await engine.db.execute('CREATE FUNCTION length(mood) RETURNS int4 LANGUAGE sql AS $$SELECT NULL::int4$$')
    const now = await engine.db.introspect()
    expect(columnNullability('select length(m) from a', speaker, now)?.[0]?.nullability).toBe('unknown')
    expect((await engine.db.query('select length(m) from a')).rows[0]).toEqual([null])
    await engine.db.execute('DROP FUNCTION length(mood)')
  })

  test('a function of PostgreSQL that takes NULL proves nothing of its arguments', async () => {
    const proves = (name: string) =>
      columnNullability(`select x from a where "${name}"(x) is not null`, speaker, catalog)?.[0]?.nullability ===
      'never'
    const of = async (strict: boolean) => {
      const { rows } = await engine.db.query(
        `SELECT p.proname FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
          GROUP BY p.proname HAVING bool_and(p.proisstrict AND p.prokind = 'f') = ${strict}`,
      )
      return rows.map(([name]) => String(name))
    }
    expect((await of(false)).filter(proves)).toEqual([])
    expect((await of(true)).filter(proves).length).toBeGreaterThan(100)
  })
})

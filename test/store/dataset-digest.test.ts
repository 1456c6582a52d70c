import { type Database, type DatasetDigest, digestRows } from '@viewcast/sdk'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

const every = `
  SELECT i AS id, (i % 7)::int2 AS small, i::int8 * 1000003 AS large, i % 2 = 0 AS flag,
    CASE WHEN i % 5 = 0 THEN NULL WHEN i % 5 = 1 THEN '' ELSE 'häuser ' || i END AS word,
    'x'::char(5) AS padded, ('v' || i % 3)::varchar(10) AS short,
    (i * 1.10)::numeric(12, 2) AS price, i / 3.0::float8 AS third, (i / 3.0)::float4 AS single,
    CASE i % 6 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' WHEN 3 THEN '-0' WHEN 4 THEN '1e300' ELSE '5e-324' END::float8 AS odd,
    CASE i % 3 WHEN 0 THEN 'infinity' WHEN 1 THEN NULL ELSE timestamptz '1999-12-31 23:59:59.999999Z' + i * interval '1 day' END AS at,
    timestamp '2001-01-01' + i * interval '1 hour' AS local, date '0044-03-15 BC' + i AS day, time '12:00' + i * interval '1 second' AS clock,
    make_interval(months => i, secs => i) AS span, decode(lpad(to_hex(i), 8, '0'), 'hex') AS raw,
    jsonb_build_object('b', i, 'a', ARRAY[i, NULL]) AS doc, ('{"z": ' || i || ', "a" : 1}')::json AS text_doc,
    md5(i::text)::uuid AS key, ARRAY[i, NULL, i + 1] AS ints, ARRAY['a,b', NULL, 'NULL', ''] AS words,
    ARRAY[[i / 3.0::float8, 'NaN'], [1, 2]] AS matrix, ARRAY[timestamptz '2001-01-01Z' + i * interval '1 second'] AS instants,
    tstzrange('2001-01-01Z', timestamptz '2001-01-02Z' + i * interval '1 hour') AS valid, ROW(i, 0.1::float8, now() - now()) AS composite,
    point(i, 0.5) AS place, inet '10.0.0.1' + i AS address
  FROM generate_series(1, 60) AS i`

/** One value for both engines: the digest of `every` never changes, or the method gets another name. */
const known = '43b13d1504bdb913f3dafa1c392c1b62728011233f72e2384532eedd1f147409'

describeEachEngine('the digest of a dataset', (engine) => {
  let db: Database
  const of = (query: string, on: Database = db): Promise<DatasetDigest> => digestRows(on, query)
  const digest = async (query: string): Promise<string> => (await of(query)).digest

  beforeAll(async () => {
    db = engine.db
    await db.execute(`
      CREATE TYPE mood AS ENUM ('sad', 'happy');
      CREATE TABLE sale (id int, shop int, amount float8, cents int, note text, mood mood);
      INSERT INTO sale SELECT i, i % 50, round((i * 7919 % 100003) / 100.0, 2), i * 7919 % 100003, nullif('n' || i % 9, 'n0'),
        CASE WHEN i % 2 = 0 THEN 'sad' ELSE 'happy' END::mood FROM generate_series(1, 4000) i;
      CREATE TABLE shop (shop int PRIMARY KEY, name text);
      INSERT INTO shop SELECT i, 'shop ' || i FROM generate_series(0, 49) i;
      ANALYZE`)
  })

  test('is the same on every engine, for every type', async () => {
    const { digest, rows, columns } = await of(every)
    expect(rows).toBe(60)
    expect(columns.find((c) => c.name === 'word')?.nulls).toBe(12)
    expect(digest).toBe(known)
  })

  test.each([
    ["SET LOCAL TimeZone = 'America/St_Johns'"],
    ["SET LOCAL DateStyle = 'German, DMY'"],
    ["SET LOCAL IntervalStyle = 'iso_8601'"],
    ["SET LOCAL bytea_output = 'escape'"],
    ['SET LOCAL extra_float_digits = -15'],
  ])('does not hang on %s', async (setting) => {
    const expected = await digest(every)
    const [name = ''] = setting.split(' ').slice(2)
    await db.transaction(async (tx) => {
      await tx.execute(setting)
      const before = await tx.rows(`SHOW ${name}`)
      expect((await of(every, tx)).digest).toBe(expected)
      expect(await tx.rows(`SHOW ${name}`)).toEqual(before)
    })
  })

  test('does not hang on the order of rows or columns', async () => {
    const expected = await digest('SELECT id, amount, note FROM sale')
    expect(await digest('SELECT id, amount, note FROM sale ORDER BY note, id DESC')).toBe(expected)
    expect(await digest('SELECT note, amount, id FROM sale ORDER BY amount')).toBe(expected)
  })

  test('does not hang on the plan, though sums of floats do', async () => {
    const query = `SELECT p.name, avg(s.amount) AS mean, sum(s.amount * 1.1) AS total, stddev(s.amount) AS spread,
        sum(s.amount) FILTER (WHERE s.id % 3 = 0) AS some
      FROM sale s JOIN shop p USING (shop) JOIN (SELECT * FROM sale WHERE id <= 40) t ON t.shop = s.shop GROUP BY p.name`
    const plans = [
      'SET LOCAL enable_hashjoin = off; SET LOCAL enable_hashagg = off',
      'SET LOCAL enable_mergejoin = off; SET LOCAL enable_sort = off',
      'SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off',
      'SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL max_parallel_workers_per_gather = 2',
    ]
    const digests = new Set<string>()
    const bits = new Set<string>()
    for (const plan of plans) {
      await db.transaction(async (tx) => {
        await tx.execute(plan)
        digests.add((await of(query, tx)).digest)
        // The same with every bit: what the rounding is there for.
        const exact = { mean: 'exact', total: 'exact', spread: 'exact', some: 'exact' } as const
        bits.add((await digestRows(tx, query, { precision: exact })).digest)
      })
    }
    expect(digests.size).toBe(1)
    expect(bits.size).toBeGreaterThan(1)
  })

  test('does not hang on the last bit of sums and means of amounts', async () => {
    // Half way between two numbers of few digits, decimal (1234.565) and binary (1048577.5), is where such numbers are.
    const rows = (
      noise: string,
    ) => `SELECT i / 200.0::float8 ${noise} AS mean, (1048576 + i / 2.0::float8) ${noise} AS total,
      (i * 10)::float8 / 7 ${noise} AS seventh FROM generate_series(200000, 260000) AS i`
    const expected = await digest(rows(''))
    const [moved] = await db.rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM (${rows('* (1 + 2.3e-16::float8)')}) AS q WHERE mean <> round(mean::numeric, 3)::float8`,
    )
    expect(moved?.n).toBeGreaterThan(30_000)
    expect(await digest(rows('* (1 + 2.3e-16::float8)'))).toBe(expected)
    expect(await digest(rows('* (1 - 1.2e-16::float8)'))).toBe(expected)
    expect(await digest(rows('* (1 + 1e-5::float8)'))).not.toBe(expected)
  })

  test.each([
    ['one value', 'SELECT id, CASE WHEN id = 17 THEN amount + 1 ELSE amount END AS amount, note FROM sale'],
    ['the last bit of a stored number', 'SELECT id, amount, note FROM nudged'],
    ['one NULL', "SELECT id, amount, CASE WHEN id = 9 THEN '' ELSE note END AS note FROM sale"],
    ['one row more', 'SELECT id, amount, note FROM sale UNION ALL SELECT id, amount, note FROM sale WHERE id = 5'],
    ['one row less', 'SELECT id, amount, note FROM sale WHERE id <> 5'],
    ['the name of a column', 'SELECT id, amount AS price, note FROM sale'],
    ['the type of a column', 'SELECT id::int8 AS id, amount, note FROM sale'],
    ['a column more', 'SELECT id, amount, note, 1 AS one FROM sale'],
    ['values in other rows', 'SELECT 4001 - id AS id, amount, note FROM sale'],
  ])('is another for %s', async (_, query) => {
    await db.execute(
      `CREATE TABLE IF NOT EXISTS nudged AS SELECT id, CASE WHEN id = 17 THEN 79.07999999999999 ELSE amount END AS amount, note FROM sale`,
    )
    const expected = await digest('SELECT id, amount, note FROM sale')
    expect(await digest(query)).not.toBe(expected)
  })

  test('is another for a pair of duplicates that took the place of another pair', async () => {
    const rows = (...pairs: string[]) => `SELECT * FROM (VALUES ${pairs.join(', ')}) AS v (a, b)`
    expect(await digest(rows('(1, 1)', '(1, 1)', '(2, 2)'))).not.toBe(await digest(rows('(2, 2)', '(2, 2)', '(1, 1)')))
    expect(await digest(rows('(1, 1)', '(1, 1)'))).not.toBe(await digest(rows('(2, 2)', '(2, 2)')))
  })

  test.each([
    ["SELECT 'a' AS x, 'bc' AS y", "SELECT 'ab' AS x, 'c' AS y"],
    ["SELECT 'a,b' AS x, '' AS y", "SELECT 'a' AS x, 'b,' AS y"],
    ["SELECT NULL::text AS x, 'a' AS y", "SELECT '' AS x, 'a' AS y"],
    ["SELECT NULL::text AS x, 'a' AS y", "SELECT 'a' AS x, NULL::text AS y"],
    ["SELECT 'NaN'::text AS x", "SELECT 'NaN'::float8 AS x"],
    ["SELECT '\"' AS x, '' AS y", "SELECT '' AS x, '\"' AS y"],
    ['SELECT ARRAY[NULL]::text[] AS x', "SELECT ARRAY['NULL'] AS x"],
    ['SELECT ARRAY[NULL]::float8[] AS x', 'SELECT NULL::float8[] AS x'],
    ["SELECT '{}'::float8[] AS x", 'SELECT NULL::float8[] AS x'],
    ['SELECT ARRAY[[1, 2], [3, 4]]::float8[] AS x', 'SELECT ARRAY[1, 2, 3, 4]::float8[] AS x'],
    ["SELECT '{}'::int[] AS x", 'SELECT NULL::int[] AS x'],
    ["SELECT interval '1 month' AS x", "SELECT interval '30 days' AS x"],
    ["SELECT 'infinity'::date AS x", "SELECT '-infinity'::date AS x"],
    ['SELECT 1 AS a WHERE false', 'SELECT 1::int8 AS a WHERE false'],
  ])('tells %s from %s', async (one, other) => {
    expect(await digest(one)).not.toBe(await digest(other))
  })

  test.each([
    ["SELECT '-0'::float8 AS x", "SELECT '0'::float8 AS x"],
    ["SELECT '-0'::float4 AS x", "SELECT '0'::float4 AS x"],
    ['SELECT 1.10::numeric AS x', 'SELECT 1.1::numeric AS x'],
    ['SELECT ARRAY[1.10, 2.0] AS x', 'SELECT ARRAY[1.1, 2] AS x'],
    ["SELECT 'infinity'::float8 - 'infinity' AS x", "SELECT 'NaN'::float8 AS x"],
    ["SELECT '-NaN'::float4 AS x", "SELECT 'NaN'::float4 AS x"],
    ['SELECT (0.1::float8 + 0.2) AS x', 'SELECT 0.3::float8 AS x'],
    ['SELECT ARRAY[0.1::float8 + 0.2] AS x', 'SELECT ARRAY[0.3::float8] AS x'],
    ["SELECT 'a'::char(3) AS x", "SELECT 'a'::char(9) AS x"],
    [`SELECT '{"b":1, "a":2}'::jsonb AS x`, `SELECT '{"a":2,"b":1,"b":1}'::jsonb AS x`],
    ["SELECT '2001-01-01 12:00+05'::timestamptz AS x", "SELECT '2001-01-01 07:00Z'::timestamptz AS x"],
  ])('does not tell %s from %s', async (one, other) => {
    expect(await digest(one)).toBe(await digest(other))
  })

  test('says which column differs, and that the others do not', async () => {
    const a = await of('SELECT id, amount, note, mood FROM sale')
    const b = await of("SELECT id, amount, coalesce(note, 'none') AS note, mood FROM sale")
    const differing = a.columns.filter((c, i) => c.digest !== b.columns[i]?.digest).map((c) => c.name)
    expect(differing).toEqual(['note'])
    expect(a.columns.map((c) => c.precision)).toEqual([undefined, 'exact', undefined, undefined])
  })

  test('rounds what is computed and keeps every bit of what is stored', async () => {
    await db.execute('CREATE VIEW doubled AS SELECT id, amount AS same, amount * 2 AS twice FROM sale')
    const { columns } = await of('SELECT same, twice, (SELECT avg(amount) FROM sale) AS mean FROM doubled')
    expect(columns.map((c) => c.precision)).toEqual(['exact', 'rounded', 'rounded'])
  })

  test('is equal for equal rows only, whatever they hold', async () => {
    const value = fc.record({
      n: fc.option(fc.integer({ min: -3, max: 3 })),
      x: fc.option(fc.constantFrom(0, -0, 1.5, 1 / 3, Number.NaN, Number.POSITIVE_INFINITY, 1e300, 5e-324)),
      t: fc.option(
        fc.string({ unit: fc.constantFrom('a', ',', '"', '(', ')', '\\\\', ' ', '~', 'ü', '{'), maxLength: 3 }),
      ),
    })
    type Rows = readonly { n: number | null; x: number | null; t: string | null }[]
    const asked = async (rows: Rows): Promise<string> => {
      const { tx, query } = { tx: db, query: 'SELECT n, x, t FROM property' }
      await tx.query('TRUNCATE property')
      await tx.query('INSERT INTO property SELECT * FROM unnest($1::int[], $2::float8[], $3::text[])', [
        rows.map((r) => r.n),
        rows.map((r) => r.x),
        rows.map((r) => r.t),
      ])
      return digest(query)
    }
    // -0 is 0, and nothing else is anything else.
    const bag = (rows: Rows) =>
      JSON.stringify(rows.map((r) => JSON.stringify([r.n, r.x === null ? null : String(r.x), r.t])).sort())
    await db.execute('CREATE TABLE property (n int, x float8, t text)')
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 4 }), fc.array(value, { maxLength: 4 }), async (one, other) => {
        const expected = await asked(one)
        expect(await asked([...one].reverse())).toBe(expected)
        expect((await asked(other)) === expected).toBe(bag(one) === bag(other))
        const [first, ...rest] = one
        // A neighbour: one value of one row is another.
        if (first)
          expect((await asked([{ ...first, t: first.t === null ? '' : null }, ...rest])) === expected).toBe(false)
      }),
      { numRuns: 40, seed: 34 },
    )
  })

  test('is of no rows and of no column, too', async () => {
    expect(await of('SELECT id, amount FROM sale WHERE false')).toMatchObject({ rows: 0 })
    expect(await of('SELECT FROM sale')).toMatchObject({ rows: 4000, columns: [] })
  })

  test('takes names that need quotes, and text that ends in a comment', async () => {
    const { columns } = await of(
      'SELECT id AS "t0", shop AS "fence", cents AS "q""x", note AS "select" FROM sale -- all',
    )
    expect(columns.map((c) => c.name)).toEqual(['t0', 'fence', 'q"x', 'select'])
  })

  test('is refused for two columns of one name and for what is no SELECT', async () => {
    expect(await codesOf(() => of('SELECT 1 AS a, 2 AS a'))).toEqual(['dataset/duplicate-column'])
    expect(await codesOf(() => of('DELETE FROM sale'))).toEqual(['sql/not-a-select'])
    expect(await codesOf(() => of('SELECT 1; SELECT 2'))).toEqual(['sql/several-statements'])
  })

  test('of more columns than a statement has room for three of is made of the same parts', async () => {
    const more = Array.from({ length: 760 }, (_, i) => `(id * ${i + 1} / 7.0)::float8 AS more_${i}`)
    const narrow = await of(`SELECT * FROM (${every}) e`)
    const wide = await of(`SELECT e.*, ${more.join(', ')} FROM (${every}) e`)
    expect(wide.columns).toHaveLength(narrow.columns.length + 760)
    expect(wide.columns.slice(0, narrow.columns.length)).toEqual(narrow.columns)
    expect((await of(`SELECT ${more.reverse().join(', ')}, e.* FROM (${every}) e ORDER BY id DESC`)).digest).toBe(
      wide.digest,
    )
    const other = more.with(5, more[5]?.replace('7.0', '7.5') ?? '')
    expect((await of(`SELECT ${other.join(', ')}, e.* FROM (${every}) e`)).digest).not.toBe(wide.digest)
  })
})

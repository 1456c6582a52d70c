import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

/** Expression → type name and the JavaScript value that every engine gives. */
const table: readonly (readonly [string, string, unknown])[] = [
  ['true', 'bool', true],
  ['false', 'bool', false],
  ['NULL::bool', 'bool', null],
  ['1::int2', 'int2', 1],
  ['(-2147483648)::int4', 'int4', -2147483648],
  ['9007199254740993::int8', 'int8', '9007199254740993'],
  ['(-9223372036854775808)::int8', 'int8', '-9223372036854775808'],
  ['1.50::numeric', 'numeric', '1.50'],
  ["'NaN'::numeric", 'numeric', 'NaN'],
  ['12345678901234567890.123456789::numeric', 'numeric', '12345678901234567890.123456789'],
  ['0.1::float8', 'float8', 0.1],
  ['0.1::float4', 'float4', 0.1],
  ["'NaN'::float8", 'float8', Number.NaN],
  ["'Infinity'::float8", 'float8', Number.POSITIVE_INFINITY],
  ["'-Infinity'::float4", 'float4', Number.NEGATIVE_INFINITY],
  ["'-0'::float8", 'float8', -0],
  ['4.9406564584124654e-324::float8', 'float8', 5e-324],
  ['1.7976931348623157e308::float8', 'float8', Number.MAX_VALUE],
  ["'a''b\\n\u{1f600}'::text", 'text', "a'b\\n\u{1f600}"],
  ["''::text", 'text', ''],
  ["'x'::varchar(5)", 'varchar', 'x'],
  ["'x'::char(3)", 'bpchar', 'x  '],
  ["'\\x00ff'::bytea", 'bytea', new Uint8Array([0, 255])],
  ['\'{"a": [1, null], "b": "é"}\'::json', 'json', { a: [1, null], b: 'é' }],
  ["'[true]'::jsonb", 'jsonb', [true]],
  ["'null'::jsonb", 'jsonb', null],
  ["date '2001-02-03'", 'date', '2001-02-03'],
  ["date 'infinity'", 'date', 'infinity'],
  ["time '04:05:06.789'", 'time', '04:05:06.789'],
  ["timestamp '2001-02-03 04:05:06'", 'timestamp', '2001-02-03 04:05:06'],
  ["timestamptz '2001-02-03 04:05:06.123456+02'", 'timestamptz', '2001-02-03 02:05:06.123456+00'],
  ["timestamptz '0044-03-15 12:00 BC'", 'timestamptz', '0044-03-15 12:00:00+00 BC'],
  ["interval '1 day 02:03:04'", 'interval', '1 day 02:03:04'],
  ["interval '-1 year 2 mons'", 'interval', '-10 mons'],
  ["'00112233-4455-6677-8899-aabbccddeeff'::uuid", 'uuid', '00112233-4455-6677-8899-aabbccddeeff'],
  ['ARRAY[1, NULL, 3]', '_int4', '{1,NULL,3}'],
  ["ARRAY['a,b', 'c\"d']", '_text', '{"a,b","c\\"d"}'],
  ["ARRAY[timestamptz '2001-02-03 04:05:06Z']", '_timestamptz', '{"2001-02-03 04:05:06+00"}'],
  ["ROW(1, 'x')", 'record', '(1,x)'],
  ['int4range(1, 3)', 'int4range', '[1,3)'],
  ["point '(1,2)'", 'point', '(1,2)'],
  ["inet '10.0.0.1/8'", 'inet', '10.0.0.1/8'],
  ['4294967295::oid', 'oid', '4294967295'],
]

describeEachEngine('values', (engine) => {
  test.each(table)('%s is a %s', async (expression, type, value) => {
    const sql = `SELECT ${expression} AS v`
    expect(await engine.db.query(sql)).toEqual({
      columns: [{ name: 'v', type, nullable: true }],
      rows: [[value]],
      affected: 1,
    })
    for await (const batch of engine.db.stream(sql)) expect(batch).toEqual([[value]])
    expect(await engine.db.describe(sql)).toEqual([{ name: 'v', type, nullable: true }])
  })

  test('bytes are a plain Uint8Array', async () => {
    const [row] = await engine.db.rows<{ b: Uint8Array }>("SELECT '\\x01'::bytea AS b")
    expect(Object.getPrototypeOf(row?.b)).toBe(Uint8Array.prototype)
  })

  test('parameters keep their value', async () => {
    const at = new Date('2001-02-03T04:05:06.789Z')
    expect(
      await engine.db.query(
        'SELECT $1::int8, $2::float8, $11::float8, $3::text, $4::bool, $5::timestamp, $6::timestamptz, $7::text, $8::jsonb, $9::bytea, $10::text[]',
        [2n ** 62n, Number.NaN, "a'b", true, at, at, null, { a: 1 }, new Uint8Array([1, 2]), ['x,y', null], -0],
      ),
    ).toMatchObject({
      rows: [
        [
          '4611686018427387904',
          Number.NaN,
          -0,
          "a'b",
          true,
          '2001-02-03 04:05:06.789',
          '2001-02-03 04:05:06.789+00',
          null,
          { a: 1 },
          new Uint8Array([1, 2]),
          '{"x,y",NULL}',
        ],
      ],
    })
  })

  test('rows keep the order of columns and query keeps duplicate names', async () => {
    expect(Object.keys((await engine.db.rows('SELECT 1 AS z, 2 AS a'))[0] ?? {})).toEqual(['z', 'a'])
    expect((await engine.db.query('SELECT 1 AS a, 2 AS a')).rows).toEqual([[1, 2]])
    expect(await engine.db.rows('SELECT 1 AS a WHERE false')).toEqual([])
  })

  test('a statement without a result has no columns', async () => {
    expect(await engine.db.query('CREATE TABLE nothing (a int)')).toEqual({ columns: [], rows: [], affected: 0 })
    expect(await engine.db.rows('INSERT INTO nothing VALUES (1) RETURNING a')).toEqual([{ a: 1 }])
  })

  test('enums and domains are named by what they are', async () => {
    await engine.db.execute("CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN positive AS int CHECK (VALUE > 0)")
    await engine.db.execute('CREATE DOMAIN tiny AS positive CHECK (VALUE < 10)')
    const sql = "SELECT 'sad'::mood AS m, 3::tiny AS t"
    const columns = [
      { name: 'm', type: 'mood', nullable: true, isEnum: true },
      { name: 't', type: 'int4', nullable: true },
    ]
    expect(await engine.db.query(sql)).toEqual({ columns, rows: [['sad', 3]], affected: 1 })
    expect(await engine.db.describe(sql)).toEqual(columns)
  })
})

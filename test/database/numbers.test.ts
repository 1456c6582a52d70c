/** Rows as numbers: the same from every engine, and the same as from the rows themselves. */
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'

type Wanted = { at: number; as: 'number' | 'level' }[]

describeEachEngine('numbers', (engine) => {
  /** Every row, with levels as their texts. */
  async function read(sql: string, wanted: Wanted, options = {}): Promise<(number | string)[][]> {
    const rows: (number | string)[][] = []
    for await (const { rows: count, values, levels } of engine.db.streamNumbers(sql, wanted, options)) {
      for (let r = 0; r < count; r++) {
        rows.push(
          wanted.map(({ as }, j) => {
            const x = values[r * wanted.length + j] as number
            return as === 'level' && !Number.isNaN(x) ? (levels[j]?.[x] ?? 'no such code') : x
          }),
        )
      }
    }
    return rows
  }

  const { NaN: missing, POSITIVE_INFINITY: infinity } = Number
  test.each([
    [
      'float8',
      "0.1, -0.0, 'NaN', 'Infinity', '-Infinity', 5e-324, 1.7976931348623157e308",
      [0.1, -0, missing, infinity, -infinity, 5e-324, Number.MAX_VALUE],
    ],
    [
      'float4',
      "0.1, 'NaN', '-Infinity', 1e-45, 16777217",
      [Math.fround(0.1), missing, -infinity, Math.fround(1e-45), 16777216],
    ],
    [
      'numeric',
      "0.1, 'NaN', 'Infinity', '-Infinity', 12345678901234567890.123456789, 1e300, 1e-300, 0.000, -0.30, 10000, 123456.789012",
      [
        0.1,
        missing,
        infinity,
        -infinity,
        Number('12345678901234567890.123456789'),
        1e300,
        1e-300,
        0,
        -0.3,
        10000,
        123456.789012,
      ],
    ],
    ['int2', '-32768, 32767, 0', [-32768, 32767, 0]],
    ['int4', '-2147483648, 2147483647', [-2147483648, 2147483647]],
    [
      'int8',
      '-9223372036854775808, 9223372036854775807, 9007199254740993, 9007199254740995, -9007199254740993, -1',
      [-(2 ** 63), 2 ** 63, 9007199254740992, 9007199254740996, -9007199254740992, -1],
    ],
    ['bool', 'true, false', [1, 0]],
    ['rating', '3, 5', [3, 5]],
  ])('%s', async (type, list, expected) => {
    if (type === 'rating') await engine.db.execute('CREATE DOMAIN rating AS int2 CHECK (VALUE BETWEEN 1 AND 5)')
    const literals = list.split(', ').map((v) => `(${v.startsWith("'") ? v : `'${v}'`}::${type})`)
    const sql = `SELECT v FROM (VALUES ${literals.join(', ')}, (NULL)) AS t (v)`
    expect(await read(sql, [{ at: 0, as: 'number' }])).toEqual([...expected, missing].map((x) => [x]))
  })

  test('levels of text, enum, number, date, uuid and truth value are their texts', async () => {
    await engine.db.execute("CREATE TYPE mood AS ENUM ('sad', 'so-so', 'glad')")
    const sql = `SELECT t::text, t::char(4), m::mood, n, d, u, b, r FROM (VALUES
      ('é', 'glad', 1.50, date '2024-02-29', '00112233-4455-6677-8899-aabbccddeeff'::uuid, true, 0.1::float4),
      ('', 'sad', 1.5, NULL, NULL, false, 0.25),
      (NULL, NULL, NULL, 'infinity', NULL, NULL, NULL),
      ('é', 'glad', 1.50, '2024-02-29', '00112233-4455-6677-8899-aabbccddeeff', true, 0.1),
      (repeat('long', 500), 'so-so', 'NaN', '0044-03-15 BC', NULL, true, 'NaN')) AS t (t, m, n, d, u, b, r)`
    const plain = (await engine.db.query(sql)).rows
    const wanted: Wanted = plain[0]?.map((_, at) => ({ at, as: 'level' })) ?? []
    const text = (v: unknown) => (v === null ? missing : String(v))
    expect(await read(sql, wanted)).toEqual(plain.map((row) => row.map(text)))
    // Without the real, which has no decoder of its own, so that the others come by COPY.
    expect(await read(sql, wanted.slice(0, 7))).toEqual(plain.map((row) => row.slice(0, 7).map(text)))
  })

  test('many levels in a large result, and only the columns wanted', async () => {
    const count = 30_000
    const sql = `SELECT i AS x, 'level ' || (i * 7919 % 5000) AS x, NULL::text AS "q""", i / 8.0 AS n, i % 3 = 0 AS b
                   FROM generate_series(1, ${count}) AS g (i) ORDER BY i`
    const found = await read(sql, [
      { at: 4, as: 'number' },
      { at: 1, as: 'level' },
      { at: 0, as: 'number' },
      { at: 3, as: 'number' },
    ])
    expect(found).toEqual(
      Array.from({ length: count }, (_, k) => {
        const i = k + 1
        return [i % 3 === 0 ? 1 : 0, `level ${(i * 7919) % 5000}`, i, i / 8]
      }),
    )
  })

  test('an empty result, a comment and a semicolon at the end', async () => {
    const wanted: Wanted = [{ at: 0, as: 'number' }]
    expect(await read('SELECT 1 WHERE false', wanted)).toEqual([])
    expect(await read('SELECT 7; -- seven', wanted)).toEqual([[7]])
    expect(await read('SELECT 7;', wanted)).toEqual([[7]])
  })

  test('rows wider than a network buffer', async () => {
    const sql = `SELECT repeat('x', 300000) || i, i FROM generate_series(1, 9) AS g (i)`
    const found = await read(sql, [
      { at: 1, as: 'number' },
      { at: 0, as: 'level' },
    ])
    expect(found).toEqual(Array.from({ length: 9 }, (_, k) => [k + 1, `${'x'.repeat(300000)}${k + 1}`]))
  })

  test('an error in the middle, and of the statement, is the one a query gives', async () => {
    const failing = 'SELECT 100 / (150000 - i) FROM generate_series(1, 200000) AS g (i)'
    const wanted: Wanted = [{ at: 0, as: 'number' }]
    await expect(read(failing, wanted)).rejects.toMatchObject({ name: 'DatabaseError', sqlState: '22012' })
    const wrong = 'SELECT 1,\n  nothing'
    const told = await engine.db.query(wrong).catch((e) => e)
    await expect(read(wrong, wanted)).rejects.toMatchObject({ sqlState: '42703', position: told.position })
    expect(await engine.db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('a reader that leaves early leaves a database that works', async () => {
    const sql = 'SELECT i::float8 FROM generate_series(1, 2000000) AS g (i)'
    for (let turn = 0; turn < 3; turn++) {
      for await (const _ of engine.db.streamNumbers(sql, [{ at: 0, as: 'number' }])) break
      expect(await engine.db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
    }
  })

  test('a signal stops it while rows come, and before', async () => {
    const stop = new AbortController()
    const sql = 'SELECT i::float8 FROM generate_series(1, 2000000) AS g (i)'
    const reading = async () => {
      const rows = engine.db.streamNumbers(sql, [{ at: 0, as: 'number' }], { signal: stop.signal })
      for await (const _ of rows) stop.abort()
    }
    expect((await diagnosticsOf(reading)).map((d) => d.code)).toEqual(['engine/interrupted'])
    expect(await diagnosticsOf(() => read(sql, [{ at: 0, as: 'number' }], { signal: stop.signal }))).toMatchObject([
      { code: 'engine/interrupted' },
    ])
    expect(await engine.db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('inside a transaction it sees what the transaction did', async () => {
    await engine.db.transaction(async (tx) => {
      await tx.execute('CREATE TEMPORARY TABLE mine AS SELECT 41.5::numeric AS n')
      for await (const { values } of tx.streamNumbers('SELECT n FROM mine', [{ at: 0, as: 'number' }])) {
        expect([...values]).toEqual([41.5])
      }
    })
  })

  test('inside a transaction many rows come as outside of it, and the transaction goes on after them', async () => {
    const sql = "SELECT i::float8 / 7 AS n, 'l' || i % 3 AS l FROM generate_series(1, 5000) i"
    const wanted: Wanted = [
      { at: 0, as: 'number' },
      { at: 1, as: 'level' },
    ]
    const outside = await read(sql, wanted)
    await engine.db.transaction(async (tx) => {
      await tx.execute('CREATE TEMPORARY TABLE kept (a int)')
      let at = 0
      for await (const { rows, values } of tx.streamNumbers(sql, wanted)) {
        for (let r = 0; r < rows; r++) expect(values[2 * r]).toBe(outside[at++]?.[0])
      }
      expect(at).toBe(5000)
      expect(await tx.rows('SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 0 }])
    })
    const failing = engine.db.transaction(async (tx) => {
      for await (const _ of tx.streamNumbers('SELECT 1 / (i - 3000) AS n FROM generate_series(1, 5000) i', [
        { at: 0, as: 'number' },
      ]));
    })
    await expect(failing).rejects.toThrow('division by zero')
    expect(await engine.db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('inside a transaction COPY is not needed: a semicolon inside a comment is read as well', async () => {
    await engine.db.transaction(async (tx) => {
      const rows: number[] = []
      for await (const { values } of tx.streamNumbers('SELECT 1 AS n -- ; that is all', [{ at: 0, as: 'number' }])) {
        rows.push(...values)
      }
      expect(rows).toEqual([1])
      expect(await tx.rows('SELECT 2 AS two')).toEqual([{ two: 2 }])
    })
  })
})

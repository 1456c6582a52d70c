import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

const count = 200_000
const many = `SELECT i, i / 3.0::float8 AS x, repeat('t', 50) AS t FROM generate_series(1, ${count}) AS g (i) ORDER BY i`

describeEachEngine('streams', (engine) => {
  test.each([
    ["timestamp '4713-01-01 BC' + i * interval '731 days 05:43:21.000123'", 6000],
    ["timestamptz '0044-03-15 BC' + i * interval '11 days 23:59:59.9'", 6000],
    ["date '4713-11-24 BC' + i * 367", 8000],
    ["date '1999-01-01' + i", 1500],
    ['(i - 2000)::numeric ^ 9 / power(10::numeric, i % 40)', 4000],
    ['round(power(7::numeric, i % 90) / power(11::numeric, i % 77), i % 31) * (-1) ^ i', 4000],
    ['(9223372036854775807 / (i + 1)) * (CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END)', 300],
    ['(i - 150)::int8 * 4294967296 * 100000 - i', 300],
    ["chr(32 + i * 37 % 55000) || repeat('é', i % 7)", 1400],
    ['exp((i - 700)::float8)', 1400],
  ])('give what a query gives: %s', async (expression, rows) => {
    const sql = `SELECT ${expression} AS v, i FROM generate_series(0, ${rows - 1}) AS g (i) ORDER BY i`
    const streamed = []
    for await (const batch of engine.db.stream(sql, { batch: 777 })) streamed.push(...batch)
    expect(streamed).toEqual((await engine.db.query(sql)).rows)
  })

  test('give what a query gives: the ends of the ranges', async () => {
    const sql = `
      SELECT v::timestamp, v::timestamptz, NULL::date, n::numeric FROM (VALUES
        ('infinity', 'NaN'), ('-infinity', 'Infinity'), ('294276-12-31 23:59:59.999999', '-Infinity'),
        ('4713-11-24 00:00:00 BC', '0.000'), ('0001-12-31 23:59:59.999999 BC', '-0.00010'),
        ('0001-01-01', '10000'), ('10000-01-01', '1e300'), ('2000-02-29 12:00', '1e-300')) AS t (v, n)`
    const streamed = []
    for await (const batch of engine.db.stream(sql)) streamed.push(...batch)
    expect(streamed).toEqual((await engine.db.query(sql)).rows)
  })

  test('hold a few batches, never the result', async () => {
    let rows = 0
    let largest = 0
    for await (const batch of engine.db.stream(many, { batch: 1000 })) {
      expect(batch[0]?.[0]).toBe(rows + 1)
      rows += batch.length
      largest = Math.max(largest, batch.length)
    }
    expect({ rows, largest }).toEqual({ rows: count, largest: 1000 })
  })

  test('let other statements run between batches', async () => {
    let rows = 0
    for await (const batch of engine.db.stream('SELECT generate_series(1, 50)', { batch: 20 })) {
      rows += batch.length
      expect(await engine.db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
      await engine.db.transaction((tx) => tx.rows('SELECT 2'))
    }
    expect(rows).toBe(50)
  })

  test('can be left early, and leave no cursor behind', async () => {
    for await (const _ of engine.db.stream(many, { batch: 10 })) break
    expect(await engine.db.rows("SELECT name FROM pg_cursors WHERE name <> ''")).toEqual([])
    await engine.db.execute('CREATE TABLE still_possible (a int)')
  })

  test('give an empty result no batch, and take comments and a semicolon at the end', async () => {
    const batches = []
    for await (const batch of engine.db.stream('SELECT 1 WHERE false')) batches.push(batch)
    for await (const batch of engine.db.stream('SELECT 1; -- one')) batches.push(batch)
    for await (const batch of engine.db.stream('SELECT 1', { batch: 1 })) batches.push(batch)
    expect(batches).toEqual([[[1]], [[1]]])
  })

  test('fail in the middle with the error of the statement', async () => {
    const sql = 'SELECT 100 / (150 - i) FROM generate_series(1, 200) AS g (i)'
    let rows = 0
    const read = async () => {
      for await (const batch of engine.db.stream(sql, { batch: 40 })) rows += batch.length
    }
    await expect(read()).rejects.toMatchObject({ name: 'DatabaseError', sqlState: '22012' })
    expect(rows).toBeLessThan(150)
    expect(await engine.db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('work inside a transaction and see its rows', async () => {
    await engine.db.execute('CREATE TABLE seen (a int)')
    await engine.db.transaction(async (tx) => {
      await tx.execute('INSERT INTO seen SELECT generate_series(1, 100)')
      let rows = 0
      for await (const batch of tx.stream('SELECT a FROM seen', { batch: 30 })) {
        rows += batch.length
        await tx.rows('SELECT 1')
      }
      expect(rows).toBe(100)
    })
  })

  test('stop at once when told, and the database goes on', async () => {
    const endless = 'SELECT count(*) FROM generate_series(1, 1000000000000)'
    const controller = new AbortController()
    const read = async () => {
      for await (const _ of engine.db.stream(endless, { signal: controller.signal }));
    }
    const reading = read()
    setTimeout(() => controller.abort(), 300)
    await expect(reading).rejects.toThrow('engine/interrupted')
    expect(await engine.db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(
      await engine.db.rows("SELECT 1 AS busy FROM pg_stat_activity WHERE query = $1 AND state = 'active'", [
        `DECLARE ${endless}`,
      ]),
    ).toEqual([])
  })

  test('do not begin when told beforehand', async () => {
    const read = async () => {
      for await (const _ of engine.db.stream('SELECT 1', { signal: AbortSignal.abort() }));
    }
    await expect(read()).rejects.toThrow('engine/interrupted')
  })

  test('stop between batches when told, and leave no cursor behind', async () => {
    const controller = new AbortController()
    const read = async () => {
      for await (const _ of engine.db.stream(many, { batch: 10, signal: controller.signal })) controller.abort()
    }
    await expect(read()).rejects.toThrow('engine/interrupted')
    expect(await engine.db.rows("SELECT name FROM pg_cursors WHERE name <> ''")).toEqual([])
  })
})

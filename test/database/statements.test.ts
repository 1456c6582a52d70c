import { isDatabaseError } from '@viewcast/sdk'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it was accepted')
    },
    (e: unknown) => e,
  )

describeEachEngine('statements', (engine) => {
  test('a refused statement says where and why', async () => {
    const sql = "SELECT '\u{1f600}\u{1f600}' AS é,\n  colour FROM pg_class"
    const error = await errorOf(engine.db.query(sql))
    expect(isDatabaseError(error)).toBe(true)
    expect(error).toMatchObject({
      name: 'DatabaseError',
      message: 'column "colour" does not exist',
      sqlState: '42703',
      position: sql.indexOf('colour') + 1,
      detail: undefined,
    })
    const asks = [() => engine.db.describe(sql), () => engine.db.rows(sql), () => drain(engine.db.stream(sql))]
    for (const ask of asks) {
      expect(await errorOf(ask())).toMatchObject({ sqlState: '42703', position: sql.indexOf('colour') + 1 })
    }
  })

  test('row values stay out of messages', async () => {
    await engine.db.execute('CREATE TABLE people (id int PRIMARY KEY)')
    await engine.db.execute('INSERT INTO people VALUES (424242)')
    const error = await errorOf(engine.db.execute('INSERT INTO people VALUES (424242)'))
    expect(String(error)).not.toContain('424242')
    expect(error).toMatchObject({ sqlState: '23505', detail: expect.stringContaining('424242') })
  })

  test('one statement is one statement, and a script is several', async () => {
    expect(await errorOf(engine.db.query('SELECT 1; SELECT 2'))).toMatchObject({ sqlState: '42601' })
    await engine.db.execute("CREATE TABLE notes (t text); INSERT INTO notes VALUES ('a;b'); -- end")
    expect(await engine.db.rows('SELECT t FROM notes')).toEqual([{ t: 'a;b' }])
  })

  test('a failing script leaves nothing of it', async () => {
    expect(await errorOf(engine.db.execute('CREATE TABLE half (a int); SELECT 1/0'))).toMatchObject({
      sqlState: '22012',
    })
    expect(await engine.db.rows("SELECT to_regclass('half') AS r")).toEqual([{ r: null }])
  })

  test('a transaction left open is rolled back and refused', async () => {
    await engine.db.execute('CREATE TABLE left_open (a int)')
    await expect(engine.db.execute('BEGIN; INSERT INTO left_open VALUES (1)')).rejects.toThrow(
      'engine/open-transaction',
    )
    await expect(engine.db.execute('BEGIN; SELECT 1/0')).rejects.toThrow('division by zero')
    expect(await engine.db.rows('SELECT count(*)::int AS n FROM left_open')).toEqual([{ n: 0 }])
  })

  test('describe runs nothing and takes any statement', async () => {
    await engine.db.execute('CREATE TABLE sink (a int NOT NULL, b text)')
    expect(await engine.db.describe('INSERT INTO sink VALUES (1) RETURNING a, b AS a')).toEqual([
      { name: 'a', type: 'int4', nullable: true },
      { name: 'a', type: 'text', nullable: true },
    ])
    expect(await engine.db.describe('DELETE FROM sink')).toEqual([])
    expect(await engine.db.describe('SELECT $1::float8 AS x -- a comment')).toEqual([
      { name: 'x', type: 'float8', nullable: true },
    ])
    expect(await engine.db.rows('SELECT * FROM sink')).toEqual([])
  })

  test('statements side by side all get their answer', async () => {
    const numbers = Array.from({ length: 50 }, (_, i) => i)
    const rows = await Promise.all(numbers.map((i) => engine.db.rows<{ i: number }>('SELECT $1::int AS i', [i])))
    expect(rows.map(([row]) => row?.i)).toEqual(numbers)
  })

  test('text does not depend on the time zone of this process', async () => {
    expect(await engine.db.rows("SELECT current_setting('TimeZone') AS zone")).toEqual([{ zone: 'UTC' }])
  })

  test('a left-deep sum of 3000 terms is right, and a far deeper one is an honest error', async () => {
    const sum = (n: number) => `SELECT ${Array.from({ length: n }, (_, i) => `${i}`).join('+')} AS s`
    expect(await engine.db.rows(sum(3000))).toEqual([{ s: (2999 * 3000) / 2 }])
    for (const terms of [20_000, 200_000]) {
      expect(await errorOf(engine.db.rows(sum(terms)))).toMatchObject({ sqlState: '54001' })
      expect(await engine.db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
    }
  })
})

async function drain(rows: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of rows);
}

import { openTestDatabase, withDatabase } from '@viewcast/sdk/testing'
import { expect, test } from 'vitest'

test('a database for tests is empty each time, whatever the one before did', async () => {
  await withDatabase(async (db) => {
    await db.execute(`
      CREATE SCHEMA "Odd one"; CREATE TABLE "Odd one".t (a int); CREATE VIEW v AS SELECT * FROM "Odd one".t;
      CREATE TYPE mood AS ENUM ('sad'); SET TimeZone = 'Asia/Tokyo'; SET search_path = 'Odd one'`)
  })
  await withDatabase(async (db) => {
    const { relations, searchPath } = await db.introspect()
    expect({ relations, searchPath }).toEqual({ relations: [], searchPath: ['public'] })
    expect(await db.rows("SELECT current_setting('TimeZone') AS zone, to_regtype('mood') AS mood")).toEqual([
      { zone: 'UTC', mood: null },
    ])
  })
})

test('is emptied after a failure too', async () => {
  const body = withDatabase(async (db) => {
    await db.execute('CREATE TABLE left_behind (a int)')
    throw new Error('the test failed')
  })
  await expect(body).rejects.toThrow('the test failed')
  await withDatabase(async (db) => expect((await db.introspect()).relations).toEqual([]))
})

test('two at a time are two databases', async () => {
  const [a, b] = [await openTestDatabase(), await openTestDatabase()]
  await a.execute('CREATE TABLE only_in_a (x int)')
  expect((await b.introspect()).relations).toEqual([])
  await a.close()
  await a.close()
  await b.close()
})

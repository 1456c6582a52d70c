/** Work that is stopped half way: all of it is kept or none, and the next piece of work finds the database as usual. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, listRecords, predict, trainModel, verifyModel } from '@viewcast/sdk'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'
import { customer, holdings, model, modelOf, p, profile, tables } from './shop.ts'

/** Rows of `orders`, a thousand at a time; `after` so many, `then` happens. */
async function* orders(count: number, after: number, then: () => unknown) {
  for (let from = 0; from < count; from += 1000) {
    yield Array.from({ length: 1000 }, (_, k) => [100_000 + from + k, 1, '2024-03-01T00:00Z', 1.5])
    if (from + 1000 === after) await then()
  }
}
const columns = ['order', 'customer', 'at', 'amount']

describeEachEngine('interrupting', (engine) => {
  let db: Database
  let directory = ''
  let before: unknown
  beforeAll(async () => {
    db = engine.db
    await db.execute(tables)
    directory = await mkdtemp(join(tmpdir(), 'viewcast-interrupted-'))
    before = await holdings(db)
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))
  beforeEach(() => db.execute('SELECT 1'))

  const unchanged = async () => {
    expect(await holdings(db)).toEqual(before)
    expect(await listRecords(directory)).toEqual([])
  }

  describe('a load', () => {
    test('by its signal: told as such, and no row stays', async () => {
      const stop = new AbortController()
      const load = db.copyIn(
        'orders',
        columns,
        orders(200_000, 120_000, () => stop.abort()),
        { signal: stop.signal },
      )
      expect(await diagnosticsOf(() => load)).toMatchObject([{ code: 'engine/interrupted' }])
      await unchanged()
    })

    test('before it began', async () => {
      const signal = AbortSignal.abort()
      expect(
        await diagnosticsOf(() =>
          db.copyIn(
            'orders',
            columns,
            orders(1000, 0, () => {}),
            { signal },
          ),
        ),
      ).toMatchObject([{ code: 'engine/interrupted' }])
      await unchanged()
    })

    test('by a source that fails: its own error, and no row stays', async () => {
      const source = orders(200_000, 120_000, () => Promise.reject(new Error('the file ends here')))
      await expect(db.copyIn('orders', columns, source)).rejects.toThrow('the file ends here')
      await unchanged()
    })

    test('by a row that does not fit: its number and column, not its value, and no row stays', async () => {
      async function* bad() {
        yield* orders(50_000, 0, () => {})
        yield [[1_000_000, 1, '2024-03-01T00:00Z', 'a secret amount']]
      }
      const found = await diagnosticsOf(() => db.copyIn('orders', columns, bad()))
      expect(found).toMatchObject([{ code: 'engine/load', parameters: { table: 'orders' } }])
      expect(found[0]?.message).toMatch(/row 50001.*amount.*nothing of it was kept/)
      expect(JSON.stringify(found)).not.toContain('secret')
      await unchanged()
    })

    test('leaves what the same transaction did before to its owner', async () => {
      const stop = new AbortController()
      const work = db.transaction(async (tx) => {
        await tx.execute('DELETE FROM orders')
        await tx.copyIn(
          'orders',
          columns,
          orders(200_000, 120_000, () => stop.abort()),
          { signal: stop.signal },
        )
      })
      expect((await diagnosticsOf(() => work)).map((d) => d.code)).toEqual(['engine/interrupted'])
      await unchanged()
    })
  })

  describe('training', () => {
    const long = modelOf([
      p
        .featureView('slow', { entity: customer })
        .query(
          (() =>
            sql`select customer, sum(sqrt(g)) as s from customers, generate_series(1, 3000000) g group by customer`) as never,
        ),
    ])

    test('while the database works: told as such, nothing kept, and the database answers again', async () => {
      const stop = new AbortController()
      setTimeout(() => stop.abort(), 300)
      const found = await diagnosticsOf(() => trainModel(db, long as never, { signal: stop.signal }))
      expect(found).toMatchObject([{ code: 'engine/interrupted' }])
      await unchanged()
    })

    test('at any of its stages, and no temporary file stays', async () => {
      const files = async () => (await readdir(tmpdir())).filter((name) => /^viewcast-(?!interrupted|db)/.test(name))
      const left = await files()
      for (const stage of ['reading', 'fitting', 'evaluating']) {
        const stop = new AbortController()
        const training = trainModel(db, model as never, {
          signal: stop.signal,
          memoryBudgetBytes: 1000,
          onProgress: (at) => {
            if (at === stage) stop.abort()
          },
        })
        expect(
          (await diagnosticsOf(() => training)).map((d) => d.code),
          stage,
        ).toEqual(['engine/interrupted'])
      }
      expect(await files()).toEqual(left)
      await unchanged()
    })

    test('before it began', async () => {
      const found = await diagnosticsOf(() => trainModel(db, model as never, { signal: AbortSignal.abort() }))
      expect(found).toMatchObject([{ code: 'engine/interrupted' }])
      await unchanged()
    })
  })

  describe('a prediction and a verification', () => {
    test('stop with what was read, and leave the database to others', async () => {
      const { record } = await trainModel(db, modelOf([profile]) as never)
      const stop = new AbortController()
      const { rows } = await predict(db, modelOf([profile]) as never, record, { signal: stop.signal })
      stop.abort()
      expect(
        (
          await diagnosticsOf(async () => {
            for await (const _ of rows);
          })
        ).map((d) => d.code),
      ).toEqual(['engine/interrupted'])
      const signal = AbortSignal.abort()
      const verification = () => verifyModel(db, modelOf([profile]) as never, record, { signal })
      expect((await diagnosticsOf(verification)).map((d) => d.code)).toEqual(['engine/interrupted'])
      await unchanged()
    })

    test('a reader that stops early is no interruption', async () => {
      const { record } = await trainModel(db, modelOf([profile]) as never)
      const { rows } = await predict(db, modelOf([profile]) as never, record, {})
      for await (const _ of rows) break
      await unchanged()
    })
  })
})

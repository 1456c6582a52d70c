import type { Database } from '@viewcast/sdk'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

describeEachEngine('transactions', (engine) => {
  const numbers = async (db: Database = engine.db) =>
    (await db.rows<{ n: number }>('SELECT n FROM ledger ORDER BY n')).map((r) => r.n)
  const fresh = () => engine.db.execute('DROP TABLE IF EXISTS ledger; CREATE TABLE ledger (n int)')

  test('commit when the body returns, and hand its value out', async () => {
    await fresh()
    const value = await engine.db.transaction(async (tx) => {
      await tx.execute('INSERT INTO ledger VALUES (1)')
      return 'done'
    })
    expect(value).toBe('done')
    expect(await numbers()).toEqual([1])
  })

  test('roll back when the body throws, and throw that', async () => {
    await fresh()
    const body = async (tx: Database) => {
      await tx.execute('INSERT INTO ledger VALUES (1)')
      throw new Error('changed my mind')
    }
    await expect(engine.db.transaction(body)).rejects.toThrow('changed my mind')
    expect(await numbers()).toEqual([])
  })

  test('nested ones are savepoints', async () => {
    await fresh()
    await engine.db.transaction(async (tx) => {
      await tx.execute('INSERT INTO ledger VALUES (1)')
      await tx.transaction(async (inner) => {
        await inner.execute('INSERT INTO ledger VALUES (2)')
        await expect(
          inner.transaction(async (innermost) => {
            await innermost.execute('INSERT INTO ledger VALUES (3)')
            await innermost.execute('SELECT 1/0')
          }),
        ).rejects.toMatchObject({ sqlState: '22012' })
        expect(await numbers(inner)).toEqual([1, 2])
      })
      await expect(
        tx.transaction(async (inner) => {
          await inner.execute('INSERT INTO ledger VALUES (4)')
          throw new Error('no')
        }),
      ).rejects.toThrow('no')
    })
    expect(await numbers()).toEqual([1, 2])
  })

  test('do not pretend to commit after a swallowed error', async () => {
    await fresh()
    const body = async (tx: Database) => {
      await tx.execute('INSERT INTO ledger VALUES (1)')
      await tx.execute('SELECT 1/0').catch(() => undefined)
    }
    await expect(engine.db.transaction(body)).rejects.toThrow('engine/failed')
    expect(await numbers()).toEqual([])
  })

  test('refuse the outer database inside, which would wait for itself', async () => {
    await fresh()
    const body = async (tx: Database) => {
      await tx.execute('INSERT INTO ledger VALUES (1)')
      await engine.db.rows('SELECT 1')
    }
    await expect(engine.db.transaction(body)).rejects.toThrow('engine/inside-transaction')
    expect(await numbers()).toEqual([])
  })

  test('run side by side without mixing', async () => {
    await fresh()
    await Promise.all(
      [1, 2, 3].map((n) =>
        engine.db
          .transaction(async (tx) => {
            await tx.rows('INSERT INTO ledger VALUES ($1)', [n])
            if (n === 2) throw new Error('not this one')
          })
          .catch(() => undefined),
      ),
    )
    expect(await numbers()).toEqual([1, 3])
  })

  test('cannot be used after their end', async () => {
    const kept = await engine.db.transaction(async (tx) => tx)
    await expect(kept.rows('SELECT 1')).rejects.toThrow('after its end')
  })
})

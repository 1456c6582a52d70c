import { migrateStore, openStore, storeVersion } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { startLogger } from './loggers.ts'

describeEachEngine('migrating', (engine) => {
  let known = 0
  beforeAll(async () => {
    known = (await storeVersion(engine.db)).known
  })

  test('that fails half way leaves the version that was there', async () => {
    const db = await engine.open()
    await migrateStore(db, { to: 3 })
    // In the way of a later migration.
    await db.execute('CREATE TABLE viewcast.outbox (a int)')
    await expect(migrateStore(db)).rejects.toThrow('already exists')
    expect(await storeVersion(db)).toEqual({ applied: 3, known })
    await db.execute('DROP TABLE viewcast.outbox')
    await openStore(db, { project: 'p', migrate: 'always' })
    expect(await storeVersion(db)).toEqual({ applied: known, known })
  })

  test('by eight processes at once happens once; by one that is killed in the middle, not at all', async (context) => {
    const { url, db } = engine
    // One process has an embedded database to itself: there is nobody to race with.
    if (url === undefined) return context.skip()
    await migrateStore(db, { to: 3 })
    const workers = await Promise.all(Array.from({ length: 8 }, () => startLogger(url)))
    const [first, ...others] = workers as [(typeof workers)[number], ...typeof workers]
    try {
      let killed: Promise<void> | undefined
      await db.transaction(async (tx) => {
        // What the next migrations refer to is held, so that they stop in their middle.
        await tx.execute('LOCK TABLE viewcast.artifact, viewcast.execution IN ROW EXCLUSIVE MODE')
        void first.ask('migrate').catch(() => undefined)
        for (;;) {
          const [waiting] = await tx.rows(
            `SELECT 1 FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
          )
          if (waiting) break
        }
        killed = first.kill()
        await killed
      })
      for (;;) {
        const [busy] = await db.rows(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()`,
        )
        if (!busy) break
      }
      expect(await storeVersion(db)).toEqual({ applied: 3, known })
      const applied = await Promise.all(others.map((w) => w.ask('migrate')))
      expect(applied.map((a) => (a as string[]).length).sort((a, b) => b - a)).toEqual([known - 3, 0, 0, 0, 0, 0, 0])
      expect(await storeVersion(db)).toEqual({ applied: known, known })
    } finally {
      await Promise.all(workers.map((w) => w.kill()))
    }
  })
})

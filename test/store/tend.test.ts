import { openStore } from '@viewcast/sdk'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

describeEachEngine('a store that grew', (engine) => {
  test('is known to the planner of the embedded engine when it is opened again', async () => {
    const { db } = engine
    const rows = async () =>
      (
        await db.rows<{ n: number }>(`SELECT reltuples AS n FROM pg_class WHERE oid = 'viewcast.metric_key'::regclass`)
      )[0]?.n
    await openStore(db, { project: 'p' })
    await db.query(
      `INSERT INTO viewcast.metric_key (name) SELECT repeat('x', 90) || i FROM generate_series(1, 10000) AS i`,
    )
    // Not possible inside of one, which is not to fail by it.
    await db.transaction(async (tx) => {
      await tx.query(`INSERT INTO viewcast.metric_key (name) VALUES ('one')`)
      await openStore(tx, { project: 'p' })
    })
    if (engine.name === 'pglite') expect(await rows()).toBe(-1)
    await openStore(db, { project: 'p' })
    if (engine.name === 'pglite') expect(await rows()).toBe(10_001)
    await db.query(`INSERT INTO viewcast.metric_key (name) VALUES ('two')`)
    await openStore(db, { project: 'p' })
    // Not again for every row.
    if (engine.name === 'pglite') expect(await rows()).toBe(10_001)
  })
})

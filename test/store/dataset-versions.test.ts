import {
  atSnapshot,
  connect,
  type Database,
  digestRows,
  openStore,
  registerDataset,
  type Store,
  startRun,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

describeEachEngine('versions of a dataset', (engine) => {
  let db: Database
  let store: Store
  beforeAll(async () => {
    db = engine.db
    await db.execute(`
      CREATE TABLE orders (id int, amount float8);
      INSERT INTO orders SELECT i, i / 4.0 FROM generate_series(1, 100) i;
      CREATE VIEW large AS SELECT * FROM orders WHERE amount > 10;
      CREATE VIEW largest AS SELECT max(amount) AS amount FROM large`)
    store = await openStore(db, { project: 'p', actor: 'me' })
  })

  test('are one for equal rows, whatever query gave them, and the next for others', async () => {
    const one = await registerDataset(store, { name: 'orders', query: 'SELECT id, amount FROM orders' })
    const same = await registerDataset(store, {
      name: 'orders',
      query: 'SELECT amount, id FROM orders ORDER BY id DESC',
    })
    expect([one.version, one.isNew, same.version, same.isNew]).toEqual([1, true, 1, false])
    await db.execute('UPDATE orders SET amount = amount + 1 WHERE id = 7')
    const next = await registerDataset(store, { name: 'orders', query: 'SELECT id, amount FROM orders' })
    expect([next.version, next.isNew]).toEqual([2, true])
    await db.execute('UPDATE orders SET amount = amount - 1 WHERE id = 7')
    expect((await registerDataset(store, { name: 'orders', query: 'SELECT id, amount FROM orders' })).version).toBe(1)
    // Another dataset of the same rows counts for itself.
    expect((await registerDataset(store, { name: 'copy', query: 'SELECT id, amount FROM orders' })).version).toBe(1)
  })

  test('keep the query, what it is made of and who read it', async () => {
    const run = await startRun(store, {})
    const { id, digest } = await registerDataset(
      store,
      {
        name: 'largest',
        query: 'SELECT amount FROM largest',
        parameters: { as_of: '2001-01-01' },
        views: { declared: 'SELECT 1' },
        sample: { rate: 0.1, seed: 'a' },
      },
      { run: run.id, role: 'test' },
    )
    const [version] = await db.rows('SELECT * FROM viewcast.dataset_version WHERE artifact_id = $1', [id])
    expect(version).toMatchObject({ rows: '1', parameters: { as_of: '2001-01-01' }, sample: { rate: 0.1, seed: 'a' } })
    expect(Object.keys(version?.['views'] as object).sort()).toEqual(['declared', 'public.large', 'public.largest'])
    expect(version?.['columns']).toEqual(digest.columns)
    const [use] = await db.rows(
      'SELECT u.query, e.role, e.direction FROM viewcast.dataset_use u JOIN viewcast.event e USING (execution_id, artifact_id) WHERE execution_id = $1',
      [run.id],
    )
    expect(use).toEqual({ query: 'SELECT amount FROM largest', role: 'test', direction: 'in' })
  })

  test('of one snapshot are what was read there, whatever others commit', async () => {
    const query = 'SELECT id, amount FROM orders'
    const other = engine.url === undefined ? undefined : await connect(engine.url)
    const digests = await atSnapshot(db, async (tx) => {
      const before = await digestRows(tx, query)
      await other?.execute('INSERT INTO orders VALUES (1000, 1)')
      return [before.digest, (await digestRows(tx, query)).digest]
    })
    expect(digests[0]).toBe(digests[1])
    const after = (await digestRows(db, query)).digest
    expect(after === digests[0]).toBe(other === undefined)
    await other?.close()
    await db.execute('DELETE FROM orders WHERE id = 1000')
  })
})

import {
  type Database,
  datasetVersion,
  digestRows,
  dropSnapshot,
  openStore,
  registerDataset,
  type Store,
  snapshotDataset,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

const query = 'SELECT id, amount, sqrt(amount) AS root FROM orders'

describeEachEngine('a dataset kept as a table', (engine) => {
  let db: Database
  let store: Store
  const tables = async (): Promise<string[]> => {
    const rows = await db.rows<{ t: string }>(
      `SELECT schemaname || '.' || tablename AS t FROM pg_tables WHERE schemaname IN ('public', 'kept') ORDER BY 1`,
    )
    return rows.map((r) => r.t)
  }
  beforeAll(async () => {
    db = engine.db
    await db.execute(`
      CREATE SCHEMA kept;
      CREATE TABLE orders (id int, amount float8);
      INSERT INTO orders SELECT i, i / 7.0 FROM generate_series(1, 100) i`)
    store = await openStore(db, { project: 'p', actor: 'me' })
  })

  test('is named by its version, says what it is and has the digest of the query', async () => {
    const kept = await snapshotDataset(store, { name: 'orders', query: `${query};` }, { schema: 'kept' })
    expect(kept).toMatchObject({ version: 1, isNew: true, schema: 'kept', table: 'orders_v1' })
    expect(kept.digest.digest).toBe((await digestRows(db, query)).digest)
    const [row] = await db.rows<{ c: string }>(`SELECT obj_description('kept.orders_v1'::regclass) AS c`)
    expect(row?.c).toBe(`viewcast: dataset orders version 1, digest ${kept.digest.digest}`)
    const { copies } = await datasetVersion(store, 'orders')
    expect(copies).toMatchObject([{ kind: 'table', where: 'kept.orders_v1', createdBy: 'me', md5: null }])
  })

  test('is made once for a version, and for one that was registered without', async () => {
    expect(await snapshotDataset(store, { name: 'orders', query })).toMatchObject({
      version: 1,
      isNew: false,
      schema: 'kept',
    })
    await db.execute('INSERT INTO orders VALUES (101, 1)')
    expect(await registerDataset(store, { name: 'orders', query })).toMatchObject({ version: 2 })
    expect(await snapshotDataset(store, { name: 'orders', query })).toMatchObject({
      version: 2,
      isNew: false,
      table: 'orders_v2',
    })
    expect(await tables()).toEqual(['kept.orders_v1', 'public.orders', 'public.orders_v2'])
  })

  test('leaves nothing behind where it fails', async () => {
    await db.execute('CREATE TABLE kept.orders_v3 (a int); INSERT INTO orders VALUES (102, 1)')
    const before = await tables()
    expect(await codesOf(() => snapshotDataset(store, { name: 'orders', query }, { schema: 'kept' }))).toEqual([
      'dataset/copy',
    ])
    await expect(
      snapshotDataset(store, { name: 'orders', query: 'SELECT 1 / (id - 5) AS x FROM orders' }),
    ).rejects.toThrow()
    expect(await tables()).toEqual(before)
    expect((await datasetVersion(store, 'orders')).version).toBe(2)
    await db.execute('DROP TABLE kept.orders_v3')
  })

  test('is dropped by us only, while it is what it was, and never with what depends on it', async () => {
    await db.execute('CREATE VIEW reader AS SELECT * FROM kept.orders_v1')
    await expect(dropSnapshot(store, 'orders', 1)).rejects.toThrow(/depend/)
    await db.execute('DROP VIEW reader')
    expect(await dropSnapshot(store, 'orders', 1)).toBe('kept.orders_v1')
    expect(await codesOf(() => dropSnapshot(store, 'orders', 1))).toEqual(['dataset/copy'])
    expect((await datasetVersion(store, 'orders', 1)).copies).toEqual([])
    // Somebody else's table of that name stays.
    await db.execute('DROP TABLE orders_v2; CREATE TABLE orders_v2 (mine int)')
    expect(await codesOf(() => dropSnapshot(store, 'orders', 2))).toEqual(['dataset/copy'])
    expect(await tables()).toContain('public.orders_v2')
    // One that is gone is forgotten.
    await db.execute('DROP TABLE orders_v2')
    expect(await dropSnapshot(store, 'orders', 2)).toBe('public.orders_v2')
    const [row] = await db.rows(`SELECT count(*) FILTER (WHERE dropped_by = 'me')::int AS n FROM viewcast.dataset_copy`)
    expect(row).toEqual({ n: 2 })
  })

  test('has a name within 63 bytes, whatever the dataset is called', async () => {
    const name = `${'ä'.repeat(40)} "quoted"`
    const { table } = await snapshotDataset(store, { name, query: 'SELECT 1 AS a' })
    expect(Buffer.byteLength(table)).toBeLessThanOrEqual(63)
    expect(table).toMatch(/^ä+_v1$/)
    expect(await dropSnapshot(store, name)).toBe(`public.${table}`)
  })
})

import {
  atSnapshot,
  changedViews,
  compareDigests,
  connect,
  type Database,
  datasetHistory,
  datasetVersion,
  digestRows,
  listDatasets,
  openStore,
  registerDataset,
  type Store,
  startRun,
  tagDataset,
  tagHistory,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

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

  test('are found by number, by tag and as the newest, with who read them', async () => {
    expect(await listDatasets(store)).toMatchObject([
      { dataset: 'copy', versions: 1, version: 1 },
      { dataset: 'largest', versions: 1, rows: 1, columns: 1 },
      { dataset: 'orders', versions: 2, version: 2, rows: 100, tags: {} },
    ])
    expect(await tagDataset(store, 'orders', 'golden', 1, 'checked')).toBeNull()
    expect(await tagDataset(store, 'orders', 'golden', 2)).toBe(1)
    expect((await datasetVersion(store, 'orders', 'golden')).version).toBe(2)
    expect((await datasetVersion(store, 'orders', 1)).tags).toEqual([])
    expect((await datasetVersion(store, 'orders')).tags).toEqual(['golden'])
    expect((await datasetHistory(store, 'orders')).map((v) => [v.version, v.rows, v.tags])).toEqual([
      [2, 100, ['golden']],
      [1, 100, []],
    ])
    expect(await tagDataset(store, 'orders', 'golden', undefined)).toBe(2)
    expect((await tagHistory(store, 'orders')).map((t) => [t.tag, t.version, t.reason, t.to === null])).toEqual([
      ['golden', 2, null, false],
      ['golden', 1, 'checked', false],
    ])
    const { readBy, sample } = await datasetVersion(store, 'largest')
    expect(readBy).toMatchObject([{ kind: 'run', role: 'test', models: [] }])
    expect(sample).toEqual({ rate: 0.1, seed: 'a' })
  })

  test('that are not there are named with those that are', async () => {
    expect(await codesOf(() => datasetVersion(store, 'ordres'))).toEqual(['dataset/unknown-version'])
    await expect(datasetVersion(store, 'ordres')).rejects.toThrow('no dataset "ordres"')
    await expect(datasetVersion(store, 'orders', 9)).rejects.toThrow('no version 9; it has 1 to 2')
    expect(await codesOf(() => datasetHistory(store, 'nothing'))).toEqual(['dataset/unknown-version'])
    expect(await codesOf(() => tagDataset(store, 'orders', 'golden', 9))).toEqual(['dataset/unknown-version'])
    expect(await codesOf(() => tagDataset(store, 'nothing', 'golden', undefined))).toEqual(['dataset/unknown-version'])
    expect(await codesOf(() => tagDataset(store, 'orders', '7', 1))).toEqual(['model/alias-name'])
  })

  test('are one for equal rows and without gaps, whoever registers at once', async () => {
    const url = engine.url
    const stores = await Promise.all(
      Array.from({ length: 8 }, async () => (url === undefined ? store : { ...store, db: await connect(url) })),
    )
    const at = (i: number) => registerDataset(stores[i] ?? store, { name: 'raced', query: `SELECT ${i % 4} AS a` })
    const found = await Promise.all(stores.map((_, i) => at(i)))
    expect(found.map((v) => v.version).sort()).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
    expect(found.filter((v) => v.isNew)).toHaveLength(4)
    for (const [i, v] of found.entries()) expect(v.version).toBe(found[i % 4]?.version)
    if (url !== undefined) for (const s of stores) await s.db.close()
  })

  test('are compared by what differs', async () => {
    const of = (query: string) => digestRows(db, query)
    const before = await of('SELECT id, amount, amount * 0.1 AS tenth FROM orders')
    const after = await of('SELECT id::int8 AS id, amount, amount / 10 + 1e-9 AS tenth, 1 AS one FROM orders')
    const { columns, rows, isEqual } = compareDigests(before, after)
    expect([isEqual, rows]).toEqual([false, [100, 100]])
    expect(columns.map((c) => [c.name, c.what])).toEqual([
      ['id', 'type'],
      ['one', 'added'],
    ])
    const moved = await of('SELECT id, amount, amount * 0.2 AS tenth FROM orders')
    expect(compareDigests(before, moved).columns).toMatchObject([{ name: 'tenth', what: 'values', relative: 0.5 }])
    const paired = compareDigests(before, await of('SELECT 101 - id AS id, amount, amount * 0.1 AS tenth FROM orders'))
    expect([paired.isEqual, paired.isRepaired, paired.columns]).toEqual([false, true, []])
    expect(compareDigests(before, before)).toMatchObject({ isEqual: true, isRepaired: false, columns: [] })
    expect(compareDigests(before, { ...after, method: 'other' })).toMatchObject({
      isOtherMethod: true,
      isRepaired: false,
    })
    expect(changedViews({ a: '1', b: '1', c: '1' }, { a: '1', b: '2', d: '1' })).toEqual(['b', 'c', 'd'])
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

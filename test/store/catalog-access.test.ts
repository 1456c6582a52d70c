import {
  assetFreshness,
  catalogEntries,
  catalogPage,
  collectProject,
  editCatalog,
  grantAccess,
  openStore,
  project,
  type Store,
  searchCatalog,
  syncCatalog,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

const p = project<{ orders: { id: number; amount: number } }>('shop')
const order = p.entity('order', { id: 'integer' })
const basket = p
  .featureView('basket', { entity: order, owner: 'sales' })
  .query(({ db }) => db.selectFrom('orders').select(['id', 'amount']))
const shop = collectProject({ basket }, { directory: '.', file: 'x.ts', name: 'shop' })

describeEachEngine('the catalog for a role', (engine) => {
  let store: Store
  let names: Record<'append' | 'read', string>
  beforeAll(async () => {
    await engine.db.execute('CREATE TABLE orders (id int PRIMARY KEY, amount float8)')
    store = await openStore(engine.db, { project: 'shop', actor: 'owner' })
    const [row] = await engine.db.rows<{ name: string }>('SELECT current_database() AS name')
    names = { append: `${row?.name}_catalog_append`, read: `${row?.name}_catalog_read` }
    for (const [kind, role] of Object.entries(names)) {
      await engine.db.execute(`CREATE ROLE "${role}"; GRANT SELECT ON orders TO "${role}"`)
      await grantAccess(engine.db, role, kind as 'append' | 'read')
    }
    await syncCatalog(store, shop)
  })

  async function as(kind: 'append' | 'read', body: (store: Store) => Promise<void>): Promise<void> {
    class Done extends Error {}
    const work = engine.db.transaction(async (tx) => {
      await tx.execute(`SET LOCAL ROLE "${names[kind]}"`)
      await body({ ...store, actor: kind, db: tx })
      throw new Done()
    })
    await expect(work).rejects.toThrow(Done)
  }

  test('that appends can synchronise and edit, and cannot rewrite who said what', async () => {
    await as('append', async (inside) => {
      const more = p
        .featureView('basket', { entity: order, owner: 'finance' })
        .query(({ db }) => db.selectFrom('orders').select(['id']))
      const changed = collectProject({ more }, { directory: '.', file: 'x.ts', name: 'shop' })
      expect(await syncCatalog(inside, changed)).toMatchObject({ assetsChanged: 1, columnsDropped: 1 })
      await editCatalog(inside, 'orders', { description: 'What was ordered' })
      expect((await catalogPage(inside, 'orders')).changes).toMatchObject([{ layer: 'edited', actor: 'append' }])
      await assetFreshness(inside, 'orders', { record: true })
      for (const sql of [
        `UPDATE viewcast.catalog_change SET actor = 'somebody else'`,
        'DELETE FROM viewcast.catalog_change',
        'TRUNCATE viewcast.catalog_change',
        'DELETE FROM viewcast.asset_column',
      ]) {
        await expect(
          inside.db.transaction((tx) => tx.execute(sql)),
          sql,
        ).rejects.toThrow('permission denied')
      }
    })
  })

  test('that reads can search and look, and cannot edit', async () => {
    await as('read', async (inside) => {
      expect((await searchCatalog(inside, { text: 'sales' })).hits.map((h) => h.name)).toEqual(['basket'])
      expect((await catalogPage(inside, 'basket', { project: shop })).texts).toEqual({ owners: ['sales'] })
      expect(await catalogEntries(inside)).toHaveLength(2)
      await expect(
        inside.db.transaction((db) => editCatalog({ ...inside, db }, 'orders', { description: 'mine' })),
      ).rejects.toThrow('permission denied')
    })
  })
})

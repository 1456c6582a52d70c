import {
  addConsumer,
  applyRecorded,
  connect,
  type Database,
  endRun,
  findLeaksRecorded,
  grantAccess,
  impact,
  listAccess,
  logBatch,
  migrateStore,
  openStore,
  openStoreIfAllowed,
  predictRecorded,
  registerLineage,
  type Store,
  startRun,
  trainRecorded,
  verifyRecorded,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'
import { model, tables } from '../scenarios/shop.ts'
import { graphOf } from './lineage-graphs.ts'

describeEachEngine('a role', (engine) => {
  let store: Store
  let trainer = ''
  let looker = ''
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'owner' })
    // Roles are the server's: their names must not meet those of another test.
    const [row] = await engine.db.rows<{ n: string }>(`SELECT current_database() || '_' AS n`)
    trainer = `${row?.n}trainer "x"`
    looker = `${row?.n}looker`
    const quoted = [trainer, looker].map((r) => `"${r.replaceAll('"', '""')}"`)
    for (const role of quoted) {
      await engine.db.execute(`CREATE ROLE ${role} LOGIN PASSWORD 'open sesame'; GRANT USAGE, CREATE ON SCHEMA public TO ${role};
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`)
    }
    await grantAccess(engine.db, trainer, 'append')
    await grantAccess(engine.db, looker, 'read')
  })

  /** Runs as the role: by a connection of its own, or by the one session that the embedded engine has. */
  async function as(role: string, body: (store: Store) => Promise<void>): Promise<void> {
    if (engine.url !== undefined) {
      const url = new URL(engine.url)
      url.username = encodeURIComponent(role)
      url.password = encodeURIComponent('open sesame')
      const db = await connect(url.href)
      await body({ ...store, db }).finally(() => db.close())
    } else {
      await engine.db.execute(`SET ROLE "${role.replaceAll('"', '""')}"`)
      await body(store).finally(() => engine.db.execute('RESET ROLE'))
    }
  }
  const refused = (db: Database, sql: string) =>
    expect(
      db.transaction((tx) => tx.execute(sql)),
      sql,
    ).rejects.toThrow('permission denied')

  test('that appends keeps lineage, and one that reads walks it', async () => {
    const found = (inside: Store) => impact(inside, 'orders.amount').then((i) => i.assets.map((a) => a.name))
    await as(trainer, async (inside) => {
      await registerLineage(inside, graphOf({ 'late.x': ['public.orders.amount'] }))
      await registerLineage(inside, graphOf({ 'early.x': ['public.orders.amount'] }))
      await addConsumer(inside, 'Board', { kind: 'dashboard', reads: ['early'] })
      expect(await found(inside)).toEqual(['Board', 'early'])
      await refused(inside.db, `UPDATE viewcast.column_edge SET share = 0`)
      await refused(inside.db, `DELETE FROM viewcast.column_edge`)
    })
    await as(looker, async (inside) => {
      expect(await found(inside)).toEqual(['Board', 'early'])
      expect(await inside.db.rows('SELECT from_column FROM viewcast.lineage_now')).toHaveLength(2)
      await refused(inside.db, `SELECT * FROM viewcast.move_lineage(gen_random_uuid(), gen_random_uuid())`)
    })
  })

  test('that appends can do all the work', async () => {
    await as(trainer, async (inside) => {
      expect((await openStoreIfAllowed(inside.db, { project: 'shop' })).store).toBeDefined()
      const { record } = await trainRecorded(inside, model)
      const { rows } = await predictRecorded(inside, model, record)
      for await (const _ of rows);
      await verifyRecorded(inside, model, record)
      await findLeaksRecorded(inside, model.dataset)
      await applyRecorded(inside, model, record, { name: 'answers_now' })
    })
  })

  test('that appends rewrites nothing that was written', async () => {
    const run = await startRun(store, { params: { a: 1 } })
    await logBatch(store, run.id, { metrics: [{ name: 'm', value: 1 }] })
    await endRun(store, run, 'finished')
    const names = await engine.db.rows<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'viewcast'::regnamespace AND c.relkind IN ('r', 'p')`,
    )
    const mayDelete = ['alias', 'run_tag']
    await as(trainer, async ({ db }) => {
      for (const { name } of names) {
        if (!mayDelete.includes(name)) await refused(db, `DELETE FROM viewcast."${name}"`)
        await refused(db, `TRUNCATE viewcast."${name}"`)
      }
      await refused(db, 'UPDATE viewcast.metric SET value = 0')
      await refused(db, 'UPDATE viewcast.metric_latest SET value = 0')
      await refused(db, 'UPDATE viewcast.param SET value = 0')
      await refused(db, 'UPDATE viewcast.execution SET started_at = now()')
      await refused(db, "UPDATE viewcast.model_version SET record = ''")
      await refused(db, 'UPDATE viewcast.artifact SET digest = NULL')
      await refused(db, 'UPDATE viewcast.alias_history SET actor = NULL')
      await refused(db, 'UPDATE viewcast.check_result SET passed = true')
      await refused(db, 'UPDATE viewcast.migration SET version = version')
      await refused(db, `SELECT viewcast.grant_access('x', 'append')`)
      await refused(db, 'CREATE TABLE viewcast.mine (a int)')
    })
  })

  test('that reads sees everything and adds nothing', async () => {
    await as(looker, async (inside) => {
      expect((await inside.db.rows('SELECT * FROM viewcast.runs')).length).toBeGreaterThan(0)
      expect((await openStoreIfAllowed(inside.db, { project: 'shop' })).store).toBeUndefined()
      await refused(inside.db, `INSERT INTO viewcast.metric_key (name) VALUES ('x')`)
      await refused(
        inside.db,
        `SELECT viewcast.log_batch(gen_random_uuid(), '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')`,
      )
    })
  })

  test('keeps its access to what a later migration brings, until it is taken back', async () => {
    const older = await engine.open()
    const role = `"${looker.replaceAll('"', '""')}"`
    // Roles are the server's; the embedded engine has one for each database.
    if (engine.url === undefined) await older.execute(`CREATE ROLE ${role}`)
    await migrateStore(older, { to: 10 })
    await grantAccess(older, looker, 'read')
    expect(await migrateStore(older)).toContain('0011_deployments')
    await older.transaction(async (tx) => {
      await tx.execute(`SET LOCAL ROLE ${role}`)
      expect(await tx.rows('SELECT * FROM viewcast.deployments')).toEqual([])
      await refused(tx, 'DELETE FROM viewcast.deployment')
    })
    await grantAccess(older, looker, 'none')
    expect((await listAccess(engine.db)).map((a) => a.access).sort()).toEqual(['append', 'read'])
    await grantAccess(engine.db, looker, 'none')
    await as(looker, ({ db }) => refused(db, 'SELECT * FROM viewcast.runs'))
  })

  test('that is not there is refused', async () => {
    expect(await codesOf(() => grantAccess(engine.db, 'nobody at all', 'read'))).toEqual(['store/role'])
  })
})

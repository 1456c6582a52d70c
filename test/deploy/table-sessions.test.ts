import {
  applyPlan,
  connect,
  type Database,
  grantAccess,
  type ModelRecord,
  openStore,
  planDeployments,
  refreshRecorded,
  refreshTable,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { engineNames } from '../engines/engine-names.ts'
import { codesOf } from '../errors/codes-of.ts'
import { model, p, tables } from '../scenarios/shop.ts'

const object = { schema: 'public', name: 'daily' }
const early = { at: '2024-02-15T00:00Z' }
const late = { at: '2024-02-25T00:00Z' }

// The embedded engine has one session.
describe.runIf(engineNames().includes('postgres'))('beside others', () => {
  describeEachEngine('a table', (engine) => {
    let store: Store
    let record: ModelRecord
    beforeAll(async () => {
      if (engine.url === undefined) return
      await engine.db.execute(tables)
      store = await openStore(engine.db, { project: 'shop', actor: 'me' })
      record = (await trainRecorded(store, model)).record
      const def = p.deployment('daily', { model, as: 'table', at: early.at })
      await applyPlan(store, await planDeployments(store, [{ def, record, isDeclared: true }]), {
        record: async () => record,
      })
    })
    const instants = (db: Database) =>
      db.rows<{ as_of: string; n: number }>('SELECT as_of, count(*)::int AS n FROM daily GROUP BY 1')
    const onServer = (name: string, body: () => Promise<void>) =>
      test(name, async () => {
        if (engine.url !== undefined) await body()
      })

    onServer('is read as it was until all its rows are there, and for as long as a reader holds on', async () => {
      const reader = await connect(engine.url ?? '')
      try {
        const old = [{ as_of: '2024-02-15 00:00:00+00', n: 200 }]
        await reader.transaction(async (tx) => {
          await tx.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
          expect(await tx.rows('SELECT count(*)::int AS n FROM customers')).toEqual([{ n: 200 }])
          // The reader has read nothing of the table yet: what it sees is decided by its snapshot.
          const wait = refreshTable(store, object, late)
          await wait
          expect(await instants(tx)).toEqual(old)
        })
        expect(await instants(reader)).toEqual([{ as_of: '2024-02-25 00:00:00+00', n: 200 }])
      } finally {
        await reader.close()
      }
    })

    onServer('is not refreshed beside another refresh, which is waited for', async () => {
      const other = await connect(engine.url ?? '')
      try {
        await other.transaction(async (tx) => {
          await refreshTable({ ...store, db: tx }, object, early)
          expect(await codesOf(() => refreshTable(store, object, { ...late, lockTimeout: 200 }))).toEqual([
            'refresh/busy',
          ])
          expect(await instants(store.db)).toEqual([{ as_of: '2024-02-25 00:00:00+00', n: 200 }])
        })
        const two = [early, late].map((at, i) => refreshTable({ ...store, db: i === 0 ? other : store.db }, object, at))
        await Promise.all(two)
        expect(await instants(store.db)).toHaveLength(1)
      } finally {
        await other.close()
      }
    })

    onServer('is as it was when the refresh is interrupted, or its session is ended', async () => {
      await refreshTable(store, object, early)
      const slow =
        'CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NEW; END $$'
      await store.db.execute(`${slow}; CREATE TRIGGER slow BEFORE INSERT ON daily FOR EACH ROW EXECUTE FUNCTION slow()`)
      const before = await instants(store.db)
      const stop = new AbortController()
      const running = refreshRecorded(store, 'daily', { ...late, signal: stop.signal })
      const ended = expect(running).rejects.toThrow()
      await inserting(store.db)
      stop.abort()
      await ended
      expect(await instants(store.db)).toEqual(before)
      const other = await connect(engine.url ?? '')
      const lost = expect(refreshTable({ ...store, db: other }, object, late)).rejects.toThrow()
      const pid = await inserting(store.db)
      await store.db.query('SELECT pg_terminate_backend($1)', [pid])
      await lost
      await other.close()
      expect(await instants(store.db)).toEqual(before)
      await store.db.execute('DROP TRIGGER slow ON daily')
      const [kept] = await store.db.rows('SELECT as_of FROM viewcast.refreshes')
      expect(kept).toEqual({ as_of: '2024-02-15 00:00:00+00' })
    })

    onServer('is not filled with what a policy leaves over', async () => {
      const [row] = await store.db.rows<{ n: string }>(`SELECT current_database() || '_refresher' AS n`)
      const role = row?.n ?? ''
      await store.db.execute(`CREATE ROLE "${role}" LOGIN PASSWORD 'open sesame';
        GRANT USAGE ON SCHEMA public TO "${role}"; GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${role}";
        GRANT INSERT, UPDATE, DELETE ON daily TO "${role}"`)
      await grantAccess(store.db, role, 'append')
      const url = new URL(engine.url ?? '')
      url.username = encodeURIComponent(role)
      url.password = encodeURIComponent('open sesame')
      const db = await connect(url.href)
      try {
        const theirs = { ...store, db }
        expect((await refreshRecorded(theirs, 'daily', late)).refreshed).toMatchObject([{ inserted: 200 }])
        await store.db.execute(`ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
          CREATE POLICY few ON orders USING (customer < 5)`)
        expect(await codesOf(() => refreshRecorded(theirs, 'daily', early))).toEqual(['refresh/row-security'])
        expect(await instants(store.db)).toEqual([{ as_of: '2024-02-25 00:00:00+00', n: 200 }])
      } finally {
        await db.close()
        await store.db.execute(`ALTER TABLE orders DISABLE ROW LEVEL SECURITY; DROP POLICY IF EXISTS few ON orders;
          DROP OWNED BY "${role}"; DROP ROLE "${role}"`)
      }
    })
  })
})

/** Waits until a session fills the table; its process. */
const inserting = (db: Database): Promise<number> =>
  vi.waitFor(
    async () => {
      const [row] = await db.rows<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT INTO public.daily%' AND state = 'active'
         AND datname = current_database()`,
      )
      if (!row) throw new Error('nobody fills the table')
      return row.pid
    },
    { timeout: 60_000, interval: 20 },
  )

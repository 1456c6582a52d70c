/** PgBouncer gives a session to a transaction, another one each time: what a session remembers is somebody else's. */
import {
  collectKept,
  connect,
  type Database,
  labelPredictions,
  logPredicted,
  type ModelDef,
  type ModelRecord,
  openStore,
  planDeployments,
  planRollback,
  predict,
  predictionQuery,
  refreshTable,
  replayPredictions,
  rollback,
  type Store,
  servePredictions,
  trainRecorded,
  withRun,
} from '@viewcast/sdk'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { hasPooler, type Pooler, startPooler } from '../engines/pooler.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'
import { datasetOf, model, p, profile, spending } from '../scenarios/shop.ts'
import { type DeployedShop, deployedShop, outcome } from './deployed-shop.ts'

// As another application may have left it, which PgBouncer does not know of.
const left = `SET IntervalStyle = 'sql_standard'; SET bytea_output = 'escape'; SET extra_float_digits = -5; SET jit = on`
const kinds = p.model('kinds', {
  dataset: datasetOf([profile, spending]),
  family: 'multinomial',
  label: 'answer',
  penalty: 1,
} as never) as ModelDef
const at = '2024-02-25T00:00:00Z'

describeEachEngine('behind a pooler of transactions', (engine) => {
  describe.skipIf(engine.name === 'pglite' || !hasPooler)('PgBouncer', () => {
    let pooler: Pooler
    let db: Database
    let shop: DeployedShop
    let store: Store
    const records = new Map<string, ModelRecord>()
    const record = async (name: string) => records.get(name) as ModelRecord
    beforeAll(async () => {
      shop = await deployedShop(engine.db)
      records.set('replies', shop.record).set('kinds', (await trainRecorded(shop.store, kinds)).record)
      pooler = await startPooler(engine.url ?? '', left)
      db = await connect(pooler.url)
      store = await openStore(db, { project: 'shop', actor: 'pooled' })
    })
    afterAll(async () => {
      await db.close()
      await pooler.stop()
    })
    /** What others find in the sessions of the pooler: each is looked at, or almost. */
    const leftBehind = async (): Promise<unknown[]> => {
      const client = new pg.Client(pooler.url)
      await client.connect()
      const found = new Map<string, unknown>()
      for (let i = 0; i < 12; i++) {
        const { rows } = await client.query(
          `SELECT current_setting('default_transaction_read_only') AS readonly, current_setting('statement_timeout') AS timeout,
                  current_setting('lock_timeout') AS lock, current_setting('jit') AS jit, current_setting('search_path') AS path,
                  current_setting('extra_float_digits') AS digits, current_setting('cursor_tuple_fraction') AS fraction,
                  (SELECT count(*) FROM pg_prepared_statements WHERE name <> '') AS prepared, (SELECT count(*) FROM pg_cursors) AS cursors,
                  (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()) AS temporary,
                  (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks`,
        )
        found.set(JSON.stringify(rows[0]), rows[0])
      }
      await client.end()
      return [...found.values()]
    }
    const untouched = {
      readonly: 'off',
      timeout: '0',
      lock: '0',
      jit: 'on',
      path: '"$user", public',
      digits: '-5',
      fraction: '0.1',
      prepared: '0',
      cursors: '0',
      temporary: '0',
      locks: '0',
    }
    const shapes = `SELECT i, 0.1::float8 + i AS f, (0.1::float8 + i)::text AS t, interval '1 day 02:03' AS iv, '\\xdeadbeef'::bytea AS b,
      timestamptz '2024-06-01 12:00+02' AS at FROM generate_series(1, 5) i`

    test('values are what they are without it, however they are read', async () => {
      const all = async (one: Database) => {
        const rows: unknown[] = [await one.rows(shapes), await one.transaction((tx) => tx.rows(shapes))]
        for await (const batch of one.stream(shapes, { batch: 2 })) rows.push(batch)
        for await (const batch of one.stream(`SELECT t.*, point '(1,2)' AS p FROM (${shapes}) t`, { batch: 2 }))
          rows.push(batch)
        const wanted = [
          { at: 1, as: 'number' },
          { at: 2, as: 'level' },
        ] as const
        for await (const { values, levels } of one.streamNumbers(shapes, wanted)) rows.push([...values], [...levels])
        return rows
      }
      const pooled = []
      for (let i = 0; i < 4; i++) pooled.push(await all(db))
      const direct = await all(engine.db)
      for (const one of pooled) expect(one).toEqual(direct)
    })

    test('trains the same model, and scores the same', async () => {
      const { record: again } = await trainRecorded(store, model)
      const { trainedAt: _, version: __, ...what } = again
      expect(what).toEqual({ ...shop.record, trainedAt: undefined, version: undefined })
      const scores = async (one: Database) => {
        const rows = []
        for await (const batch of (await predict(one, model, shop.record, { at })).rows) rows.push(...batch)
        return rows
      }
      expect(await scores(db)).toEqual(await scores(engine.db))
    })

    test('a view is planned, applied, exchanged for another, brought back, and what is kept of it collected', async () => {
      const planned = (of: ModelDef, outputs?: typeof outcome) =>
        planDeployments(store, [
          {
            def: p.deployment('answers', { model: of, ...(outputs ? { outputs } : {}) } as never),
            record: records.get(of.name) as ModelRecord,
            isDeclared: true,
          },
        ])
      const apply = async (of: ModelDef, outputs?: typeof outcome) => {
        const plan = await planned(of, outputs)
        expect(plan.changes[0]?.blockers).toEqual([])
        await shop.apply(plan, { record }, store)
        return plan.changes[0]?.strategy
      }
      expect([await apply(model), await apply(model, outcome), await apply(kinds)]).toEqual([
        'create',
        'in place',
        'swap',
      ])
      expect((await planned(kinds)).changes[0]?.class).toBe('none')
      const object = { schema: 'public', name: 'answers' }
      expect((await planRollback(store, object, { record })).changes[0]?.strategy).toBe('swap')
      await rollback(store, object, { record })
      expect((await db.query('SELECT * FROM answers LIMIT 1')).columns.map((c) => c.name)).toEqual([
        'customer',
        'as_of',
        'probability',
        'label',
      ])
      expect((await collectKept(store, { keep: 0 })).versions).toHaveLength(1)
      // A plan that was made without the pooler is the plan that is applied over it.
      await shop.apply(await shop.plan(['direct'], outcome), {}, store)
      expect(await leftBehind()).toEqual([untouched])
    })

    test('a table and a function are deployed and refreshed', async () => {
      const defs = [
        p.deployment('daily', { model, as: 'table', refresh: 'upsert', at: '2024-02-15T00:00Z' }),
        p.deployment('scores', { model, as: 'function' }),
      ]
      for (let i = 0; i < 3; i++) {
        const plan = await planDeployments(
          store,
          defs.map((def) => ({ def, record: shop.record, isDeclared: true })),
        )
        await shop.apply(plan, {}, store)
        expect(plan.changes.map((c) => c.class)).toEqual(i === 0 ? ['add', 'add'] : ['none', 'none'])
      }
      const done = await refreshTable(store, { schema: 'public', name: 'daily' }, { at })
      expect(done.updated).toBeGreaterThan(0)
      const [row] = await db.rows<{ n: string; same: boolean }>(
        `SELECT count(*) AS n, bool_and(d.probability = s.probability) AS same FROM daily d, scores(d.customer, '${at}') s`,
      )
      expect(row).toEqual({ n: '200', same: true })
      expect(await leftBehind()).toEqual([untouched])
    })

    test('predictions are logged, labelled and replayed, as runs that are renewed', async () => {
      expect((await logPredicted(store, model, shop.record, { at, log: { inputs: 'all' } })).logged).toBe(200)
      expect(await labelPredictions(store, model)).toBeDefined()
      const { rows, equal } = await replayPredictions(store, model, shop.record)
      expect([rows, equal]).toEqual([200, 200])
      await withRun(store, { kind: 'other', name: 'long', lease: 1 }, async (run) => {
        const until = () => store.db.rows('SELECT lease_until FROM viewcast.execution WHERE id = $1', [run.id])
        const first = await until()
        await vi.waitFor(async () => expect(await until()).not.toEqual(first), { timeout: 5000 })
      })
      expect(await leftBehind()).toEqual([untouched])
    })

    test('predictions are served by sessions that may only read and have little time, and nobody else has that', async () => {
      const settings = { statement_timeout: '2s', default_transaction_read_only: 'on', 'my.note': "it's \\ here" }
      const own = await connect(pooler.url, { sessions: 4, settings })
      const served = [{ name: 'replies', model, version: async () => shop.record }]
      const failures: unknown[] = []
      const server = await servePredictions(own, served, { port: 0, follow: 0, onError: (e) => failures.push(e) })
      const ask = async (customer: number) => {
        const answer = await fetch(`${server.url}/v1/models/replies/predict?customer=${customer}&as_of=${at}`)
        return ((await answer.json()) as { prediction: { outputs: { probability: number } } }).prediction.outputs
          .probability
      }
      const keys = Array.from({ length: 24 }, (_, i) => i + 1)
      const scores = await Promise.all(keys.map(ask))
      const { sql } = await predictionQuery(engine.db, model, shop.record, {
        at,
        keys: keys.map((customer) => ({ customer })),
      })
      const expected = new Map((await engine.db.query(sql)).rows.map((row) => [row[0], row.at(-1)]))
      expect(scores).toEqual(keys.map((key) => expected.get(key)))
      expect(failures).toEqual([])
      expect(await own.rows(`SELECT current_setting('my.note') AS note`)).toEqual([{ note: settings['my.note'] }])
      const state = { sqlState: '25006' }
      await expect(own.rows('INSERT INTO asked VALUES (1000, now(), 0)')).rejects.toMatchObject(state)
      await expect(own.transaction((tx) => tx.execute('DELETE FROM asked'))).rejects.toMatchObject(state)
      await expect(own.execute('DELETE FROM asked')).rejects.toMatchObject(state)
      await expect(own.rows('SELECT pg_sleep(30)')).rejects.toMatchObject({ sqlState: '57014' })
      expect(await leftBehind()).toEqual([untouched])
      await server.close()
      await own.close()
    })

    test('what is interrupted stops over there, and takes nothing else with it', async () => {
      const running = () =>
        engine.db.rows(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
          AND query LIKE '%pg_sleep(99)%' AND pid <> pg_backend_pid()`)
      for (const start of [
        (signal: AbortSignal) => db.query('SELECT pg_sleep(99)', [], { signal }),
        (signal: AbortSignal) => db.transaction((tx) => tx.execute('SELECT pg_sleep(99)', { signal })),
      ]) {
        const stop = new AbortController()
        const work = codesOf(() => start(stop.signal))
        await vi.waitFor(async () => expect(await running()).toHaveLength(1), { timeout: 10_000 })
        stop.abort()
        expect(await work).toEqual(['engine/interrupted'])
        await vi.waitFor(async () => expect(await running()).toEqual([]), { timeout: 10_000 })
      }
      expect(await db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
    })

    test('what a pooler refuses by itself is told with the next step', async () => {
      const over = (change: (url: URL) => void, to = pooler) => {
        const url = new URL(to.url)
        change(url)
        return connect(url.href).then((one) => one.close())
      }
      for (const name of ['options', 'statement_timeout']) {
        const [refused] = await diagnosticsOf(() => over((url) => url.searchParams.set(name, '5')))
        expect(refused).toMatchObject({ code: 'engine/pooler', hint: expect.stringContaining('ALTER ROLE') })
        expect(refused?.message).toContain(`"${name}"`)
      }
      const missing = over((url) => {
        url.pathname = '/nothing'
      })
      expect(await codesOf(() => missing)).toEqual(['engine/no-database'])
      const small = await startPooler(engine.url ?? '', '', [
        'query_wait_timeout = 1',
        'min_pool_size = 0',
        'default_pool_size = 1',
      ])
      const one = await connect(small.url)
      const both = () => Promise.all([one.rows('SELECT pg_sleep(2.5)'), one.rows('SELECT 1')])
      const [refused] = await diagnosticsOf(both)
      expect(refused).toMatchObject({ code: 'engine/pooler', hint: expect.stringContaining('default_pool_size') })
      await one.close()
      await small.stop()
    })

    test('what no transaction can do is done without one', async () => {
      await db.query('VACUUM asked')
      await db.execute('VACUUM asked')
      await db.execute('CREATE TABLE two (a int); INSERT INTO two SELECT 1; DROP TABLE two')
      const refused = await db.execute('SELECT 1; SELECT nothing').catch((e: unknown) => e)
      expect(refused).toMatchObject({ sqlState: '42703', position: 18 })
    })
  })
})

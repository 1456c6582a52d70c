/** A primary and its hot standby: who reads there sees every change as a whole, and who writes there is sent to the primary. */
import {
  collectKept,
  connect,
  type Database,
  loadModel,
  logPredicted,
  type ModelDef,
  type ModelRecord,
  openStore,
  openStoreToRead,
  planDeployments,
  predict,
  refreshTable,
  rollback,
  rollbackRecorded,
  type Store,
  servePredictions,
  startRun,
  trainRecorded,
} from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { engineNames } from '../engines/engine-names.ts'
import { hasStandby, type Pair, startPair } from '../engines/standby-server.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'
import { datasetOf, model, p, profile, spending } from '../scenarios/shop.ts'
import { type DeployedShop, deployedShop, outcome } from './deployed-shop.ts'

const kinds = p.model('kinds', {
  dataset: datasetOf([profile, spending]),
  family: 'multinomial',
  label: 'answer',
  penalty: 1,
} as never) as ModelDef
const at = '2024-02-25T00:00:00Z'
const object = { schema: 'public', name: 'answers' }

describe.runIf(engineNames().includes('postgres') && hasStandby)('a hot standby', () => {
  let pair: Pair
  let db: Database
  let standby: Database
  let shop: DeployedShop
  let store: Store
  const records = new Map<string, ModelRecord>()
  const record = async (name: string) => records.get(name) as ModelRecord
  const wanted = (of: ModelDef, options: object = {}) => ({
    def: p.deployment('answers', { model: of, ...options } as never),
    record: records.get(of.name) as ModelRecord,
    isDeclared: true,
  })
  const apply = async (of: ModelDef, options: object = {}) => {
    const plan = await planDeployments(shop.store, [wanted(of, options)])
    await shop.apply(plan, { record, allowRemove: true })
    return plan.changes[0]?.strategy
  }
  beforeAll(async () => {
    pair = await startPair(['max_standby_streaming_delay=500ms'])
    db = await connect(pair.primary)
    shop = await deployedShop(db)
    records.set('replies', shop.record).set('kinds', (await trainRecorded(shop.store, kinds)).record)
    await apply(model)
    const daily = p.deployment('daily', { model, as: 'table', at })
    await shop.apply(await planDeployments(shop.store, [{ def: daily, record: shop.record, isDeclared: true }]))
    standby = await connect(pair.standby)
    await caughtUp()
    store = (await openStoreToRead(standby, { project: 'shop', actor: 'reader' })) as Store
  })
  afterAll(async () => {
    await standby?.close()
    await db?.close()
    await pair?.stop()
  })
  /** Until the standby has all that was committed by now. */
  const caughtUp = async (): Promise<void> => {
    const [row] = await db.rows<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn')
    await vi.waitFor(
      async () => {
        const sql = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS done'
        expect(await standby.rows(sql, [row?.lsn])).toEqual([{ done: true }])
      },
      { timeout: 30_000 },
    )
  }

  test('readers see a change in place, an exchange and the way back, and never nothing', async () => {
    const seen = new Set<string>()
    const failures: unknown[] = []
    let over = false
    const reader = async () => {
      while (!over) {
        try {
          const { columns, rows } = await standby.query('SELECT * FROM answers')
          seen.add(`${columns.map((c) => c.name).join(' ')}: ${rows.length}`)
        } catch (e) {
          failures.push(e)
        }
      }
    }
    const readers = Promise.all([reader(), reader()])
    const done = []
    for (const change of [
      () => apply(model, { outputs: outcome }),
      () => apply(kinds),
      () => rollback(shop.store, object, { record }).then(() => 'back'),
    ]) {
      done.push(await change())
      await caughtUp()
    }
    over = true
    await readers
    expect(done).toEqual(['in place', 'swap', 'back'])
    expect(failures).toEqual([])
    // Whichever of them a reader met, it was whole.
    const all = [...seen]
    expect(all.filter((one) => !one.startsWith('customer as_of') || !one.endsWith(': 200'))).toEqual([])
    expect(all.length).toBeGreaterThan(1)
    expect(all).toContain('customer as_of probability label: 200')
  })

  test('a plan is made there, too, and is the plan of the primary', async () => {
    for (const one of [wanted(model, { outputs: outcome }), wanted(kinds), wanted(model, { as: 'function' })]) {
      const shape = async (on: Store) =>
        (await planDeployments(on, [one])).changes.map((c) => [
          c.class,
          c.strategy,
          c.columns,
          c.statements,
          c.blockers,
        ])
      expect(await shape(store)).toEqual(await shape(shop.store))
    }
  })

  test('whatever writes is refused, and sent to the primary', async () => {
    const plan = await planDeployments(store, [wanted(kinds)])
    const refused: Record<string, () => Promise<unknown>> = {
      apply: () => shop.apply(plan, { record }, store),
      rollback: () => rollback(store, object, { record, to: 1 }),
      'recorded rollback': () => rollbackRecorded(store, object, { to: 1 }),
      refresh: () => refreshTable(store, { schema: 'public', name: 'daily' }),
      log: () => logPredicted(store, model, shop.record, { at }),
      run: () => startRun(store, { kind: 'other' }),
      gc: () => collectKept(store, { keep: 0 }),
      train: () => trainRecorded(store, model),
    }
    for (const [what, call] of Object.entries(refused)) {
      const [first] = await diagnosticsOf(call)
      expect([what, first?.code, first?.hint]).toEqual([what, 'engine/read-only', expect.stringContaining('primary')])
      expect(first?.message).toContain('standby')
    }
    // What would do nothing is not refused.
    await shop.apply(await planDeployments(store, [wanted(model, { outputs: outcome })]), { record }, store)
    await db.execute('CREATE DATABASE empty TEMPLATE template0')
    await caughtUp()
    const empty = await connect(pair.standby.replace(/postgres$/, 'empty'))
    const [first] = await diagnosticsOf(() => openStore(empty, { project: 'shop' }))
    expect(first?.code).toBe('engine/read-only')
    await empty.close()
  })

  test('predictions are read and served from it', async () => {
    const { record: read } = await loadModel(store, '.viewcast', 'replies')
    const scores = async (on: Database) => {
      const rows = []
      for await (const batch of (await predict(on, model, read, { at })).rows) rows.push(...batch)
      return rows
    }
    const expected = await scores(db)
    expect(await scores(standby)).toEqual(expected)
    const served = [{ name: 'replies', model, version: async () => read }]
    const server = await servePredictions(standby, served, { port: 0, follow: 0 })
    const answer = await fetch(`${server.url}/v1/models/replies/predict?customer=7&as_of=${at}`)
    const [, , probability] = expected.find(([customer]) => customer === 7) ?? []
    expect(await answer.json()).toMatchObject({ prediction: { outputs: { probability } } })
    await server.close()
  })

  test('a long read that a change of the primary cannot wait for is ended with the reason and what to do', async () => {
    const reading = standby.query('SELECT pg_sleep(60) FROM (SELECT FROM answers LIMIT 1) a').catch((e: unknown) => e)
    await apply(kinds)
    expect(await reading).toMatchObject({ sqlState: '40001', hint: expect.stringContaining('hot_standby_feedback') })
    await caughtUp()
    expect((await standby.query('SELECT * FROM answers')).rows).toHaveLength(200)
  })
})

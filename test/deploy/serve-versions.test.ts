/** Predictions over HTTP while versions change, the log is out of reach, and the server is closed. */
import {
  type Database,
  keptPredictions,
  type ModelRecord,
  openStore,
  type PredictionServer,
  type ServePredictionsOptions,
  type Store,
  servePredictions,
  trainRecorded,
} from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, tables } from '../scenarios/shop.ts'
import * as asked from './asked-server.ts'

const at = '2024-02-25T00:00:00Z'

describeEachEngine('what is served', (engine) => {
  let store: Store
  let record: ModelRecord
  let current: ModelRecord
  const servers: PredictionServer[] = []
  const serve = async (options: ServePredictionsOptions = {}) => {
    const served = [{ name: 'replies', model, version: async () => current }]
    const one = await servePredictions(engine.db, served, { port: 0, follow: 0, ...options })
    servers.push(one)
    return one
  }
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop' })
    record = current = (await trainRecorded(store, model)).record
  })
  afterAll(async () => {
    for (const one of servers) await one.close()
  })
  const post = (body: unknown, name: string, on: PredictionServer) => asked.post(on, body, name)
  const get = (path: string, on: PredictionServer) => asked.get(on, path)

  test('keeps what it predicts although the log could not be opened at first, or is still being opened', async () => {
    const failed: unknown[] = []
    let isBroken = true
    const transaction: Database['transaction'] = async (body) => {
      if (isBroken) throw new Error('the log is out of reach')
      return store.db.transaction(body)
    }
    const log = keptPredictions({ ...store, db: { ...store.db, transaction } })
    const one = await serve({ onPredicted: log.keep, onError: (e) => failed.push(e) })
    const ask = (id: string) =>
      fetch(`${one.url}/v1/models/replies/predict?customer=8&as_of=${at}`, { headers: { 'X-Request-Id': id } })
    await ask('lost')
    await vi.waitFor(() => expect(failed).toHaveLength(1), { timeout: 30_000 })
    isBroken = false
    await ask('kept')
    // Nobody has waited for the log to be opened by then.
    await log.close()
    const kept = await engine.db.rows(`SELECT request_id FROM viewcast.prediction WHERE key = '{"customer": "8"}'`)
    expect(kept).toEqual([{ request_id: 'kept' }])
  })

  test('is closed when it has looked, and looks no more', async () => {
    let answer = () => {}
    let times = 0
    const version = async () => {
      if (++times === 2)
        await new Promise<void>((resolve) => {
          answer = resolve
        })
      return record
    }
    const one = await servePredictions(engine.db, [{ name: 'replies', model, version }], { port: 0, follow: 0 })
    const order: string[] = []
    const looking = one.look().then(() => order.push('looked'))
    const closing = one.close().then(() => order.push('closed'))
    await vi.waitFor(() => expect(fetch(one.url)).rejects.toThrow(), { timeout: 30_000 })
    answer()
    await Promise.all([looking, closing])
    expect([order, times]).toEqual([['looked', 'closed'], 2])
  })

  test('follows a version without a request being lost', async () => {
    const changes: unknown[] = []
    const one = await serve({ onChange: (...change) => changes.push(change) })
    const next = { ...record, version: 2 }
    let isOver = false
    const asking = (async () => {
      const seen: number[] = []
      while (!isOver) {
        const { status, body } = await post({ keys: [{ customer: 1 }] }, 'replies', one)
        expect(status).toBe(200)
        seen.push(body['version'])
      }
      return seen
    })()
    try {
      current = next
      await one.look()
      expect((await get('/v1/models/replies', one)).body['version']).toBe(next.version)
    } finally {
      current = record
      isOver = true
    }
    const seen = await asking
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(changes).toEqual([['replies', next.version, record.version]])
  })

  test('stays with a version whose successor does not verify, and says so', async () => {
    const errors: unknown[] = []
    const one = await serve({ onError: (e) => errors.push(e) })
    const wrong = record.verification.map((v) => ({ ...v, outputs: { probability: 0.123 } }))
    current = { ...record, version: 99, verification: wrong }
    try {
      await one.look()
      await one.look()
    } finally {
      current = record
    }
    expect(errors).toHaveLength(1)
    expect((await get('/v1/models/replies', one)).body['version']).toBe(record.version)
    expect((await get('/readyz', one)).body).toMatchObject({ ready: true, behind: ['replies'] })
    const behind = async () =>
      /^viewcast_model_behind\{name="replies"\} (\d)$/m.exec((await get('/metrics', one)).text)?.[1]
    expect(await behind()).toBe('1')
    await one.look()
    expect((await get('/readyz', one)).body).toMatchObject({ behind: [] })
    expect(await behind()).toBe('0')
  })

  test('is asked by names that a URL has to escape', async () => {
    const name = 'reply to all, ä'
    const one = await servePredictions(engine.db, [{ name, model, version: async () => record }], {
      port: 0,
      follow: 0,
    })
    servers.push(one)
    const { body } = await get(`/v1/models/${encodeURIComponent(name)}`, one)
    expect(body['name']).toBe(name)
    expect((await get(`${body['predict']}?customer=1`, one)).status).toBe(200)
    expect((await get('/v1/models/%E0%A4%A', one)).status).toBe(404)
  })
})

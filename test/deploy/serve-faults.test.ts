/** The endpoint on a server that is busy, slow, gone, changed under it, or told to stop. */
import { request } from 'node:http'
import {
  connect,
  type Database,
  type ModelRecord,
  openStore,
  type PredictionServer,
  type ServePredictionsOptions,
  servePredictions,
  trainRecorded,
} from '@viewcast/sdk'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, tables } from '../scenarios/shop.ts'

describeEachEngine('the endpoint', (engine) => {
  const onServer = test.skipIf(engine.name === 'pglite')
  let record: ModelRecord
  const servers: PredictionServer[] = []
  const errors: unknown[] = []
  const databases: Database[] = []
  beforeAll(async () => {
    await engine.db.execute(tables)
    record = (await trainRecorded(await openStore(engine.db, { project: 'shop' }), model)).record
  })
  afterEach(async () => {
    for (const one of servers.splice(0)) await one.close()
    for (const one of databases.splice(0)) await one.close()
    errors.length = 0
  })
  afterAll(async () => engine.db.execute('DROP FUNCTION IF EXISTS slowly(int4)'))
  const serve = async (options: ServePredictionsOptions = {}, db = engine.db) => {
    const served = [{ name: 'replies', model, version: async () => record }]
    const onError = (error: unknown) => errors.push(error)
    const one = await servePredictions(db, served, { port: 0, follow: 0, onError, ...options })
    servers.push(one)
    return one
  }
  const ask = async (on: PredictionServer) => {
    const response = await fetch(`${on.url}/v1/models/replies/predict?customer=7`)
    const body = (await response.json()) as { code?: string; title?: string; prediction?: { outputs: object } }
    return { status: response.status, headers: response.headers, body }
  }
  /** `fetch` mends paths, and sets Host itself. */
  const statusOf = (port: number, path: string, headers: Record<string, string> = {}) =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, headers, agent: false }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
      asked.on('error', reject).end()
    })
  const metricsOf = async (on: PredictionServer) => (await fetch(`${on.url}/metrics`)).text()
  const until = (isSo: () => Promise<boolean>) =>
    vi.waitFor(async () => expect(await isSo()).toBe(true), { timeout: 60_000, interval: 5 })
  /** Somebody else holds the table while `body` runs. */
  const locked = async <T>(body: () => Promise<T>): Promise<T> =>
    engine.db.transaction(async (tx) => {
      await tx.execute('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE')
      return body()
    })
  const own = async (settings: Record<string, string> = {}, sessions = 2) => {
    const db = await connect(engine.url ?? '', { sessions, settings })
    databases.push(db)
    return db
  }

  test('finishes what runs when it is closed, and takes nothing more', async () => {
    const one = await serve()
    const asked = Promise.all(Array.from({ length: 5 }, () => ask(one)))
    // All of them have arrived: whoever has not by then is not under way.
    const counts = /^viewcast_predictions_(?:running|waiting|total\{.*\}) (\d+)$/gm
    const arrived = async () =>
      [...(await metricsOf(one)).matchAll(counts)].reduce((n, [, some]) => n + Number(some), 0)
    await until(async () => (await arrived()) === 5)
    await one.close()
    for (const { status, body } of await asked) {
      expect(status).toBe(200)
      expect(body.prediction?.outputs).toEqual({ probability: expect.any(Number) })
    }
    await expect(fetch(`${one.url}/healthz`)).rejects.toThrow()
  })

  test('tells no more than that it failed (serve/failed), and compiles again once the table is another', async () => {
    const one = await serve()
    expect((await ask(one)).status).toBe(200)
    await engine.db.execute('ALTER TABLE orders RENAME COLUMN amount TO amounts')
    try {
      const { status, body } = await ask(one)
      expect([status, body.code]).toEqual([500, 'serve/failed'])
      expect(JSON.stringify(body)).not.toContain('amount')
      expect(errors).toHaveLength(1)
      await one.look()
    } finally {
      await engine.db.execute('ALTER TABLE orders RENAME COLUMN amounts TO amount')
    }
    // The statement of before fits again; a type that changed needs another.
    await engine.db.execute('ALTER TABLE orders ALTER COLUMN amount TYPE numeric')
    try {
      await one.look()
      expect((await ask(one)).status).toBe(200)
    } finally {
      await engine.db.execute('ALTER TABLE orders ALTER COLUMN amount TYPE float8')
    }
    expect((await ask(one)).status).toBe(200)
  })

  test('takes a target that is no URL for a path that it does not know, and no failure of its own', async () => {
    const { port } = await serve()
    const statuses = ['//', '//[', '*', '/healthz'].map((path) => statusOf(port, path))
    expect(await Promise.all(statuses)).toEqual([404, 404, 404, 200])
    expect(errors).toEqual([])
  })

  test('answers nobody who reached it by the name of another machine, as a page may that lets its name point here', async () => {
    const { port } = await serve()
    const hosts = ['elsewhere.example', `127.0.0.1.elsewhere.example:${port}`, 'localhost', `127.0.0.1:${port}`]
    const statuses = hosts.map((host) => statusOf(port, '/v1/models', { host }))
    expect(await Promise.all(statuses)).toEqual([403, 403, 200, 200])
  })

  onServer('goes on when a session forgets what it has prepared', async () => {
    const db = await own({}, 1)
    const one = await serve({}, db)
    const first = await ask(one)
    await db.execute('DEALLOCATE ALL')
    const second = await ask(one)
    expect(second.status).toBe(200)
    expect(second.body.prediction?.outputs).toEqual(first.body.prediction?.outputs)
  })

  /** As long as the table is held one request runs and one waits for it. */
  const filled = async (one: PredictionServer) => {
    const first = ask(one)
    await until(async () => /viewcast_predictions_running 1/.test(await metricsOf(one)))
    const second = ask(one)
    await until(async () => /viewcast_predictions_waiting 1/.test(await metricsOf(one)))
    return [first, second]
  }

  onServer('answers who cannot even wait at once (serve/busy), and the others when it is their turn', async () => {
    const one = await serve({ running: 1, waiting: 1, timeout: 100_000 }, await own())
    const asked = await locked(async () => {
      const others = await filled(one)
      const third = await ask(one)
      expect([third.status, third.body.code, third.headers.get('retry-after')]).toEqual([503, 'serve/busy', '1'])
      return { others }
    })
    expect((await Promise.all(asked.others)).map((a) => a.status)).toEqual([200, 200])
  })

  onServer('answers who is worked for too long, and who waits too long (serve/timeout)', async () => {
    const one = await serve({ running: 1, waiting: 1, timeout: 1500 }, await own())
    const statuses = await locked(async () => {
      const asked = await Promise.all([ask(one), ask(one)])
      return asked.map((a) => [a.status, a.body.code])
    })
    expect(statuses).toEqual([
      [504, 'serve/timeout'],
      [504, 'serve/timeout'],
    ])
    // What timed out was stopped over there as well: the session is free again, and none is left waiting for the lock.
    expect((await ask(one)).status).toBe(200)
    const left = `SELECT count(*)::int4 AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    expect(await engine.db.rows(left)).toEqual([{ n: 0 }])
  })

  onServer('ends a statement by the timeout of the session, too (serve/timeout)', async () => {
    const db = await own({}, 1)
    const one = await serve({ timeout: 60_000 }, db)
    // Not while it starts, which takes as long as it takes.
    await db.execute(`SET statement_timeout = '300ms'`)
    const { status, body } = await locked(() => ask(one))
    expect([status, body.code]).toEqual([504, 'serve/timeout'])
  })

  onServer('tells that the database is gone (serve/unavailable), and goes on when it is back', async () => {
    const db = await own({ application_name: 'the endpoint' })
    const one = await serve({ timeout: 60_000 }, db)
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'the endpoint'`
    const [answer] = await locked(async () => {
      const asked = ask(one)
      const waits = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'the endpoint' AND wait_event_type = 'Lock'`
      const watcher = await own()
      await until(async () => (await watcher.rows(waits)).length > 0)
      await watcher.query(end)
      return Promise.all([asked])
    })
    expect([answer.status, answer.body.code]).toEqual([503, 'serve/unavailable'])
    expect((await ask(one)).status).toBe(200)
  })

  onServer('cannot write where its sessions may only read', async () => {
    const db = await own({ default_transaction_read_only: 'on' })
    expect((await ask(await serve({}, db))).status).toBe(200)
    await expect(db.execute('DELETE FROM orders')).rejects.toThrow(/read-only transaction/)
  })
})

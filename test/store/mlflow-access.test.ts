import { request } from 'node:http'
import { connect } from 'node:net'
import { type Database, type MlflowServer, openStore, type Store, serveMlflow } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

describeEachEngine('the MLflow server', (engine) => {
  let store: Store
  let open: MlflowServer
  let guarded: MlflowServer
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    open = await serveMlflow(store, { port: 0 })
    guarded = await serveMlflow(store, { port: 0, host: '0.0.0.0', token: 'a long secret' })
  })
  afterAll(async () => {
    await open.close()
    await guarded.close()
  })

  /** `fetch` sets Host and Origin itself. */
  const ask = (
    server: MlflowServer,
    headers: Record<string, string>,
    path = '/api/2.0/mlflow/experiments/get?experiment_id=0',
  ) =>
    new Promise<number>((resolve, reject) => {
      request({ host: '127.0.0.1', port: server.port, path, headers }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
        .on('error', reject)
        .end()
    })

  test('is reached under the names of this machine only', async () => {
    expect(await ask(open, {})).toBe(200)
    for (const host of ['localhost', 'LOCALHOST:5000', '127.0.0.1', '[::1]:80'])
      expect(await ask(open, { Host: host })).toBe(200)
    for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:80']) {
      expect([host, await ask(open, { Host: host })]).toEqual([host, 403])
    }
  })

  test('takes nothing from pages of another origin', async () => {
    expect(await ask(open, { Origin: 'https://evil.example' })).toBe(403)
    expect(await ask(open, { Origin: 'null' })).toBe(403)
    expect(await ask(open, { Host: 'localhost:5000', Origin: 'http://localhost:5000' })).toBe(200)
  })

  test('asks for its token, as a bearer or as a password', async () => {
    const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`
    expect(await ask(guarded, {})).toBe(401)
    expect(await ask(guarded, { Authorization: 'Bearer a' })).toBe(401)
    expect(await ask(guarded, { Authorization: basic('a long secret:') })).toBe(401)
    expect(await ask(guarded, { Authorization: basic('anyone:a long secret') })).toBe(200)
    expect(await ask(guarded, { Authorization: `Basic ${Buffer.from('x:a:b').toString('base64')}` })).toBe(401)
    expect(await ask(guarded, {}, '/health')).toBe(200)
  })

  test('takes a token that a bearer can carry, and listens nowhere else without one', async () => {
    const server = await serveMlflow(store, { port: 0, token: 'abc123' })
    try {
      expect(await ask(server, { Authorization: 'Bearer abc123' })).toBe(200)
      expect(await ask(server, {})).toBe(401)
    } finally {
      await server.close()
    }
    expect(await codesOf(() => serveMlflow(store, { host: '0.0.0.0', port: 0 }))).toEqual(['serve/token'])
    expect(await codesOf(() => serveMlflow(store, { host: '0.0.0.0', port: 0, token: '' }))).toEqual(['serve/token'])
    expect(await codesOf(() => serveMlflow(store, { port: open.port }))).toEqual(['serve/address'])
  })

  test('leaves nothing of a request that breaks off', async () => {
    const socket = connect(open.port, '127.0.0.1')
    const body = JSON.stringify({ name: 'half', tags: [] })
    await new Promise<void>((resolve) => {
      socket.write(
        `POST /api/2.0/mlflow/experiments/create HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
        () => resolve(),
      )
    })
    socket.destroy()
    expect(await ask(open, {}, '/api/2.0/mlflow/experiments/get-by-name?experiment_name=half')).toBe(404)
  })

  test('takes parallel requests of eight clients and loses none', async () => {
    const post = async (path: string, body: object) => {
      const response = await fetch(`${open.url}/api/2.0/mlflow/${path}`, { method: 'POST', body: JSON.stringify(body) })
      // biome-ignore lint/suspicious/noExplicitAny: looked into freely.
      return { status: response.status, body: (await response.json()) as any }
    }
    const run_id: string = (await post('runs/create', {})).body.run.info.run_id
    const coprime = [1, 3, 7, 9, 11, 13, 17, 19]
    const clients = Array.from({ length: 8 }, async (_, client) => {
      const statuses: number[] = []
      for (let round = 0; round < 5; round++) {
        // New names, in another order with every client; one param that only one of them can set.
        const keys = Array.from({ length: 20 }, (_, i) => `round ${round} ${(i * (coprime[client] ?? 1)) % 20}`)
        const metrics = keys.map((key) => ({ key, value: client, timestamp: client, step: round }))
        statuses.push((await post('runs/log-batch', { run_id, metrics })).status)
      }
      statuses.push((await post('runs/log-parameter', { run_id, key: 'winner', value: String(client) })).status)
      return statuses
    })
    const statuses = await Promise.all(clients)
    expect(statuses.flatMap((s) => s.slice(0, 5))).toEqual(Array(40).fill(200))
    expect(statuses.map((s) => s[5]).sort()).toEqual([200, 400, 400, 400, 400, 400, 400, 400])
    const [row] = await store.db.rows(
      `SELECT count(*) AS points, count(DISTINCT key_id) AS keys FROM viewcast.metric
       WHERE replace(execution_id::text, '-', '') = $1`,
      [run_id],
    )
    expect(row).toEqual({ points: '800', keys: '100' })
  })

  test('answers what is under way before it closes', async () => {
    let arrived = () => {}
    const isUnderWay = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const rows: Database['rows'] = (sql, parameters) => {
      arrived()
      return store.db.rows(sql, parameters)
    }
    const server = await serveMlflow({ ...store, db: { ...store.db, rows } }, { port: 0 })
    const asked = fetch(`${server.url}/api/2.0/mlflow/experiments/get?experiment_id=0`)
    await isUnderWay
    const closed = server.close()
    expect((await asked).status).toBe(200)
    await closed
    await expect(fetch(server.url)).rejects.toThrow()
  })
})

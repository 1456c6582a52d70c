import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportRuns, logBatch, logFile, logInput, openStore, type Store, startRun, updateRun } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'
import { serveForTest, type TestServer } from './mlflow-server.ts'

/** What becomes of a request: it goes on, is refused, or is done and its answer lost. */
type Fate = 'on' | 'lost' | { readonly status: number; readonly headers?: Record<string, string> }

/** A server that fails when it is told to, before one that does not. */
async function failing(target: string, fate: (method: string, path: string, n: number) => Fate) {
  let n = 0
  const seen: string[] = []
  const server: Server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? ''
    seen.push(`${incoming.method} ${path}`)
    const what = fate(incoming.method ?? '', path, ++n)
    if (typeof what === 'object') {
      incoming.resume()
      outgoing.writeHead(what.status, what.headers).end('not JSON')
      return
    }
    const onward = httpRequest(
      `${target}${path}`,
      { method: incoming.method ?? 'GET', headers: { ...incoming.headers, host: 'localhost' } },
      (answer: IncomingMessage) => {
        if (what === 'lost') {
          answer.resume()
          answer.on('end', () => outgoing.destroy())
          return
        }
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      },
    )
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}

describeEachEngine('export to another MLflow', (engine) => {
  let store: Store
  let here: TestServer & { failures: unknown[] }
  const quick = { attempts: 3, pauseMs: 1 }

  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    here = await serveForTest(store)
    const parent = await startRun(store, {
      name: 'parent',
      experiment: 'sent',
      startedAt: 1000,
      user: 'ann',
      note: '# Note',
    })
    const child = await startRun(store, {
      name: 'child',
      experiment: 'sent',
      startedAt: 2000,
      parent: parent.id,
      kind: 'train',
      params: { depth: 3, 'a "quoted" key': 'x' },
      tags: { team: 'ops' },
    })
    await logBatch(store, child.id, {
      metrics: [
        ...Array.from({ length: 2500 }, (_, step) => ({ name: 'loss', value: 1 / (step + 1), step, at: 5000 + step })),
        { name: 'odd', value: Number.NaN, at: 1 },
        { name: 'odd', value: Number.POSITIVE_INFINITY, step: 1, at: 1 },
      ],
    })
    await logFile(store, child.id, 'plots/roc é.svg', '<svg/>')
    await logInput(store, child.id, { name: 'flights', digest: 'd'.repeat(64), source: 's3://flights' }, 'training')
    await updateRun(store, child.id, { state: 'finished', endedAt: 9000 })
    await here.post('registered-models/create', { name: "ann's model" })
    await here.post('model-versions/create', {
      name: "ann's model",
      source: 's3://weights',
      run_id: child.id.replaceAll('-', ''),
    })
    await here.post('registered-models/alias', { name: "ann's model", alias: 'champion', version: '1' })
  })
  afterAll(async () => {
    await here.close()
    expect(here.failures).toEqual([])
  })

  /** Another store, served. */
  const elsewhere = async () => {
    const other = await openStore(await engine.open(), { project: 'team', actor: 'server' })
    const server = await serveForTest(other)
    return { other, server }
  }
  const everything = async (other: Store) => {
    const rows = async (sql: string) => (await other.db.query(sql)).rows
    return {
      runs: await rows(
        `SELECT r.name, state, user_name, note, extract(epoch FROM started_at)::float8, extract(epoch FROM ended_at)::float8,
           (SELECT name FROM viewcast.execution p WHERE p.id = r.parent_id) FROM viewcast.execution r ORDER BY r.name`,
      ),
      params: await rows(`SELECT key, value FROM viewcast.param ORDER BY 1`),
      metrics: await rows(
        `SELECT k.name, count(*), sum(step), min(value), max(ts_ms) FROM viewcast.metric m
         JOIN viewcast.metric_key k ON k.id = m.key_id GROUP BY 1 ORDER BY 1`,
      ),
      files: await rows(`SELECT path, size, media_type FROM viewcast.run_file ORDER BY 1`),
      tags: await rows(
        `SELECT key, value FROM viewcast.run_tag WHERE key NOT LIKE 'viewcast.sent' AND key <> 'viewcast.run_id' ORDER BY 1, 2`,
      ),
      inputs: await rows(
        `SELECT s.name, a.digest, a.uri, e.role FROM viewcast.event e JOIN viewcast.artifact a ON a.id = e.artifact_id
         JOIN viewcast.asset s ON s.id = a.asset_id WHERE e.direction = 'in' ORDER BY 1`,
      ),
      versions: await rows(
        `SELECT s.name, a.version, a.uri, l.alias FROM viewcast.asset s JOIN viewcast.artifact a ON a.asset_id = s.id
         LEFT JOIN viewcast.alias l ON l.artifact_id = a.id WHERE s.kind = 'model' ORDER BY 1, 2`,
      ),
    }
  }

  test('sends all of it, and nothing the second time', async () => {
    const { other, server } = await elsewhere()
    const first = await exportRuns(store, { uri: server.url, experiments: ['sent'], ...quick })
    expect(first).toEqual({
      server: server.url,
      created: 2,
      updated: 0,
      unchanged: 0,
      deleted: 0,
      points: 2502,
      files: 1,
      filesLeft: 0,
      versions: 1,
    })
    const there = await everything(other)
    expect(there).toEqual({
      runs: [
        ['child', 'finished', 'me', null, 2, 9, 'parent'],
        ['parent', 'running', 'ann', '# Note', 1, null, null],
      ],
      params: [
        [expect.stringMatching(/^a _quoted_ key_[0-9a-f]{8}$/), 'x'],
        ['depth', '3'],
      ],
      metrics: [
        ['loss', '2500', '3123750', 1 / 2500, '7499'],
        ['odd', '2', '1', Number.POSITIVE_INFINITY, '1'],
      ],
      files: [['plots/roc é.svg', '6', expect.anything()]],
      tags: [
        ['team', 'ops'],
        ['viewcast.kind', 'train'],
      ],
      inputs: [['flights', expect.stringMatching(/^.{36}$/), 's3://flights', 'training']],
      versions: [["ann's model", 1, 's3://weights', 'champion']],
    })
    const second = await exportRuns(store, { uri: server.url, experiments: ['sent'], ...quick })
    expect(second).toMatchObject({ created: 0, updated: 0, unchanged: 2, points: 0, files: 0, versions: 0 })
    expect(await everything(other)).toEqual(there)
    await server.close()
    expect(server.failures).toEqual([])
  })

  test('sends what is new, and leaves alone what was deleted there', async () => {
    const { other, server } = await elsewhere()
    const run = await startRun(store, { name: 'grows', experiment: 'growing' })
    const dies = await startRun(store, { name: 'dies', experiment: 'growing' })
    await logBatch(store, run.id, { metrics: [{ name: 'loss', value: 3, at: 1 }] })
    const send = () => exportRuns(store, { uri: server.url, experiments: ['growing'], ...quick })
    await send()
    const { experiment } = (await server.get('experiments/get-by-name', { experiment_name: 'growing' })).body
    const found = await server.post('runs/search', {
      experiment_ids: [experiment.experiment_id],
      filter: `tags.\`viewcast.run_id\` = '${dies.id.replaceAll('-', '')}'`,
    })
    await server.post('runs/delete', { run_id: found.body.runs[0].info.run_id })
    await logBatch(store, run.id, { metrics: [{ name: 'loss', value: 2, step: 1, at: 2 }], params: { late: 'yes' } })
    await logBatch(store, dies.id, { tags: { never: 'sent' } })
    expect(await send()).toMatchObject({ created: 0, updated: 1, unchanged: 0, deleted: 1, points: 1 })
    const there = await everything(other)
    expect(there.metrics).toEqual([['loss', '2', '1', 2, '2']])
    expect(there.params).toEqual([['late', 'yes']])
    expect(there.tags).toEqual([])
    await server.close()
  })

  test('goes on where it broke off, wherever that was', async () => {
    const whole = await elsewhere()
    const counting = await failing(whole.server.url, () => 'on')
    await exportRuns(store, { uri: counting.uri, experiments: ['sent'], ...quick })
    const wanted = await everything(whole.other)
    await counting.close()
    await whole.server.close()
    const requests = counting.seen.length
    const { other, server } = await elsewhere()
    const stops: number[] = []
    for (let from = 1; from <= requests + 40; from += 3) {
      // Up to this request it goes well, and then for good not.
      const remote = await failing(server.url, (_, __, n) => (n < from ? 'on' : { status: 503 }))
      const failure = await exportRuns(store, { uri: remote.uri, experiments: ['sent'], ...quick }).then(
        () => undefined,
        (e: unknown) => e,
      )
      await remote.close()
      if (failure === undefined) break
      expect(String(failure)).toContain('export/remote')
      stops.push(from)
    }
    expect(stops.length).toBeGreaterThan(3)
    expect(await everything(other)).toEqual(wanted)
    await server.close()
    expect(server.failures).toEqual([])
  })

  test('creates once what was created without an answer', async () => {
    const { other, server } = await elsewhere()
    const lost = new Set<string>()
    const remote = await failing(server.url, (method, path) => {
      // Every kind of request loses its first answer.
      const kind = `${method} ${path.split('?')[0]?.replace(/[0-9a-f]{32}/g, '')}`
      if (lost.has(kind)) return 'on'
      lost.add(kind)
      return 'lost'
    })
    const sent = await exportRuns(store, { uri: remote.uri, experiments: ['sent'], ...quick })
    expect(sent).toMatchObject({ created: 2, versions: 1 })
    const { runs, versions, metrics } = await everything(other)
    expect([runs.length, versions.length, metrics[0]?.[1]]).toEqual([2, 1, '2500'])
    expect([...lost].filter((kind) => kind.includes('create')).sort()).toEqual([
      'POST /api/2.0/mlflow/experiments/create',
      'POST /api/2.0/mlflow/model-versions/create',
      'POST /api/2.0/mlflow/registered-models/create',
      'POST /api/2.0/mlflow/runs/create',
    ])
    await remote.close()
    await server.close()
    expect(server.failures).toEqual([])
  })

  test('waits as long as it is asked to', async () => {
    const { server } = await elsewhere()
    const remote = await failing(server.url, (_, __, n) =>
      n % 2 === 1 ? { status: 429, headers: { 'Retry-After': '0' } } : 'on',
    )
    expect(await exportRuns(store, { uri: remote.uri, experiments: ['sent'], ...quick })).toMatchObject({ created: 2 })
    await remote.close()
    await server.close()
  })

  test('brings its credentials, and keeps them to itself', async () => {
    const other = await openStore(await engine.open(), { project: 'team', actor: 'server' })
    const server = await serveForTest(other, { token: 'secret-token' })
    const at = server.url.replace('http://', 'http://ann:secret-token@')
    expect(await exportRuns(store, { uri: at, experiments: ['sent'], ...quick })).toMatchObject({
      created: 2,
      server: server.url,
    })
    expect(
      await exportRuns(store, { uri: server.url, token: 'secret-token', experiments: ['sent'], ...quick }),
    ).toMatchObject({ unchanged: 2 })
    const failed = exportRuns(store, { uri: server.url, token: 'wrong-secret', experiments: ['sent'], ...quick })
    await expect(failed).rejects.toThrow(/answers 401/)
    await expect(failed).rejects.not.toThrow(/wrong-secret/)
    await server.close()
    for (const uri of ['mlflow.example', 'ftp://mlflow.example', server.url]) {
      expect(await codesOf(() => exportRuns(store, { uri, experiments: ['sent'], ...quick }))).toEqual([
        'export/remote',
      ])
    }
  })
})

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  endRun,
  fileTarget,
  httpTarget,
  keepSending,
  openStore,
  outboxStatus,
  purgeEvents,
  retryEvents,
  type Store,
  sendEvents,
  startRun,
} from '@viewcast/sdk'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'
import {
  answers,
  diesInMidAnswer,
  hangs,
  hangsUp,
  type LineageServer,
  lineageServer,
} from '../openlineage/lineage-server.ts'
import { problemsOfEvent } from '../openlineage/problems-of-event.ts'

describeEachEngine('the outbox', (engine) => {
  let store: Store
  let server: LineageServer
  beforeEach(async () => {
    store ??= await openStore(engine.db, { project: 'shop', actor: 'me', events: {} })
    await store.db.execute('TRUNCATE viewcast.outbox')
    server = await lineageServer()
  })
  afterEach(() => server.close())

  const runs = async (n: number, state: 'finished' | 'failed' = 'finished'): Promise<string[]> => {
    const ids: string[] = []
    for (let i = 0; i < n; i++) {
      const run = await startRun(store, { job: `job ${i}` })
      await endRun(store, run, state)
      ids.push(run.id)
    }
    return ids
  }
  const target = (timeout = 500) => httpTarget({ url: server.url, apiKey: 'k3y', timeout })
  /** What a clean answer was given to: each once, START before the end. */
  const expectInOrder = (ids: readonly string[]) => {
    for (const e of server.taken) expect(problemsOfEvent(e.event)).toEqual([])
    for (const id of ids) {
      const types = server.taken.filter((r) => r.event.run.runId === id).map((r) => r.event.eventType)
      expect(types, id).toEqual(['START', 'COMPLETE'])
    }
    expect(server.taken.length).toBe(2 * ids.length)
  }

  test('sends each event once, in the order of its run', async () => {
    const ids = await runs(12)
    expect(await sendEvents(store, target())).toEqual({ sent: 24, failed: 0, setAside: 0 })
    expectInOrder(ids)
    expect(server.received[0]).toMatchObject({ path: 'POST /api/v1/lineage', headers: { authorization: 'Bearer k3y' } })
    expect(await sendEvents(store, target())).toEqual({ sent: 0, failed: 0, setAside: 0 })
    expect(await outboxStatus(store)).toEqual({ waiting: 0, due: 0, claimed: 0, sent: 24, setAside: 0, reasons: [] })
  })

  test('loses and doubles nothing while the target is down for an hour', async () => {
    const ids = await runs(5)
    // Nobody listens; then errors of every kind; then it works.
    const url = server.url
    const port = Number(new URL(url).port)
    await server.close()
    let at = Date.now()
    const end = at + 3_600_000
    const steps: LineageServer['manner'][] = [
      answers(500),
      answers(503),
      hangs,
      hangsUp,
      answers(429),
      diesInMidAnswer,
      answers(302, '', { location: '/elsewhere' }),
    ]
    const sender = httpTarget({ url, timeout: 100 })
    const send = () => sendEvents(store, sender, { now: () => new Date(at), random: () => 1 })
    for (let i = 0; i < 3; i++) {
      expect(await send()).toMatchObject({ sent: 0, setAside: 0, stopped: 'ECONNREFUSED' })
      at += 8000
    }
    const refused = server
    server = await lineageServer(port)
    refused.received.length = 0
    let rounds = 0
    for (; at < end; rounds++) {
      server.manner = steps[rounds % steps.length] as LineageServer['manner']
      const report = await send()
      expect(report).toMatchObject({ sent: 0, setAside: 0 })
      expect(report.stopped, JSON.stringify(report)).toBeDefined()
      const [row] = await store.db.rows<{ next: number }>(
        'SELECT extract(epoch FROM min(next_at))::float8 * 1000 AS next FROM viewcast.outbox WHERE sent_at IS NULL AND attempts > 0',
      )
      at = Math.max(at + 1000, row?.next ?? 0)
    }
    expect(server.taken).toEqual([])
    // Backed off: an hour is not a thousand requests.
    expect(server.received.length).toBeLessThan(80)
    expect(rounds).toBeGreaterThan(5)
    server.manner = answers(200, '{}')
    at += 3_600_000
    expect(await send()).toEqual({ sent: 10, failed: 0, setAside: 0 })
    expectInOrder(ids)
  })

  test('sends again what was answered halfway, and waits as long as it is asked to', async () => {
    const ids = await runs(1)
    server.manner = diesInMidAnswer
    expect(await sendEvents(store, target())).toMatchObject({ sent: 0, failed: 1 })
    expect((await outboxStatus(store)).reasons).toMatchObject([{ isSetAside: false, events: 1, tries: 1, run: ids[0] }])
    server.manner = answers(503, 'not now', { 'retry-after': '120' })
    await retryEvents(store)
    expect(await sendEvents(store, target())).toMatchObject({
      sent: 0,
      failed: 1,
      stopped: 'HTTP 503',
      retryAfter: 120,
    })
    server.manner = answers(201)
    const in60 = { now: () => new Date(Date.now() + 60_000) }
    expect(await sendEvents(store, target(), in60)).toMatchObject({ sent: 0, failed: 0 })
    expect(await sendEvents(store, target(), { now: () => new Date(Date.now() + 150_000) })).toMatchObject({ sent: 2 })
    expectInOrder(ids)
  })

  test('sets aside what is refused for ever, keeps why, and goes on', async () => {
    const [bad = '', good = ''] = await runs(2)
    server.manner = (response, { event }) =>
      event.run.runId === bad && event.eventType === 'START'
        ? response.writeHead(422).end('the key k3y says: \u0000 unknown\nfacet')
        : response.writeHead(201).end()
    let at = Date.now()
    const now = () => new Date(at)
    for (let i = 0; i < 4; i++) {
      expect(await sendEvents(store, target(), { now })).toMatchObject({ failed: 1, setAside: 0 })
      at += 60_000
    }
    // Until then what comes after it has waited.
    expect(server.taken.map((r) => r.event.run.runId)).toEqual([good, good])
    expect(await sendEvents(store, target(), { now })).toMatchObject({ sent: 1, setAside: 1 })
    const status = await outboxStatus(store)
    expect(status).toMatchObject({ waiting: 0, setAside: 1, sent: 3 })
    expect(status.reasons).toEqual([
      {
        reason: 'HTTP 422: the key … says: unknown facet',
        isSetAside: true,
        events: 1,
        tries: 5,
        job: 'job 0',
        run: bad,
      },
    ])
    server.manner = answers(201)
    expect(await sendEvents(store, target(), { now })).toMatchObject({ sent: 0 })
    expect(await retryEvents(store, { run: good })).toBe(0)
    expect(await retryEvents(store, { run: bad })).toBe(1)
    expect(await sendEvents(store, target())).toMatchObject({ sent: 1 })
  })

  test('does not blame an event for a wrong key or address', async () => {
    await runs(1)
    for (const status of [401, 403, 404, 405]) {
      server.manner = answers(status)
      for (let i = 0; i < 6; i++) {
        expect(await sendEvents(store, target())).toMatchObject({ sent: 0, setAside: 0, stopped: `HTTP ${status}` })
        await retryEvents(store)
      }
    }
    server.manner = answers(200)
    expect(await sendEvents(store, target())).toMatchObject({ sent: 2 })
  })

  test('is emptied by several senders at once, each event once', async () => {
    const ids = await runs(25)
    server.manner = (response) => void setTimeout(() => response.writeHead(201).end(), 5)
    const reports = await Promise.all([1, 2, 3, 4].map(() => sendEvents(store, target(5000))))
    const late = await sendEvents(store, target(5000))
    expect([...reports, late].reduce((sum, r) => sum + r.sent, 0)).toBe(50)
    expect(server.received.length).toBe(50)
    expectInOrder(ids)
  })

  test('gives back what it took when it is stopped, and what a dead sender took later', async () => {
    const ids = await runs(3)
    server.manner = hangs
    const stop = new AbortController()
    const sending = sendEvents(store, target(60_000), { signal: stop.signal })
    while (server.received.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    expect((await outboxStatus(store)).claimed).toBe(3)
    stop.abort()
    expect(await sending).toEqual({ sent: 0, failed: 0, setAside: 0 })
    expect(await outboxStatus(store)).toMatchObject({ claimed: 0, waiting: 6, reasons: [] })
    // A sender that was killed between the answer and its mark: the claim ends by itself, and the event is sent again.
    await store.db.query(`SELECT viewcast.claim_events(gen_random_uuid(), 10, 300, NULL)`)
    server.manner = answers(201)
    server.received.length = 0
    expect(await sendEvents(store, target())).toMatchObject({ sent: 0 })
    expect(await sendEvents(store, target(), { now: () => new Date(Date.now() + 301_000) })).toMatchObject({ sent: 6 })
    expectInOrder(ids)
  })

  test('holds back the ABORT of a run that lives after all', async () => {
    const run = await startRun(store)
    await store.db.query(
      `UPDATE viewcast.execution SET lease_until = clock_timestamp() - interval '1 s' WHERE id = $1`,
      [run.id],
    )
    const { markLostRuns, renewRun } = await import('@viewcast/sdk')
    await markLostRuns(store)
    await renewRun(store, run)
    expect(await sendEvents(store, target())).toMatchObject({ sent: 1 })
    await endRun(store, run, 'finished')
    expect(await sendEvents(store, target())).toMatchObject({ sent: 1 })
    expectInOrder([run.id])
  })

  test('is kept short by purge, and nobody is told twice for it', async () => {
    const [id = ''] = await runs(1)
    const open = await startRun(store)
    await sendEvents(store, target())
    await runs(1)
    expect(await purgeEvents(store)).toBe(0)
    expect(await purgeEvents(store, { days: 0 })).toBe(3)
    expect(await outboxStatus(store)).toMatchObject({ sent: 0, waiting: 2 })
    await endRun(store, open, 'finished')
    const rows = await store.db.rows('SELECT type FROM viewcast.outbox WHERE execution_id = ANY($1::uuid[])', [
      [id, open.id],
    ])
    expect(rows).toEqual([{ type: 'COMPLETE' }])
  })

  test('sends until it is told to stop', async () => {
    const stop = new AbortController()
    const ids = await runs(1)
    const sending = keepSending(store, target(), {
      signal: stop.signal,
      every: 5,
      onReport: () => {
        if (server.taken.length === 4) stop.abort()
      },
    })
    ids.push(...(await runs(1)))
    expect(await sending).toEqual({ sent: 4, failed: 0, setAside: 0 })
    expectInOrder(ids)
  })

  test('writes whole lines to a file, and mends one that a dead process left', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'viewcast-events-'))
    try {
      const path = join(folder, 'deep/lineage.ndjson')
      const lines = () => readFileSync(path, 'utf8').split('\n')
      await runs(2)
      expect(await sendEvents(store, fileTarget(path))).toEqual({ sent: 4, failed: 0, setAside: 0 })
      expect(lines().length).toBe(5)
      expect(lines().at(-1)).toBe('')
      const whole = readFileSync(path, 'utf8')
      writeFileSync(path, `${whole}{"eventType":"ST`)
      await runs(1)
      expect(await sendEvents(store, fileTarget(path))).toMatchObject({ sent: 2 })
      expect(readFileSync(path, 'utf8').startsWith(whole)).toBe(true)
      for (const line of lines().slice(0, -1)) expect(problemsOfEvent(JSON.parse(line))).toEqual([])
      expect(lines().length).toBe(7)
      expect(existsSync(`${path}.lock`)).toBe(false)
      // Several that write one file wait for each other.
      await runs(10)
      await Promise.all([1, 2, 3].map(() => sendEvents(store, fileTarget(path))))
      await sendEvents(store, fileTarget(path))
      expect(lines().length).toBe(27)
      expect(new Set(lines()).size).toBe(27)
      // A folder is no file.
      await runs(1)
      expect(await sendEvents(store, fileTarget(folder))).toMatchObject({ sent: 0, failed: 1, stopped: 'EISDIR' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

test('a target that is none is refused, and its password is not repeated', async () => {
  const refused = async (url: string, apiKey?: string) => {
    try {
      httpTarget({ url, ...(apiKey === undefined ? {} : { apiKey }) })
    } catch (e) {
      return String(e)
    }
    return ''
  }
  for (const url of ['http://me:s3cret@host/', 'ftp://s3cret@host', 'http//s3cret']) {
    expect(await codesOf(async () => httpTarget({ url }))).toEqual(['events/target'])
    expect(await refused(url)).not.toContain('s3cret')
  }
  expect(await codesOf(async () => httpTarget({ url: 'http://host', apiKey: 's3cret\nx: y' }))).toEqual([
    'events/target',
  ])
  expect(await refused('http://host', 's3cret\n')).not.toContain('s3cret')
  expect(httpTarget({ url: 'https://host/base/?key=s3cret', endpoint: '/v2/lineage' }).description).toBe(
    'https://host/base/v2/lineage',
  )
})

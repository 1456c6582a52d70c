import {
  connect,
  type Database,
  getRun,
  logBatch,
  markLostRuns,
  openRun,
  openStore,
  type Run,
  type Store,
  startRun,
} from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { engineNames } from '../engines/engine-names.ts'
import { startServer } from '../engines/postgres-server.ts'
import { type Logger, startLogger } from './loggers.ts'

// A server of its own, as it is brought down, and processes of their own, as they are killed.
describe.runIf(engineNames().includes('postgres'))('runs of several processes on one server', () => {
  let server: Awaited<ReturnType<typeof startServer>>
  let db: Database
  let store: Store
  let loggers: readonly Logger[] = []
  beforeAll(async () => {
    server = await startServer()
    db = await connect(server.url)
    store = await openStore(db, { project: 'shop', actor: 'me' })
    loggers = await Promise.all(Array.from({ length: 8 }, () => startLogger(server.url)))
  })
  afterAll(async () => {
    await Promise.all(loggers.map((l) => l.kill()))
    await db?.close()
    await server?.stop()
  })
  const start = () => startRun(store, { capture: false })
  const all = (order: string, options: (i: number) => object) =>
    Promise.all(loggers.map((logger, i) => logger.ask(order, options(i))))
  const count = async (run: string) =>
    (await db.rows<{ n: number }>('SELECT count(*)::int AS n FROM viewcast.metric WHERE execution_id = $1', [run]))[0]
      ?.n
  /** Process of the server that is at work on a batch, as soon as there is one. */
  const atWork = async () => {
    for (let i = 0; i < 1000; i++) {
      const [row] = await db.rows<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%log_batch%' AND pid <> pg_backend_pid()`,
      )
      if (row) return row.pid
    }
    throw new Error('no batch was seen at work')
  }

  test('the same batch of eight is there once', async () => {
    const { id } = await start()
    const metrics = Array.from({ length: 2000 }, (_, i) => ({ name: `m${i % 20}`, value: i, step: i, at: 0 }))
    const batch = { params: { a: 1, b: 'x' }, tags: { t: 'u' }, metrics }
    const added = await all('batch', () => ({ run: id, batch }))
    expect(added.map(Number).reduce((a, b) => a + b)).toBe(2000)
    const run = await getRun(store, id)
    expect(run).toMatchObject({ params: { a: '1', b: 'x' }, tags: { t: 'u' } })
    expect(run.metrics.map((m) => m.n)).toEqual(Array(20).fill(100))
    expect(run.metrics.find((m) => m.name === 'm7')).toMatchObject({ value: 1987, min: 7, max: 1987 })
  })

  test('batches of eight to one metric are all counted', async () => {
    const { id } = await start()
    for (let round = 0; round < 5; round++) {
      await all('points', (i) => ({ run: id, name: 'shared', from: (round * 8 + i) * 100, count: 100 }))
    }
    expect((await getRun(store, id)).metrics).toMatchObject([{ n: 4000, step: 3999, value: 99, min: 0, max: 99 }])
  })

  test('of eight values for a param one is kept, and seven are told', async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await start()
      const answers = await all('batch', (i) => ({ run: id, batch: { params: { z: 'same', seed: i } } }))
      const winner = answers.indexOf(0)
      expect(answers.filter((a) => a === 'run/param')).toHaveLength(7)
      expect((await getRun(store, id)).params).toEqual({ z: 'same', seed: String(winner) })
    }
  })

  /** Gives all of them their order while none can write to a table, so that they begin at the same moment. */
  const together = async (table: string, options: (i: number) => object) => {
    let answers: Promise<unknown[]> | undefined
    await db.transaction(async (tx) => {
      await tx.query(`LOCK TABLE viewcast.${table} IN SHARE MODE`)
      answers = all('batch', options)
      for (;;) {
        const waiting = await tx.rows(`SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'relation'`)
        if (waiting.length === loggers.length) return
      }
    })
    return answers
  }
  /** The same, begun at another place by each, and backwards by every second. */
  const inAnyOrder = <T>(list: readonly T[], i: number): readonly T[] => {
    const turned = [...list.slice((i * list.length) / 8), ...list.slice(0, (i * list.length) / 8)]
    return i % 2 ? turned : turned.reverse()
  }

  test('new names in any order are in nobody’s way', async () => {
    const names = Array.from({ length: 4000 }, (_, i) => `new ${i}`)
    const runs = await Promise.all(loggers.map(start))
    const answers = await together('metric_key', (i) => {
      return { run: runs[i]?.id, batch: { metrics: inAnyOrder(names, i).map((name) => ({ name, value: i, at: 0 })) } }
    })
    expect(answers).toEqual(Array(8).fill(4000))
  })

  test('params, tags and metrics of one run in any order are in nobody’s way', async () => {
    const { id } = await start()
    const keys = Array.from({ length: 4000 }, (_, i) => `key ${i}`)
    // New names would keep seven of them from getting as far as the points.
    await logBatch(store, (await start()).id, { metrics: keys.map((name) => ({ name, value: 0 })) })
    const gates = { param: 'params', run_tag: 'tags', metric: 'metrics' } as const
    for (const [table, what] of Object.entries(gates)) {
      const answers = await together(table, (i) => {
        const mine = inAnyOrder(keys, i)
        const values =
          what === 'metrics' ? mine.map((name) => ({ name, value: 1, at: 0 })) : mine.map((k) => [k, 'same'])
        return { run: id, batch: { [what]: values } }
      })
      expect(answers?.map(Number).reduce((a, b) => a + b)).toBe(what === 'metrics' ? 4000 : 0)
    }
    expect(Object.keys((await getRun(store, id)).params)).toHaveLength(4000)
  })

  test('one of eight has the key', async () => {
    const answers = await all('start', () => ({ key: 'nightly', experiment: 'new to all' }))
    expect(answers.filter((a) => a === 'run/key')).toHaveLength(7)
  })

  test('each run is taken for lost once', async () => {
    const runs = await Promise.all(Array.from({ length: 40 }, start))
    await db.query(`UPDATE viewcast.execution SET lease_until = 'epoch' WHERE id = ANY ($1::uuid[])`, [
      runs.map((r) => r.id),
    ])
    const lost = await all('lost', () => ({}))
    expect(lost.map(Number).reduce((a, b) => a + b) + (await markLostRuns(store))).toBe(40)
  })

  test('a process killed in its transaction leaves nothing of it, and its runs are lost with their parts', async () => {
    const logger = await startLogger(server.url)
    const run = (await logger.ask('start', { lease: 1 })) as Run
    const part = (await logger.ask('start', { lease: 1, parent: run.id })) as Run
    expect(await logger.ask('points', { run: run.id, name: 'kept', from: 0, count: 10 })).toBe(10)
    expect(await logger.ask('hold', { run: run.id, name: 'killed', from: 0, count: 1000 })).toBe(1000)
    await logger.kill()
    await vi.waitFor(
      async () => {
        await markLostRuns(store)
        expect(await getRun(store, run.id)).toMatchObject({ state: 'lost', metrics: [{ name: 'kept', n: 10 }] })
        expect(await getRun(store, part.id)).toMatchObject({ state: 'lost' })
      },
      { timeout: 30_000, interval: 200 },
    )
    // Its locks went with it.
    expect(await logBatch(store, run.id, { metrics: [{ name: 'killed', value: 1 }] })).toBe(1)
  })

  test('a process killed while its batch is written leaves all of it or nothing', async () => {
    const logger = await startLogger(server.url)
    const { id } = await start()
    const answer = logger.ask('points', { run: id, name: 'big', from: 0, count: 100_000 })
    const pid = await atWork()
    await logger.kill()
    await answer
    // The server may not notice that nobody listens any more.
    await vi.waitFor(
      async () => expect(await db.rows('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid])).toEqual([]),
      { timeout: 60_000, interval: 100 },
    )
    expect([0, 100_000]).toContain(await count(id))
    await logger.kill()
  })

  test('a batch whose session is ended is not there, and can be sent again', async () => {
    const { id } = await start()
    const [logger] = loggers as [Logger]
    const options = { run: id, name: 'ended', from: 0, count: 100_000 }
    const answer = logger.ask('points', options)
    await db.query('SELECT pg_terminate_backend($1)', [await atWork()])
    expect(await answer).toMatch(/engine\/unreachable|57P01|terminating connection/)
    expect(await count(id)).toBe(0)
    expect(await logger.ask('points', options)).toBe(100_000)
    expect(await logger.ask('points', options)).toBe(0)
  })

  test('a server that crashes under a loop has every point once', async () => {
    const run = await openRun(store, { capture: false })
    const other = await connect(server.url)
    const [victim] = await other.rows<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    for (let step = 0; step < 20_000; step++) run.log({ loss: step }, step)
    const sent = run.flush()
    // A backend that dies like this takes all others with it, and the server recovers from its log.
    process.kill(victim?.pid ?? 0, 'SIGKILL')
    for (let step = 20_000; step < 30_000; step++) run.log({ loss: step }, step)
    await sent
    expect(await run.end()).toBe(true)
    expect(await getRun(store, run.id)).toMatchObject({ state: 'finished', metrics: [{ n: 30_000, value: 29_999 }] })
    expect(await count(run.id)).toBe(30_000)
    await other.close()
  })
})

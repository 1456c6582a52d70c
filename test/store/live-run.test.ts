import {
  atomically,
  attachRun,
  deleteRun,
  getRun,
  metricHistory,
  openRun,
  openStore,
  type Store,
  startRun,
  withRun,
} from '@viewcast/sdk'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

describeEachEngine('logging from a loop', (engine) => {
  let store: Store
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const quiet = { capture: false } as const
  const metric = async (run: string, name = 'loss') => (await getRun(store, run)).metrics.find((m) => m.name === name)

  test('keeps every point when the work ends', async () => {
    const id = await withRun(store, { ...quiet, experiment: 'loops', params: { rate: 0.1 } }, async (run) => {
      for (let step = 0; step < 12_000; step++) run.log({ loss: 1 / (step + 1), 'val.auc': Number.NaN }, step)
      await run.params({ depth: 3 })
      await run.tags({ team: 'ops' })
      await run.note('# Seen')
      await run.file('report.md', 'text')
      await run.input({ name: 'rows', digest: 'd' }, 'training')
      return run.id
    })
    expect(await getRun(store, id)).toMatchObject({
      state: 'finished',
      experiment: { name: 'loops' },
      params: { depth: '3', rate: '0.1' },
      tags: { team: 'ops' },
      note: '# Seen',
      files: [{ path: 'report.md' }],
      inputs: [{ name: 'rows', role: 'training' }],
      metrics: [
        { name: 'loss', n: 12_000, step: 11_999, min: 1 / 12_000, max: 1 },
        { name: 'val.auc', n: 12_000, value: Number.NaN, min: null, max: null },
      ],
    })
  })

  test('keeps every point when the work fails, or is stopped', async () => {
    for (const state of ['failed', 'killed'] as const) {
      const stop = new AbortController()
      let id = ''
      const work = withRun(store, { ...quiet, signal: stop.signal }, async (run) => {
        id = run.id
        run.log({ loss: 1 })
        if (state === 'killed') stop.abort()
        throw new RangeError('a value of a row')
      })
      await expect(work).rejects.toThrow(RangeError)
      expect(await getRun(store, id)).toMatchObject({ state, error: { message: 'RangeError' }, metrics: [{ n: 1 }] })
    }
  })

  test('sends points by itself', async () => {
    const run = await openRun(store, quiet)
    run.log({ loss: 1 })
    run.log({ loss: 2 }, 1)
    await vi.waitFor(async () => expect((await metric(run.id))?.n).toBe(2), { timeout: 30_000, interval: 200 })
    expect(await run.end()).toBe(true)
    expect(await run.end()).toBe(false)
  })

  test('refuses what cannot be kept at once, and keeps the rest', async () => {
    const run = await openRun(store, quiet)
    run.log({ loss: 1 })
    expect(await codesOf(() => run.log({ '': 1, ['x'.repeat(251)]: 2 }))).toEqual(['run/value', 'run/value'])
    expect(await codesOf(() => run.log({ loss: 1 }, 0.5))).toEqual(['run/value'])
    expect(await codesOf(() => run.log({ loss: null as never }))).toEqual(['run/value'])
    await run.end('failed', 'gave up')
    expect(await getRun(store, run.id)).toMatchObject({
      state: 'failed',
      error: { message: 'gave up' },
      metrics: [{ n: 1 }],
    })
  })

  test('tells that the run was deleted meanwhile', async () => {
    const run = await openRun(store, quiet)
    await deleteRun(store, run.id)
    run.log({ loss: 1 })
    expect(await codesOf(() => run.flush())).toEqual(['run/not-active'])
    await vi.waitFor(async () => expect(await codesOf(() => run.log({}))).toEqual(['run/not-active']), {
      timeout: 30_000,
      interval: 200,
    })
    expect(await codesOf(() => run.end())).toEqual(['run/not-active'])
    const work = withRun(store, quiet, async (inner) => {
      inner.log({ loss: 1 })
      await deleteRun(store, inner.id)
    })
    expect(await codesOf(() => work)).toEqual(['run/not-active'])
  })

  test('is apart from the transactions of the work', async () => {
    const run = await openRun(store, quiet)
    const work = atomically(store, async (inside) => {
      run.log({ loss: 1 })
      await inside.db.query('SELECT pg_sleep(1.5)')
      throw new TypeError('rolled back')
    })
    await expect(work).rejects.toThrow(TypeError)
    await run.end()
    expect((await metric(run.id))?.n).toBe(1)
  })

  test('flushes while rows are read, though points are on their way', async () => {
    const run = await openRun(store, quiet)
    for await (const rows of store.db.stream('SELECT i FROM generate_series(1, 3) AS i', { batch: 1 })) {
      // That many are sent at once, and on the embedded engine wait for the rows to end.
      for (let i = 0; i < 6000; i++) run.log({ loss: i }, Number(rows[0]?.[0]), i)
      await new Promise((resolve) => setImmediate(resolve))
      await run.flush()
      expect((await metric(run.id))?.n).toBe(6000 * Number(rows[0]?.[0]))
    }
    await run.end()
    expect((await metric(run.id))?.n).toBe(18_000)
  })

  test('goes on in parts, and from other processes', async () => {
    await withRun(store, { ...quiet, experiment: 'parts' }, async (run) => {
      const part = await withRun(store, { parent: run.id, name: 'part' }, async ({ id }) => id)
      const other = attachRun(store, JSON.parse(JSON.stringify(run)))
      other.log({ loss: 1 })
      await other.flush()
      expect(await getRun(store, run.id)).toMatchObject({
        state: 'running',
        metrics: [{ n: 1 }],
        children: [{ id: part, name: 'part', state: 'finished' }],
      })
      expect(await getRun(store, part)).toMatchObject({ parent: run.id, experiment: { name: 'parts' } })
    })
  })

  test('keeps its order when the clock steps back', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 2_000_000_000_000 })
    const first = await openRun(store, quiet)
    first.log({ loss: 1 })
    vi.setSystemTime(1_000_000_000_000)
    first.log({ loss: 2 })
    const second = await startRun(store, quiet)
    expect(second.id > first.id).toBe(true)
    await first.end()
    expect(await metric(first.id)).toMatchObject({ value: 2, at: 2_000_000_000_000 })
    const { points } = await metricHistory(store, first.id, 'loss')
    expect(points.map((p) => p.value)).toEqual([1, 2])
  })

  test('ends no run before its start, though the clock of the database stepped back', async () => {
    const run = await startRun(store, { ...quiet, startedAt: Date.now() + 3_600_000 })
    const open = attachRun(store, run)
    await open.end()
    expect(await getRun(store, run.id)).toMatchObject({ state: 'finished', seconds: 0 })
  })
})

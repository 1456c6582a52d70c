import {
  deleteRun,
  endRun,
  getRun,
  logBatch,
  openStore,
  type Run,
  renewRun,
  reopenRun,
  restoreRun,
  type Store,
  startRun,
  updateRun,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'

describeEachEngine('the key of a run', (engine) => {
  let store: Store
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
  })
  const start = (key: string, more: object = {}) => startRun(store, { key, capture: false, ...more })
  const expire = (run: Run) =>
    store.db.query(`UPDATE viewcast.execution SET lease_until = clock_timestamp() - interval '1 s' WHERE id = $1`, [
      run.id,
    ])

  test('is used once, however many ask at the same time', async () => {
    const starts = await Promise.allSettled(Array.from({ length: 8 }, () => start('race')))
    const won = starts.filter((s) => s.status === 'fulfilled')
    expect(won).toHaveLength(1)
    const lost = starts.filter((s) => s.status === 'rejected').map((s) => s.reason.diagnostics[0].code)
    expect(lost).toEqual(Array(7).fill('run/key'))
  })

  test('names a run that is told', async () => {
    const run = await start('told')
    await endRun(store, run, 'finished')
    for (const resume of [false, true]) {
      expect(await diagnosticsOf(() => start('told', { resume }))).toMatchObject([
        { code: 'run/key', message: `The key "told" is that of run ${run.id}, which is finished` },
      ])
    }
  })

  test('takes work up again that failed, was killed or got lost, when asked', async () => {
    for (const state of ['failed', 'killed', 'lost'] as const) {
      const first = await start(state, { params: { a: 1 } })
      await logBatch(store, first.id, { metrics: [{ name: 'm', value: 1 }] })
      await updateRun(store, first.id, { state })
      expect(await codesOf(() => start(state))).toEqual(['run/key'])
      const second = await start(state, { resume: true, params: { a: 1, b: 2 } })
      expect(second).toMatchObject({ id: first.id, name: first.name })
      expect(await getRun(store, first.id)).toMatchObject({
        state: 'running',
        attempt: 2,
        endedAt: null,
        params: { a: '1', b: '2' },
        metrics: [{ n: 1 }],
      })
      // The first is no longer its worker.
      expect(await renewRun(store, first)).toBe(false)
      expect(await endRun(store, first, 'failed')).toBe(false)
      expect(await endRun(store, second, 'finished')).toBe(true)
    }
  })

  test('does not take a run from a process that lives', async () => {
    const run = await start('alive')
    expect(await codesOf(() => start('alive', { resume: true }))).toEqual(['run/running'])
    expect(await codesOf(() => reopenRun(store, run.id))).toEqual(['run/running'])
    await expire(run)
    expect((await start('alive', { resume: true })).id).toBe(run.id)
    const forever = await start('forever', { lease: null })
    expect(await codesOf(() => reopenRun(store, forever.id))).toEqual(['run/running'])
  })

  test('with other params is refused, and leaves the run as it was', async () => {
    const run = await start('params', { params: { a: 1 } })
    await updateRun(store, run.id, { state: 'failed' })
    expect(await codesOf(() => start('params', { resume: true, params: { a: 2 } }))).toEqual(['run/param'])
    expect(await getRun(store, run.id)).toMatchObject({ state: 'failed', attempt: 1 })
  })

  test('is free again when its run is deleted', async () => {
    const first = await start('free')
    await deleteRun(store, first.id)
    const second = await start('free')
    expect(await codesOf(() => restoreRun(store, first.id))).toEqual(['run/key'])
    expect((await getRun(store, first.id)).lifecycle).toBe('deleted')
    await deleteRun(store, second.id)
    await restoreRun(store, first.id)
    for (const wrong of [second.id, 'no id']) {
      expect(await codesOf(() => reopenRun(store, wrong))).toEqual(['run/not-active'])
    }
  })
})

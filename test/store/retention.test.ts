import {
  deleteRun,
  evaluateRecorded,
  getRun,
  logBatch,
  logFile,
  openStore,
  purgeRuns,
  type Store,
  startRun,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'
import { model, tables } from '../scenarios/shop.ts'

describeEachEngine('purging', (engine) => {
  let store: Store
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
  })

  test('takes what was deleted long ago, whole, and leaves the versions it made', async () => {
    const { run } = await trainRecorded(store, model)
    const version = (await trainRecorded(store, model)).record
    await evaluateRecorded(store, model, version, { part: 'train' })
    await logFile(store, run.id, 'notes.txt', 'seen')
    const child = await startRun(store, { parent: run.id })
    await logBatch(store, child.id, { metrics: [{ name: 'x', value: 1 }] })
    const kept = await startRun(store, { params: { a: 1 } })
    await deleteRun(store, run.id)
    expect(await purgeRuns(store)).toBe(0)
    expect(await purgeRuns(store, { olderThanDays: 0, dryRun: true })).toBe(2)
    expect((await getRun(store, run.id)).lifecycle).toBe('deleted')
    expect(await purgeRuns(store, { olderThanDays: 0 })).toBe(2)
    expect(await codesOf(() => getRun(store, run.id))).toEqual(['run/not-active'])
    expect((await getRun(store, kept.id)).lifecycle).toBe('active')
    expect(await store.db.rows('SELECT count(*)::int AS n FROM viewcast.model_version')).toEqual([{ n: 1 }])
    expect(await store.db.rows('SELECT count(*)::int AS n FROM viewcast.run_file')).toEqual([{ n: 0 }])
    expect(await purgeRuns(store, { olderThanDays: 0 })).toBe(0)
  })

  test('refuses a number of days that is none', async () => {
    expect(await codesOf(() => purgeRuns(store, { olderThanDays: -1 }))).toEqual(['define/option'])
  })
})

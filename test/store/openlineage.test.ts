import { endRun, logBatch, markLostRuns, openStore, renewRun, type Store, startRun, withRun } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { eventsTold } from '../openlineage/told.ts'

describeEachEngine('OpenLineage events of a run', (engine) => {
  let store: Store
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me', events: {} })
  })
  const typesOf = async (run: string) => (await eventsTold(store.db, run)).map((e) => e.eventType)
  const lose = (run: string) =>
    store.db.query(`UPDATE viewcast.execution SET lease_until = clock_timestamp() - interval '1 s' WHERE id = $1`, [
      run,
    ])

  test('are its start and its end', async () => {
    const run = await startRun(store, {
      kind: 'train',
      job: 'delay15.train',
      params: { l2: 0.5, family: 'x' },
      tags: { who: 'me' },
    })
    expect(await typesOf(run.id)).toEqual(['START'])
    await logBatch(store, run.id, {
      metrics: [
        { name: 'auc', value: Number.NaN, step: 3 },
        { name: 'loss', value: 0.25 },
      ],
    })
    await endRun(store, run, 'finished')
    const [start, end] = await eventsTold(store.db, run.id)
    expect(start?.job).toMatchObject({ namespace: 'shop', name: 'delay15.train' })
    expect(end?.eventType).toBe('COMPLETE')
    expect(end?.run.facets['executionParameters'].parameters).toEqual([
      { key: 'family', value: 'x' },
      { key: 'l2', value: '0.5' },
    ])
    expect(end?.run.facets['viewcast_params'].params).toContainEqual({ key: 'l2', value: '0.5', number: 0.5 })
    expect(end?.run.facets['viewcast_metrics'].metrics).toEqual([
      { name: 'auc', value: 'NaN', points: 1, step: 3 },
      { name: 'loss', value: 0.25, min: 0.25, max: 0.25, points: 1, step: 0 },
    ])
    expect(end?.run.facets['tags'].tags).toEqual([{ key: 'who', value: 'me', source: 'USER' }])
    expect(end?.run.facets['processing_engine'].name).toBe(engine.name === 'pglite' ? 'PGlite' : 'PostgreSQL')
    expect(Date.parse(end?.eventTime ?? '')).toBeGreaterThanOrEqual(Date.parse(start?.eventTime ?? ''))
  })

  test('are not written when nobody asked for them', async () => {
    const quiet = await openStore(engine.db, { project: 'shop' })
    const run = await startRun(quiet)
    await endRun(quiet, run, 'finished')
    expect(await typesOf(run.id)).toEqual([])
  })

  test('say how it ended, and nothing of its rows', async () => {
    let id = ''
    const failing = withRun(store, {}, async (run) => {
      id = run.id
      throw new TypeError('customer 17 has no name')
    })
    await expect(failing).rejects.toThrow(TypeError)
    const [, end] = await eventsTold(store.db, id)
    expect(end?.eventType).toBe('FAIL')
    expect(end?.run.facets['errorMessage'].message).toBe('TypeError')
    const run = await startRun(store)
    await endRun(store, run, 'killed')
    expect(await typesOf(run.id)).toEqual(['START', 'ABORT'])
    await endRun(store, run, 'finished')
    expect(await typesOf(run.id)).toEqual(['START', 'ABORT'])
  })

  test('are written with what they tell of, or not at all', async () => {
    const run = await startRun(store)
    const rolledBack = store.db.transaction(async (tx) => {
      const inside = { ...store, db: tx }
      await endRun(inside, run, 'finished')
      await startRun(inside, { key: 'never' })
      throw new Error('rolled back')
    })
    await expect(rolledBack).rejects.toThrow('rolled back')
    expect(await typesOf(run.id)).toEqual(['START'])
    expect(await store.db.rows(`SELECT FROM viewcast.execution WHERE idem_key = 'never'`)).toEqual([])
    const told = await store.db.rows(
      'SELECT execution_id FROM viewcast.outbox EXCEPT SELECT id FROM viewcast.execution',
    )
    expect(told).toEqual([])
  })

  test('abort a run that is lost, until it ends after all', async () => {
    const parent = await startRun(store)
    const child = await startRun(store, { parent: parent.id })
    await lose(parent.id)
    await lose(child.id)
    expect(await markLostRuns(store)).toBe(2)
    expect(await typesOf(parent.id)).toEqual(['START', 'ABORT'])
    const [, aborted] = await eventsTold(store.db, child.id)
    expect(aborted?.eventType).toBe('ABORT')
    expect(aborted?.run.facets['parent'].run.runId).toBe(parent.id)
    // The first was not sent yet: it is taken back. The second is out, and what is learned later is added to it.
    await store.db.query('UPDATE viewcast.outbox SET sent_at = clock_timestamp() WHERE execution_id = $1', [child.id])
    for (const run of [parent, child]) {
      expect(await renewRun(store, run)).toBe(true)
      await endRun(store, run, 'finished')
    }
    expect(await typesOf(parent.id)).toEqual(['START', 'COMPLETE'])
    expect(await typesOf(child.id)).toEqual(['START', 'ABORT', 'OTHER'])
    expect((await eventsTold(store.db, child.id)).at(-1)?.run.facets['viewcast_run'].state).toBe('finished')
  })

  test('end a run under the names that it was started by, whoever ends it', async () => {
    const named = await openStore(engine.db, {
      project: 'shop',
      events: { namespace: 'prod', producer: 'urn:us', database: 'postgres://db.example.com:6432' },
    })
    const quiet = await openStore(engine.db, { project: 'other' })
    const run = await startRun(named, { experiment: 'delays' })
    await endRun(quiet, run, 'finished')
    const events = await eventsTold(store.db, run.id)
    expect(events.map((e) => e.job.namespace)).toEqual(['prod', 'prod'])
    expect(events.map((e) => e.job.name)).toEqual(['delays.run', 'delays.run'])
    expect(events.map((e) => e.producer)).toEqual(['urn:us', 'urn:us'])
    // Started by somebody who told nobody, and ended by somebody who does.
    const late = await startRun(quiet)
    await endRun(named, late, 'failed')
    expect(await typesOf(late.id)).toEqual(['START', 'FAIL'])
  })

  test('name all that it is part of', async () => {
    const root = await startRun(store, { job: 'nightly' })
    const middle = await startRun(store, { parent: root.id, job: 'nightly.train' })
    const leaf = await startRun(store, { parent: middle.id })
    const [start] = await eventsTold(store.db, leaf.id)
    expect(start?.run.facets['parent']).toMatchObject({
      run: { runId: middle.id },
      job: { namespace: 'shop', name: 'nightly.train' },
      root: { run: { runId: root.id }, job: { namespace: 'shop', name: 'nightly' } },
    })
  })
})

import { endRun, logBatch, markLostRuns, openStore, renewRun, type Store, startRun, withRun } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

describeEachEngine('a run', (engine) => {
  let store: Store
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
  })
  const stateOf = async (id: string) =>
    (await store.db.rows<{ state: string }>('SELECT state FROM viewcast.execution WHERE id = $1', [id]))[0]?.state

  test('keeps every number, once', async () => {
    const run = await startRun(store, { experiment: 'numbers' })
    const metrics = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1, -0, 1e300].map(
      (value, step) => ({ name: 'x', value, step, at: 1000 }),
    )
    expect(await logBatch(store, run.id, { metrics })).toBe(6)
    expect(await logBatch(store, run.id, { metrics })).toBe(0)
    const [row] = await store.db.rows('SELECT value, min, max, n FROM viewcast.run_metrics WHERE run_id = $1', [run.id])
    expect(row).toEqual({
      value: 1e300,
      min: Number.NEGATIVE_INFINITY,
      max: Number.POSITIVE_INFINITY,
      n: '6',
    })
  })

  test('takes a param once, and no other value for it', async () => {
    const run = await startRun(store, { params: { lambda: 0.1, who: 'a "b" {c}, \\', deep: { a: [1] } } })
    await logBatch(store, run.id, { params: { lambda: 0.1 } })
    expect(await codesOf(() => logBatch(store, run.id, { params: { lambda: 0.2 }, tags: { a: 'b' } }))).toEqual([
      'run/param',
    ])
    const rows = await store.db.rows('SELECT param, value, num FROM viewcast.run_params WHERE run_id = $1 ORDER BY 1', [
      run.id,
    ])
    expect(rows).toEqual([
      { param: 'deep', value: '{"a":[1]}', num: null },
      { param: 'lambda', value: '0.1', num: 0.1 },
      { param: 'who', value: 'a "b" {c}, \\', num: null },
    ])
    expect(await store.db.rows('SELECT 1 FROM viewcast.run_tag WHERE execution_id = $1', [run.id])).toEqual([])
  })

  test('ends as its work does', async () => {
    let id = ''
    await withRun(store, { kind: 'train' }, async (run) => {
      id = run.id
      expect(await stateOf(id)).toBe('running')
    })
    expect(await stateOf(id)).toBe('finished')
    const work = withRun(store, {}, async (run) => {
      id = run.id
      throw new TypeError('a value of a row')
    })
    await expect(work).rejects.toThrow(TypeError)
    expect(await stateOf(id)).toBe('failed')
  })

  test('is lost when its process is gone, and runs again when it was not', async () => {
    const run = await startRun(store)
    expect(await markLostRuns(store)).toBe(0)
    await store.db.query(
      `UPDATE viewcast.execution SET lease_until = clock_timestamp() - interval '1 s' WHERE id = $1`,
      [run.id],
    )
    expect(await markLostRuns(store)).toBe(1)
    expect(await stateOf(run.id)).toBe('lost')
    expect(await renewRun(store, run)).toBe(true)
    expect(await stateOf(run.id)).toBe('running')
    await endRun(store, run, 'finished')
    expect(await renewRun(store, run)).toBe(false)
  })

  test('that is not there takes nothing', async () => {
    const nobody = '01900000-0000-7000-8000-000000000000'
    expect(await codesOf(() => logBatch(store, nobody, { tags: { a: 'b' } }))).toEqual(['run/not-active'])
  })
})

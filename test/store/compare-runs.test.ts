import {
  bestRuns,
  compareRuns,
  deleteRun,
  ensureAsset,
  findRun,
  logBatch,
  metricTrends,
  openStore,
  recordEvent,
  registerArtifact,
  type Store,
  setRunTags,
  shortRunIds,
  startRun,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'

describeEachEngine('runs beside each other', (engine) => {
  let store: Store
  let ids: string[] = []
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'ann' })
    expect(await codesOf(() => findRun(store, 'latest'))).toEqual(['run/reference'])
    const given = [
      { depth: 2, auc: 0.5, loss: 1 },
      { depth: 4, auc: Number.NaN, loss: Number.POSITIVE_INFINITY },
      { depth: 8, auc: 0.75, loss: 0.25 },
      { depth: 8, auc: 0.75, loss: 0.5 },
    ]
    ids = []
    for (const [i, { depth, auc, loss }] of given.entries()) {
      const run = await startRun(store, { name: `run ${i}`, experiment: 'trees', params: { depth, seed: 7 } })
      const course = Array.from({ length: 100 }, (_, step) => ({
        name: 'loss',
        value: loss * (100 - step),
        step,
        at: 1,
      }))
      await logBatch(store, run.id, { metrics: [...course, { name: 'auc', value: auc, at: 1 }] })
      ids.push(run.id)
    }
  })

  test('are named by the beginning of an id, or as the latest', async () => {
    const [first = '', , , last = ''] = ids
    expect(await findRun(store, 'latest')).toBe(last)
    expect(await findRun(store, first)).toBe(first)
    expect(await findRun(store, first.replaceAll('-', '').toUpperCase())).toBe(first)
    const short = await shortRunIds(store, ids)
    const lengths = new Set(ids.map((id) => (short.get(id) ?? '').replace(/-$/, '').length))
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(8)
    for (const id of ids) expect(await findRun(store, short.get(id) ?? '')).toBe(id)
    expect((await shortRunIds(store, [])).size).toBe(0)
    const several = await diagnosticsOf(() => findRun(store, first.slice(0, 6)))
    expect(several[0]).toMatchObject({ code: 'run/reference', message: expect.stringMatching(/4 runs .*run 3/) })
    for (const bad of ['', first.slice(0, 3), 'ffff', 'run 1', `${first}0`, "'; --"]) {
      expect(await codesOf(() => findRun(store, bad)), bad).toEqual(['run/reference'])
    }
  })

  test('differ where they differ, with deltas to the first', async () => {
    await setRunTags(store, ids[2] ?? '', { team: 'ops' })
    const asset = await ensureAsset(store, { kind: 'dataset', name: 'flights' })
    for (const [i, digest] of ['abc', 'def'].entries()) {
      const { id } = await registerArtifact(store, asset, { digest })
      await recordEvent(store, ids[i * 2] ?? '', id, 'in', 'training')
    }
    const compared = await compareRuns(store, [ids[0], ids[2], ids[1]] as string[])
    const row = (group: 'params' | 'metrics' | 'attributes' | 'tags' | 'inputs', name: string) =>
      compared[group].find((r) => r.name === name)
    expect(compared.runs.map((r) => r.name)).toEqual(['run 0', 'run 2', 'run 1'])
    expect(row('params', 'depth')).toEqual({ name: 'depth', values: ['2', '8', '4'], differs: true })
    expect(row('params', 'seed')).toMatchObject({ differs: false })
    expect(row('metrics', 'auc')).toEqual({
      name: 'auc',
      values: [0.5, 0.75, Number.NaN],
      deltas: [null, 0.25, null],
      differs: true,
    })
    expect(row('metrics', 'loss')).toMatchObject({
      values: [1, 0.25, Number.POSITIVE_INFINITY],
      deltas: [null, -0.75, Number.POSITIVE_INFINITY],
    })
    expect(row('tags', 'team')).toEqual({ name: 'team', values: [null, 'ops', null], differs: true })
    expect(row('inputs', 'dataset flights (training)')).toMatchObject({
      values: ['version 1, abc', 'version 2, def', null],
    })
    expect(row('attributes', 'state')).toMatchObject({ differs: false })
    expect(compared.coefficients).toEqual([])
    const same = await compareRuns(store, [ids[1], ids[1]] as string[])
    expect(same.metrics.every((m) => !m.differs)).toBe(true)
    expect(await codesOf(() => compareRuns(store, [ids[0] ?? '']))).toEqual(['search/compare'])
    expect(await codesOf(() => compareRuns(store, Array(51).fill(ids[0])))).toEqual(['search/compare'])
  })

  test('have a best one, of which NaN is none', async () => {
    const names = async (metric: string, more: object = {}) =>
      (await bestRuns(store, { metric, ...more })).runs.map((r) => r.name).join(', ')
    // Of equal ones the newer.
    expect(await names('auc')).toBe('run 3, run 2, run 0')
    expect(await names('loss')).toBe('run 2, run 3, run 0, run 1')
    expect((await bestRuns(store, { metric: 'loss' })).better).toBe('less')
    expect(await names('loss', { better: 'more', limit: 1 })).toBe('run 1')
    expect(await names('auc', { filter: 'params.depth < 8', experiments: ['trees'] })).toBe('run 0')
    const [misspelt] = await diagnosticsOf(() => bestRuns(store, { metric: 'acu' }))
    expect(misspelt).toMatchObject({ code: 'search/metric', hint: 'Did you mean "auc"?' })
    expect(await codesOf(() => bestRuns(store, { metric: 'auc', filter: 'params.depth = 4' }))).toEqual([
      'search/metric',
    ])
    expect(await codesOf(() => bestRuns(store, { metric: 'a `b` "c"' }))).toEqual(['search/metric'])
  })

  test('have metrics whose course is drawn with few points, the last of which is the latest', async () => {
    const trends = await metricTrends(store, ids[0] ?? '', 10)
    expect(Object.keys(trends)).toEqual(['loss'])
    expect(trends['loss']).toEqual([91, 81, 71, 61, 51, 41, 31, 21, 11, 1])
    expect((await metricTrends(store, ids[0] ?? '', 1000))['loss']).toHaveLength(100)
    const huge = await startRun(store, { name: 'huge' })
    const values = [1e308, 1e308, Number.NaN, Number.NEGATIVE_INFINITY, -1e308]
    await logBatch(store, huge.id, { metrics: values.map((value, step) => ({ name: 'x', value, step })) })
    expect((await metricTrends(store, huge.id))['x']).toEqual(values)
    await deleteRun(store, huge.id)
    expect(await findRun(store, 'latest')).toBe(ids[3])
    expect(await findRun(store, huge.id)).toBe(huge.id)
    expect(await codesOf(() => findRun(store, huge.id, { lifecycle: 'active' }))).toEqual(['run/reference'])
  })
})

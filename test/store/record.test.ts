import {
  applyRecorded,
  evaluateRecorded,
  findLeaksRecorded,
  type ModelRecord,
  openStore,
  predictRecorded,
  type Store,
  selectionOf,
  selectRecorded,
  trainRecorded,
  verifyRecorded,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, p, tables } from '../scenarios/shop.ts'

describeEachEngine('recorded work', (engine) => {
  let store: Store
  let record: ModelRecord
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
  })
  const runsOf = (kind: string) =>
    store.db.rows<{ run_id: string; state: string }>(
      'SELECT run_id, state FROM viewcast.runs WHERE kind = $1 ORDER BY run_id DESC',
      [kind],
    )
  const readsModel = async (run: string) =>
    (
      await store.db.rows<{ name: string; version: number; direction: string }>(
        `SELECT s.name, a.version, e.direction FROM viewcast.event e
         JOIN viewcast.artifact a ON a.id = e.artifact_id JOIN viewcast.asset s ON s.id = a.asset_id
         WHERE e.execution_id = $1 AND s.kind = 'model'`,
        [run],
      )
    )[0]
  const metricsOf = async (run: string) =>
    Object.fromEntries(
      (
        await store.db.rows<{ metric: string; value: number }>(
          'SELECT metric, value FROM viewcast.run_metrics WHERE run_id = $1',
          [run],
        )
      ).map((m) => [m.metric, m.value]),
    )

  test('predicting counts its rows and ends with the last of them', async () => {
    const { rows, run } = await predictRecorded(store, model, record)
    const running = await runsOf('predict')
    expect(running).toEqual([{ run_id: run.id, state: 'running' }])
    let n = 0
    for await (const batch of rows) n += batch.length
    expect(await runsOf('predict')).toEqual([{ run_id: run.id, state: 'finished' }])
    expect(await metricsOf(run.id)).toMatchObject({ 'rows.predicted': n })
    expect(await readsModel(run.id)).toEqual({ name: 'replies', version: 1, direction: 'in' })
  })

  test('predicting that fails, or that nobody wants to read on, ends too', async () => {
    const { rows } = await predictRecorded(store, model, record)
    for await (const _ of rows) break
    expect((await runsOf('predict'))[0]?.state).toBe('finished')
    await expect(predictRecorded(store, model, record, { at: 'never' })).rejects.toThrow()
    expect((await runsOf('predict'))[0]?.state).toBe('failed')
  })

  test('verifying and looking for leaks leave their checks', async () => {
    const report = await verifyRecorded(store, model, record)
    await findLeaksRecorded(store, model.dataset)
    const checks = await store.db.rows<{ name: string; passed: boolean; kind: string; asset: string }>(
      `SELECT c.name, c.passed, s.kind, s.name AS asset FROM viewcast.check_result c
       JOIN viewcast.asset s ON s.id = c.asset_id ORDER BY c.name`,
    )
    const verified = checks.filter((c) => c.name.startsWith('verify/'))
    expect(verified.map((c) => [c.name, c.passed])).toEqual(report.checks.map((c) => [`verify/${c.name}`, c.ok]).sort())
    expect(verified[0]).toMatchObject({ kind: 'model', asset: 'replies' })
    expect(checks.filter((c) => c.name.startsWith('leak/'))[0]).toMatchObject({ kind: 'dataset', asset: 'answers' })
  })

  test('deploying leaves the view, its version and the run together, or nothing', async () => {
    const applied = await applyRecorded(store, model, record, { name: 'replies_now' })
    const versions = await store.db.rows(
      `SELECT s.name, a.version, a.props ->> 'modelVersion' AS of FROM viewcast.artifact a
       JOIN viewcast.asset s ON s.id = a.asset_id WHERE s.kind = 'deployment'`,
    )
    expect(versions).toEqual([{ name: applied.relation, version: 1, of: '1' }])
    expect(await readsModel(applied.run?.id ?? '')).toEqual({ name: 'replies', version: 1, direction: 'in' })
    await store.db.execute('CREATE TABLE taken (a int)')
    await expect(applyRecorded(store, model, record, { name: 'taken' })).rejects.toThrow()
    expect((await runsOf('apply')).map((r) => r.state)).toEqual(['failed', 'finished'])
    expect(await store.db.rows(`SELECT 1 FROM viewcast.asset WHERE name = 'public.taken'`)).toEqual([])
  })

  test('selecting leaves a run for each candidate below its own', async () => {
    const grid = selectionOf('grid', { model, folds: p.folds.hash(3), over: { penalty: [0.1, 1, 10] } } as never)
    const { run, record: chosen } = await selectRecorded(store, grid)
    expect(chosen?.version).toBe(2)
    const children = await store.db.rows<{ n: string; scored: string }>(
      `SELECT count(DISTINCT r.run_id) AS n, count(DISTINCT m.run_id) AS scored FROM viewcast.runs r
       LEFT JOIN viewcast.run_metrics m ON m.run_id = r.run_id AND m.metric = 'cv.logLoss' WHERE r.parent_run_id = $1`,
      [run.id],
    )
    expect(children).toEqual([{ n: '3', scored: '3' }])
  })

  test('measuring leaves its metrics', async () => {
    const evaluation = await evaluateRecorded(store, model, record, { part: 'train' })
    const [run] = await runsOf('evaluate')
    const auc = evaluation.result.metrics.find((m) => m.name === 'auc')?.estimate.value
    expect(await metricsOf(run?.run_id ?? '')).toMatchObject({ 'train.auc': auc, 'rows.train': evaluation.rows })
  })
})

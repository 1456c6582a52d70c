import { openStore, openStoreIfAllowed, type Store, trainRecorded } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, modelOf, profile, tables } from '../scenarios/shop.ts'

describeEachEngine('a recorded training', (engine) => {
  let store: Store
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
  })

  test('leaves a run, its params and metrics, and a version', async () => {
    const { record, run } = await trainRecorded(store, model)
    expect(record.version).toBe(1)
    const [row] = await store.db.rows(
      'SELECT kind, name, experiment, state, user_name FROM viewcast.runs WHERE run_id = $1',
      [run.id],
    )
    expect(row).toEqual({
      kind: 'train',
      name: 'replies',
      experiment: 'shop/replies',
      state: 'finished',
      user_name: 'me',
    })
    const metrics = await store.db.rows<{ metric: string; value: number }>(
      'SELECT metric, value FROM viewcast.run_metrics WHERE run_id = $1',
      [run.id],
    )
    expect(Object.fromEntries(metrics.map((m) => [m.metric, m.value]))).toMatchObject({
      'train.auc': record.metrics.train['auc'],
      'rows.train': record.dataset.trainRows,
    })
    const params = await store.db.rows<{ param: string; value: string; num: number }>(
      'SELECT * FROM viewcast.run_params WHERE run_id = $1',
      [run.id],
    )
    expect(params).toContainEqual({ run_id: run.id, param: 'penalty.l2', value: '1', num: 1 })
  })

  test('that fails leaves a failed run with its code, and no version', async () => {
    const before = await store.db.rows('SELECT * FROM viewcast.model_version')
    await expect(trainRecorded(store, modelOf([profile], {}, { label: 'nothing' }))).rejects.toThrow()
    const [row] = await store.db.rows<{ state: string; error: { codes: string[] } }>(
      'SELECT state, error FROM viewcast.execution ORDER BY started_at DESC LIMIT 1',
    )
    expect(row).toMatchObject({ state: 'failed', error: { codes: ['model/unknown-label'] } })
    expect(await store.db.rows('SELECT * FROM viewcast.model_version')).toHaveLength(before.length)
  })

  test('is possible without a trace where the role may only read', async () => {
    const outcome = engine.db.transaction(async (tx) => {
      await tx.execute(
        'CREATE ROLE shop_reader; GRANT USAGE ON SCHEMA viewcast TO shop_reader; SET LOCAL ROLE shop_reader',
      )
      expect(await openStoreIfAllowed(tx, { project: 'shop' })).toEqual({
        store: undefined,
        reason: 'the role may not write to the schema viewcast',
      })
      throw new Error('rolled back')
    })
    await expect(outcome).rejects.toThrow('rolled back')
  })
})

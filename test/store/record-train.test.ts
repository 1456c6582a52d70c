import { impact, openStore, openStoreIfAllowed, type Store, trainRecorded } from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'
import { customer, model, modelOf, p, profile, tables } from '../scenarios/shop.ts'

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

  test('leaves the version of its dataset, with both queries, lineage and catalog', async () => {
    const { record, run } = await trainRecorded(store, model)
    const [row] = await store.db.rows<Record<string, unknown>>(
      `SELECT d.rows, s.name, m.training_sql = d.query AS same_query, m.prediction_sql, m.signature
       FROM viewcast.model_version m JOIN viewcast.artifact a ON a.id = m.artifact_id
       JOIN viewcast.asset ms ON ms.id = a.asset_id
       JOIN viewcast.dataset_version d ON d.artifact_id = m.dataset_artifact_id
       JOIN viewcast.artifact da ON da.id = d.artifact_id JOIN viewcast.asset s ON s.id = da.asset_id
       WHERE ms.name = 'replies' AND a.version = $1`,
      [record.version],
    )
    expect(row).toMatchObject({ rows: '200', name: 'answers', same_query: true })
    expect(await store.db.query(String(row?.['prediction_sql']))).toMatchObject({ columns: expect.arrayContaining([]) })
    expect(row?.['signature']).toMatchObject({ keys: [{ name: 'customer', type: 'int4' }], asOf: true })
    const from = await store.db.rows<{ direction: string; kind: string; role: string }>(
      `SELECT e.direction, s.kind, e.role FROM viewcast.event e JOIN viewcast.artifact a ON a.id = e.artifact_id
       JOIN viewcast.asset s ON s.id = a.asset_id WHERE e.execution_id = $1 ORDER BY 1, 2`,
      [run.id],
    )
    expect(from).toEqual([
      { direction: 'in', kind: 'dataset', role: 'training' },
      { direction: 'out', kind: 'model', role: 'model' },
    ])
    const found = await impact(store, 'public.orders.amount')
    expect(JSON.stringify(found.models)).toContain('replies')
    const described = await store.db.rows(
      `SELECT c.name FROM viewcast.asset_column c JOIN viewcast.asset s ON s.id = c.asset_id
       WHERE s.kind = 'source' AND s.name = 'public.orders' ORDER BY c.ordinal`,
    )
    expect(described.map((c) => c['name'])).toEqual(['order', 'customer', 'at', 'amount'])
  })

  test('keeps the model when what surrounds it cannot be worked out', async () => {
    await store.db.execute('ALTER FUNCTION viewcast.sync_catalog RENAME TO sync_nothing')
    const { warnings, record } = await trainRecorded(store, model)
    await store.db.execute('ALTER FUNCTION viewcast.sync_nothing RENAME TO sync_catalog')
    expect(record.version).toBe(1)
    expect(warnings.map((w) => w.code)).toContain('store/incomplete')
    expect(await store.db.rows(`SELECT state FROM viewcast.runs ORDER BY started_at DESC LIMIT 1`)).toEqual([
      { state: 'finished' },
    ])
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

  test('names the views at fault, all of them, although it reads within one snapshot', async () => {
    const broken = (name: string, column: string) =>
      p
        .featureView(name, { entity: customer })
        .query(({ db }) => db.selectFrom('customers').select(['customer', sql<number>`${sql.raw(column)}`.as('x')]))
    const told = await diagnosticsOf(() =>
      trainRecorded(store, modelOf([broken('one', 'nothing_here'), broken('two', 'nor_here')])),
    )
    expect(told.map((d) => d.code)).toEqual(['view/database-error', 'view/database-error'])
    const [failed] = await diagnosticsOf(() => trainRecorded(store, modelOf([broken('three', '1 / (customer - 7)')])))
    expect(failed?.code).toBe('view/failed')
    expect(failed?.message).toContain('"three"')
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

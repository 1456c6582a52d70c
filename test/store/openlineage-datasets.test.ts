/** What events say of the data: where it comes from, column by column, what was checked, and what came out. */
import {
  applyRecorded,
  datasetEvents,
  endRun,
  ensureAsset,
  type ModelRecord,
  openStore,
  recordEvent,
  registerArtifact,
  registerDataset,
  registerDeployment,
  registerLineage,
  registerModel,
  type Store,
  startRun,
  syncCatalog,
  trainRecorded,
  verifyRecorded,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { problemsOfEvent } from '../openlineage/problems-of-event.ts'
import { eventsTold, type ToldDataset, type ToldEvent } from '../openlineage/told.ts'
import { buys, lineageOfShop, setup, shop, trainBuys } from './lineage-shop.ts'

const called = (datasets: readonly ToldDataset[] | undefined, name: string): ToldDataset => {
  const found = datasets?.find((d) => d.name.endsWith(name))
  if (!found) throw new Error(`${name} is not among ${datasets?.map((d) => d.name).join(', ')}`)
  return found
}

describeEachEngine('the datasets of an event', (engine) => {
  let store: Store
  let record: ModelRecord
  let trained: ToldEvent
  beforeAll(async () => {
    await engine.db.execute(setup)
    await engine.db.execute(
      `COMMENT ON TABLE visits IS 'One row per visit'; COMMENT ON COLUMN visits.seconds IS 'How long'`,
    )
    store = await openStore(engine.db, { project: 'shop', actor: 'me', events: {} })
    record = await trainBuys(engine.db)
    const run = await startRun(store, { kind: 'train', job: 'buys.train' })
    const dataset = await registerDataset(
      store,
      { name: 'purchases', query: 'SELECT customer, country, phone FROM customers' },
      { run: run.id, role: 'training' },
    )
    const model = await registerModel(store, record, { run: run.id, trainingSql: 'SELECT 1 AS training' })
    await recordEvent(store, run.id, model.id, 'out', 'model')
    await registerLineage(store, await lineageOfShop(engine.db, record), { run: run.id })
    await syncCatalog(store, shop, { run: run.id })
    await store.db.query(
      `UPDATE viewcast.asset SET edited = '{"description": "hidden", "owners": ["team:ops"], "tags": ["pii"]}',
         declared = declared || '{"description": "Who bought"}' WHERE kind = 'dataset' AND name = 'purchases'`,
    )
    await store.db.query(
      `INSERT INTO viewcast.check_result (execution_id, asset_id, name, column_name, severity, passed, detail)
       SELECT $1::uuid, id, 'leak/future', 'n_5d', 'warn', false, '{"rows": 3}'::jsonb FROM viewcast.asset WHERE kind = 'dataset'
       UNION ALL
       SELECT $1::uuid, id, 'verify/parity', '', 'error', true, '{}'::jsonb FROM viewcast.asset WHERE kind = 'model'`,
      [run.id],
    )
    await endRun(store, run, 'finished')
    expect(dataset.version).toBe(1)
    trained = (await eventsTold(store.db, run.id)).at(-1) as ToldEvent
  })

  test('are tables where they are, and what is declared within the project', () => {
    const names = (datasets: readonly ToldDataset[]) => datasets.map((d) => `${d.namespace} ${d.name}`)
    const database = called(trained.inputs, 'public.visits').name.split('.')[0]
    const tables = engine.name === 'pglite' ? 'pglite://shop' : `postgres://${new URL(engine.url ?? '').host}`
    expect(names(trained.inputs)).toEqual(
      expect.arrayContaining([
        `${tables} ${database}.public.visits`,
        `${tables} ${database}.public.long_visits`,
        `${tables} ${database}.public.customers`,
        'viewcast://shop feature_view.activity',
        'viewcast://shop dataset.purchases',
      ]),
    )
    expect(names(trained.outputs)).toEqual(['viewcast://shop model.buys'])
    expect(JSON.stringify(trained)).not.toContain('postgres@')
  })

  test('say what they are, their columns and their texts', () => {
    const visits = called(trained.inputs, 'public.visits')
    expect(visits.facets['datasetType']).toMatchObject({ datasetType: 'TABLE' })
    expect(visits.facets['documentation'].description).toBe('One row per visit')
    expect(visits.facets['schema'].fields).toContainEqual({
      name: 'seconds',
      type: 'int4',
      description: 'How long',
      ordinal_position: expect.any(Number),
    })
    expect(called(trained.inputs, 'public.long_visits').facets['datasetType'].datasetType).toBe('VIEW')
    expect(called(trained.inputs, 'feature_view.activity').facets['datasetType']).toMatchObject({
      datasetType: 'VIEW',
      subType: 'FEATURE_VIEW',
    })
    const { facets } = called(trained.inputs, 'dataset.purchases')
    expect(facets['documentation'].description).toBe('Who bought')
    expect(facets['ownership'].owners).toEqual([{ name: 'team:ops' }])
    expect(facets['tags'].tags).toContainEqual({ key: 'pii', value: 'true', source: 'USER' })
  })

  test('say of each column what it is made of, and of all what shapes the rows', () => {
    const { columnLineage, lineage } = called(trained.inputs, 'public.long_visits').facets
    const visits = called(trained.inputs, 'public.visits')
    const seconds = { namespace: visits.namespace, name: visits.name, field: 'seconds' }
    expect(columnLineage.fields['seconds'].inputFields).toEqual([
      { ...seconds, transformations: [{ type: 'DIRECT', subtype: 'IDENTITY' }] },
    ])
    expect(columnLineage.dataset).toEqual([
      { ...seconds, field: 'robot', transformations: [{ type: 'INDIRECT', subtype: 'FILTER' }] },
    ])
    expect(lineage.inputs).toMatchObject([{ type: 'DATASET', field: 'robot' }])
    expect(lineage.fields['seconds'].inputs).toMatchObject([{ type: 'DATASET', field: 'seconds' }])
    const activity = called(trained.inputs, 'feature_view.activity').facets['columnLineage']
    expect(activity.fields['seconds_5d'].inputFields).toContainEqual(
      expect.objectContaining({
        field: 'seconds',
        transformations: expect.arrayContaining([{ type: 'DIRECT', subtype: 'AGGREGATION' }]),
      }),
    )
    // Down to the coefficient, by its encoder.
    const model = called(trained.outputs, 'model.buys').facets['columnLineage']
    expect(model.fields['seconds_5d'].inputFields).toContainEqual(
      expect.objectContaining({ name: 'dataset.purchases', field: 'seconds_5d' }),
    )
  })

  test('say what was read, checked and made', () => {
    const dataset = called(trained.inputs, 'dataset.purchases')
    expect(dataset.facets['version'].datasetVersion).toBe('1')
    expect(dataset.facets['viewcast_version'].versions).toMatchObject([{ version: 1, role: 'training' }])
    expect(dataset.inputFacets?.['inputStatistics'].rowCount).toBe(30)
    expect(dataset.inputFacets?.['dataQualityMetrics']).toMatchObject({
      rowCount: 30,
      columnMetrics: { phone: { nullCount: 30 }, country: { nullCount: 0 } },
    })
    expect(dataset.inputFacets?.['dataQualityAssertions'].assertions).toEqual([
      { assertion: 'leak/future', success: false, severity: 'warn', column: 'n_5d', params: { rows: 3 } },
    ])
    expect(trained.run.facets['test'].tests).toHaveLength(2)
    const model = called(trained.outputs, 'model.buys')
    expect(model.facets['datasetType'].datasetType).toBe('MODEL')
    expect(model.facets['lifecycleStateChange'].lifecycleStateChange).toBe('CREATE')
    const names = model.facets['viewcast_coefficients'].coefficients.map((c: { name: string }) => c.name)
    expect(names).toContain('seconds_5d')
    expect(trained.job.facets['sql']).toMatchObject({ query: 'SELECT 1 AS training', dialect: 'postgres' })
    expect(trained.job.facets['jobType']).toMatchObject({ integration: 'VIEWCAST', jobType: 'TRAIN' })
  })

  test('follow a deployment down to the tables', async () => {
    const run = await startRun(store, { kind: 'apply', job: 'buys.apply' })
    // Trained again it could be a version of its own, without lineage: rows come in another order once tables were analyzed.
    const { id } = await registerModel(store, record)
    await recordEvent(store, run.id, id, 'in', 'model')
    const asset = await ensureAsset(store, { kind: 'deployment', name: 'public.buys' })
    for (const sql of ['CREATE VIEW one', 'CREATE VIEW two']) {
      const artifact = await registerArtifact(store, asset, { digest: sql, props: { sql } })
      await recordEvent(store, run.id, artifact.id, 'out', 'deployment')
    }
    const [version] = await store.db.rows<{ version: number }>('SELECT version FROM viewcast.artifact WHERE id = $1', [
      id,
    ])
    await registerDeployment(store, 'public.buys', { ...record, version: version?.version ?? 1 }, { run: run.id })
    await endRun(store, run, 'finished')
    const end = (await eventsTold(store.db, run.id)).at(-1)
    const view = called(end?.outputs, 'public.buys')
    expect(view.facets['datasetType'].datasetType).toBe('VIEW')
    expect(view.facets['columnLineage'].fields['probability'].inputFields).toMatchObject([
      { name: 'prediction.buys', field: 'probability' },
    ])
    expect(end?.inputs.map((d) => d.name)).toEqual(
      expect.arrayContaining([
        'prediction.buys',
        'model.buys',
        'dataset.purchases',
        expect.stringMatching(/public\.visits$/),
      ]),
    )
    expect(end?.job.facets['sql'].query).toMatch(/^CREATE VIEW/)
  })

  test('are told apart from runs, too', async () => {
    const events = await datasetEvents(store)
    expect(events.length).toBeGreaterThan(8)
    for (const e of events) expect(problemsOfEvent(e)).toEqual([])
    expect(events.every((e) => !('run' in e) && !('job' in e))).toBe(true)
  })
})

describeEachEngine('a project from training to deployment', (engine) => {
  test('tells of every step, and every event is what the specification says', async () => {
    await engine.db.execute(setup)
    const store = await openStore(engine.db, { project: 'shop', actor: 'me', events: { namespace: 'prod' } })
    const { record } = await trainRecorded(store, buys)
    await verifyRecorded(store, buys, record)
    await applyRecorded(store, buys, record, { at: '2024-01-20T00:00:00Z' })
    const again = await trainRecorded(store, buys)
    // The same version is there already, so that nothing is done.
    await applyRecorded(store, buys, again.record, { at: '2024-01-20T00:00:00Z' })
    const events = await eventsTold(store.db)
    expect(events.map((e) => `${e.job.name} ${e.eventType}`)).toEqual([
      'buys.train START',
      'buys.train COMPLETE',
      'buys.verify START',
      'buys.verify COMPLETE',
      'buys.apply START',
      'buys.apply COMPLETE',
      'buys.train START',
      'buys.train COMPLETE',
    ])
    expect(events.every((e) => e.job.namespace === 'prod')).toBe(true)
    const [, trained, , verified, , applied, , unchanged] = events
    const model = called(trained?.outputs, 'model.buys').facets
    expect(model['viewcast_coefficients'].coefficients.length).toBeGreaterThan(2)
    expect(model['lifecycleStateChange'].lifecycleStateChange).toBe('CREATE')
    const dataset = called(trained?.inputs, 'dataset.purchases')
    expect(dataset.inputFacets?.['inputStatistics'].rowCount).toBe(400)
    expect(dataset.facets['columnLineage'].fields['seconds_5d'].inputFields).toMatchObject([
      { name: 'feature_view.activity', field: 'seconds_5d' },
    ])
    expect(called(trained?.inputs, 'public.visits').facets['schema'].fields.length).toBeGreaterThan(1)
    expect(trained?.job.facets['sql'].query).toMatch(/select/i)
    // The same rows give the same version, which was made by the run before.
    expect(called(unchanged?.outputs, 'model.buys').facets['version'].datasetVersion).toBe('1')
    expect(called(unchanged?.outputs, 'model.buys').facets['lifecycleStateChange']).toBeUndefined()
    expect(verified?.run.facets['test'].tests.length).toBeGreaterThan(0)
    expect(called(applied?.inputs, 'model.buys').facets['version'].datasetVersion).toBe('1')
    expect(called(applied?.inputs, 'public.visits').facets['datasetType'].datasetType).toBe('TABLE')
    const [view] = applied?.outputs ?? []
    expect(view?.facets['columnLineage'].fields['probability'].inputFields).toMatchObject([{ name: 'prediction.buys' }])
    expect(applied?.job.facets['sql'].query).toMatch(/probability/)
  })
})

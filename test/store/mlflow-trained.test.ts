import { exportRuns, openStore, promoteModel, type Store, trainRecorded } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, tables } from '../scenarios/shop.ts'
import { serveForTest, type TestServer } from './mlflow-server.ts'

describeEachEngine('a trained model, to clients of MLflow', (engine) => {
  let store: Store
  let server: TestServer & { failures: unknown[] }
  let run: string
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    server = await serveForTest(store)
    run = (await trainRecorded(store, model)).run.id.replaceAll('-', '')
    await promoteModel(store, 'replies', 'production', 1, { reason: 'the first' })
  })
  afterAll(async () => {
    await server.close()
    expect(server.failures).toEqual([])
  })

  test('is a run with params and metrics', async () => {
    const { experiment } = (await server.get('experiments/get-by-name', { experiment_name: 'shop/replies' })).body
    const { body } = await server.post('runs/search', {
      experiment_ids: [experiment.experiment_id],
      filter: "metrics.`train.auc` > 0 and params.`penalty.l2` = '1'",
    })
    expect(body.runs.map((r: { info: { run_id: string } }) => r.info.run_id)).toEqual([run])
    expect(body.runs[0].info).toMatchObject({ status: 'FINISHED', run_name: 'replies' })
  })

  test('is a registered version, in production, with the run that made it', async () => {
    const { body } = await server.get('registered-models/alias', { name: 'replies', alias: 'production' })
    expect(body.model_version).toMatchObject({
      name: 'replies',
      version: '1',
      run_id: run,
      current_stage: 'Production',
      status: 'READY',
      aliases: ['production'],
      source: expect.stringMatching(/^mlflow-artifacts:\/viewcast\/versions\/[0-9a-f]{32}$/),
    })
    expect(
      (await server.post('registered-models/rename', { name: 'replies', new_name: 'answers' })).body.message,
    ).toContain('declared in code')
  })

  test('is downloaded: the record, and the query that trained it', async () => {
    const { artifact_uri } = (await server.get('model-versions/get-download-uri', { name: 'replies', version: '1' }))
      .body
    const place = artifact_uri.replace('mlflow-artifacts:/', '')
    const base = `${server.url}/api/2.0/mlflow-artifacts/artifacts`
    const { files } = (await (await fetch(`${base}?path=${place}`)).json()) as { files: { path: string }[] }
    expect(files.map((f) => f.path)).toContain('record.json')
    const record = (await (await fetch(`${base}/${place}/record.json`)).json()) as { name: string; version: number }
    expect(record).toMatchObject({ name: 'replies', version: 1 })
    expect(await (await fetch(`${base}/${place}/training.sql`)).text()).toMatch(/SELECT/i)
    expect((await fetch(`${base}/${place}/record.json`, { method: 'PUT', body: 'x' })).status).toBe(400)
    expect((await fetch(`${base}/${place}/other`)).status).toBe(404)
  })

  test('is registered with another server, files and alias with it', async () => {
    const other = await serveForTest(await openStore(await engine.open(), { project: 'team', actor: 'server' }))
    expect(await exportRuns(store, { uri: other.url, attempts: 2, pauseMs: 1 })).toMatchObject({
      created: 1,
      versions: 1,
    })
    const { model_version } = (await other.get('registered-models/alias', { name: 'replies', alias: 'production' }))
      .body
    const place = model_version.source.replace('mlflow-artifacts:/', '')
    const record = await fetch(`${other.url}/api/2.0/mlflow-artifacts/artifacts/${place}/record.json`)
    expect(await record.json()).toMatchObject({ name: 'replies' })
    await other.close()
    expect(other.failures).toEqual([])
  })
})

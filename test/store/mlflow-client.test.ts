import { logBatch, openStore, type Store, startRun } from '@viewcast/sdk'
import mlflow from 'mlflow'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { serveForTest, type TestServer } from './mlflow-server.ts'

// Its types say that the class is `default` of the module, and it is the module.
// biome-ignore lint/suspicious/noExplicitAny: and they know other fields than MLflow's.
const Client = mlflow as unknown as new (options: { endpoint: string }) => any

/** npm's `mlflow`, as it is installed: nothing of it is adapted, its faults included. */
describeEachEngine('a stock client', (engine) => {
  let store: Store
  let server: TestServer & { failures: unknown[] }
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  let client: any
  beforeAll(async () => {
    // It prints the body of every request.
    vi.spyOn(console, 'log').mockImplementation(() => {})
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    server = await serveForTest(store)
    client = new Client({ endpoint: server.url })
  })
  afterAll(async () => {
    vi.restoreAllMocks()
    await server.close()
    expect(server.failures).toEqual([])
  })

  test('logs a run from its beginning to its end, and reads it back', async () => {
    const { experiment_id } = await client.Experiments.create({ name: 'from npm', artifact_location: undefined })
    // It forgets a slash here.
    await client.Experiments.setExperimentTag({ experiment_id, key: 'team', value: 'web' })
    const { run } = await client.Runs.create({
      experiment_id,
      user_id: 'ann',
      start_time: 1000,
      tags: [{ key: 'a', value: 'b' }],
    })
    const { run_id } = run.info
    await client.Runs.logParameter({ run_id, key: 'depth', value: '3' })
    for (const step of [0, 1, 2])
      await client.Runs.logMetric({ run_id, key: 'loss', value: 1 / (step + 1), timestamp: step, step })
    await client.Runs.logBatch({
      run_id,
      metrics: [{ key: 'auc', value: 0.7, timestamp: 5, step: 0 }],
      params: [{ key: 'kind', value: 'tree' }],
      tags: [{ key: 'c', value: 'd' }],
    })
    await client.Runs.setTag({ run_id, key: 'e', value: 'f' })
    await client.Runs.deleteTag({ run_id, key: 'a' })
    await client.Runs.update({ run_id, status: 'FINISHED', end_time: 2000 })
    const read = (await client.Runs.get({ run_id })).run
    expect(read.info).toMatchObject({ status: 'FINISHED', start_time: 1000, end_time: 2000, user_id: 'ann' })
    expect(read.data.params).toEqual([
      { key: 'depth', value: '3' },
      { key: 'kind', value: 'tree' },
    ])
    expect(read.data.metrics).toEqual([
      { key: 'auc', value: 0.7, timestamp: 5, step: 0 },
      { key: 'loss', value: 1 / 3, timestamp: 2, step: 2 },
    ])
    const { metrics } = await client.Metrics.getHistory({ run_id, metric_key: 'loss' })
    expect(metrics.map((m: { value: number }) => m.value)).toEqual([1, 1 / 2, 1 / 3])
    expect((await client.Artifacts.list({ run_id, path: undefined })).files).toEqual([])
    const found = await client.Runs.search({
      experiment_ids: [experiment_id],
      filter: "metrics.loss < 0.5 and params.kind = 'tree'",
      run_view_type: 'ACTIVE_ONLY',
      max_results: 10,
      order_by: ['metrics.loss'],
      page_token: undefined,
    })
    expect(found.runs.map((r: { info: { run_id: string } }) => r.info.run_id)).toEqual([run_id])
    await client.Runs.delete({ run_id })
    await expect(client.Runs.setTag({ run_id, key: 'x', value: 'y' })).rejects.toThrow("must be in the 'active' state")
    await client.Runs.restore({ run_id })
    // A route that MLflow has retired.
    const { experiments } = await client.Experiments.list()
    expect(experiments.map((e: { name: string }) => e.name)).toContain('from npm')
    const { experiment } = await client.Experiments.get({ experiment_id })
    expect(experiment.tags).toEqual([{ key: 'team', value: 'web' }])
  })

  test('reads what was logged without it', async () => {
    const run = await startRun(store, {
      kind: 'train',
      name: 'delay15',
      experiment: 'ours',
      params: { 'penalty.l2': 0.1 },
    })
    await logBatch(store, run.id, { metrics: [{ name: 'test.auc', value: 0.71 }], tags: { team: 'ops' } })
    const { experiments } = await client.Experiments.list()
    const { experiment_id } = experiments.find((e: { name: string }) => e.name === 'ours')
    const { runs } = await client.Runs.search({
      experiment_ids: [experiment_id],
      filter: "metrics.`test.auc` > 0.7 and tags.team = 'ops'",
      run_view_type: undefined,
      max_results: undefined,
      order_by: undefined,
      page_token: undefined,
    })
    expect(runs[0].info).toMatchObject({ run_id: run.id.replaceAll('-', ''), run_name: 'delay15', status: 'RUNNING' })
    expect(runs[0].data).toMatchObject({
      params: [{ key: 'penalty.l2', value: '0.1' }],
      metrics: [{ key: 'test.auc', value: 0.71 }],
    })
    expect(runs[0].data.tags).toContainEqual({ key: 'viewcast.kind', value: 'train' })
  })
})

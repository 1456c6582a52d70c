import { openStore, type Store, startRun } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { serveForTest, type TestServer } from './mlflow-server.ts'

describeEachEngine('searches of MLflow clients', (engine) => {
  let store: Store
  let server: TestServer & { failures: unknown[] }
  let experiment: string
  const runs: string[] = []
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    server = await serveForTest(store)
    experiment = (await server.post('experiments/create', { name: 'searched', tags: [{ key: 'team', value: 'a' }] }))
      .body.experiment_id
    for (const [i, loss] of [3, 'NaN', 1, 2].entries()) {
      const { run } = (
        await server.post('runs/create', {
          experiment_id: experiment,
          run_name: `run ${i}`,
          start_time: 1000 * (i + 1),
          ...(i === 3 ? { tags: [{ key: 'mlflow.parentRunId', value: runs[0] }] } : {}),
        })
      ).body
      runs.push(run.info.run_id)
      await server.post('runs/log-batch', {
        run_id: run.info.run_id,
        metrics: [{ key: 'the loss', value: loss, timestamp: 1 }],
        params: [{ key: 'depth', value: String(i * 5) }],
        tags: [{ key: 'who', value: i % 2 === 0 ? 'even' : 'odd' }],
      })
    }
    await server.post('runs/update', { run_id: runs[2], status: 'FINISHED' })
    await server.post('runs/delete', { run_id: runs[1] })
  })
  afterAll(async () => {
    await server.close()
    expect(server.failures).toEqual([])
  })
  const names = async (fields: object) => {
    const { body } = await server.post('runs/search', { experiment_ids: [experiment], ...fields })
    return body.runs.map((r: { info: { run_name: string } }) => r.info.run_name)
  }

  test('find runs, newest first', async () => {
    expect(await names({})).toEqual(['run 3', 'run 2', 'run 0'])
    expect(await names({ run_view_type: 'ALL' })).toHaveLength(4)
    expect(await names({ run_view_type: 2 })).toEqual(['run 1'])
    expect(await names({ experiment_ids: [] })).toEqual([])
    expect(await names({ experiment_ids: ['4711', 'x'] })).toEqual([])
    expect(await names({ experiment_ids: [Number(experiment)] })).toHaveLength(3)
  })

  test('find runs by what clients write', async () => {
    for (const [filter, found] of [
      ['metrics.`the loss` < 3', ['run 3', 'run 2']],
      ['metrics."the loss" >= 2 and params.depth = "0"', ['run 0']],
      [`tags.who LIKE 'ev%' AND attributes.status = 'FINISHED'`, ['run 2']],
      [`tags.mlflow.parentRunId = '${runs[0]}'`, ['run 3']],
      ["tags.`mlflow.runName` = 'run 2'", ['run 2']],
      [`attributes.run_id IN ('${runs[0]}', '${runs[2]}')`, ['run 2', 'run 0']],
      ['start_time > 3500', ['run 3']],
      [`params.depth ILIKE '1%' or metrics.\`the loss\` = 3`, ['run 3', 'run 2', 'run 0']],
    ] as const) {
      expect([filter, await names({ filter })]).toEqual([filter, found])
    }
  })

  test('sort, and page without losing or repeating', async () => {
    expect(await names({ order_by: ['metrics.`the loss` ASC'], run_view_type: 'ALL' })).toEqual([
      'run 2',
      'run 3',
      'run 0',
      'run 1',
    ])
    expect(await names({ order_by: ['metrics.`the loss` DESC', 'start_time'] })).toEqual(['run 0', 'run 3', 'run 2'])
    const found: string[] = []
    let page_token: string | undefined
    do {
      const { body } = await server.post('runs/search', {
        experiment_ids: [experiment],
        order_by: ['params.depth'],
        max_results: 1,
        page_token,
      })
      found.push(...body.runs.map((r: { info: { run_name: string } }) => r.info.run_name))
      page_token = body.next_page_token
    } while (page_token)
    expect(found).toEqual(['run 0', 'run 2', 'run 3'])
  })

  test('tell what is wrong with them', async () => {
    const refused = async (fields: object) => {
      const { status, body } = await server.post('runs/search', { experiment_ids: [experiment], ...fields })
      expect({ status, code: body.error_code }).toEqual({ status: 400, code: 'INVALID_PARAMETER_VALUE' })
      return body.message
    }
    expect(await refused({ filter: 'metrics.' })).toContain('The filter cannot be read')
    expect(await refused({ filter: `attributes.kind = 'train'` })).toContain('kind')
    expect(await refused({ order_by: ['metrics.a sideways'] })).toContain('order')
    expect(await refused({ page_token: 'nonsense' })).toContain('page token')
    expect(await refused({ max_results: 50_001 })).toBe(
      'Invalid value for request parameter max_results. It must be at most 50000, but got value 50001',
    )
    expect(await refused({ run_view_type: 'SOME' })).toContain("parameter 'run_view_type'")
  })

  test('show runs of no experiment in Default', async () => {
    const run = await startRun(store, { kind: 'predict', name: 'alone' })
    const { body } = await server.post('runs/search', {
      experiment_ids: ['0'],
      filter: "tags.`viewcast.kind` = 'predict'",
    })
    expect(body.runs.map((r: { info: { run_id: string } }) => r.info.run_id)).toEqual([run.id.replaceAll('-', '')])
    expect(body.runs[0].info.experiment_id).toBe('0')
  })

  test('find experiments, by GET and POST, and by the list of older clients', async () => {
    const by = async (fields: Record<string, unknown>) =>
      (await server.post('experiments/search', fields)).body.experiments.map((e: { name: string }) => e.name)
    expect(await by({ filter: `name LIKE 'sea%'` })).toEqual(['searched'])
    expect(await by({ filter: `tags.team = 'a'` })).toEqual(['searched'])
    expect(await by({ order_by: ['name DESC'] })).toEqual(['searched', 'Default'])
    const other = (await server.post('experiments/create', { name: 'gone' })).body.experiment_id
    await server.post('experiments/delete', { experiment_id: other })
    expect(await by({ view_type: 'DELETED_ONLY' })).toEqual(['gone'])
    const { body } = await server.get('experiments/search', { max_results: 1, order_by: ['name ASC'], view_type: 3 })
    expect(body.experiments.map((e: { name: string }) => e.name)).toEqual(['Default'])
    expect(body.next_page_token).toEqual(expect.any(String))
    const list = await server.get('experiments/list')
    expect(list.body.experiments.map((e: { name: string }) => e.name).sort()).toEqual(['Default', 'searched'])
  })

  test('find models and versions', async () => {
    for (const name of ['b model', 'a model', "it's"]) {
      await server.post('registered-models/create', { name, tags: [{ key: 'kind', value: name.slice(0, 1) }] })
    }
    for (const source of ['s3://x', 's3://y', 's3://z']) {
      await server.post('model-versions/create', {
        name: 'a model',
        source,
        run_id: runs[0],
        tags: [{ key: 'at', value: source }],
      })
    }
    const models = async (query: object) =>
      (await server.get('registered-models/search', query as Record<string, unknown>)).body.registered_models?.map(
        (m: { name: string }) => m.name,
      )
    expect(await models({})).toEqual(['a model', 'b model', "it's"])
    expect(await models({ filter: `name ILIKE '%MODEL' and tags.kind = 'b'` })).toEqual(['b model'])
    expect(await models({ filter: 'name = "it\'s"' })).toEqual(["it's"])
    expect(await models({ order_by: ['name DESC'], max_results: 1 })).toEqual(["it's"])
    const versions = async (query: object) =>
      (await server.get('model-versions/search', query as Record<string, unknown>)).body.model_versions?.map(
        (v: { version: string }) => v.version,
      )
    expect(await versions({ filter: `name = 'a model'` })).toEqual(['3', '2', '1'])
    expect(await versions({ filter: `run_id = '${runs[0]}'`, order_by: ['version_number ASC'] })).toEqual([
      '1',
      '2',
      '3',
    ])
    expect(await versions({ filter: `run_id IN ('${runs[0]}') and tags.at = 's3://y'` })).toEqual(['2'])
    expect(await versions({ filter: `source_path LIKE '%z'`, max_results: 200_000 })).toEqual(['3'])
    await server.send('DELETE', 'model-versions/delete', { name: 'a model', version: '3' })
    expect(await versions({ filter: `name = 'a model'` })).toEqual(['2', '1'])
    expect((await server.get('registered-models/search', { max_results: 1001 })).status).toBe(400)
    expect((await server.get('registered-models/search', { filter: 'colour = 1' })).status).toBe(400)
  })
})

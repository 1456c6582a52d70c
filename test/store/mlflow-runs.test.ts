import { openStore, type Store } from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { serveForTest, type TestServer } from './mlflow-server.ts'

describeEachEngine('runs of MLflow clients', (engine) => {
  let store: Store
  let server: TestServer & { failures: unknown[] }
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    server = await serveForTest(store)
  })
  afterAll(async () => {
    await server.close()
    expect(server.failures).toEqual([])
  })
  const start = async (fields: object = {}): Promise<string> =>
    (await server.post('runs/create', fields)).body.run.info.run_id
  const dataOf = async (run: string) => (await server.get('runs/get', { run_id: run })).body.run

  describe('experiments', () => {
    test('are numbered, named once, renamed, deleted with their runs and restored', async () => {
      const { body } = await server.post('experiments/create', {
        name: 'first',
        tags: [
          { key: 'team', value: 'sales' },
          { key: 'mlflow.note.content', value: 'About *it*' },
        ],
      })
      const id: string = body.experiment_id
      expect(id).toMatch(/^[1-9]\d*$/)
      const { experiment } = (await server.get('experiments/get', { experiment_id: id })).body
      expect(experiment).toEqual({
        experiment_id: id,
        name: 'first',
        artifact_location: `mlflow-artifacts:/${id}`,
        lifecycle_stage: 'active',
        last_update_time: expect.any(Number),
        creation_time: expect.any(Number),
        tags: [
          { key: 'team', value: 'sales' },
          { key: 'mlflow.note.content', value: 'About *it*' },
        ],
      })
      expect(await server.post('experiments/create', { name: 'first' })).toMatchObject({
        status: 400,
        body: { error_code: 'RESOURCE_ALREADY_EXISTS', message: expect.stringContaining('first') },
      })
      await server.post('experiments/update', { experiment_id: id, new_name: 'renamed' })
      const kept = await start({ experiment_id: id })
      const gone = await start({ experiment_id: id })
      await server.post('runs/delete', { run_id: gone })
      expect((await server.post('experiments/delete', { experiment_id: id })).status).toBe(200)
      expect((await dataOf(kept)).info.lifecycle_stage).toBe('deleted')
      expect((await server.post('runs/create', { experiment_id: id })).body).toEqual({
        error_code: 'INVALID_PARAMETER_VALUE',
        message: `The experiment ${id} must be in the 'active' state. Current state is deleted.`,
      })
      await server.post('experiments/restore', { experiment_id: id })
      expect((await dataOf(kept)).info.lifecycle_stage).toBe('active')
      expect((await dataOf(gone)).info.lifecycle_stage).toBe('deleted')
      expect(
        (await server.get('experiments/get-by-name', { experiment_name: 'renamed' })).body.experiment,
      ).toMatchObject({
        experiment_id: id,
        lifecycle_stage: 'active',
      })
    })

    test('can be named as a deleted one, which then stays deleted', async () => {
      const old = (await server.post('experiments/create', { name: 'again' })).body.experiment_id
      await server.post('experiments/delete', { experiment_id: old })
      const now = (await server.post('experiments/create', { name: 'again' })).body.experiment_id
      expect(now).not.toBe(old)
      expect(
        (await server.get('experiments/get-by-name', { experiment_name: 'again' })).body.experiment.experiment_id,
      ).toBe(now)
      expect((await server.post('experiments/restore', { experiment_id: old })).body.error_code).toBe(
        'RESOURCE_ALREADY_EXISTS',
      )
    })

    test('have Default as number 0, made when it is asked for', async () => {
      const run = await start()
      expect((await dataOf(run)).info.experiment_id).toBe('0')
      const { experiment } = (await server.get('experiments/get', { experiment_id: '0' })).body
      expect(experiment).toMatchObject({ experiment_id: '0', name: 'Default' })
    })

    test('that are not there are told in the words of MLflow', async () => {
      expect(await server.get('experiments/get', { experiment_id: '987654' })).toEqual({
        status: 404,
        body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'No Experiment with id=987654 exists' },
      })
      expect((await server.get('experiments/get-by-name', { experiment_name: 'none' })).body).toEqual({
        error_code: 'RESOURCE_DOES_NOT_EXIST',
        message: "Could not find experiment with name 'none'",
      })
      expect((await server.get('experiments/get', { experiment_id: `'; DROP` })).status).toBe(404)
    })

    test('take tags, also by the path that npm’s client asks for', async () => {
      const id = (await server.post('experiments/create', { name: 'tagged' })).body.experiment_id
      await server.post('experiments/set-experiment-tag', { experiment_id: id, key: 'a', value: '1' })
      await server.post('experimentsset-experiment-tag', { experiment_id: Number(id), key: 'b', value: '2' })
      await server.post('experiments/delete-experiment-tag', { experiment_id: id, key: 'a' })
      expect((await server.get('experiments/get', { experiment_id: id })).body.experiment.tags).toEqual([
        { key: 'b', value: '2' },
      ])
      expect((await server.post('experiments/delete-experiment-tag', { experiment_id: id, key: 'a' })).status).toBe(404)
    })
  })

  describe('a run', () => {
    test('is what was said of it, in both worlds', async () => {
      const parent = await start({ run_name: 'parent' })
      const { run } = (
        await server.post('runs/create', {
          experiment_id: '0',
          user_id: 'ann',
          run_name: 'child',
          start_time: '1700000000123',
          tags: [
            { key: 'mlflow.parentRunId', value: parent },
            { key: 'mlflow.source.git.commit', value: 'abc' },
            { key: 'team', value: 'sales' },
          ],
          a_field_of_the_future: { x: 1 },
        })
      ).body
      expect(run.info).toEqual({
        run_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        run_uuid: run.info.run_id,
        run_name: 'child',
        experiment_id: '0',
        user_id: 'ann',
        status: 'RUNNING',
        start_time: 1700000000123,
        artifact_uri: `mlflow-artifacts:/0/${run.info.run_id}/artifacts`,
        lifecycle_stage: 'active',
      })
      expect(Object.fromEntries(run.data.tags.map((t: { key: string; value: string }) => [t.key, t.value]))).toEqual({
        'mlflow.runName': 'child',
        'mlflow.user': 'ann',
        'mlflow.parentRunId': parent,
        'mlflow.source.git.commit': 'abc',
        team: 'sales',
      })
      const [row] = await store.db.rows(
        `SELECT name, state, user_name, git_commit, replace(parent_run_id::text, '-', '') AS parent, experiment
         FROM viewcast.runs WHERE replace(run_id::text, '-', '') = $1`,
        [run.info.run_id],
      )
      expect(row).toEqual({
        name: 'child',
        state: 'running',
        user_name: 'ann',
        git_commit: 'abc',
        parent,
        experiment: 'Default',
      })
    })

    test('ends, and begins again', async () => {
      const run = await start({ start_time: 1000 })
      const ended = await server.post('runs/update', { run_id: run, status: 'FINISHED', end_time: 2500 })
      expect(ended.body.run_info).toMatchObject({ status: 'FINISHED', start_time: 1000, end_time: 2500 })
      await server.post('runs/update', { run_uuid: run, status: 'RUNNING', run_name: 'again' })
      const { info } = await dataOf(run)
      expect(info).toMatchObject({ status: 'RUNNING', run_name: 'again' })
      expect(info).not.toHaveProperty('end_time')
      // By the number of the protocol; before it began, by a clock that differs.
      await server.post('runs/update', { run_id: run, status: 5, end_time: 10 })
      expect((await dataOf(run)).info).toMatchObject({ status: 'KILLED', end_time: 1000 })
      expect((await server.post('runs/update', { run_id: run, status: 'DONE' })).body).toEqual({
        error_code: 'INVALID_PARAMETER_VALUE',
        message: `Invalid value "DONE" for parameter 'status' supplied.`,
      })
    })

    test('never becomes lost for want of a lease', async () => {
      const run = await start()
      const [row] = await store.db.rows(
        `SELECT lease_until FROM viewcast.execution WHERE replace(id::text, '-', '') = $1`,
        [run],
      )
      expect(row).toEqual({ lease_until: null })
    })

    test('that is deleted takes nothing more, until it is restored', async () => {
      const run = await start()
      await server.post('runs/delete', { run_id: run })
      const refused = {
        error_code: 'INVALID_PARAMETER_VALUE',
        message: `The run ${run} must be in the 'active' state. Current state is deleted.`,
      }
      for (const [path, fields] of [
        ['runs/log-metric', { key: 'a', value: 1, timestamp: 1 }],
        ['runs/log-parameter', { key: 'a', value: '1' }],
        ['runs/set-tag', { key: 'a', value: '1' }],
        ['runs/delete-tag', { key: 'a' }],
        ['runs/log-batch', { params: [{ key: 'a', value: '1' }] }],
        ['runs/update', { status: 'FINISHED' }],
        ['runs/log-inputs', { datasets: [{ dataset: { name: 'd', digest: 'x', source_type: 's', source: 's' } }] }],
      ] as const) {
        expect(await server.post(path, { run_id: run, ...fields })).toEqual({ status: 400, body: refused })
      }
      await server.post('runs/restore', { run_id: run })
      expect((await server.post('runs/set-tag', { run_id: run, key: 'a', value: '1' })).status).toBe(200)
    })

    test('that is not there is not found, however it is named', async () => {
      for (const run of ['0'.repeat(32), 'nothing', 'x'.repeat(300)]) {
        expect(await server.get('runs/get', { run_id: run })).toEqual({
          status: 404,
          body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: `Run with id=${run} not found` },
        })
      }
      expect((await server.get('runs/get')).body.message).toContain("Missing value for required parameter 'run_id'")
    })
  })

  test('answers whatever prefix clients use, and says what it does not know', async () => {
    const run = await start()
    for (const prefix of ['api/2.0', 'ajax-api/2.0', 'api/2.0/preview']) {
      const response = await fetch(`${server.url}/${prefix}/mlflow/runs/get?run_uuid=${run}`)
      expect(await response.json()).toMatchObject({ run: { info: { run_id: run } } })
    }
    expect(await (await fetch(`${server.url}/health`)).text()).toBe('OK')
    expect(await (await fetch(`${server.url}/version`)).text()).toMatch(/^2\.\d+\.\d+/)
    expect(await (await fetch(`${server.url}/api/3.0/mlflow/server-info`)).json()).toMatchObject({
      workspaces_enabled: false,
    })
    expect((await server.get('traces')).body.error_code).toBe('ENDPOINT_NOT_FOUND')
    expect((await server.get('runs/create')).status).toBe(405)
    expect((await server.send('POST', 'runs/create', 'no json')).body.message).toBe(
      'The body of the request is not JSON.',
    )
    expect((await server.send('POST', 'runs/create', '[]')).status).toBe(400)
  })
})

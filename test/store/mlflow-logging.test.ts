import { openStore, type Store } from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { serveForTest, type TestServer } from './mlflow-server.ts'

describeEachEngine('what MLflow clients log', (engine) => {
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

  describe('logging', () => {
    test('keeps every number as it is sent', async () => {
      const run = await start()
      // As Python's json writes them, as protocol buffers do, and past the largest double.
      const sent = `{"run_id": "${run}", "metrics": [
        {"key": "nan", "value": NaN, "timestamp": "1", "step": "3"},
        {"key": "inf", "value": Infinity, "timestamp": 1},
        {"key": "neg", "value": -Infinity, "timestamp": 1, "step": null},
        {"key": "word", "value": "NaN", "timestamp": 1},
        {"key": "big", "value": 1e400, "timestamp": 1},
        {"key": "text", "value": "0.1", "timestamp": 1}], "params": [{"key": "p", "value": "NaN, Infinity and \\"NaN\\""}]}`
      expect(await server.send('POST', 'runs/log-batch', sent)).toEqual({ status: 200, body: {} })
      const { data } = await dataOf(run)
      expect(Object.fromEntries(data.metrics.map((m: { key: string; value: unknown }) => [m.key, m.value]))).toEqual({
        nan: 'NaN',
        inf: 'Infinity',
        neg: '-Infinity',
        word: 'NaN',
        big: 'Infinity',
        text: 0.1,
      })
      expect(data.metrics.find((m: { key: string }) => m.key === 'nan')).toEqual({
        key: 'nan',
        value: 'NaN',
        timestamp: 1,
        step: 3,
      })
      expect(data.params).toEqual([{ key: 'p', value: 'NaN, Infinity and "NaN"' }])
    })

    test('takes a param once', async () => {
      const run = await start()
      const log = (value: string) => server.post('runs/log-parameter', { run_id: run, key: 'depth', value })
      expect((await log('3')).status).toBe(200)
      expect((await log('3')).status).toBe(200)
      expect((await log('5')).body).toEqual({
        error_code: 'INVALID_PARAMETER_VALUE',
        message: `Changing param values is not allowed. Param with key='depth' was already logged with value='3' for run ID='${run}'. Attempted logging new value '5'.`,
      })
    })

    test('keeps a batch whole or not at all', async () => {
      const run = await start()
      await server.post('runs/log-parameter', { run_id: run, key: 'depth', value: '3' })
      const batch = {
        run_id: run,
        metrics: [{ key: 'loss', value: 1, timestamp: 1 }],
        params: [
          { key: 'new', value: '1' },
          { key: 'depth', value: '5' },
        ],
        tags: [
          { key: 'mlflow.runName', value: 'renamed' },
          { key: 'a', value: 'b' },
        ],
      }
      expect((await server.post('runs/log-batch', batch)).body.message).toBe(
        `Changing param values is not allowed. Params were already logged='[{'key': 'depth', 'old_value': '3', 'new_value': '5'}]' for run ID='${run}'.`,
      )
      const { info, data } = await dataOf(run)
      expect(data.metrics).toEqual([])
      expect(data.params).toEqual([{ key: 'depth', value: '3' }])
      expect(info.run_name).not.toBe('renamed')
      expect(data.tags.map((t: { key: string }) => t.key)).not.toContain('a')
    })

    test('adds nothing when a batch is sent again', async () => {
      const run = await start()
      const batch = { run_id: run, metrics: [1, 2].map((step) => ({ key: 'loss', value: step, timestamp: 5, step })) }
      await server.post('runs/log-batch', batch)
      await server.post('runs/log-batch', batch)
      expect((await server.get('metrics/get-history', { run_id: run, metric_key: 'loss' })).body.metrics).toHaveLength(
        2,
      )
    })

    test('holds to the limits of MLflow, in its words', async () => {
      const run = await start()
      const refused = async (path: string, fields: object) => {
        const { status, body } = await server.post(path, { run_id: run, ...fields })
        expect({ status, code: body.error_code }).toEqual({ status: 400, code: 'INVALID_PARAMETER_VALUE' })
        return body.message
      }
      const many = (n: number, make: (i: number) => object) => Array.from({ length: n }, (_, i) => make(i))
      const metrics = (n: number) => many(n, (i) => ({ key: `m${i}`, value: i, timestamp: 1 }))
      const pairs = (n: number) => many(n, (i) => ({ key: `k${i}`, value: '' }))
      expect(await refused('runs/log-batch', { metrics: metrics(1001) })).toBe(
        'A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up metrics across multiple requests and try again.',
      )
      expect(await refused('runs/log-batch', { params: pairs(101) })).toContain('at most 100 params. Got 101 params.')
      expect(await refused('runs/log-batch', { tags: pairs(101) })).toContain('at most 100 tags. Got 101 tags.')
      expect(await refused('runs/log-batch', { metrics: metrics(950), params: pairs(60) })).toContain(
        'at most 1000 metrics, params, and tags. Got 1010 metrics, params, and tags.',
      )
      expect(await refused('runs/log-batch', { tags: [{ key: 'a', value: 'x'.repeat(1_000_000) }] })).toContain(
        'Batched logging API requests must be at most 1000000 bytes',
      )
      expect(
        await refused('runs/log-batch', {
          params: [
            { key: 'a', value: '1' },
            { key: 'a', value: '1' },
          ],
        }),
      ).toContain("Duplicate parameter keys have been submitted: ['a'].")
      expect(await refused('runs/log-parameter', { key: 'x'.repeat(251), value: '1' })).toContain(
        'had length 251, which exceeded length limit of 250',
      )
      expect(await refused('runs/log-parameter', { key: 'p', value: 'é'.repeat(6001) })).toContain(
        'had length 6001, which exceeded length limit of 6000',
      )
      expect(await refused('runs/set-tag', { key: 't', value: 'x'.repeat(8001) })).toContain('length limit of 8000')
      expect(await refused('runs/log-metric', { key: 'a"b', value: 1, timestamp: 1 })).toContain(
        `Invalid metric name: 'a"b'. Names may only contain`,
      )
      expect(await refused('runs/log-metric', { key: '../a', value: 1, timestamp: 1 })).toContain(
        "This name would resolve to '../a'",
      )
      expect(await refused('runs/log-metric', { key: 'a', value: 'much', timestamp: 1 })).toBe(
        `Invalid value "much" for parameter 'value' supplied.`,
      )
      expect(await refused('runs/log-metric', { key: 'a', value: 1 })).toBe(
        "Missing value for required parameter 'timestamp'. See the API docs for more information about request parameters.",
      )
      expect(await refused('runs/log-batch', { metrics: [{ key: 'a', value: 1, timestamp: 1.5 }] })).toBe(
        `Invalid value 1.5 for parameter 'metrics[0].timestamp' supplied.`,
      )
      expect(await refused('runs/set-tag', { key: 'nul', value: 'a\u0000b' })).toContain('U+0000')
      expect((await dataOf(run)).data).toMatchObject({ metrics: [], params: [] })
    })

    test('sets and deletes tags; those with a meaning are what they mean', async () => {
      const run = await start({ run_name: 'before' })
      await server.post('runs/set-tag', { run_id: run, key: 'mlflow.note.content', value: '# Note' })
      await server.post('runs/set-tag', { run_id: run, key: 'mlflow.runName', value: 'after' })
      await server.post('runs/set-tag', { run_id: run, key: 'x', value: '1' })
      await server.post('runs/set-tag', { run_id: run, key: 'x', value: '2' })
      const [row] = await store.db.rows(
        `SELECT name, note FROM viewcast.runs WHERE replace(run_id::text, '-', '') = $1`,
        [run],
      )
      expect(row).toEqual({ name: 'after', note: '# Note' })
      expect((await dataOf(run)).info.run_name).toBe('after')
      await server.post('runs/delete-tag', { run_id: run, key: 'x' })
      await server.post('runs/delete-tag', { run_id: run, key: 'mlflow.note.content' })
      expect((await dataOf(run)).data.tags.map((t: { key: string }) => t.key)).toEqual([
        'mlflow.runName',
        'mlflow.user',
      ])
      expect(await server.post('runs/delete-tag', { run_id: run, key: 'x' })).toEqual({
        status: 404,
        body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: `No tag with name: x in run with id ${run}` },
      })
    })

    test('keeps a parent that is not of this store as the tag it is', async () => {
      const elsewhere = 'f'.repeat(32)
      const run = await start({ tags: [{ key: 'mlflow.parentRunId', value: elsewhere }] })
      expect((await dataOf(run)).data.tags).toContainEqual({ key: 'mlflow.parentRunId', value: elsewhere })
    })
  })

  describe('history', () => {
    test('comes in pages that lose and repeat nothing', async () => {
      const run = await start()
      const metrics = [5, 3, Number.NaN, 3, 9].map((value, i) => ({
        key: 'loss',
        value: Number.isNaN(value) ? 'NaN' : value,
        timestamp: 10,
        step: i % 2,
      }))
      await server.post('runs/log-batch', { run_id: run, metrics })
      const all = (await server.get('metrics/get-history', { run_id: run, metric_key: 'loss' })).body
      expect(all).not.toHaveProperty('next_page_token')
      expect(all.metrics.map((m: { step: number; value: unknown }) => [m.step, m.value])).toEqual([
        [0, 5],
        [0, 9],
        [0, 'NaN'],
        [1, 3],
      ])
      const paged = []
      let token: string | undefined
      do {
        const { body } = await server.get('metrics/get-history', {
          run_id: run,
          metric_key: 'loss',
          max_results: 1,
          ...(token ? { page_token: token } : {}),
        })
        paged.push(...body.metrics)
        token = body.next_page_token
      } while (token)
      expect(paged).toEqual(all.metrics)
      expect(
        (await server.get('metrics/get-history', { run_id: run, metric_key: 'loss', page_token: 'x' })).body.error_code,
      ).toBe('INVALID_PARAMETER_VALUE')
      expect((await server.get('metrics/get-history', { run_id: run, metric_key: 'none' })).body).toEqual({
        metrics: [],
      })
    })

    test('of several runs is thinned to the same steps, first and last kept', async () => {
      const a = await start()
      const b = await start()
      const log = (run: string, steps: readonly number[]) =>
        server.post('runs/log-batch', {
          run_id: run,
          metrics: steps.map((step) => ({ key: 'loss', value: step / 10, timestamp: step, step })),
        })
      await log(
        a,
        Array.from({ length: 100 }, (_, i) => i),
      )
      await log(b, [7, 50, 51])
      const bulk = (more: object) =>
        server.get('metrics/get-history-bulk-interval', { run_ids: [b, a], metric_key: 'loss', ...more })
      const thin = (await bulk({ max_results: 5 })).body.metrics
      const steps = (run: string) =>
        thin.filter((m: { run_id: string }) => m.run_id === run).map((m: { step: number }) => m.step)
      expect(steps(a)).toEqual([0, 7, 20, 40, 51, 60, 80, 99])
      expect(steps(b)).toEqual([7, 51])
      expect(thin[0]).toEqual({ key: 'loss', value: 0.7, timestamp: 7, step: 7, run_id: b })
      const part = (await bulk({ start_step: 50, end_step: 52 })).body.metrics
      expect(part.map((m: { step: number }) => m.step)).toEqual([50, 51, 50, 51, 52])
      expect((await bulk({ start_step: 1 })).body.message).toBe(
        'If either start step or end step are specified, both must be specified.',
      )
      expect((await bulk({ max_results: 2501 })).status).toBe(400)
    })
  })

  describe('inputs and outputs', () => {
    const dataset = {
      name: 'orders',
      digest: 'abc',
      source_type: 's3',
      source: 's3://x',
      schema: '{}',
      profile: '{"n": 1}',
    }

    test('are datasets of the store, each version once', async () => {
      const first = await start()
      const second = await start()
      for (const run of [first, second, second]) {
        await server.post('runs/log-inputs', {
          run_id: run,
          datasets: [
            {
              tags: [
                { key: 'mlflow.data.context', value: 'training' },
                { key: 'why', value: 'because' },
              ],
              dataset,
            },
          ],
        })
      }
      expect((await dataOf(second)).inputs.dataset_inputs).toEqual([
        {
          tags: [
            { key: 'mlflow.data.context', value: 'training' },
            { key: 'why', value: 'because' },
          ],
          dataset,
        },
      ])
      const rows = await store.db.rows(
        `SELECT a.version, count(*) AS uses FROM viewcast.asset s JOIN viewcast.artifact a ON a.asset_id = s.id
         JOIN viewcast.event e ON e.artifact_id = a.id WHERE s.kind = 'dataset' AND s.name = 'orders' GROUP BY 1`,
      )
      expect(rows).toEqual([{ version: 1, uses: '2' }])
      expect(
        (
          await server.post('runs/log-inputs', {
            run_id: first,
            datasets: [{ dataset: { ...dataset, digest: 'x'.repeat(37) } }],
          })
        ).body.message,
      ).toContain('Dataset digest')
    })

    test('may be models, by their ids', async () => {
      const run = await start()
      await server.post('runs/log-inputs', { run_id: run, models: [{ model_id: 'm-1' }] })
      await server.post('runs/outputs', { run_id: run, models: [{ model_id: 'm-2', step: '4' }] })
      await server.post('runs/outputs', {
        run_id: run,
        models: [
          { model_id: 'm-3', step: 5 },
          { model_id: 'm-2', step: 4 },
        ],
      })
      const { inputs, outputs } = await dataOf(run)
      expect(inputs.model_inputs).toEqual([{ model_id: 'm-1' }])
      expect(outputs.model_outputs).toEqual([
        { model_id: 'm-2', step: 4 },
        { model_id: 'm-3', step: 5 },
      ])
    })

    test('of older clients are a history of models in a tag', async () => {
      const run = await start()
      const model = (path: string) => ({
        run_id: run,
        model_json: JSON.stringify({ artifact_path: path, flavors: {}, utc_time_created: 'now', run_id: run }),
      })
      await server.post('runs/log-model', model('a'))
      await server.post('runs/log-model', model('b'))
      const tag = (await dataOf(run)).data.tags.find((t: { key: string }) => t.key === 'mlflow.log-model.history')
      expect(JSON.parse(tag.value).map((m: { artifact_path: string }) => m.artifact_path)).toEqual(['a', 'b'])
      expect((await server.post('runs/log-model', { run_id: run, model_json: '{}' })).body.message).toBe(
        "Model json is missing mandatory fields: 'artifact_path', 'flavors', 'utc_time_created', 'run_id'",
      )
    })
  })
})

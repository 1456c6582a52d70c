import { openStore, type Store } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { serveForTest, type TestServer } from './mlflow-server.ts'

describeEachEngine('models of MLflow clients', (engine) => {
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
  const model = (name: string, more: object = {}) => server.post('registered-models/create', { name, ...more })
  const version = async (name: string, more: object = {}) =>
    (await server.post('model-versions/create', { name, source: 's3://models/1', ...more })).body.model_version
  const get = async (name: string) => (await server.get('registered-models/get', { name })).body.registered_model

  test('are created once, described, tagged, renamed', async () => {
    const { body } = await model('churn', { description: 'Who leaves', tags: [{ key: 'team', value: 'crm' }] })
    expect(body.registered_model).toEqual({
      name: 'churn',
      creation_timestamp: expect.any(Number),
      last_updated_timestamp: expect.any(Number),
      description: 'Who leaves',
      latest_versions: [],
      tags: [{ key: 'team', value: 'crm' }],
      aliases: [],
    })
    expect(await model('churn')).toEqual({
      status: 400,
      body: { error_code: 'RESOURCE_ALREADY_EXISTS', message: 'Registered Model (name=churn) already exists.' },
    })
    await server.send('PATCH', 'registered-models/update', { name: 'churn', description: 'Who will leave' })
    await server.post('registered-models/set-tag', { name: 'churn', key: 'a', value: '1' })
    await server.send('DELETE', 'registered-models/delete-tag', { name: 'churn', key: 'team' })
    await server.send('DELETE', 'registered-models/delete-tag', { name: 'churn', key: 'team' })
    await model('taken')
    expect((await server.post('registered-models/rename', { name: 'churn', new_name: 'taken' })).body.error_code).toBe(
      'RESOURCE_ALREADY_EXISTS',
    )
    await version('churn')
    await server.post('registered-models/rename', { name: 'churn', new_name: 'leaving' })
    expect((await server.get('registered-models/get', { name: 'churn' })).body).toEqual({
      error_code: 'RESOURCE_DOES_NOT_EXIST',
      message: 'Registered Model with name=churn not found',
    })
    expect(await get('leaving')).toMatchObject({
      description: 'Who will leave',
      tags: [{ key: 'a', value: '1' }],
      latest_versions: [{ name: 'leaving', version: '1' }],
    })
  })

  test('have versions without gaps, tied to the run that made them', async () => {
    await model('price')
    const run = (await server.post('runs/create')).body.run.info.run_id
    const made = await version('price', {
      run_id: run,
      description: 'first',
      tags: [{ key: 'stage', value: 'x' }],
      run_link: 'http://other/run',
    })
    expect(made).toEqual({
      name: 'price',
      version: '1',
      creation_timestamp: expect.any(Number),
      last_updated_timestamp: expect.any(Number),
      user_id: 'me',
      current_stage: 'None',
      description: 'first',
      source: 's3://models/1',
      run_id: run,
      status: 'READY',
      tags: [{ key: 'stage', value: 'x' }],
      run_link: 'http://other/run',
      aliases: [],
    })
    const all = await Promise.all(Array.from({ length: 8 }, () => version('price', { run_id: 'elsewhere' })))
    expect(all.map((v) => Number(v.version)).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    expect(all[0].run_id).toBe('elsewhere')
    const before = (await server.get('model-versions/get', { name: 'price', version: 1 })).body.model_version
    const updated = await server.send('PATCH', 'model-versions/update', {
      name: 'price',
      version: '1',
      description: 'old',
    })
    expect(updated.body.model_version.description).toBe('old')
    expect(updated.body.model_version.last_updated_timestamp).toBeGreaterThanOrEqual(before.last_updated_timestamp)
    await server.post('model-versions/set-tag', { name: 'price', version: '1', key: 'b', value: '2' })
    await server.send('DELETE', 'model-versions/delete-tag', { name: 'price', version: '1', key: 'stage' })
    expect((await server.get('model-versions/get', { name: 'price', version: 1 })).body.model_version.tags).toEqual([
      { key: 'b', value: '2' },
    ])
    expect((await server.get('model-versions/get-download-uri', { name: 'price', version: '1' })).body).toEqual({
      artifact_uri: 's3://models/1',
    })
    const copy = await version('price', { source: 'models:/price/1' })
    expect(
      (await server.get('model-versions/get-download-uri', { name: 'price', version: copy.version })).body,
    ).toEqual({
      artifact_uri: 's3://models/1',
    })
    expect((await server.get('model-versions/get', { name: 'price', version: '99' })).body).toEqual({
      error_code: 'RESOURCE_DOES_NOT_EXIST',
      message: 'Model Version (name=price, version=99) not found',
    })
    expect((await server.get('model-versions/get', { name: 'price', version: 'x' })).body.message).toBe(
      "Model version must be an integer, got 'x'",
    )
    expect((await server.post('model-versions/create', { name: 'none', source: 's' })).status).toBe(404)
  })

  test('have aliases, with their history', async () => {
    await model('alias')
    await version('alias')
    await version('alias')
    const set = (alias: string, v: string) =>
      server.post('registered-models/alias', { name: 'alias', alias, version: v })
    const at = (alias: string) => server.get('registered-models/alias', { name: 'alias', alias })
    await set('champion', '1')
    await set('champion', '2')
    expect((await at('champion')).body.model_version).toMatchObject({ version: '2', aliases: ['champion'] })
    expect((await get('alias')).aliases).toEqual([{ alias: 'champion', version: '2' }])
    const history = await store.db.rows(
      `SELECT r.version, h.valid_to IS NULL AS open, h.actor FROM viewcast.alias_history h
       JOIN viewcast.artifact r ON r.id = h.artifact_id WHERE h.alias = 'champion' ORDER BY h.valid_from`,
    )
    expect(history).toEqual([
      { version: 1, open: false, actor: 'me' },
      { version: 2, open: true, actor: 'me' },
    ])
    expect((await at('none')).body).toEqual({
      error_code: 'INVALID_PARAMETER_VALUE',
      message: 'Registered model alias none not found.',
    })
    for (const alias of ['latest', 'V12', '12', 'a b', '']) expect((await set(alias, '1')).status).toBe(400)
    expect((await set('champion', '7')).status).toBe(404)
    await server.send('DELETE', 'registered-models/alias?name=alias&alias=champion')
    expect((await at('champion')).status).toBe(400)
  })

  test('have stages, which are aliases', async () => {
    await model('staged')
    for (let i = 0; i < 3; i++) await version('staged')
    const move = (v: string, stage: string, archive = false) =>
      server.post('model-versions/transition-stage', {
        name: 'staged',
        version: v,
        stage,
        archive_existing_versions: archive,
      })
    const stages = async () => {
      const all = await Promise.all(
        ['1', '2', '3'].map((v) => server.get('model-versions/get', { name: 'staged', version: v })),
      )
      return all.map((a) => a.body.model_version.current_stage)
    }
    expect((await move('1', 'production')).body.model_version).toMatchObject({
      current_stage: 'Production',
      aliases: ['production'],
    })
    await move('2', 'Production', true)
    expect(await stages()).toEqual(['Archived', 'Production', 'None'])
    await move('3', 'Production')
    expect(await stages()).toEqual(['Archived', 'None', 'Production'])
    await move('3', 'Staging')
    await move('1', 'Production')
    expect(await stages()).toEqual(['Production', 'None', 'Staging'])
    const latest = await server.get('registered-models/get-latest-versions', {
      name: 'staged',
      stages: ['None', 'Production'],
    })
    expect(latest.body.model_versions.map((v: { version: string }) => v.version).sort()).toEqual(['1', '2'])
    expect((await get('staged')).latest_versions).toHaveLength(3)
    expect((await move('1', 'Retired')).body.message).toBe(
      'Invalid Model Version stage: Retired. Value must be one of None, Staging, Production, Archived.',
    )
    expect((await move('1', 'Archived', true)).body.message).toContain('cannot archive existing model versions')
  })

  test('are deleted with their aliases, and numbered on when they come back', async () => {
    await model('gone')
    await version('gone')
    await version('gone')
    await server.post('registered-models/alias', { name: 'gone', alias: 'champion', version: '2' })
    await server.send('DELETE', 'model-versions/delete', { name: 'gone', version: '2' })
    expect((await server.get('model-versions/get', { name: 'gone', version: '2' })).status).toBe(404)
    expect((await get('gone')).aliases).toEqual([])
    await server.send('DELETE', 'registered-models/delete', { name: 'gone' })
    expect((await server.get('registered-models/get', { name: 'gone' })).status).toBe(404)
    expect((await server.post('model-versions/create', { name: 'gone', source: 's' })).status).toBe(404)
    await model('gone')
    expect((await get('gone')).latest_versions).toEqual([])
    expect((await version('gone')).version).toBe('3')
  })
})

/** The OpenAPI document is valid, and its schemas hold requests to what the endpoint holds them to. */

import { Validator } from '@seriousme/openapi-schema-validator'
import {
  applyPlan,
  collectProject,
  type ModelRecord,
  openStore,
  type PredictionServer,
  planDeployments,
  project,
  promoteModel,
  type Store,
  servedModels,
  servePredictions,
  trainRecorded,
} from '@viewcast/sdk'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

const p = project<Record<string, Record<string, never>>>('types')
const thing = p.entity('thing', { tenant: 'uuid', 'no. "1"': 'text' }, { from: 'things' })
const asked = p.sample('asked', { entity: thing, split: p.split.none() }).existing('asked')
const outcome = p
  .target('outcome', { entity: thing })
  .existing('outcomes')
  .label({ y: 'float8' } as never)
const facts = p.existingView('facts', { entity: thing })
const brought = p.requestView('brought', {
  columns: { small: 'int2', big: 'int8', price: 'numeric', share: 'float8', is_new: 'bool', day: 'date', mood: 'mood' },
} as never)
const model = p.model('priced', {
  dataset: p.dataset('everything', { sample: asked, target: outcome, features: [facts, brought] } as never),
  family: 'linear',
  label: 'y',
  penalty: 1,
} as never)

const tables = `
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE TABLE things (tenant uuid, "no. ""1""" text, size float8, PRIMARY KEY (tenant, "no. ""1"""));
  INSERT INTO things SELECT md5((i % 3)::text)::uuid, 'é ' || i, i FROM generate_series(1, 90) i;
  CREATE VIEW facts AS SELECT tenant, "no. ""1""", size FROM things;
  CREATE TABLE asked AS SELECT tenant, "no. ""1""", (size::int4 % 7)::int2 AS small, 9007199254740993 + size::int8 AS big,
    (size / 3)::numeric AS price, size / 7 AS share, size::int4 % 2 = 0 AS is_new, date '2024-01-01' + size::int4 AS day,
    (ARRAY['good', 'bad'])[1 + size::int4 % 2]::mood AS mood FROM things;
  CREATE TABLE outcomes AS SELECT tenant, "no. ""1""", size * 2 AS y FROM things;
`
type Json = ReturnType<typeof JSON.parse>

describeEachEngine('the document of the endpoint', (engine) => {
  let store: Store
  let record: ModelRecord
  let server: PredictionServer
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'types' })
    record = (await trainRecorded(store, model)).record
    server = await servePredictions(engine.db, [{ name: 'a/b', model, version: async () => record }], { port: 0 })
  })
  afterAll(async () => server.close())
  const path = '/v1/models/a%2Fb/predict'
  const document = async (): Promise<Json> => (await fetch(`${server.url}/openapi.json`)).json()

  test('is valid, and says what is served', async () => {
    const given = await document()
    expect(await new Validator().validate(structuredClone(given))).toMatchObject({ valid: true })
    expect(given.openapi).toMatch(/^3\.1\./)
    expect(given.servers).toEqual([{ url: server.url }])
    expect(Object.keys(given.paths)).toContain(path)
    const parameters = given.paths[path].get.parameters.map((one: Json) => [one.name, one.required])
    expect(parameters).toContainEqual(['no. "1"', true])
    const ids = Object.values(given.paths).flatMap((item: Json) =>
      Object.values(item).map((one: Json) => one.operationId),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })

  const tenant = '00000000-0000-0000-0000-000000000001'
  const good = {
    tenant,
    'no. "1"': 'é 1',
    small: 1,
    big: '9223372036854775807',
    price: '12.50',
    share: 'Infinity',
    is_new: true,
    day: '2024-02-29',
    mood: 'bad',
  }
  test.each<[string, object, boolean]>([
    ['every type', good, true],
    ['numbers for what is exact', { ...good, big: 12, price: 12.5 }, true],
    ['NULL for what is brought', { ...good, price: null, mood: null }, true],
    ['a number of 65 bits', { ...good, big: '9223372036854775808' }, false],
    ['a day that is none', { ...good, day: '2024-02-30' }, false],
    ['a number too large', { ...good, small: 40000 }, false],
    ['text for a truth', { ...good, is_new: 'yes' }, false],
    ['no id', { ...good, tenant: '12' }, false],
    ['text for a number', { ...good, price: '12.5 €' }, false],
    ['a text that no text can be', { ...good, 'no. "1"': 'a\0b' }, false],
  ])('takes %s as the endpoint does', async (name, row, isTaken) => {
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
      body: JSON.stringify({ rows: [row] }),
    })
    const body = (await response.json()) as Json
    expect(response.status, JSON.stringify(body)).toBe(isTaken ? 200 : 422)
    const given = await document()
    const ajv = addFormats.default(new Ajv2020({ strict: false }))
    const schema = given.paths[path].post.requestBody.content['application/json'].schema
    // What a schema cannot say, the endpoint refuses all the same.
    if (isTaken || !/65 bits|no text/.test(name)) expect(ajv.compile(schema)({ rows: [row] })).toBe(isTaken)
    if (!isTaken) return
    const answer = given.paths[path].post.responses['200'].content['application/json'].schema
    const check = ajv.compile(answer)
    expect(check(body), JSON.stringify(check.errors)).toBe(true)
  })

  test('repeats no value the database cannot use (serve/request)', async () => {
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ rows: [{ ...good, mood: 'so so' }] }),
    })
    const text = await response.text()
    expect([response.status, JSON.parse(text).code]).toEqual([422, 'serve/request'])
    expect(text).not.toContain('so so')
  })

  test('names resolve to versions: an alias, a number, a deployment, or all there are (serve/nothing)', async () => {
    const shop = collectProject(
      { model, deployed: p.deployment('priced_now', { model, as: 'function', outputs: ['value'] }) },
      { directory: '.', file: 'project.ts' },
    )
    const of = async (...names: string[]) =>
      Promise.all(
        (await servedModels(store, shop, names)).map(async (s) => [s.name, s.follows, (await s.version()).version]),
      )
    expect(await of()).toEqual([['priced', 'latest', 1]])
    await promoteModel(store, 'priced', 'production', 1)
    expect(await of()).toEqual([['priced', 'production', 1]])
    expect(await of('priced@1', 'priced_now')).toEqual([
      ['priced', '1', 1],
      ['priced_now', 'deployment priced_now', 1],
    ])
    // What is live is served, whatever is trained by then, until something else is.
    const [def] = [...shop.deployments.values()]
    if (!def) throw new Error('no deployment')
    const deploy = async (version: ModelRecord) =>
      applyPlan(store, await planDeployments(store, [{ def, record: version, isDeclared: true }]), {
        record: async () => version,
      })
    await deploy(record)
    const second = (await trainRecorded(store, { ...model, penalty: { l1: 0, l2: 3 } } as never)).record
    expect(second.version).toBe(2)
    expect(await of('priced', 'priced_now')).toEqual([
      ['priced', 'latest', 2],
      ['priced_now', 'deployment priced_now', 1],
    ])
    await deploy(second)
    expect(await of('priced_now')).toEqual([['priced_now', 'deployment priced_now', 2]])
    expect(await codesOf(() => of('prized'))).toEqual(['project/unknown-name'])
    const empty = collectProject({}, { directory: '.', file: 'project.ts', name: 'empty' })
    expect(await codesOf(() => servedModels(store, empty, []))).toEqual(['serve/nothing'])
  })
})

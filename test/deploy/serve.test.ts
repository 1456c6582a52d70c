/** Predictions over HTTP: what is asked and answered, what is refused, and what a client sees while versions change. */
import {
  type AccessEntry,
  type Database,
  keptPredictions,
  type ModelRecord,
  openStore,
  type Predicted,
  type PredictionServer,
  predictionQuery,
  replayRecorded,
  type ServePredictionsOptions,
  type Store,
  servePredictions,
  trainRecorded,
} from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'
import { customer, model, p, profile, spending, tables } from '../scenarios/shop.ts'
import type { Json } from './asked-server.ts'
import * as asked from './asked-server.ts'

const at = '2024-02-25T00:00:00Z'
const requested = p.model('requested', {
  dataset: p.dataset('requests', {
    sample: p
      .sample('asked_with_urgency', { entity: customer })
      .query(({ db }) => db.selectFrom('asked').select(['customer', 'as_of', 'customer as urgency'])),
    target: p
      .target('answer_of_request', { entity: customer })
      .query(({ db }) => db.selectFrom('asked').select(['customer', 'answer'])),
    features: [profile, spending, p.requestView('brought', { columns: { urgency: 'int4' } })],
  }),
  family: 'logistic',
  label: 'answer',
  penalty: 1,
} as never)

describeEachEngine('predictions over HTTP', (engine) => {
  let store: Store
  let record: ModelRecord
  let asking: ModelRecord
  let current: ModelRecord
  const servers: PredictionServer[] = []
  const log: AccessEntry[] = []
  const kept: Predicted[] = []
  let server: PredictionServer
  const serve = async (options: ServePredictionsOptions = {}, db: Database = engine.db) => {
    const served = [
      { name: 'replies', model, version: async () => current, follows: 'production' },
      { name: 'requested', model: requested, version: async () => asking },
    ]
    const one = await servePredictions(db, served, { port: 0, follow: 0, ...options })
    servers.push(one)
    return one
  }
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop' })
    record = current = (await trainRecorded(store, model)).record
    asking = (await trainRecorded(store, requested)).record
    server = await serve({ onRequest: (e) => log.push(e), onPredicted: (e) => kept.push(e), withInputs: true })
  })
  afterAll(async () => {
    for (const one of servers) await one.close()
  })
  const post = (body: unknown, name = 'replies', on = server) => asked.post(on, body, name)
  const get = (path: string, on = server, headers: Record<string, string> = {}) => asked.get(on, path, headers)
  const byQuery = async (key: number) => {
    const { sql } = await predictionQuery(engine.db, model, record, { at, keys: [{ customer: key }] })
    return (await engine.db.query(sql)).rows[0]?.at(-1)
  }

  test('answers in the order asked, each as the query does, and says which keys it does not know', async () => {
    const keys = [77, 3, 9999, 3, 200]
    const { status, body } = await post({ keys: keys.map((c) => ({ customer: c })), as_of: at })
    expect(status).toBe(200)
    expect(body).toMatchObject({ model: 'replies', version: record.version })
    expect(body['predictions'].map((one: Json) => one['key'])).toEqual(keys.map((c) => ({ customer: c })))
    expect(body['predictions'].map((one: Json) => one['known'])).toEqual([true, true, false, true, true])
    for (const [i, key] of keys.entries()) {
      expect(body['predictions'][i]).toMatchObject({ as_of: at, outputs: { probability: await byQuery(key) } })
    }
  })

  test('answers a thousand keys, and one, by the same statement', async () => {
    const keys = Array.from({ length: 1000 }, (_, i) => ({ customer: (i * 37) % 250 }))
    const { body } = await post({ keys, as_of: at })
    expect(body['predictions']).toHaveLength(1000)
    const one = await get(`/v1/models/replies/predict?customer=${keys[501]?.customer}&as_of=${at}`)
    expect(one.body['prediction']).toEqual(body['predictions'][501])
  })

  test('predicts as of now where no instant is given, and as of that of a row where it has one', async () => {
    const before = Date.now()
    const rows = [{ customer: 4 }, { customer: 4, as_of: '2024-02-20T01:00:00+01:00' }]
    const { body } = await post({ rows })
    const [now, then] = body['predictions']
    const both = (await post({ rows, as_of: at })).body['predictions'].map((one: Json) => one['as_of'])
    expect(both).toEqual([at, '2024-02-20T00:00:00Z'])
    expect(Math.abs(Date.parse(now['as_of']) - before)).toBeLessThan(60_000)
    expect(then['as_of']).toBe('2024-02-20T00:00:00Z')
    expect(then['outputs']).not.toEqual(now['outputs'])
  })

  test('takes what a question brings, NULL where the sample may have it', async () => {
    const rows = [
      { customer: 5, urgency: 3 },
      { customer: 5, urgency: 190 },
      { customer: 5, urgency: null },
    ]
    const { body } = await post({ rows, as_of: at }, 'requested')
    const { sql } = await predictionQuery(engine.db, requested, asking, { at, keys: rows.slice(0, 2) })
    const expected = (await engine.db.query(sql)).rows.map((row) => row.at(-1))
    const given = body['predictions'].map((one: Json) => one['outputs']['probability'])
    expect(new Set(given.slice(0, 2))).toEqual(new Set(expected))
    expect(given[2]).toEqual(expect.any(Number))
    expect(given[0]).not.toBe(given[1])
    expect((await get('/v1/models/requested/predict?customer=5&urgency=3', server)).status).toBe(200)
  })

  describe('refuses (serve/request), and tells every problem with its place and without its value', () => {
    test.each<[string, unknown, number, [string, string][]]>([
      [
        'several at once',
        {
          keys: [{ customer: 'secret' }, { customer: 1.5, colour: 1 }, {}, { customer: null }],
          as_of: 'yesterday',
          more: 1,
        },
        422,
        [
          ['/keys/0/customer', 'Invalid input: expected number, received string'],
          ['/keys/1/customer', 'Invalid input: expected int, received number'],
          ['/keys/1/colour', 'Unknown field'],
          ['/keys/2/customer', 'Missing'],
          ['/keys/3/customer', 'May not be null'],
          ['/as_of', 'Not an instant in ISO 8601 with a zone, such as 2024-03-01T12:00:00Z'],
          ['/more', 'Unknown field'],
        ],
      ],
      [
        'a number out of range',
        { keys: [{ customer: 2 ** 31 }] },
        422,
        [['/keys/0/customer', 'Too big: expected number to be <=2147483647']],
      ],
      ['no key', { keys: [] }, 422, [['/keys', 'Too small: expected array to have >=1 items']]],
      [
        'too many',
        { keys: Array(1001).fill({ customer: 1 }) },
        422,
        [['/keys', 'Too big: expected array to have <=1000 items']],
      ],
      ['neither', {}, 422, [['', 'Give either "keys" or "rows"']]],
      ['both', { keys: [{ customer: 1 }], rows: [{ customer: 1 }] }, 422, [['', 'Give either "keys" or "rows"']]],
      ['no object', [], 422, [['', 'Invalid input: expected object, received array']]],
      [
        'a name that a pointer has to escape',
        { keys: [{ customer: 1, 'a~b/c': 1 }] },
        422,
        [['/keys/0/a~0b~1c', 'Unknown field']],
      ],
      ['what is no JSON', '{"keys":', 400, []],
      ['what is no UTF-8', Buffer.from('7b226b657973223a5b7b22ff223a317d5d7d', 'hex'), 400, []],
      ['a body too large', `{"keys": "${'x'.repeat(2 ** 20)}"}`, 413, []],
    ])('%s', async (_, body, status, errors) => {
      const answer = await post(body)
      expect(answer.status).toBe(status)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(answer.body).toMatchObject({ type: 'urn:viewcast:error:serve/request', status, code: 'serve/request' })
      const told = (answer.body['errors'] ?? []).map((e: Json) => [e['pointer'], e['detail']])
      expect(told.sort()).toEqual(errors.sort())
      expect(JSON.stringify(answer.body)).not.toContain('secret')
    })

    test('fifty problems of as many as there are', async () => {
      const { status, body } = await post({ keys: Array(1000).fill({}) })
      expect([status, body['errors'].length]).toEqual([422, 50])
    })

    test('a body of more bytes than allowed, whether it says so or not, and takes one of as many', async () => {
      const text = JSON.stringify({ keys: [{ customer: 1 }] })
      const piecewise = (bytes: string) => new Blob([bytes]).stream()
      const statuses = async (bodyLimit: number) => {
        const one = await serve({ bodyLimit })
        const ask = (body: string | ReadableStream) =>
          fetch(`${one.url}/v1/models/replies/predict`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body,
            duplex: 'half',
          } as RequestInit)
        return [(await ask(text)).status, (await ask(piecewise(text))).status]
      }
      expect(await statuses(text.length)).toEqual([200, 200])
      expect(await statuses(text.length - 1)).toEqual([413, 413])
    })

    test('no error of its own: what a client does wrong is not told as a failure', async () => {
      const errors: unknown[] = []
      const one = await serve({ onError: (e) => errors.push(e) })
      for (const body of ['{', { keys: [] }, { keys: [{ customer: 'x' }] }]) await post(body, 'replies', one)
      await get('/v2', one)
      expect(errors).toEqual([])
    })

    test('parameters of a URL: unknown, missing, given twice, of another type', async () => {
      const told = async (query: string) =>
        (await get(`/v1/models/replies/predict${query}`)).body['errors']?.map((e: Json) => [e['pointer'], e['detail']])
      expect(await told('')).toEqual([['/customer', 'Missing']])
      expect(await told('?customer=1&customer=2')).toEqual([['/customer', 'Given twice']])
      expect(await told('?customer=one&__proto__=1')).toEqual([
        ['/customer', 'Invalid input: expected number, received string'],
        ['/__proto__', 'Unknown field'],
      ])
    })

    test('another type of body, and says what is taken', async () => {
      const response = await fetch(`${server.url}/v1/models/replies/predict`, { method: 'POST', body: 'customer=1' })
      expect(response.status).toBe(415)
    })
  })

  test('knows its paths and models alone (serve/unknown)', async () => {
    const near = await get('/v1/models/replys')
    expect([near.status, near.body['code'], near.body['detail']]).toEqual([
      404,
      'serve/unknown',
      'Did you mean "replies"?',
    ])
    expect((await get('/v2')).status).toBe(404)
    const put = await fetch(`${server.url}/v1/models/replies/predict`, { method: 'PUT' })
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
    const head = await fetch(`${server.url}/v1/models`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    // Clients may write any word there: each would be a series of its own.
    expect((await fetch(`${server.url}/v1/models`, { method: 'PROPFIND' })).status).toBe(405)
    const { text } = await get('/metrics')
    expect(text).toContain('method="OTHER",status="405"')
    expect(text).not.toContain('PROPFIND')
  })

  test('lists what is served, with its signature', async () => {
    const { body } = await get('/v1/models')
    expect(body['models'].map((m: Json) => m['name'])).toEqual(['replies', 'requested'])
    expect((await get('/v1/models/requested')).body).toMatchObject({
      model: 'requested',
      keys: [{ name: 'customer', type: 'int4' }],
      request: [{ name: 'urgency', type: 'int4', nullable: true }],
      as_of: true,
      outputs: [{ name: 'probability', type: 'float8' }],
    })
    expect(body['models'][0]).toMatchObject({
      follows: 'production',
      verification: expect.stringContaining('0 disagree'),
    })
  })

  test('says that it is there, and ready', async () => {
    expect((await get('/healthz')).body).toEqual({ ok: true })
    const ready = await get('/readyz')
    expect([ready.status, ready.body]).toEqual([200, { ready: true, database: true, draining: false, behind: [] }])
  })

  test('counts for Prometheus', async () => {
    const { text, headers } = await get('/metrics')
    expect(headers.get('content-type')).toContain('version=0.0.4')
    expect(text).toMatch(
      /^viewcast_requests_total\{route="\/v1\/models\/\{name\}\/predict",method="POST",status="200"\} \d+$/m,
    )
    expect(text).toMatch(/^viewcast_predictions_total\{model="replies",version="1"\} \d{4}$/m)
    expect(text).toMatch(/^viewcast_errors_total\{code="serve\/request"\} \d+$/m)
    expect(text).toContain('viewcast_model_info{name="replies",model="replies",version="1"} 1')
    const of = (suffix: string) =>
      Number(new RegExp(`^viewcast_request_duration_seconds_${suffix} (\\S+)$`, 'm').exec(text)?.[1])
    const route = 'route="/v1/models/{name}/predict"'.replaceAll('{', '\\{').replaceAll('}', '\\}')
    expect(of(`bucket\\{${route},le="\\+Inf"\\}`)).toBe(of(`count\\{${route}\\}`))
    expect(of(`bucket\\{${route},le="10"\\}`)).toBeGreaterThan(0)
    // Every line is of the format.
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="([^"\\]|\\.)*",?)+\})? \S+)$/)
    }
  })

  test('logs requests without what was asked, and gives predictions to who keeps them', async () => {
    log.length = kept.length = 0
    const response = await fetch(`${server.url}/v1/models/replies/predict?customer=77&as_of=${at}`, {
      headers: { 'X-Request-Id': 'mine-1' },
    })
    expect(response.headers.get('x-request-id')).toBe('mine-1')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    // What could be taken for something else in a log gets an id of ours.
    for (const given of ['a "quoted" one', 'x'.repeat(129), 'mine-1 and more'])
      expect((await get('/healthz', server, { 'X-Request-Id': given })).headers.get('x-request-id')).toMatch(
        /^[0-9a-f]{8}-[0-9a-f-]{27}$/,
      )
    const entry = log[0]
    expect(entry).toMatchObject({ id: 'mine-1', method: 'GET', status: 200, model: 'replies', version: 1, rows: 1 })
    expect(JSON.stringify(entry)).not.toContain('77')
    expect(kept[0]).toMatchObject({ name: 'replies', requestId: 'mine-1' })
    expect(kept[0]?.rows[0]).toMatchObject({
      key: { customer: 77 },
      asOf: '2024-02-25 00:00:00+00',
      outputs: { probability: await byQuery(77) },
      inputs: { country: expect.any(String), n_7d: expect.any(Number) },
    })
  })

  test('keeps what it predicts in the log, behind the answers, once for each request', async () => {
    const failed: unknown[] = []
    const log = keptPredictions(store, { inputs: 'all', redact: ['country'], onError: (e) => failed.push(e) })
    const one = await serve({ onPredicted: log.keep, withInputs: true, onError: (e) => failed.push(e) })
    const { body } = await post(
      {
        rows: [
          { customer: 5, urgency: 9 },
          { customer: 6, urgency: null },
        ],
        as_of: at,
      },
      'requested',
      one,
    )
    for (let again = 0; again < 2; again++) {
      await fetch(`${one.url}/v1/models/replies/predict?customer=77&as_of=${at}`, {
        headers: { 'X-Request-Id': 'once' },
      })
    }
    await one.close()
    await log.close()
    expect(failed).toEqual([])
    const kept = await engine.db.rows<{ key: object; outputs: Json; model: string }>(
      'SELECT model, key, outputs FROM viewcast.predictions ORDER BY model, key::text',
    )
    const ids = await engine.db.rows<{ id: string }>(
      'SELECT DISTINCT request_id AS id FROM viewcast.prediction ORDER BY 1',
    )
    expect(ids.map(({ id }) => (id === 'once' ? id : id.length))).toEqual(expect.arrayContaining(['once', 36]))
    expect(kept.map((k) => [k.model, k.key])).toEqual([
      ['replies', { customer: '77' }],
      ['requested', { customer: '5' }],
      ['requested', { customer: '6' }],
    ])
    expect(Number(kept[1]?.outputs.probability)).toBe(body['predictions'][0]['outputs']['probability'])
    const inputs = await engine.db.rows<{ inputs: object }>('SELECT inputs FROM viewcast.prediction_input')
    expect(inputs).toHaveLength(3)
    expect(Object.keys(inputs[0]?.inputs ?? {})).toEqual(expect.arrayContaining(['n_7d', 'amount_7d']))
    expect(JSON.stringify(inputs)).not.toContain('country')
    // What the endpoint answered is what the training side says of the same questions.
    expect(await replayRecorded(store, requested, asking)).toMatchObject({ rows: 2, equal: 2 })
  })

  test('is refused at the start by the codes of what is wrong', async () => {
    const served = { name: 'replies', model, version: async () => record }
    const start = (options: ServePredictionsOptions, all = [served]) =>
      codesOf(() => servePredictions(engine.db, all, { port: 0, ...options }))
    expect(await start({ host: '0.0.0.0' })).toEqual(['serve/token'])
    // A variable that is set to nothing is no secret.
    expect(await start({ host: '0.0.0.0', token: '' })).toEqual(['serve/token'])
    expect(await start({}, [served, served])).toEqual(['serve/name'])
    expect(await start({ port: server.port })).toEqual(['serve/address'])
    const wrong = { ...record, verification: record.verification.map((v) => ({ ...v, outputs: { probability: 0.1 } })) }
    expect(await start({}, [{ ...served, version: async () => wrong }])).toEqual(['deploy/verification'])
  })

  test('asks for its token, but by who probes it (serve/access)', async () => {
    const one = await serve({ token: 'open sesame' })
    const with_ = (token: string) => get('/v1/models', one, { Authorization: token })
    const none = await get('/v1/models', one)
    expect([none.status, none.body['code'], none.headers.get('www-authenticate')]).toEqual([
      401,
      'serve/access',
      'Bearer',
    ])
    expect((await with_('Bearer open sesam')).status).toBe(401)
    expect((await with_('Bearer open sesame')).status).toBe(401)
    expect((await get('/metrics', one)).status).toBe(401)
    expect((await get('/readyz', one)).status).toBe(200)
    expect((await get('/healthz', one)).status).toBe(200)
    const other = await serve({ token: 'sesame' })
    expect((await get('/v1/models', other, { Authorization: 'Bearer sesame' })).status).toBe(200)
    expect((await get('/openapi.json', other, { Authorization: 'Bearer sesame' })).body['security']).toEqual([
      { token: [] },
    ])
  })

  test('answers no page of another origin', async () => {
    const page = await get('/v1/models', server, { Origin: 'https://elsewhere.example' })
    expect([page.status, page.body['code']]).toEqual([403, 'serve/access'])
    expect(page.headers.get('access-control-allow-origin')).toBeNull()
  })
})

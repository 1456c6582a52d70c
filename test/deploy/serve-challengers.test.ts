/** Challengers of what is served: scored by the same statement, compared, and never the reason that there is no answer. */
import {
  applyPlan,
  collectProject,
  connect,
  type Database,
  type ModelDef,
  type ModelRecord,
  openStore,
  type Predicted,
  type PredictionServer,
  planProject,
  predictionQuery,
  promoteModel,
  type ServedModel,
  type ServePredictionsOptions,
  type Store,
  servedModels,
  servePredictions,
  trainRecorded,
} from '@viewcast/sdk'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { customer, datasetOf, model, modelOf, p, profile, spending, tables } from '../scenarios/shop.ts'

const at = '2024-02-25T00:00:00Z'
const path = '/v1/models/replies'
const risk = p
  .featureView('risk', { entity: customer })
  .query(() => sql.raw('SELECT customer, 100 / divisor AS share FROM risks') as never)
const risky = p.model('risky', {
  ...{ dataset: datasetOf([profile, spending, risk]), family: 'logistic', label: 'answer', penalty: 1 },
} as never)
type Json = ReturnType<typeof JSON.parse>

describeEachEngine('served challengers', (engine) => {
  const onServer = test.skipIf(engine.name === 'pglite')
  let store: Store
  const records: ModelRecord[] = []
  let risked: ModelRecord
  const servers: PredictionServer[] = []
  const databases: Database[] = []
  const errors: unknown[] = []
  const failures: string[] = []
  const predicted: Predicted[] = []
  beforeAll(async () => {
    await engine.db.execute(`${tables};
      CREATE TABLE risks (customer int4 PRIMARY KEY, divisor int4);
      INSERT INTO risks SELECT i, 1 + i % 9 FROM generate_series(1, 200) i`)
    store = await openStore(engine.db, { project: 'shop' })
    for (const penalty of [1, 20]) {
      records.push((await trainRecorded(store, modelOf([profile, spending], {}, { penalty }))).record)
    }
    risked = (await trainRecorded(store, risky)).record
  })
  afterEach(async () => {
    for (const one of servers.splice(0)) await one.close()
    for (const one of databases.splice(0)) await one.close()
    for (const told of [errors, failures, predicted]) told.length = 0
  })
  afterAll(() => engine.db.execute('DROP FUNCTION IF EXISTS slowly(int4)'))
  const [first, second] = [() => records[0] as ModelRecord, () => records[1] as ModelRecord]
  const beside = (challengers: ServedModel['challengers']): ServedModel => ({
    ...{ name: 'replies', model, version: async () => first() },
    ...(challengers ? { challengers } : {}),
  })
  const serve = async (served: ServedModel, options: ServePredictionsOptions = {}, db = engine.db) => {
    const one = await servePredictions(db, [served], {
      ...{ port: 0, follow: 0, onError: (e) => errors.push(e), onPredicted: (e) => predicted.push(e) },
      onChallengersFailed: (name, reason) => failures.push(`${name} ${reason}`),
      ...options,
    })
    servers.push(one)
    return one
  }
  const post = async (on: PredictionServer, keys: readonly number[], more: Record<string, string> = {}) => {
    const response = await fetch(`${on.url}${path}/predict`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...more },
      body: JSON.stringify({ keys: keys.map((k) => ({ customer: k })), as_of: at }),
    })
    const body = (await response.json()) as Json
    return { status: response.status, body, said: body['predictions']?.map((one: Json) => one['outputs']) }
  }
  const alone = async (own: ModelDef, record: ModelRecord, keys: readonly number[]) => {
    const said: unknown[] = []
    for (const key of keys) {
      const { sql } = await predictionQuery(engine.db, own, record, { at, keys: [{ customer: key }] })
      said.push({ probability: (await engine.db.query(sql)).rows[0]?.at(-1) })
    }
    return said
  }
  const metricsOf = async (on: PredictionServer) =>
    (await (await fetch(`${on.url}/metrics`)).text())
      .split('\n')
      .filter((line) => line.startsWith('viewcast_challenger'))
      .sort()
  const described = async (on: PredictionServer) =>
    ((await (await fetch(`${on.url}${path}`)).json()) as Json)['challengers']

  test('are scored by the statement that answers, which gives what the model says', async () => {
    const statements = new Set<string>()
    let asked = 0
    const seen: Database = {
      ...engine.db,
      query: (sql, parameters, options) => {
        if (options?.prepared) {
          statements.add(options.prepared)
          asked++
        }
        return engine.db.query(sql, parameters, options)
      },
    }
    const one = await serve(
      beside(async () => ({ next: { model, record: second() }, other: { model: risky, record: risked } })),
      { withInputs: true },
      seen,
    )
    const keys = [7, 200, 9999, 7]
    const { body, said } = await post(one, keys)
    expect([body['version'], said]).toEqual([1, await alone(model, first(), keys)])
    expect([statements.size, asked]).toEqual([1, 1])
    const [kept] = predicted
    expect(kept?.challengers.map((c) => [c.challenger.label, c.challenger.record.version])).toEqual([
      ['next', 2],
      ['other', 1],
    ])
    const [next, other] = kept?.challengers ?? []
    expect(next?.rows.map((r) => r.outputs)).toEqual(await alone(model, second(), keys))
    expect(other?.rows.map((r) => r.outputs)).toEqual(await alone(risky, risked, keys))
    expect(other?.rows.map((r) => r.key)).toEqual(keys.map((k) => ({ customer: k })))
    expect(Object.keys(kept?.rows[0]?.inputs ?? {}).sort()).toEqual(['amount_7d', 'country', 'n_7d'])
    expect(Object.keys(other?.rows[0]?.inputs ?? {}).sort()).toEqual(['amount_7d', 'country', 'n_7d', 'share'])
    expect(other?.rows[0]?.inputs?.['share']).toBe(Math.trunc(100 / 8))
    expect(await described(one)).toEqual([
      { label: 'next', model: 'replies', version: 2, scored: true },
      { label: 'other', model: 'risky', version: 1, scored: true },
    ])
    expect(errors).toEqual([])
  })

  test('are compared in the metrics as challenge compares', async () => {
    const one = await serve(beside(async () => ({ next: { model, record: second() } })))
    const keys = Array.from({ length: 40 }, (_, i) => i * 5 + 1)
    await post(one, keys)
    await post(one, keys.slice(0, 3))
    const asked = [...keys, ...keys.slice(0, 3)]
    const numbers = (all: unknown[]) => all.map((o) => (o as { probability: number }).probability)
    const ours = numbers(await alone(model, first(), asked))
    const theirs = numbers(await alone(model, second(), asked))
    const by = theirs.map((t, i) => t - (ours[i] ?? 0))
    const found = await metricsOf(one)
    const value = (name: string, with_ = '') =>
      Number(
        found
          .find((l) => l.startsWith(`${name}{`) && l.includes(with_))
          ?.split(' ')
          .at(-1) ?? 0,
      )
    const same = theirs.filter((t, i) => t >= first().threshold === (ours[i] ?? 0) >= first().threshold).length
    expect(value('viewcast_challenger_predictions_total')).toBe(43)
    expect(value('viewcast_challenger_labels_total', 'agrees="true"')).toBe(same)
    expect(value('viewcast_challenger_labels_total', 'agrees="false"')).toBe(43 - same)
    for (const [direction, of] of [
      ['above', by.filter((d) => d > 0)],
      ['below', by.filter((d) => d < 0)],
    ] as const) {
      expect(of.length).toBeGreaterThan(0)
      expect(value('viewcast_challenger_scores_total', `direction="${direction}"`)).toBe(of.length)
      expect(value('viewcast_challenger_difference_total', `direction="${direction}"`)).toBeCloseTo(
        Math.abs(of.reduce((a, b) => a + b, 0)),
        12,
      )
    }
    expect(found).toContain('viewcast_challenger_info{name="replies",challenger="next",model="replies",version="2"} 1')
    expect(value('viewcast_challenger_scores_total', 'direction="equal"')).toBe(0)
    expect(found.join('\n')).toContain(
      'version="1",challenger="next",challenger_model="replies",challenger_version="2"',
    )
  })

  test('that fail for a row leave the answer, say so, and are tried again', async () => {
    const one = await serve(beside(async () => ({ other: { model: risky, record: risked } })))
    const expected = await alone(model, first(), [7])
    const ask = async () => {
      const { status, said } = await post(one, [7])
      expect([status, said]).toEqual([200, expected])
    }
    await engine.db.execute('UPDATE risks SET divisor = 0 WHERE customer = 7')
    try {
      for (let n = 0; n < 4; n++) await ask()
      expect(await metricsOf(one)).toEqual(
        expect.arrayContaining([
          'viewcast_challenger_alone_total{name="replies",reason="failed"} 2',
          'viewcast_challenger_alone_total{name="replies",reason="paused"} 2',
        ]),
      )
      // Once for all of them.
      expect(failures).toEqual(['replies failed'])
      expect(predicted.map((e) => e.challengers.length)).toEqual([0, 0, 0, 0])
    } finally {
      await engine.db.execute('UPDATE risks SET divisor = 8 WHERE customer = 7')
    }
    for (let n = 0; n < 4; n++) await ask()
    expect(predicted.map((e) => e.challengers.length)).toEqual([0, 0, 0, 0, 0, 0, 1, 1])
    expect(errors).toEqual([])
  })

  test('whose tables are changed are left out, and the model goes on', async () => {
    await engine.db.execute('CREATE TABLE risks_kept AS TABLE risks')
    const one = await serve(
      beside(async () => ({ next: { model, record: second() }, other: { model: risky, record: risked } })),
    )
    await engine.db.execute('ALTER TABLE risks DROP COLUMN divisor')
    try {
      expect((await post(one, [7])).status).toBe(200)
      await one.look()
      expect(await described(one)).toEqual([
        { label: 'next', model: 'replies', version: 2, scored: true },
        { label: 'other', scored: false },
      ])
      await post(one, [7])
      expect(predicted.map((e) => e.challengers.map((c) => c.challenger.label))).toEqual([[], ['next']])
      expect(await metricsOf(one)).toContain('viewcast_challenger_info{name="replies",challenger="other"} 0')
      expect(errors).toHaveLength(1)
    } finally {
      await engine.db.execute(`
        ALTER TABLE risks ADD COLUMN divisor int4;
        UPDATE risks r SET divisor = k.divisor FROM risks_kept k WHERE k.customer = r.customer;
        DROP TABLE risks_kept`)
    }
  })

  test('that cannot be scored here are no reason not to serve, nor are those nobody can name', async () => {
    const wrong = {
      ...second(),
      verification: second().verification.map((v) => ({ ...v, outputs: { probability: 0.1 } })),
    }
    const one = await serve(
      beside(async () => ({
        wrong: { model, record: wrong },
        same: { model, record: first() },
        other: { model: risky, record: risked },
      })),
    )
    expect(errors).toMatchObject([{ diagnostics: [{ code: 'deploy/verification' }] }])
    expect(await described(one)).toEqual([
      { label: 'other', model: 'risky', version: 1, scored: true },
      { label: 'wrong', scored: false },
    ])
    expect((await post(one, [7])).status).toBe(200)
    errors.length = 0
    const unknown = await serve(
      beside(async () => {
        throw new Error('the registry is away')
      }),
    )
    expect((await post(unknown, [7])).status).toBe(200)
    await unknown.look()
    await unknown.look()
    expect(errors).toHaveLength(1)
  })

  test('are followed as versions are', async () => {
    let next = second()
    const one = await serve(beside(async () => ({ next: { model, record: next } })))
    await post(one, [7])
    await one.look()
    next = { ...next, version: 3 }
    await one.look()
    await post(one, [7])
    expect(predicted.map((e) => e.challengers.map((c) => c.challenger.record.version))).toEqual([[2], [3]])
    // Whoever is promoted has nobody beside it.
    next = first()
    await one.look()
    await post(one, [7])
    expect(predicted.at(-1)?.challengers).toEqual([])
    expect(errors).toEqual([])
  })

  onServer('that are slow leave the answer', async () => {
    await engine.db.execute(`CREATE FUNCTION slowly(n int4) RETURNS int4 LANGUAGE plpgsql AS 'BEGIN RETURN n; END'`)
    const slow = p.model('slow', {
      ...{
        dataset: datasetOf([
          profile,
          p
            .featureView('slow', { entity: customer })
            .query(() => sql.raw('SELECT customer, slowly(customer) AS s FROM customers') as never),
        ]),
      },
      ...{ family: 'logistic', label: 'answer', penalty: 1 },
    } as never)
    const { record } = await trainRecorded(store, slow)
    const db = await connect(engine.url ?? '', { sessions: 2 })
    databases.push(db)
    const one = await serve(
      beside(async () => ({ slow: { model: slow, record } })),
      { challengerTimeout: 100, timeout: 120_000 },
      db,
    )
    await engine.db.execute(
      `CREATE OR REPLACE FUNCTION slowly(n int4) RETURNS int4 LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(100); RETURN n; END'`,
    )
    const { status, said } = await post(one, [7])
    expect([status, said]).toEqual([200, await alone(model, first(), [7])])
    expect(failures).toEqual(['replies slow'])
    expect((await post(one, [7])).status).toBe(200)
    expect(await metricsOf(one)).toEqual(
      expect.arrayContaining([
        'viewcast_challenger_alone_total{name="replies",reason="paused"} 1',
        'viewcast_challenger_alone_total{name="replies",reason="slow"} 1',
      ]),
    )
  })

  test('of a deployment are those that are live in it, in the versions they have there', async () => {
    await promoteModel(store, 'replies', 'candidate', 2)
    const def = p.deployment('replies_now', { model, as: 'function', version: 1, challengers: { next: 'candidate' } })
    const project = collectProject({ def, model }, { directory: '.', file: 'project.ts', name: 'shop' })
    const challengersOf = async () => {
      const [served] = await servedModels(store, project, ['replies_now'])
      const found = Object.entries((await served?.challengers?.()) ?? {})
      return found.map(([label, { record }]) => [label, record.name, record.version])
    }
    expect(await challengersOf()).toEqual([['next', 'replies', 2]])
    const record = async (_: string, version: number) => records[version - 1] as ModelRecord
    await applyPlan(store, await planProject(store, project, { names: ['replies_now'] }), { record })
    await promoteModel(store, 'replies', 'candidate', 1)
    expect(await challengersOf()).toEqual([['next', 'replies', 2]])
    const served = await servedModels(store, project, ['replies_now'])
    const one = await servePredictions(engine.db, served, { port: 0, follow: 0, onPredicted: (e) => predicted.push(e) })
    servers.push(one)
    const response = await fetch(`${one.url}/v1/models/replies_now/predict?customer=7&as_of=${at}`)
    expect(((await response.json()) as Json)['prediction']['outputs']).toEqual((await alone(model, first(), [7]))[0])
    expect(predicted[0]?.challengers[0]?.rows[0]?.outputs).toEqual((await alone(model, second(), [7]))[0])
  })
})

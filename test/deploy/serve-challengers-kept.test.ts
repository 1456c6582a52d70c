/** What challengers of a served model say, in the prediction log: beside the answers, redacted as they are, and written in the end. */
import {
  keptPredictions,
  labelPredictions,
  type ModelRecord,
  openStore,
  type PredictionServer,
  predictionMetrics,
  type ServedModel,
  type ServePredictionsOptions,
  type Store,
  servePredictions,
  trainRecorded,
} from '@viewcast/sdk'
import { sql } from 'kysely'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { customer, datasetOf, model, modelOf, p, profile, spending, tables } from '../scenarios/shop.ts'

const at = '2024-02-25T00:00:00Z'
const risk = p
  .featureView('risk', { entity: customer })
  .query(() => sql.raw('SELECT customer, 100 / divisor AS share FROM risks') as never)
const risky = p.model('risky', {
  ...{ dataset: datasetOf([profile, spending, risk]), family: 'logistic', label: 'answer', penalty: 1 },
} as never)

describeEachEngine('challengers of a server that keeps predictions', (engine) => {
  let store: Store
  const records: ModelRecord[] = []
  let risked: ModelRecord
  const servers: PredictionServer[] = []
  const errors: unknown[] = []
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
    errors.length = 0
  })
  const [first, second] = [() => records[0] as ModelRecord, () => records[1] as ModelRecord]
  const beside = (challengers: NonNullable<ServedModel['challengers']>): ServedModel => ({
    ...{ name: 'replies', model, version: async () => first(), challengers },
  })
  const serve = async (served: ServedModel, options: ServePredictionsOptions) => {
    const one = await servePredictions(engine.db, [served], {
      ...{ port: 0, follow: 0, onError: (e) => errors.push(e), ...options },
    })
    servers.push(one)
    return one
  }
  const post = (on: PredictionServer, keys: readonly number[], more: Record<string, string>) =>
    fetch(`${on.url}/v1/models/replies/predict`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...more },
      body: JSON.stringify({ keys: keys.map((k) => ({ customer: k })), as_of: at }),
    })

  test('are kept in the log beside the answers, and measured like them once labels arrive', async () => {
    const log = keptPredictions(store, { inputs: 'all', redact: ['country'], onError: (e) => errors.push(e) })
    const one = await serve(
      beside(async () => ({ next: { model, record: second() }, other: { model: risky, record: risked } })),
      { onPredicted: log.keep, withInputs: true },
    )
    const keys = Array.from({ length: 30 }, (_, i) => i + 1)
    await post(one, keys, { 'X-Request-Id': 'kept-once' })
    await post(one, keys, { 'X-Request-Id': 'kept-once' })
    await one.close()
    await log.close()
    expect(errors).toEqual([])
    const rows = await engine.db.query(
      `SELECT model, version, is_shadow, count(*)::int4 FROM viewcast.predictions WHERE request_id = 'kept-once' GROUP BY 1, 2, 3 ORDER BY 1, 2`,
    )
    expect(rows.rows).toEqual([
      ['replies', 1, false, 30],
      ['replies', 2, true, 30],
      ['risky', 1, true, 30],
    ])
    const inputs = await engine.db.rows<{ inputs: object }>(
      `SELECT i.inputs FROM viewcast.prediction_input i JOIN viewcast.predictions p USING (id, as_of) WHERE p.model = 'risky'`,
    )
    expect(Object.keys(inputs[0]?.inputs ?? {}).sort()).toEqual(['amount_7d', 'n_7d', 'share'])
    await labelPredictions(store, model)
    const measured = await predictionMetrics(store, 'replies', { from: '2024-02-01T00:00Z' } as never)
    expect(measured.map((m) => [m.version, m.predictions, m.labelled])).toEqual([
      [1, 30, 30],
      [2, 30, 30],
    ])
    expect(measured[0]?.metrics['logLoss']).not.toBe(measured[1]?.metrics['logLoss'])
  })

  test('are redacted by the names of what they alone read, and a name that none of them reads is refused', async () => {
    const served = beside(async () => ({ other: { model: risky, record: risked } }))
    const keep = async (redact: string[]) => {
      const log = keptPredictions(store, { inputs: 'all', redact })
      const one = await serve(served, { withInputs: true, onPredicted: log.keep })
      expect((await post(one, [7], { 'X-Request-Id': `redacted-${redact.at(-1)}` })).status).toBe(200)
      await one.close()
      await log.close()
    }
    await keep(['country', 'share'])
    const { rows } = await engine.db.query(
      `SELECT p.model, array_to_string(ARRAY(SELECT jsonb_object_keys(i.inputs) ORDER BY 1), ' ')
       FROM viewcast.prediction_input i JOIN viewcast.predictions p USING (id, as_of)
       WHERE p.request_id = 'redacted-share' ORDER BY 1`,
    )
    expect(rows).toEqual([
      ['replies', 'amount_7d n_7d'],
      ['risky', 'amount_7d n_7d'],
    ])
    expect(errors).toEqual([])
    await keep(['cuontry'])
    expect(errors).toMatchObject([{ diagnostics: [{ code: 'define/option' }] }])
    const kept = await engine.db.query(
      `SELECT p.model FROM viewcast.predictions p WHERE p.request_id = 'redacted-cuontry'`,
    )
    expect(kept.rows).toEqual([])
  })

  test('are written when the log is closed, though what was answered cannot be', async () => {
    const log = keptPredictions(store)
    const one = await serve(
      beside(async () => ({ next: { model, record: second() } })),
      { onPredicted: log.keep },
    )
    await engine.db.execute(`
      CREATE FUNCTION refuse_answers() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF (SELECT NOT is_shadow FROM viewcast.prediction_batch WHERE id = NEW.batch_id) THEN RAISE 'refused'; END IF;
        RETURN NEW; END $$;
      CREATE TRIGGER refuse_answers BEFORE INSERT ON viewcast.prediction FOR EACH ROW EXECUTE FUNCTION refuse_answers()`)
    try {
      await post(one, [7], { 'X-Request-Id': 'half-kept' })
      await one.close()
      await expect(log.close()).rejects.toThrow()
    } finally {
      await engine.db.execute('DROP TRIGGER refuse_answers ON viewcast.prediction; DROP FUNCTION refuse_answers()')
    }
    const { rows } = await engine.db.query(
      `SELECT version, is_shadow FROM viewcast.predictions WHERE request_id = 'half-kept'`,
    )
    expect(rows).toEqual([[2, true]])
  })
})

import {
  applyPlan,
  logPredicted,
  openStore,
  planDeployments,
  predictRecorded,
  project,
  purgePredictions,
  recordLabels,
  refreshRecorded,
  replayPredictions,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  carts: { shop: string; no: string; as_of: Date; amount: string; channel: string | null; place: string; paid: boolean }
  places: { place: string; size: number }
}
const tables = `
  CREATE TABLE carts (shop text, no int8, as_of timestamptz, amount numeric, channel text, place text, paid boolean);
  CREATE TABLE places (place text PRIMARY KEY, size float8);
  INSERT INTO places VALUES ('north', 3), ('it''s "south"', 7);
  INSERT INTO carts SELECT CASE i % 3 WHEN 0 THEN 'o''neill "x"' WHEN 1 THEN 'a, b' ELSE '{}' END, 9007199254740993 + i,
    timestamptz '2024-01-01Z' + i * interval '1 hour', i * 1.10, CASE WHEN i % 4 > 0 THEN 'web' END,
    CASE WHEN i % 2 = 0 THEN 'north' ELSE 'it''s "south"' END, sin(i) > 0 FROM generate_series(1, 80) i`
const p = project<DB>('shop')
const cart = p.entity('cart', { shop: 'text', no: 'int8' })
const place = p.entity('place', { place: 'text' })
const columns = ['shop', 'no', 'amount', 'channel', 'place'] as const
const sample = p
  .sample('carts', { entity: cart })
  .query(({ db }) => db.selectFrom('carts').select([...columns, 'as_of']))
const timeless = p.sample('timeless', { entity: cart }).query(({ db }) => db.selectFrom('carts').select([...columns]))
const target = p
  .target('paid', { entity: cart })
  .query(({ db }) => db.selectFrom('carts').select(['shop', 'no', 'paid']))
const places = p
  .featureView('places', { entity: place })
  .query(({ db }) => db.selectFrom('places').select(['place', 'size']))
const basket = p
  .requestView('basket', { entity: cart, columns: { amount: 'numeric', channel: 'text' } })
  .query(({ db }) =>
    db
      .selectFrom('spine')
      .select([sql<number>`spine.amount / 2`.as('half'), sql<boolean>`spine.channel is null`.as('offline')] as never),
  )
const modelOf = (name: string, asked: object) =>
  p.model(name, {
    dataset: p.dataset(`${name}_rows`, { sample: asked, target, features: [places, basket] } as never),
    family: 'logistic',
    label: 'paid',
    inputs: { size: 'auto', half: 'auto', offline: 'auto', channel: 'auto' },
    penalty: 1,
  } as never)
const model = modelOf('paying', sample)
const still = modelOf('still', timeless)

describeEachEngine('questions that bring more than a key', (engine) => {
  let store: Store
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
  })
  beforeEach(async () => {
    await purgePredictions(store, { before: '9000-01-01T00:00Z' })
  })
  const prediction = (where = 'true') =>
    store.db.rows(`SELECT key, key_text, question FROM viewcast.predictions WHERE ${where}`)

  test('are kept as they were, whichever way, and found again', async () => {
    const { record } = await trainRecorded(store, model)
    await logPredicted(store, model, record, { spine: 'sample', log: { inputs: 'all' } })
    const streamed = await predictRecorded(store, model, record, { spine: 'sample', log: { inputs: 'all' } })
    let shown = 0
    for await (const batch of streamed.rows) shown += batch.length
    // The same predictions by the other way are the same rows.
    expect([shown, (await prediction()).length]).toEqual([80, 80])
    expect(await prediction(`key ->> 'no' = '9007199254740996'`)).toEqual([
      {
        key: { shop: `o'neill "x"`, no: '9007199254740996' },
        key_text: String.raw`["o'neill \"x\"", "9007199254740996"]`,
        question: { amount: '3.30', channel: 'web', place: `it's "south"` },
      },
    ])
    expect(await replayPredictions(store, model, record)).toMatchObject({ rows: 80, equal: 80, causes: {} })
    await store.db.execute(`UPDATE places SET size = 4 WHERE place = 'north';
      UPDATE viewcast.prediction SET question = question || '{"amount": "1000"}' WHERE key ->> 'no' = '9007199254740996'`)
    const found = await replayPredictions(store, model, record)
    await store.db.execute(`UPDATE places SET size = 3 WHERE place = 'north'`)
    expect(found.columns.find((c) => c.column === 'size')).toMatchObject({
      view: 'places',
      different: 40,
      causes: { 'changed source': 40 },
    })
    expect(found.columns.find((c) => c.column === 'half')).toMatchObject({ view: 'basket', different: 1 })
    const label = { key: { shop: `o'neill "x"`, no: '9007199254740996' }, label: true }
    expect(await recordLabels(store, 'paying', [label])).toEqual({ predictions: 1, recorded: 1, unmatched: 0 })
  })

  test('of a dataset without instants are as of the moment, and found again', async () => {
    const { record } = await trainRecorded(store, still)
    const { rows, logged } = await logPredicted(store, still, record, { spine: 'sample', log: { inputs: 'all' } })
    expect([rows, logged]).toEqual([80, 80])
    expect(await replayPredictions(store, still, record)).toMatchObject({ rows: 80, equal: 80, causes: {} })
    await store.db.execute(`UPDATE places SET size = 4 WHERE place = 'north'`)
    const found = await replayPredictions(store, still, record)
    await store.db.execute(`UPDATE places SET size = 3 WHERE place = 'north'`)
    expect(found.causes).toEqual({ 'changed source': 40 })
    const streamed = await predictRecorded(store, still, record, { spine: 'sample', log: {} })
    for await (const batch of streamed.rows) expect(batch.length).toBe(80)
    expect((await prediction()).length).toBe(160)
  })

  test('are not kept of a table that does not have them, nor of one whose rows may be old', async () => {
    const bought = p.entity('bought', { shop: 'text', no: 'int8' }, { from: 'carts' })
    const asked = p
      .sample('bought', { entity: bought })
      .query(({ db }) => db.selectFrom('carts').select(['shop', 'no', 'place']))
    const paid = p
      .target('bought_paid', { entity: bought })
      .query(({ db }) => db.selectFrom('carts').select(['shop', 'no', 'paid']))
    const byPlace = p.model('by_place', {
      dataset: p.dataset('by_place_rows', { sample: asked, target: paid, features: [places] } as never),
      family: 'logistic',
      label: 'paid',
      inputs: { size: 'auto' },
      penalty: 1,
    } as never)
    const { record } = await trainRecorded(store, byPlace)
    for (const [refresh, detail] of [
      ['full', 'needs place, which the table does not have'],
      ['upsert', 'its dataset has no as_of'],
    ] as const) {
      const def = p.deployment(`by_place_${refresh}`, { model: byPlace, as: 'table', refresh })
      const plan = await planDeployments(store, [{ def, record, isDeclared: true }])
      await applyPlan(store, plan, { record: async () => record })
      const refused = refreshRecorded(store, def.name, { keep: { model: () => byPlace } })
      await expect(refused).rejects.toThrow(detail)
      expect(await refreshRecorded(store, def.name)).toMatchObject({ logged: 0 })
    }
    expect(await prediction()).toEqual([])
  })
})

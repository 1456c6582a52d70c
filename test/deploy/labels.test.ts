import {
  atomically,
  labelPredictions,
  listPredictions,
  logPredicted,
  type ModelRecord,
  openStore,
  predictionMetrics,
  project,
  purgePredictions,
  recordLabels,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'
import { modelOf, profile, model as replies, tables as shop } from '../scenarios/shop.ts'

interface DB {
  customers: { customer: number }
  orders: { order: number; customer: number; at: Date; amount: number }
  asked: { customer: number; as_of: Date; answer: number }
}
const p = project<DB>('shop')
const customer = p.entity('customer', { customer: 'int4' }, { from: 'customers' })
const sample = p
  .sample('asked', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['customer', 'as_of']))
const spending = p.aggregates('spending', {
  entity: customer,
  source: 'orders',
  time: 'at',
  windows: { '7d': '7 days' },
  features: (a) => ({ n: a.count() }),
})
const bought = p
  .target('bought', { entity: customer, horizon: '2 days' })
  .outcomes({ source: 'orders', time: 'at', labels: (o) => ({ bought: o.count() }) })
const model = p.model('buys', {
  dataset: p.dataset('buying', { sample, target: bought, features: [spending] } as never),
  family: 'poisson',
  label: 'bought',
} as never)

describeEachEngine('labels of logged predictions', (engine) => {
  let store: Store
  let record: ModelRecord
  beforeAll(async () => {
    await engine.db.execute(shop)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
  })
  beforeEach(async () => {
    await purgePredictions(store, { before: '9000-01-01T00:00Z' })
  })
  const labels = (where = 'true') =>
    store.db.rows(
      `SELECT key_text, label, label_value AS value, label_said_by AS by FROM viewcast.predictions WHERE ${where} ORDER BY key_text::int, as_of`,
    )
  const revisions = () =>
    store.db.rows(
      'SELECT revision, label, value, said_by AS by, actor FROM viewcast.prediction_label ORDER BY as_of, revision',
    )

  test('come from the target when their time has passed, and not before', async () => {
    // The last order is at 2024-02-28 18:40Z.
    for (const at of ['2024-02-20T00:00Z', '2024-02-26T18:40Z', '2024-02-26T18:41Z'])
      await logPredicted(store, model, record, { at, keys: [{ customer: 1 }, { customer: 2 }] })
    expect(await labelPredictions(store, model)).toEqual({ predictions: 6, known: 4, recorded: 4 })
    const found = await labels()
    const truth = await store.db.rows<{ n: number }>(
      `SELECT count(*) FILTER (WHERE o.at >= a.at AND o.at < a.at + interval '2 days')::float8 AS n
       FROM (VALUES (1, timestamptz '2024-02-20Z'), (1, '2024-02-26 18:40Z'), (2, '2024-02-20Z'), (2, '2024-02-26 18:40Z')) a (customer, at)
       JOIN orders o USING (customer) GROUP BY a.customer, a.at ORDER BY a.customer, a.at`,
    )
    expect(found.map((f) => f['value'])).toEqual([truth[0]?.n, truth[1]?.n, null, truth[2]?.n, truth[3]?.n, null])
    expect(found[0]).toMatchObject({ by: 'target' })
    expect(await labelPredictions(store, model)).toMatchObject({ known: 4, recorded: 0 })
  })

  test('are corrected by revisions, and what was given stays', async () => {
    await logPredicted(store, model, record, { at: '2024-02-20T00:00Z', keys: [{ customer: 5 }] })
    await labelPredictions(store, model)
    await store.db.execute(`INSERT INTO orders VALUES (9001, 5, '2024-02-20 12:00Z', 1)`)
    expect(await labelPredictions(store, model)).toMatchObject({ recorded: 1 })
    const [first, second] = await revisions()
    expect(Number(second?.['value'])).toBe(Number(first?.['value']) + 1)
    expect(await recordLabels(store, 'buys', [{ key: { customer: 5 }, label: 40 }])).toEqual({
      predictions: 1,
      recorded: 1,
      unmatched: 0,
    })
    expect(
      await recordLabels(store, 'buys', [{ key: { customer: '5' }, asOf: '2024-02-20T01:00+01:00', label: '40.0' }]),
    ).toMatchObject({ recorded: 0 })
    await store.db.execute('DELETE FROM orders WHERE "order" = 9001')
    expect(await labelPredictions(store, model)).toMatchObject({ recorded: 0 })
    expect(await recordLabels(store, 'buys', [{ key: { customer: 5 }, label: null }])).toMatchObject({ recorded: 1 })
    expect((await revisions()).map((r) => [r['revision'], r['label'], r['by'], r['actor']])).toEqual([
      [1, first?.['label'], 'target', 'me'],
      [2, second?.['label'], 'target', 'me'],
      [3, '40', 'given', 'me'],
      [4, null, 'given', 'me'],
    ])
    expect(await labels()).toEqual([{ key_text: '5', label: null, value: null, by: 'given' }])
  })

  test('that are given find their predictions, or are told', async () => {
    for (const at of ['2024-02-20T00:00Z', '2024-02-21T00:00Z'])
      await logPredicted(store, model, record, { at, keys: [{ customer: 1 }, { customer: 2 }] })
    const given = [
      { key: { customer: 1 }, label: 3 },
      { key: { customer: 2 }, asOf: '2024-02-21T00:00Z', label: true },
      { key: { customer: 2 }, asOf: '2024-02-21T00:00Z', label: false },
      { key: { customer: 77 }, label: 1 },
      { key: { customer: 2 }, asOf: '2024-02-20T00:00Z', requestId: 'another', label: 1 },
    ]
    expect(await recordLabels(store, 'buys', given)).toEqual({ predictions: 3, recorded: 3, unmatched: 2 })
    expect((await labels()).map((l) => l['value'])).toEqual([3, 3, null, 0])
    const wrong = [
      { key: { custmer: 1 }, label: 1 },
      { key: { customer: 1 }, asOf: 'yesterday', label: 1 },
    ]
    expect(await codesOf(() => recordLabels(store, 'buys', wrong))).toEqual([
      'log/label-key',
      'log/label-key',
      'time/instant',
    ])
    // Each once, however many labels have it; what is of no type of the key would be found nowhere.
    const many = Array.from({ length: 50 }, () => ({ key: { custmer: 1 }, label: 1 }))
    expect(await codesOf(() => recordLabels(store, 'buys', many))).toEqual(['log/label-key', 'log/label-key'])
    for (const customer of ['x', '1.5', '', 1.5, true])
      expect(await codesOf(() => recordLabels(store, 'buys', [{ key: { customer }, label: 1 }]))).toEqual([
        'log/label-key',
      ])
    expect(await recordLabels(store, 'buys', [{ key: { customer: ' 007' }, label: 1 }])).toMatchObject({ unmatched: 1 })
    expect(await recordLabels(store, 'buys', [{ key: { customer: '+01' }, label: 5 }])).toMatchObject({ recorded: 2 })
    for (const unknown of [
      () => recordLabels(store, 'sells', []),
      () => listPredictions(store, 'sells'),
      () => predictionMetrics(store, 'sells'),
      () => predictionMetrics(store, 'buys', { version: 99 }),
    ])
      expect(await codesOf(unknown)).toEqual(['model/not-trained'])
    expect(await codesOf(() => predictionMetrics(store, 'buys', { deployment: 'nowhere' }))).toEqual(['deploy/unknown'])
    const days = { from: 'monday', until: '2024-02-20' }
    expect(await codesOf(() => labelPredictions(store, model, days))).toEqual(['time/instant', 'time/instant'])
    expect(await recordLabels(store, 'buys', [])).toEqual({ predictions: 0, recorded: 0, unmatched: 0 })
  })

  test('are taken as they come, all or none', async () => {
    await logPredicted(store, model, record, { at: '2024-02-20T00:00Z' })
    async function* labelsOf(until: number, wrong?: number) {
      for (let i = 0; i < until; i++) yield { key: { customer: i === wrong ? 'x' : i % 30 }, label: i }
    }
    const before = await labels()
    expect(await codesOf(() => recordLabels(store, 'buys', labelsOf(25_000, 24_999)))).toEqual(['log/label-key'])
    expect(await labels()).toEqual(before)
    const there = before.filter((l) => Number(l['key_text']) < 30).length
    // The last for each customer counts, though it is of another lot than the first.
    expect(await recordLabels(store, 'buys', labelsOf(25_000))).toMatchObject({ predictions: there, recorded: there })
    const after = await labels()
    for (const l of after.filter((l) => Number(l['key_text']) < 30))
      expect(Number(l['label']) % 30).toBe(Number(l['key_text']))
    expect(Math.min(...after.flatMap((l) => (l['label'] === null ? [] : Number(l['label']))))).toBeGreaterThan(24_900)
  })

  test('of a dataset without a target can only be given', async () => {
    const own = modelOf([profile], { target: undefined }, { label: 'answer' })
    expect(replies.label).toBe('answer')
    await trainRecorded(store, replies)
    expect(await codesOf(() => labelPredictions(store, own))).toEqual(['log/no-target'])
  })

  test('that are given are of the predictions of their model alone, and of none where nothing was said', async () => {
    const other = (await trainRecorded(store, replies)).record
    const at = '2024-02-20T00:00Z'
    await logPredicted(store, model, record, { at, keys: [{ customer: 3 }] })
    await logPredicted(store, replies, other, { at, keys: [{ customer: 3 }] })
    const give = (label: number | null) => recordLabels(store, 'buys', [{ key: { customer: 3 }, label }])
    expect(await give(null)).toEqual({ predictions: 1, recorded: 0, unmatched: 0 })
    expect(await revisions()).toEqual([])
    expect(await give(5)).toEqual({ predictions: 1, recorded: 1, unmatched: 0 })
    const said = await store.db.rows('SELECT model, label_value AS value FROM viewcast.predictions ORDER BY model')
    expect(said).toEqual([
      { model: 'buys', value: 5 },
      { model: 'replies', value: null },
    ])
  })

  test('can be given, and predictions logged, several times in one transaction', async () => {
    await atomically(store, async (inside) => {
      for (const at of ['2024-02-20T00:00Z', '2024-02-21T00:00Z']) {
        await logPredicted(inside, model, record, { at, keys: [{ customer: 3 }] })
        await logPredicted(inside, model, record, { spine: 'sample', log: { requestId: at } })
        await recordLabels(inside, 'buys', [{ key: { customer: 3 }, asOf: at, label: 1 }])
      }
    })
    expect((await labels("key_text = '3' AND request_id = ''")).map((l) => l['value'])).toEqual([1, 1])
    expect(await revisions()).toHaveLength(2)
  })
})

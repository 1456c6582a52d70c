/** The main job through published names: declare, train, predict, verify, deploy, look. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  applyView,
  columnLineage,
  type LineageNode,
  listVersions,
  loadRecord,
  type ModelRecord,
  predict,
  project,
  saveRecord,
  showRows,
  trainModel,
  verifyModel,
} from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface ShopDB {
  customers: { customer: number; country: string; joined: Date }
  visits: { visit: number; customer: number; at: Date; ended_at: Date; seconds: number }
  asked: { question: number; customer: number; as_of: Date }
  bought: { question: number; bought: boolean }
}

const p = project<ShopDB>('shop')
const customer = p.entity('customer', { customer: 'int4' }, { from: 'customers' })
const question = p.entity('question', { question: 'int4' })
const country = p
  .featureView('country', { entity: customer })
  .query(({ db }) => db.selectFrom('customers').select(['customer', 'country']))
const activity = p.aggregates('activity', {
  entity: customer,
  source: 'visits',
  time: 'ended_at',
  windows: { '1d': '1 day', '5d': '5 days' },
  features: (a) => ({ n: a.count(), seconds: a.avg('seconds') }),
})
const sample = p
  .sample('asked', { entity: customer, split: p.split.time({ test: '2024-01-25T00:00Z' }) })
  .query(({ db }) => db.selectFrom('asked').select(['question', 'customer', 'as_of']))
const target = p
  .target('bought', { entity: question })
  .query(({ db }) => db.selectFrom('bought').select(['question', 'bought']))
const dataset = p.dataset('purchases', { sample, target, features: [country, activity] })
const model = p.model('buys', { dataset, family: 'logistic', label: 'bought' })

/** Buying follows the visits of the last day and the country, with noise from a fixed mix of the row number. */
const setup = `
  CREATE TABLE customers (customer int4 PRIMARY KEY, country text NOT NULL, joined timestamptz NOT NULL);
  CREATE TABLE visits (visit int4 PRIMARY KEY, customer int4 NOT NULL, at timestamptz NOT NULL, ended_at timestamptz NOT NULL, seconds int4 NOT NULL);
  CREATE TABLE asked (question int4 PRIMARY KEY, customer int4 NOT NULL, as_of timestamptz NOT NULL);
  CREATE TABLE bought (question int4 PRIMARY KEY, bought boolean NOT NULL);
  INSERT INTO customers SELECT i, (ARRAY['de', 'fr', 'it'])[1 + i % 3], timestamptz '2023-01-01Z' FROM generate_series(1, 60) i;
  INSERT INTO visits SELECT i, 1 + (i * 37) % 60, t, t + interval '20 minutes', 30 + (i * 7919) % 600
    FROM (SELECT i, timestamptz '2024-01-01Z' + (i * 104729 % 2592000) * interval '1 second' AS t FROM generate_series(1, 6000) i) v;
  INSERT INTO asked SELECT i, 1 + (i * 41) % 60, timestamptz '2024-01-06Z' + (i * 15485863::int8 % 2160000) * interval '1 second' FROM generate_series(1, 3000) i;
  INSERT INTO bought SELECT q.question,
      (SELECT count(*) FROM visits v WHERE v.customer = q.customer AND v.ended_at >= q.as_of - interval '24 hours' AND v.ended_at < q.as_of)
      + CASE WHEN q.customer % 3 = 0 THEN 2 ELSE 0 END + ('x' || left(md5(q.question::text), 4))::bit(16)::int4 % 5 > 6
    FROM asked q;`

const flat = (n: LineageNode): string[] => [n.name, ...n.children.flatMap(flat)]

describeEachEngine('the main job', (engine) => {
  let directory = ''
  let record: ModelRecord
  beforeAll(async () => {
    await engine.db.execute(setup)
    directory = await mkdtemp(join(tmpdir(), 'viewcast-'))
    record = (await trainModel(engine.db, model, { trainedAt: '2024-02-01T00:00:00.000Z' })).record
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  test('trains on the past and beats the base rate on what it has not seen', () => {
    expect(record.dataset.trainRows).toBeGreaterThan(1500)
    expect(record.dataset.testRows).toBeGreaterThan(300)
    expect(record.dataset.trainRows + record.dataset.testRows).toBe(3000)
    expect(record.metrics.test['auc']).toBeGreaterThan(0.7)
    expect(record.metrics.test['logLoss']).toBeLessThan(record.metrics.baseline['logLoss'] ?? 0)
    expect(record.inputs.map((i) => i.feature)).toEqual(['country', 'n_1d', 'n_5d', 'seconds_1d', 'seconds_5d'])
  })

  test('keeps the record on disk, and reads back the same', async () => {
    const path = await saveRecord(directory, record)
    expect(path).toBe(join(directory, 'models', 'buys', '1.json'))
    expect(await loadRecord(directory, 'buys')).toEqual(record)
    expect(await listVersions(directory, 'buys')).toEqual([1])
    await expect(loadRecord(directory, 'buyz')).rejects.toMatchObject({ diagnostics: [{ code: 'model/not-trained' }] })
  })

  test('verifies: parity, row count, no future, verification rows', async () => {
    const report = await verifyModel(engine.db, model, record)
    expect(report.checks.map((c) => [c.name, c.ok])).toEqual([
      ['parity', true],
      ['rows', true],
      ['no-future', true],
      ['verification', true],
    ])
    expect(report.parity).toMatchObject({ rows: 3000, mismatched: 0 })
    expect(report.parity.maxUlp).toBeLessThanOrEqual(4)
  })

  test('verification notices a record that says something else', async () => {
    const [first, ...others] = record.verification
    if (!first) throw new Error('no verification rows')
    const wrong = { ...record, verification: [{ ...first, scores: [(first.scores[0] ?? 0) + 1e-9] }, ...others] }
    const report = await verifyModel(engine.db, model, wrong)
    expect(report.checks.find((c) => c.name === 'verification')?.ok).toBe(false)
    await expect(applyView(engine.db, model, wrong, { name: 'never' })).rejects.toMatchObject({
      diagnostics: [{ code: 'deploy/verification' }],
    })
    expect((await engine.db.introspect()).relations.some((r) => r.name === 'never')).toBe(false)
  })

  test('notices a view that looks into the future', async () => {
    const peeks = p.windowView('peeks', { entity: customer }).query(({ db }) =>
      db
        .selectFrom('spine')
        .leftJoin('visits as v', 'v.customer', 'spine.customer')
        .groupBy(['spine.customer', 'spine.as_of'])
        .select(({ fn }) => ['spine.customer', 'spine.as_of', fn.count('v.visit').as('all_visits')]),
    )
    const leaky = p.model('leaky', {
      dataset: p.dataset('leaky_set', { sample, target, features: [country, peeks] }),
      family: 'logistic',
      label: 'bought',
    })
    const trained = await trainModel(engine.db, leaky)
    const report = await verifyModel(engine.db, leaky, trained.record)
    const check = report.checks.find((c) => c.name === 'no-future')
    expect(check?.ok).toBe(false)
    expect(check?.detail).toContain('all_visits')
    expect(check?.detail).not.toContain('country')
  })

  test('predicts at any instant, for all entities or some', async () => {
    const collect = async (options: Parameters<typeof predict>[3]) => {
      const { rows } = await predict(engine.db, model, record, options)
      const out: (readonly unknown[])[] = []
      for await (const batch of rows) out.push(...batch)
      return out
    }
    const all = await collect({ at: '2024-01-20T12:00Z' })
    expect(all).toHaveLength(60)
    expect(all.every((r) => r[1] === '2024-01-20 12:00:00+00' && Number(r[2]) > 0 && Number(r[2]) < 1)).toBe(true)
    const some = await collect({ at: '2024-01-20T12:00Z', keys: [{ customer: 7 }, { customer: 9999 }] })
    expect(some).toHaveLength(2)
    expect(some.find((r) => r[0] === 7)?.[2]).toBe(all.find((r) => r[0] === 7)?.[2])
    const earlier = await collect({ at: '2024-01-10T12:00Z', keys: [{ customer: 7 }] })
    expect(earlier[0]?.[2]).not.toBe(all.find((r) => r[0] === 7)?.[2])
    await expect(collect({ at: 'noon' })).rejects.toMatchObject({ diagnostics: [{ code: 'time/instant' }] })
  })

  test('deploys a view that gives the same numbers, replaces its own, and touches nobody else’s', async () => {
    const at = '2024-01-20T12:00Z'
    const first = await applyView(engine.db, model, record, { name: 'buys_now', at })
    expect(first.replaced).toBe(false)
    const direct = await engine.db.query((await predict(engine.db, model, record, { at })).sql)
    const deployed = await engine.db.query('SELECT * FROM buys_now')
    const sorted = (rows: readonly (readonly unknown[])[]) => rows.map((r) => JSON.stringify(r)).sort()
    expect(sorted(deployed.rows)).toEqual(sorted(direct.rows))
    await engine.db.execute('CREATE VIEW dashboard AS SELECT customer FROM buys_now WHERE probability > 0.5')
    expect((await applyView(engine.db, model, record, { name: 'buys_now', at })).replaced).toBe(true)
    expect(await engine.db.rows('SELECT count(*)::int4 AS n FROM dashboard')).toHaveLength(1)
    await expect(applyView(engine.db, model, record, { name: 'dashboard' })).rejects.toMatchObject({
      diagnostics: [{ code: 'deploy/conflict' }],
    })
    await expect(applyView(engine.db, model, record, { name: 'visits' })).rejects.toMatchObject({
      diagnostics: [{ code: 'deploy/conflict' }],
    })
  })

  test('refuses to change the columns of a deployed view', async () => {
    await engine.db.execute(
      `CREATE VIEW old_shape AS SELECT 1 AS customer, 'x'::text AS as_of; COMMENT ON VIEW old_shape IS 'viewcast: model buys version 0'`,
    )
    await expect(applyView(engine.db, model, record, { name: 'old_shape' })).rejects.toMatchObject({
      diagnostics: [{ code: 'deploy/breaking', parameters: { columns: 'as_of' } }],
    })
  })

  test('traces a feature down to its sources', async () => {
    const names = flat(await columnLineage(engine.db, model, 'seconds_1d'))
    expect(names).toContain('public.visits.seconds')
    expect(names).toContain('public.visits.ended_at')
    expect(names).not.toContain('public.customers.country')
    const whole = await columnLineage(engine.db, model, undefined, { record })
    expect(whole.name).toBe('buys.probability')
    expect(flat(whole)).toContain('public.customers.country')
  })

  test('shows rows of anything', async () => {
    expect((await showRows(engine.db, activity, { at: '2024-01-20T12:00Z', limit: 3 })).rows).toHaveLength(3)
    expect((await showRows(engine.db, country)).rows).toHaveLength(10)
    expect((await showRows(engine.db, sample, { limit: 2 })).rows).toHaveLength(2)
    expect((await showRows(engine.db, dataset, { limit: 2 })).columns.map((c) => c.name)).toContain('_split')
  })
})

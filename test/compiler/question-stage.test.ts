/** Queries asked again for some of their keys, against the rows they give for these keys among all. */
import { questionStage, quoteIdentifier } from '@viewcast/compiler'
import { comparisonQuery, type ModelDef, openStore, predictionQuery, type Store, trainRecorded } from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { p, tables } from '../scenarios/shop.ts'

const at = '2024-03-01T00:00:00Z'
const more = `
  CREATE VIEW activity AS SELECT customer, sum(amount) AS spend, count(*) AS n FROM orders GROUP BY customer;
  CREATE VIEW buyers AS SELECT DISTINCT customer FROM orders WHERE amount > 3;
  CREATE TABLE plans (tenant text, customer int4, valid timestamptz, "Plan's" text);
  INSERT INTO plans SELECT CASE WHEN i % 2 = 0 THEN 'a' ELSE 'B''"' END, 1 + i % 40, timestamptz '2024-01-01Z' + i * interval '3 hours', 'p' || i % 3
    FROM generate_series(1, 400) i;
  CREATE TABLE tenants AS SELECT DISTINCT tenant AS "Tenant", customer FROM plans;
  INSERT INTO tenants VALUES (NULL, 3), ('a', NULL);
  INSERT INTO tenants SELECT * FROM tenants WHERE customer = 7;
`
const select = (text: string) => (() => sql.raw(text)) as never
const loose = p as unknown as Record<
  'entity' | 'existingView' | 'aggregates' | 'dataset' | 'model',
  (...of: unknown[]) => never
>

function modelFor(name: string, keys: Record<string, string>, source: string | undefined, sample: string): ModelDef {
  const entity = loose.entity(name, keys, source === undefined ? {} : { from: source })
  const own = Object.keys(keys).map((k) => quoteIdentifier(k))
  const isTenant = own.length > 1
  const activity = loose.existingView('public.activity', { entity: loose.entity('customer', { customer: 'int4' }) })
  const windows = loose.aggregates(`windows_${name}`, {
    entity: loose.entity('customer', { customer: 'int4' }),
    source: 'orders',
    time: 'at',
    windows: { '7d': '7 days' },
    features: (a: { count: () => object }) => ({ n7: a.count() }),
  })
  const plans = p
    .featureView(`plans_${name}`, { entity, time: 'valid' } as never)
    .query(select(`SELECT tenant AS "Tenant", customer, valid, "Plan's" FROM plans`))
  return loose.model(name, {
    dataset: loose.dataset(name, {
      sample: p.sample(`asked_${name}`, { entity }).query(select(sample)),
      target: p
        .target(`answer_${name}`, { entity })
        .query(
          select(`SELECT ${own.join(', ')}, (customer * 7 % 10 > 4)::int::float8 AS answer FROM (${sample}) AS s`),
        ),
      features: isTenant ? [plans, activity, windows] : [activity, windows],
    }),
    family: 'logistic',
    label: 'answer',
    penalty: 1,
  }) as ModelDef
}

const customers = 'SELECT customer, as_of FROM asked'
const models: Readonly<Record<string, ModelDef>> = {
  'a table lists the keys': modelFor('by_table', { customer: 'int4' }, 'customers', customers),
  'a view lists the keys': modelFor('by_view', { customer: 'int4' }, 'buyers', customers),
  'the sample lists the keys': modelFor('by_sample', { customer: 'int4' }, undefined, customers),
  'keys of two columns, one row twice, some unknown': modelFor(
    'by_tenant',
    { Tenant: 'text', customer: 'int4' },
    'tenants',
    `SELECT "Tenant", t.customer, a.as_of FROM (SELECT DISTINCT "Tenant", customer FROM tenants WHERE "Tenant" IS NOT NULL) t JOIN asked a ON a.customer = t.customer`,
  ),
}

describeEachEngine('a query for some of its keys', (engine) => {
  let store: Store
  beforeAll(async () => {
    await engine.db.execute(tables + more)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
  })

  test.each(Object.keys(models))('gives the rows it gives for them among all, where %s', async (name) => {
    const model = models[name] as ModelDef
    const { record } = await trainRecorded(store, model)
    const keys = model.dataset.sample.entity.keys.map((k) => k.name)
    const listed = keys.map((k) => quoteIdentifier(k)).join(', ')
    const queries = [
      (await predictionQuery(engine.db, model, record, { at, outputs: ['value', 'label'] })).sql,
      (await comparisonQuery(engine.db, { model, record }, { next: { model, record } }, { at })).sql,
    ]
    for (const query of queries) {
      const stage = questionStage(query)
      if (!stage) throw new Error('it has no stage of questions')
      const all = await engine.db.query(`SELECT count(*) FROM (${query}) AS q`)
      expect((await engine.db.query(`SELECT count(*) FROM (${stage.questions}) AS q`)).rows).toEqual(all.rows)
      // Every third key, and one that nobody has.
      const some = `(SELECT DISTINCT ${listed} FROM (${stage.questions}) AS q WHERE customer % 3 = 1)`
      const asked = async (text: string) =>
        (await engine.db.query(`SELECT * FROM (${text}) AS q ORDER BY q::text`)).rows
      const expected = await asked(
        `SELECT * FROM (${query}) AS q WHERE customer % 3 = 1 AND ${keys.map((k) => `${quoteIdentifier(k)} IS NOT NULL`).join(' AND ')}`,
      )
      expect(expected.length).toBeGreaterThan(10)
      expect(await asked(stage.among(some, keys))).toEqual(expected)
      const each = `SELECT a.* FROM ${some} AS _one CROSS JOIN LATERAL (${stage.each('_one', keys)}) AS a`
      expect(await asked(each)).toEqual(expected)
    }
  })

  test('finds the relation that lists the keys, unless a view or a query does', async () => {
    const sources: unknown[] = []
    for (const model of Object.values(models)) {
      const { record } = await trainRecorded(store, model)
      sources.push(questionStage((await predictionQuery(engine.db, model, record, {})).sql)?.source?.name)
    }
    expect(sources).toEqual(['customers', undefined, undefined, 'tenants'])
  })
})

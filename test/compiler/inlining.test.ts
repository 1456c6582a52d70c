/** One query down to base tables: existing views, names that need care, columns that leave no trace. */
import { predictionQuery, trainingQuery } from '@viewcast/compiler'
import type { Database } from '@viewcast/sdk'
import { prepareDataset, project } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { linearRecord } from './records.ts'

// biome-ignore lint/complexity/noBannedTypes: no tables are declared, everything is an existing view
const p = project<{}>('inlining')

const tables = `
  CREATE TABLE "Order" ("Key" int4 PRIMARY KEY, "größe" numeric NOT NULL, "select" int8, note text);
  CREATE TABLE visits (visit int4 PRIMARY KEY, "Key" int4 NOT NULL, seconds int4, clicked boolean NOT NULL);
  INSERT INTO "Order" SELECT i, i * 1.5, i % 4, CASE WHEN i % 3 = 0 THEN 'x''y -- not a comment' END FROM generate_series(1, 40) i;
  INSERT INTO visits SELECT i, 1 + (i * 7) % 40, (i * 13) % 50, i % 2 = 0 FROM generate_series(1, 500) i;
`
const views = `
  CREATE VIEW "vw_Sample" AS SELECT o."Key" FROM "Order" o WHERE o."Key" > 5;
  CREATE VIEW inner_visits AS SELECT v.*, v.seconds * 2 AS twice FROM visits v WHERE v.seconds IS NOT NULL;
  CREATE VIEW "vw_Behaviour" AS
    SELECT inner_visits."Key", avg(inner_visits.seconds) AS spent, count(*) FILTER (WHERE inner_visits.clicked) AS clicks, max(twice) AS unused_peak
    FROM inner_visits GROUP BY inner_visits."Key";
  CREATE VIEW "vw_Profile" AS SELECT "Key", "größe", "select", coalesce(note, 'a;b') AS note FROM "Order";
  CREATE VIEW "vw_Again" AS SELECT b."Key", b.spent + p."größe" AS mixed FROM "vw_Behaviour" b JOIN "vw_Profile" p USING ("Key");
  CREATE VIEW "vw_Target" AS SELECT "Key", ("Key" % 2)::int4 AS bought FROM "Order";
`
const customer = p.entity('customer', { Key: 'int4' })
const dataset = p.dataset('orders', {
  sample: p.sample('vw_Sample', { entity: customer, split: p.split.none() }).existing('vw_Sample'),
  target: p.target('vw_Target', { entity: customer }).existing('vw_Target').label({ bought: 'int4' }),
  features: [
    p
      .existingView('public.vw_Behaviour', { entity: customer })
      .features({ spent: { kind: 'numeric' }, clicks: { kind: 'numeric' } }),
    p
      .existingView('vw_Profile', { entity: customer })
      .features({ größe: { kind: 'numeric' }, select: { kind: 'numeric' }, note: { kind: 'category' } }),
    p.existingView('vw_Again', { entity: customer }).features({ mixed: { kind: 'numeric' } }),
  ],
})

const asRows = async (db: Database, sql: string) => (await db.query(sql)).rows.map((r) => JSON.stringify(r)).sort()

describeEachEngine('existing views', (engine) => {
  beforeAll(() => engine.db.execute(tables + views))

  test('are inlined down to base tables, each once, and give the same numbers where only the tables are', async () => {
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const training = trainingQuery(d, facts)
    const model = { ...p.model('m', { dataset, family: 'linear', label: 'bought' }), dataset: d }
    const prediction = predictionQuery(
      model,
      linearRecord('m', ['spent', 'clicks', 'größe', 'select', 'mixed']),
      facts,
      {
        spine: { kind: 'sample' },
      },
    )
    for (const { sql } of [training, prediction]) {
      expect(sql).not.toMatch(/public\."?(vw_|inner_)/)
      expect(sql.match(/^\s*(?:WITH\s+)?"?inner_visits"? AS \(/gm)).toHaveLength(1)
      // Declared as a feature view and read by another view: one stage, not two with one text.
      expect(sql.match(/\bavg ?\(/g)).toHaveLength(1)
    }
    const bare = await engine.open()
    await bare.execute(tables)
    for (const { sql } of [training, prediction]) {
      const here = await asRows(engine.db, sql)
      expect(here).toHaveLength(35)
      expect(await asRows(bare, sql)).toEqual(here)
    }
  })

  test('a hand-written join of the views gives the same rows as the training query', async () => {
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const byHand = `SELECT s."Key", b.spent::float8, b.clicks::float8, b.unused_peak::float8, p."größe"::float8, p."select"::float8, p.note, a.mixed::float8, t.bought
      FROM "vw_Sample" s LEFT JOIN "vw_Behaviour" b USING ("Key") LEFT JOIN "vw_Profile" p USING ("Key")
      LEFT JOIN "vw_Again" a USING ("Key") LEFT JOIN "vw_Target" t USING ("Key")`
    expect(await asRows(engine.db, trainingQuery(d, facts).sql)).toEqual(await asRows(engine.db, byHand))
  })

  test('columns and views the model does not use leave no trace', async () => {
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const model = { ...p.model('m', { dataset, family: 'linear', label: 'bought' }), dataset: d }
    const { sql } = predictionQuery(model, linearRecord('m', ['clicks']), facts, { spine: { kind: 'sample' } })
    for (const word of [
      'spent',
      'unused_peak',
      'größe',
      'select"',
      'note',
      'mixed',
      'vw_Profile',
      'vw_Target',
      'bought',
    ]) {
      expect(sql).not.toContain(word)
    }
  })
})

describeEachEngine('names', (engine) => {
  test('a stage never captures a table a user reads', async () => {
    await engine.db.execute(`CREATE TABLE profile (k int4 PRIMARY KEY, v int4); INSERT INTO profile VALUES (1, 10), (2, 20);
      CREATE TABLE asked (k int4 PRIMARY KEY); INSERT INTO asked VALUES (1), (2), (3);`)
    const q = project<{ profile: { k: number; v: number }; asked: { k: number } }>('names')
    const thing = q.entity('thing', { k: 'int4' })
    // The first view is named as a table that the second one reads.
    const first = q
      .featureView('profile', { entity: thing })
      .query(({ db }) => db.selectFrom('asked').select(({ ref }) => ['k', ref('k').as('own')]))
    const second = q
      .featureView('second', { entity: thing })
      .query(({ db }) => db.selectFrom('profile').select(['k', 'v']))
    const sample = q
      .sample('asked', { entity: thing, split: q.split.none() })
      .query(({ db }) => db.selectFrom('asked').select(['k']))
    const { dataset: d, facts } = await prepareDataset(engine.db, q.dataset('d', { sample, features: [first, second] }))
    const rows = await engine.db.rows(trainingQuery(d, facts).sql)
    expect(rows.sort((a, b) => Number(a['k']) - Number(b['k']))).toEqual([
      { k: 1, own: 1, v: 10 },
      { k: 2, own: 2, v: 20 },
      { k: 3, own: 3, v: null },
    ])
  })
})

/** What a text gives another answer for when it is asked again, by another session, or of stored rows. */
import { type Database, prepareDataset, project, trainingQuery } from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

// biome-ignore lint/complexity/noBannedTypes: every text is raw SQL
const p = project<{}>('warnings')
const user = p.entity('user', { k: 'int4' })
const asked = (text: string) =>
  p.sample('asked', { entity: user, split: p.split.none() }).query(() => sql<{ k: number }>`${sql.raw(text)}`)
const dataset = (text: string, more: object = {}) =>
  p.dataset('d', { sample: asked(text), features: [] as never, ...more })

const setup = `
  CREATE TABLE e (k int4, at timestamptz, seen timestamp, day date, note text, n int4, took interval);
  INSERT INTO e SELECT i, timestamptz '2024-01-01Z' + i * interval '1 hour', timestamp '2024-01-01', date '2024-01-01', 'x', i, '1 hour' FROM generate_series(1, 5) i;
  CREATE TABLE one_each (k int4 PRIMARY KEY, n int4); INSERT INTO one_each VALUES (1, 1), (2, 2);
  CREATE FUNCTION dice() RETURNS int4 LANGUAGE sql AS 'SELECT 4';
  CREATE FUNCTION steady(int4) RETURNS int4 LANGUAGE sql IMMUTABLE AS 'SELECT $1';
  CREATE FUNCTION mixed(int4) RETURNS int4 LANGUAGE sql AS 'SELECT $1';
  CREATE FUNCTION mixed(text) RETURNS int4 LANGUAGE sql IMMUTABLE AS 'SELECT 1';
  CREATE FUNCTION several(int4) RETURNS SETOF int4 LANGUAGE sql IMMUTABLE AS 'SELECT generate_series(1, $1)';
  CREATE VIEW below AS SELECT k, at::date AS day FROM e;
  CREATE VIEW above AS SELECT k, day, random() AS r FROM below;
  CREATE MATERIALIZED VIEW stored AS SELECT k, n FROM e;
  CREATE UNIQUE INDEX ON stored (k);
  CREATE VIEW over_stored AS SELECT k, n + 1 AS n FROM stored;
  INSERT INTO e SELECT 6, now(), now(), now(), 'late', 60, '1 hour';
`

describeEachEngine('warnings', (engine) => {
  let db: Database
  beforeAll(async () => {
    db = engine.db
    await db.execute(setup)
  })
  const warningsOf = async (text: string, more?: object) => (await prepareDataset(db, dataset(text, more))).warnings
  const codesOf = async (text: string) => (await warningsOf(text)).map((w) => w.code)

  test.each([
    'at::date',
    'at::timestamp',
    'cast(at as text)',
    'seen::timestamptz',
    'day::timestamptz',
    "date_trunc('day', at)",
    "date_trunc('month', day)",
    'extract(hour from at)',
    "date_part('dow', at)",
    "to_char(at, 'YYYY')",
    'at < day',
    'at between seen and seen',
    "timestamptz '2024-01-01'",
    "'2024-01-01 12:00'::timestamptz",
    "to_timestamp(note, 'YYYY')",
    'make_timestamptz(2024, 1, 1, 0, 0, 0)',
    'age(at, at)',
    "(at + interval '1 hour')::date",
    'coalesce(at, at)::date',
    '(select max(x.at) from e x where x.at::date = x.day)',
  ])('sql/time-zone: %s', async (expression) => {
    const warnings = await warningsOf(`select k,\n  ${expression} as value from e`)
    expect([...new Set(warnings.map((w) => w.code))]).toEqual(['sql/time-zone'])
    expect(warnings[0]?.location?.line).toBe(2)
    expect(warnings[0]?.hint).toMatch(/UTC|timestamp|\+00/)
  })

  test.each([
    "(at at time zone 'UTC')::date",
    "date_trunc('day', at, 'UTC')",
    "date_trunc('day', seen)",
    "date_trunc('minute', at)",
    'extract(epoch from at)',
    'extract(year from seen)',
    "timestamptz '2024-01-01 00:00Z'",
    "timestamptz '2024-01-01 12:00:00+02'",
    "timestamptz '2024-01-01 12:00 Europe/Berlin'",
    "timestamptz 'infinity'",
    'at < at',
    "at < seen at time zone 'UTC'",
    "date '2024-01-01'",
    'n::text',
    'steady(n)',
    'mixed(note)',
    "'public.e'::regclass::text",
    "make_timestamptz(2024, 1, 1, 0, 0, 0, 'UTC')",
  ])('nothing: %s', async (expression) => {
    expect(await codesOf(`select k, ${expression} as value from e`)).toEqual([])
  })

  test.each([
    ['sql/session', 'current_user'],
    ['sql/session', "current_setting('TimeZone')"],
    ['sql/session', "'e'::regclass::text"],
    ['sql/session', 'day::text'],
    ['sql/session', 'took::text'],
    ['sql/session', 'note::date'],
    ['sql/session', "'01/02/2024'::date"],
    ['sql/volatile', 'dice()'],
    ['sql/volatile', 'random()'],
    ['sql/volatile', 'clock_timestamp()'],
    ['sql/clock', 'now()'],
    ['sql/clock', 'age(seen)'],
    ['sql/clock', "'today'::date"],
  ])('%s: %s', async (code, expression) => {
    expect(await codesOf(`select k, ${expression} as value from e`)).toEqual([code])
  })

  test('a type is followed through CTEs, subqueries and aliases', async () => {
    expect(
      await codesOf('with q as (select k, max(at) as last from e group by k) select k, last::date as d from q'),
    ).toEqual(['sql/time-zone'])
    expect(
      await codesOf("with q as (select k, at at time zone 'UTC' as last from e) select k, last::date as d from q"),
    ).toEqual([])
    expect(await codesOf('select q.k, q.a::date as d from (select * from e) as q(k, a)')).toEqual(['sql/time-zone'])
  })

  test('current_date reads the clock and the zone', async () => {
    expect(await codesOf('select k, current_date as d from e')).toEqual(['sql/clock', 'sql/time-zone'])
  })

  test('a function that is declared volatile is named with the way to say otherwise', async () => {
    const [first] = await warningsOf('select k, dice() as d from e')
    expect(first?.hint).toContain('declare it STABLE or IMMUTABLE')
  })

  test('views below are named at their own place, once', async () => {
    const warnings = await warningsOf('select a.k, b.day from above a join above b using (k)')
    expect(warnings.map((w) => [w.code, w.location?.file])).toEqual([
      ['sql/volatile', 'view "above"'],
      ['sql/time-zone', 'view "below"'],
    ])
  })

  test('a function that returns a set keeps its column, because it makes rows', async () => {
    const many = 'select k, n as a, several(2) as b from one_each'
    const view = p
      .featureView('many', { entity: user })
      .query(() => sql<{ k: number; a: number; b: number }>`${sql.raw(many)}`)
    const sample = asked('select k from one_each')
    const { sql: text } = await trainingQuery(db, p.dataset('d', { sample, features: [view.pick('a')] as never }))
    expect(text).toMatch(/several ?\(2\)/)
    // Still one row per question, although a view gives two for each key.
    expect((await db.query(text)).rows).toEqual([
      [1, 1],
      [2, 2],
    ])
  })

  describe('view/materialised', () => {
    const rows = async (text: string) => (await db.query(text)).rows.map((r) => r.join()).sort()

    test.each(['select k, n from stored', 'select k, n - 1 as n from over_stored'])(
      '%s reads today’s rows',
      async (text) => {
        const query = await trainingQuery(db, dataset(text))
        expect(query.warnings.map((w) => w.code)).toEqual(['view/materialised'])
        expect(query.sql).not.toContain('public.stored')
        expect(await rows(query.sql)).toEqual(['1,1', '2,2', '3,3', '4,4', '5,5', '6,60'])
      },
    )

    test("materialised: 'read' reads the stored rows", async () => {
      const query = await trainingQuery(db, dataset('select k, n from stored', { materialised: 'read' }))
      expect(query.warnings).toEqual([])
      expect(await rows(query.sql)).toEqual(['1,1', '2,2', '3,3', '4,4', '5,5'])
    })

    test('a sampled one stays stored, because only stored rows can be sampled', async () => {
      const text = 'select k, n from stored tablesample bernoulli (100) repeatable (1)'
      const query = await trainingQuery(db, dataset(text))
      expect(query.warnings).toEqual([])
      expect(await rows(query.sql)).toHaveLength(5)
    })

    test('declared by its name', async () => {
      const existing = p.sample('s', { entity: user, split: p.split.none() }).existing('stored')
      const query = await trainingQuery(db, p.dataset('d', { sample: existing, features: [] as never }))
      expect(query.warnings.map((w) => w.code)).toEqual(['view/materialised'])
      expect(await rows(query.sql)).toHaveLength(6)
    })
  })
})

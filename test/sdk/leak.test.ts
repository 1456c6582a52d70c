/** The leak suite: a planted leak of each kind is named, honest views are left in peace. */
import { findLeaks, type LeakReport, project } from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  customers: { customer: number; country: string }
  plans: { customer: number; plan: string; price: number; valid_from: Date; valid_to: Date | null }
  orders: { order: number; customer: number; at: Date; loaded_at: Date; amount: number; refund: number | null }
  sessions: { session: number; customer: number; started_at: Date; ended_at: Date | null; seconds: number }
  timetable: { slot: number; customer: number; starts_at: Date; published_at: Date }
  holidays: { country: string; day: Date }
  daily: { customer: number; day: Date; visits: number }
  asked: { question: number; customer: number; as_of: Date; note: string }
  returns: { question: number; returned: boolean; reason: string | null }
}

const p = project<DB>('shop')
const customer = p.entity('customer', { customer: 'int4' }, { from: 'customers' })
const question = p.entity('question', { question: 'int4' })
const sample = p
  .sample('asked', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['question', 'customer', 'as_of']))
const target = p
  .target('returns', { entity: question })
  .query(({ db }) => db.selectFrom('returns').select(['question', 'returned']))

/** Honest views of every kind, over sources of every shape. */
const country = p
  .featureView('country', { entity: customer })
  .query(({ db }) => db.selectFrom('customers').select(['customer', 'country']))
const plan = p
  .featureView('plan', { entity: customer, time: 'valid_from' })
  .query(({ db }) => db.selectFrom('plans').select(['customer', 'plan', 'price', 'valid_from']))
const planNow = p.windowView('plan_now', { entity: customer }).query(({ db }) =>
  db
    .selectFrom('spine')
    .leftJoin('plans', (join) =>
      join
        .onRef('plans.customer', '=', 'spine.customer')
        .onRef('plans.valid_from', '<', 'spine.as_of')
        .on((eb) => eb.or([eb('plans.valid_to', 'is', null), eb('plans.valid_to', '>', eb.ref('spine.as_of'))])),
    )
    .groupBy(['spine.customer', 'spine.as_of'])
    .select((eb) => ['spine.customer', 'spine.as_of', eb.fn.max('plans.price').as('price_now')]),
)
const spending = p.aggregates('spending', {
  entity: customer,
  source: 'orders',
  time: 'at',
  knownAt: 'loaded_at',
  windows: { '7d': '7 days' },
  features: (a) => ({ n: a.count(), amount: a.sum('amount') }),
})
const browsing = p.aggregates('browsing', {
  entity: customer,
  source: 'sessions',
  time: 'ended_at',
  windows: { '3d': '3 days' },
  features: (a) => ({ sessions: a.count() }),
})
const visits = p.windowView('visits', { entity: customer }).query(({ db }) =>
  db
    .selectFrom('spine')
    .leftJoin('daily', (join) =>
      join
        .onRef('daily.customer', '=', 'spine.customer')
        .on((eb) => eb('daily.day', '<', eb.cast<Date>('spine.as_of', 'date'))),
    )
    .groupBy(['spine.customer', 'spine.as_of'])
    .select((eb) => ['spine.customer', 'spine.as_of', eb.fn.count('daily.day').as('days')]),
)
const honest = [country, plan, planNow, spending, browsing, visits]

/** A window view from SQL text: a user's mistakes are easiest to read there. */
const windowSql = (name: string, text: string) =>
  p.windowView(name, { entity: customer }).query(() => sql.raw(text) as never)
const datasetOf = (features: readonly object[], more: object = {}) =>
  p.dataset('questions', { sample, target, features, ...more } as never)

const setup = `
  CREATE TABLE customers (customer int4 PRIMARY KEY, country text NOT NULL);
  CREATE TABLE plans (customer int4, plan text, price float8, valid_from timestamptz NOT NULL, valid_to timestamptz);
  CREATE TABLE orders ("order" int4 PRIMARY KEY, customer int4 NOT NULL, at timestamptz NOT NULL, loaded_at timestamptz NOT NULL, amount float8, refund float8);
  CREATE TABLE sessions (session int4 PRIMARY KEY, customer int4 NOT NULL, started_at timestamptz NOT NULL, ended_at timestamptz, seconds int4);
  CREATE TABLE timetable (slot int4 PRIMARY KEY, customer int4 NOT NULL, starts_at timestamptz NOT NULL, published_at timestamptz NOT NULL);
  CREATE TABLE daily (customer int4, day date, visits int4);
  CREATE TABLE asked (question int4 PRIMARY KEY, customer int4 NOT NULL, as_of timestamptz NOT NULL, note text NOT NULL);
  CREATE TABLE returns (question int4 PRIMARY KEY, returned boolean NOT NULL, reason text);
  CREATE VIEW order_lines AS SELECT customer, at, amount FROM orders WHERE amount > 0;
  INSERT INTO customers SELECT i, (ARRAY['de', 'fr', 'it'])[1 + i % 3] FROM generate_series(1, 40) i;
  INSERT INTO plans SELECT c, 'p' || n, n * 10 + c, timestamptz '2024-01-01Z' + (n * 9 + c % 7) * interval '1 day',
      CASE WHEN n < 4 THEN timestamptz '2024-01-01Z' + (n * 9 + 9 + c % 7) * interval '1 day' END
    FROM generate_series(1, 40) c, generate_series(0, 4) n;
  INSERT INTO orders SELECT i, 1 + i * 37 % 40, t, t + (i % 5) * interval '1 day', 1 + i % 17, CASE WHEN i % 9 = 0 THEN 1 END
    FROM (SELECT i, timestamptz '2024-01-01Z' + (i * 104729::int8 % 3456000) * interval '1 second' AS t FROM generate_series(1, 3000) i) o;
  INSERT INTO sessions SELECT i, 1 + i * 23 % 40, t, t + interval '6 hours', i % 600
    FROM (SELECT i, timestamptz '2024-01-01Z' + (i * 15485863::int8 % 3456000) * interval '1 second' AS t FROM generate_series(1, 3000) i) s;
  INSERT INTO timetable SELECT i, 1 + i % 40, timestamptz '2024-01-01Z' + i * interval '3 hours', timestamptz '2023-12-01Z' FROM generate_series(1, 400) i;
  INSERT INTO daily SELECT c, date '2024-01-01' + d, (c * d) % 7 FROM generate_series(1, 40) c, generate_series(0, 39) d;
  INSERT INTO asked SELECT i, 1 + i * 41 % 40, timestamptz '2024-01-10Z' + (i * 7919::int8 % 1728000) * interval '1 second', 'n' || i % 3 FROM generate_series(1, 600) i;
  INSERT INTO returns SELECT question, (question * 2654435761::int8 % 1000) > 600, CASE WHEN (question * 2654435761::int8 % 1000) > 600 THEN 'broken' END FROM asked;
`

const kinds = (report: LeakReport) => report.findings.map((f) => `${f.kind}: ${f.column} of ${f.view}`)

describeEachEngine('the leak suite', (engine) => {
  beforeAll(() => engine.db.execute(setup))
  const leaks = (features: readonly object[], more: object = {}, options: object = {}) =>
    findLeaks(engine.db, datasetOf(features, more), options)

  test('honest views of every kind are left in peace', async () => {
    const report = await leaks(honest)
    expect(kinds(report)).toEqual([])
    expect(report.ok).toBe(true)
    expect(report.checks.filter((c) => c.ran).map((c) => c.name)).toEqual(['future', 'late', 'outcome', 'too-good'])
    expect(report.sources.find((s) => s.relation === 'public.plans')).toEqual({
      relation: 'public.plans',
      cutAt: ['valid_from'],
      ignored: [{ column: 'valid_to', why: 'planned' }],
    })
  })

  test('a window without its upper bound, read through a view, is named with the column that tells', async () => {
    const forgot = windowSql(
      'forgot',
      `SELECT s.customer, s.as_of, count(o.amount) AS ever, min(c.country) AS origin
       FROM spine s LEFT JOIN order_lines o ON o.customer = s.customer
       LEFT JOIN customers c ON c.customer = s.customer GROUP BY s.customer, s.as_of`,
    )
    const report = await leaks([...honest, forgot])
    expect(kinds(report)).toEqual(['future: ever of view "forgot"'])
    const [finding] = report.findings
    expect(finding?.sources).toEqual(['public.orders.at', 'public.orders.loaded_at'])
    expect(finding?.hint).toContain('at < spine.as_of')
    expect(report.ok).toBe(false)
  })

  test('a session judged by its start while it still runs', async () => {
    const running = p.aggregates('running', {
      entity: customer,
      source: 'sessions',
      time: 'started_at',
      windows: { '3d': '3 days' },
      features: (a) => ({ seconds: a.sum('seconds') }),
    })
    const report = await leaks([running])
    expect(kinds(report)).toEqual(['future: seconds_3d of view "running"'])
    expect(report.findings[0]?.sources).toEqual(['public.sessions.ended_at'])
  })

  test('a day that has not begun', async () => {
    const tomorrow = windowSql(
      'tomorrow',
      `SELECT s.customer, s.as_of, sum(d.visits) AS visits_then FROM spine s
       LEFT JOIN daily d ON d.customer = s.customer AND d.day = (s.as_of AT TIME ZONE 'UTC')::date + 1
       GROUP BY s.customer, s.as_of`,
    )
    expect(kinds(await leaks([tomorrow]))).toEqual(['future: visits_then of view "tomorrow"'])
  })

  test('rows that arrive late, where another view declares knownAt', async () => {
    const hasty = p.aggregates('hasty', {
      entity: customer,
      source: 'orders',
      time: 'at',
      windows: { '7d': '7 days' },
      features: (a) => ({ orders: a.count() }),
    })
    const report = await leaks([spending, hasty])
    expect(kinds(report)).toEqual(['late: orders_7d of view "hasty"'])
    expect(report.findings[0]?.sources).toEqual(['public.orders.loaded_at'])
    expect(report.findings[0]?.hint).toContain('knownAt')
    expect(report.arrivals).toEqual([
      expect.objectContaining({ view: 'spending', rows: 3000, late: 2400, medianSeconds: 216_000 }),
    ])
  })

  test('rows that arrive late, where the dataset declares when the source is known', async () => {
    const hasty = p.aggregates('hasty', {
      entity: customer,
      source: 'orders',
      time: 'at',
      windows: { '7d': '7 days' },
      features: (a) => ({ orders: a.count() }),
    })
    const report = await leaks([hasty], { sources: { orders: { knownAt: 'loaded_at' } } })
    expect(kinds(report)).toEqual(['late: orders_7d of view "hasty"'])
  })

  test('a timetable is flagged until the dataset says when it was published', async () => {
    const upcoming = windowSql(
      'upcoming',
      `SELECT s.customer, s.as_of, count(t.slot) AS slots FROM spine s
       LEFT JOIN timetable t ON t.customer = s.customer AND t.starts_at >= s.as_of AND t.starts_at < s.as_of + interval '72 hours'
       GROUP BY s.customer, s.as_of`,
    )
    expect(kinds(await leaks([upcoming]))).toEqual(['future: slots of view "upcoming"'])
    const declared = await leaks([upcoming], { sources: { 'public.timetable': { knownAt: 'published_at' } } })
    expect(kinds(declared)).toEqual([])
    expect(kinds(await leaks([upcoming], { sources: { timetable: 'always' } }))).toEqual([])
  })

  test('a column only the target should reach, however it is reached', async () => {
    const refunds = p.aggregates('refunds', {
      entity: customer,
      source: 'orders',
      time: 'at',
      knownAt: 'loaded_at',
      windows: { '7d': '7 days' },
      features: (a) => ({ n: a.count(), refunds: a.sum('refund') }),
    })
    const guarded = p
      .target('returns', { entity: question, only: ['orders.refund', 'public.returns.reason'] })
      .query(({ db }) => db.selectFrom('returns').select(['question', 'returned']))
    const report = await leaks([refunds], { target: guarded })
    expect(kinds(report)).toEqual(['outcome: refunds_7d of view "refunds"'])
    expect(report.findings[0]?.sources).toEqual(['public.orders.refund'])
  })

  test('a static view of the label itself, and a sample that carries it', async () => {
    const copied = p
      .featureView('copied', { entity: question })
      .query(({ db }) => db.selectFrom('returns').select((eb) => ['question', eb('returned', '=', true).as('copy')]))
    const report = await leaks([country, copied])
    expect(kinds(report)).toEqual(['outcome: copy of view "copied"', 'too-good: copy of view "copied"'])
    const carried = p
      .sample('asked', { entity: customer })
      .query(({ db }) =>
        db
          .selectFrom('asked')
          .innerJoin('returns', 'returns.question', 'asked.question')
          .select(['asked.question', 'asked.customer', 'asked.as_of', 'returns.returned as was_returned']),
      )
    expect(kinds(await leaks([country], { sample: carried }))).toEqual([
      'outcome: was_returned of sample "asked"',
      'too-good: was_returned of sample "asked"',
    ])
  })

  test('a feature that is there only when the outcome is', async () => {
    const reason = p
      .featureView('reason', { entity: question })
      .query(({ db }) => db.selectFrom('returns').select(['question', 'reason']))
    const report = await leaks([reason])
    expect(kinds(report)).toEqual(['too-good: reason of view "reason"'])
    expect(report.findings[0]?.detail).toMatch(/^whether it is NULL alone tells returned with AUC 1\.000/)
  })

  test('a category with a level per row is not taken for the label', async () => {
    const noted = p
      .featureView('noted', { entity: question })
      .query(({ db }) =>
        db.selectFrom('asked').select((eb) => ['question', eb.cast<string>('question', 'text').as('id')]),
      )
    expect(kinds(await leaks([noted]))).toEqual([])
  })

  test('a label that looks past its horizon', async () => {
    const within = (days: number) =>
      p.target('reorders', { entity: customer, horizon: '5 days' }).query(
        () =>
          sql.raw(`SELECT s.customer, s.as_of, count(o.at) AS reordered FROM spine s
            LEFT JOIN orders o ON o.customer = s.customer AND o.at >= s.as_of AND o.at < s.as_of + interval '${days * 24} hours'
            GROUP BY s.customer, s.as_of`) as never,
      )
    const sources = { orders: { knownAt: 'at' } }
    expect(kinds(await leaks([country], { target: within(1), sources }))).toEqual([])
    const report = await leaks([country], { target: within(8), sources }, { rows: 400 })
    expect(kinds(report)).toEqual(['horizon: reordered of target "reorders"'])
    expect(report.findings[0]?.sources).toEqual(['public.orders.at'])
  })

  test('nothing is written', async () => {
    const relations = (await engine.db.introspect()).relations.length
    await leaks(honest)
    expect((await engine.db.introspect()).relations.length).toBe(relations)
  })

  test('an interrupt ends it', async () => {
    await expect(leaks(honest, {}, { signal: AbortSignal.abort() })).rejects.toThrow()
  })
})

/** Declared aggregates from the declaration to the rows: in the training query, the prediction query, and a view shown. */
import {
  type AggregatesView,
  explainView,
  type Form,
  predictionQuery,
  showQuery,
  trainingQuery,
  windowForm,
} from '@viewcast/compiler'
import { prepareDataset, project } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { linearRecord } from './records.ts'

interface DB {
  airports: { iata: string }
  flights: {
    origin: string
    date: Date
    seq: number
    delay: number | null
    carrier: 'AA' | 'UA'
    gate: string | null
    miles: string | number
    cancelled: boolean
  }
  asked: { id: number; iata: string | null; as_of: Date; wanted: number }
}
const p = project<DB>('flights')
const airport = p.entity('airport', { iata: 'text' }, { from: 'airports' })
const question = p.entity('question', { id: 'int4' })
const asked = p
  .sample('asked', { entity: airport, split: p.split.none() })
  .query(({ db }) => db.selectFrom('asked').select(['id', 'iata', 'as_of']))
const wanted = p
  .target('wanted', { entity: question })
  .query(({ db }) => db.selectFrom('asked').select(['id', 'wanted']))

const late = p.aggregates('late', {
  entity: airport,
  source: 'flights',
  keys: { iata: 'origin' },
  time: 'date',
  sequence: ['seq'],
  windows: { '2h': '2 hours', ever: 'all' },
  features: (a) => ({
    n: a.count(),
    cancelled: a.count().where('cancelled', '=', true),
    united: a.count().where('carrier', '=', 'UA').where('delay', '>', 15),
    share: a.ratio(a.count().where('cancelled', '=', true), a.count()),
    filled: a.ratio(a.sum('delay', { fill: 0 }), a.count('delay'), { fill: -1 }),
    gates: a.countDistinct('gate'),
    gate: a.last('gate', { fill: 'none' }),
    known: a.last('gate').where('gate', 'is not null'),
    carrier: a.first('carrier'),
    gone: a.last('cancelled'),
    when: a.last('date'),
    miles: a.sum('miles'),
    spread: a.stddev('delay'),
  }),
})
const totals = p.aggregates('totals', {
  entity: airport,
  source: 'flights',
  keys: { iata: 'origin' },
  time: 'date',
  windows: { '2h': '2 hours', ever: 'all' },
  features: (a) => ({ n: a.count(), miles: a.sum('miles'), share: a.ratio(a.count('gate'), a.count()) }),
})

describeEachEngine('declared aggregates', (engine) => {
  beforeAll(() =>
    engine.db.execute(`
      CREATE TYPE carrier AS ENUM ('UA', 'AA');
      CREATE TABLE airports (iata text PRIMARY KEY);
      CREATE TABLE flights (origin text, date timestamptz, seq int4, delay int4, carrier carrier, gate text, miles int8, cancelled bool);
      CREATE TABLE asked (id int4 PRIMARY KEY, iata text, as_of timestamptz, wanted int4 NOT NULL);
      INSERT INTO airports VALUES ('JFK'), ('LAX'), ('SFO');
      INSERT INTO flights VALUES
        ('JFK', '2024-03-01T08:00Z', 1, 10, 'AA', 'A1', 9223372036854775807, false),
        ('JFK', '2024-03-01T10:00Z', 2, 20, 'UA', 'B2', 9223372036854775807, true),
        ('JFK', '2024-03-01T11:00Z', 4, NULL, 'UA', NULL, 1, true),
        ('JFK', '2024-03-01T11:00Z', 3, 40, 'AA', 'Z9', 1, false),
        ('JFK', '2024-03-01T12:00Z', 5, 99, 'UA', 'C3', 1, true),
        ('LAX', '2024-03-01T09:00Z', 6, 5, 'AA', '', 100, false),
        (NULL, '2024-03-01T09:00Z', 7, 5, 'AA', '', 100, false);
      INSERT INTO asked VALUES
        (1, 'JFK', '2024-03-01T12:00Z', 1), (2, 'JFK', '2024-03-01T12:00Z', 0), (3, 'LAX', '2024-03-01T12:00Z', 0),
        (4, 'SFO', '2024-03-01T12:00Z', 1), (5, NULL, '2024-03-01T12:00Z', 0), (6, 'JFK', '2024-03-01T07:00Z', 1)`),
  )

  test('each function, over a window and over all time', async () => {
    const { dataset, facts } = await prepareDataset(engine.db, p.dataset('d', { sample: asked, features: [late] }))
    const query = trainingQuery(dataset, facts)
    const rows = (await engine.db.rows(query.sql)).sort((a, b) => Number(a['id']) - Number(b['id']))
    expect(rows.length).toBe(6)
    // From 10:00, which is inside, to 12:00, which is not.
    expect(rows[0]).toMatchObject({
      n_2h: 3,
      n_ever: 4,
      cancelled_2h: 2,
      united_2h: 1,
      share_2h: 2 / 3,
      share_ever: 0.5,
      filled_2h: 30,
      gates_2h: 2,
      gates_ever: 3,
      // The later of the two flights of 11:00 is the one with the greater seq; it had no gate.
      gate_2h: 'none',
      known_2h: 'Z9',
      carrier_2h: 'UA',
      carrier_ever: 'AA',
      gone_2h: true,
      miles_2h: 2 ** 63,
      miles_ever: 2 ** 64,
      spread_2h: Math.sqrt(200),
    })
    // An instant is days since 1970 behind the boundary.
    expect(Number(rows[0]?.['when_2h'])).toBeCloseTo(Date.parse('2024-03-01T11:00:00Z') / 86_400_000, 9)
    const { id: _, ...twice } = rows[1] ?? {}
    expect(rows[0]).toMatchObject(twice)
    expect(rows[2]).toMatchObject({
      n_2h: 0,
      n_ever: 1,
      share_2h: null,
      share_ever: 0,
      gate_ever: '',
      spread_ever: null,
    })
    const empty = { n_ever: 0, gates_ever: 0, share_ever: null, filled_ever: -1, gate_ever: 'none', known_ever: null }
    for (const i of [3, 4, 5]) expect(rows[i], `question ${i + 1}`).toMatchObject(empty)
    const types = Object.fromEntries(query.columns.map((c) => [c.name, c.type]))
    expect(types).toMatchObject({
      n_2h: 'float8',
      gate_2h: 'text',
      carrier_2h: 'text',
      gone_2h: 'bool',
      share_2h: 'float8',
    })
  })

  test('the prediction query gives what the training query gives, by either form', async () => {
    const labelled = p.dataset('l', { sample: asked, target: wanted, features: [totals] })
    const model = p.model('m', { dataset: labelled, family: 'linear', label: 'wanted' })
    const names = ['n_2h', 'n_ever', 'miles_2h', 'miles_ever', 'share_2h', 'share_ever']
    const pick = (row: Record<string, unknown> | undefined) => names.map((n) => row?.[n])
    const predicted = async () => {
      const { dataset, facts } = await prepareDataset(engine.db, labelled)
      const rows = await engine.db.rows(trainingQuery(dataset, facts).sql)
      const { sql } = predictionQuery({ ...model, dataset }, linearRecord('m', names), facts, {
        spine: { kind: 'keys', rows: [{ iata: 'JFK' }], at: '2024-03-01T12:00Z' },
        withFeatures: true,
      })
      const [row] = await engine.db.rows(sql)
      expect(pick(row)).toEqual(pick(rows.find((r) => r['id'] === 1)))
      return sql
    }
    expect(await predicted()).not.toMatch(/LATERAL/)
    await engine.db.execute('CREATE INDEX flights_by_origin ON flights (origin, date)')
    expect(await predicted()).toMatch(/LATERAL/)
    await engine.db.execute('DROP INDEX flights_by_origin')
  })

  test('the choice of a form says why, what else there is, and which index it wants', async () => {
    const both = p.dataset('d', { sample: asked, features: [late, totals.prefix('t_')] })
    const chosen = async (purpose: 'training' | 'prediction', questions?: number) => {
      const { dataset, facts } = await prepareDataset(engine.db, both)
      return dataset.features.map(({ view }) => {
        const asked = { keyTypes: { iata: 'text' }, questions, columns: [] }
        const question = { source: facts.columns(view), catalog: facts.catalog, asked, purpose }
        return windowForm(view as AggregatesView, question)
      })
    }
    const createIndex = 'CREATE INDEX CONCURRENTLY flights_origin_date_idx ON public.flights (origin, date)'
    const why = 'no index of flights leads with origin, date'
    expect(await chosen('training')).toEqual([
      {
        form: 'join',
        reason: `not by running totals: "gates": countDistinct cannot be taken back from a total; ${why}`,
        possible: ['join'],
        impossible: [
          { form: 'lateral', why },
          { form: 'running', why: '"gates": countDistinct cannot be taken back from a total' },
        ],
        createIndex,
      },
      {
        form: 'running',
        reason: 'one sort of events and questions, whatever the width of the windows',
        possible: ['join', 'running'],
        impossible: [{ form: 'lateral', why }],
      },
    ])
    expect((await chosen('prediction')).map((c) => [c.form, c.createIndex])).toEqual([
      ['join', createIndex],
      ['join', createIndex],
    ])

    await engine.db.execute('CREATE INDEX by_origin ON flights (origin, date)')
    await engine.db.execute('INSERT INTO flights SELECT NULL, NULL FROM generate_series(1, 1000)')
    await engine.db.execute('ANALYZE')
    const [mixed, exact] = await chosen('training')
    expect(mixed).toMatchObject({ form: 'lateral', served: { relation: 'flights', indexes: ['by_origin'] } })
    expect(exact).toMatchObject({ form: 'running', possible: ['join', 'lateral', 'running'] })
    // A thousand events, some 500 of a key: one question is looked up, many are sorted with the events.
    expect((await chosen('training', 1)).map((c) => c.form)).toEqual(['lateral', 'lateral'])
    expect((await chosen('training', 500)).map((c) => c.form)).toEqual(['lateral', 'running'])
    expect((await chosen('prediction', 500)).map((c) => c.form)).toEqual(['lateral', 'lateral'])
    await engine.db.execute('DELETE FROM flights WHERE date IS NULL')
    await engine.db.execute('DROP INDEX by_origin')
  })

  test('dense windows: stored totals are proposed, and give what the view gives', async () => {
    await engine.db.execute(`
      CREATE TABLE busy (origin text, date timestamptz, miles int4, cancelled bool, level float8);
      INSERT INTO busy SELECT 'A' || g % 3, timestamptz '2024-01-01Z' + g * interval '10 minutes', g, g % 5 = 0, g FROM generate_series(1, 6000) g;
      ANALYZE busy`)
    const busy = p.aggregates('busy', {
      entity: airport,
      source: 'busy' as 'flights',
      keys: { iata: 'origin' },
      time: 'date',
      windows: { '10d': '10 days' },
      features: (a) => ({
        gone: a.count().where('cancelled', '=', true),
        miles: a.sum('miles'),
        steps: a.sum('miles').where('cancelled', '=', true),
      }),
    })
    const { dataset, facts } = await prepareDataset(engine.db, p.dataset('d', { sample: asked, features: [busy] }))
    const view = dataset.features[0]?.view as AggregatesView
    const [training] = explainView(view, facts)
    // 2,000 events of a key in 41.7 days: about 480 in ten.
    const estimate = Number(/about (\d+) events/.exec(training?.propose?.why ?? '')?.[1])
    expect(estimate).toBeGreaterThan(430)
    expect(estimate).toBeLessThan(530)
    expect(training?.propose?.why).toContain('of "gone", "miles", "steps" a table')
    for (const one of training?.propose?.sql.split(';') ?? []) if (one.trim() !== '') await engine.db.execute(one)
    const at = "timestamptz '2024-02-01Z'"
    const total = (column: string, before: string) =>
      `(SELECT ${column} FROM busy_totals WHERE origin = 'A1' AND date < ${before} ORDER BY date DESC LIMIT 1)`
    const [stored] = await engine.db.rows(
      `SELECT ${['total_1', 'total_3'].map((c, i) => `(${total(c, at)} - ${total(c, `${at} - interval '240 hours'`)})::int4 AS c${i}`)}`,
    )
    const [direct] = await engine.db.rows(
      `SELECT (count(*) FILTER (WHERE cancelled))::int4 AS c0, sum(miles)::int4 AS c1 FROM busy
        WHERE origin = 'A1' AND date < ${at} AND date >= ${at} - interval '240 hours'`,
    )
    expect(stored).toEqual(direct)
    const [sparse] = explainView(
      { ...view, spec: { ...view.spec, windows: { '10d': '1 day' } } },
      {
        ...facts,
        columns: () => facts.columns(view),
      },
    )
    expect(sparse).toMatchObject({ form: 'running' })
    expect(sparse).not.toHaveProperty('propose')
  })

  test('every form that can be asked for gives the same rows; LATERAL without its index is refused with the index to create', async () => {
    const dataset = p.dataset('d', { sample: asked, features: [totals] })
    const rowsBy = async (form: Form) => {
      const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
      const { sql } = trainingQuery(d, facts, { forms: { totals: form } })
      return (await engine.db.rows(sql)).map((r) => JSON.stringify(r)).sort()
    }
    const running = await rowsBy('running')
    expect(await rowsBy('join')).toEqual(running)
    await expect(rowsBy('lateral')).rejects.toMatchObject({
      diagnostics: [{ code: 'form/no-index', hint: expect.stringContaining('flights (origin, date)') }],
    })
    await expect(rowsBy('fill')).rejects.toMatchObject({ diagnostics: [{ code: 'form/unsupported' }] })
    await engine.db.execute('CREATE INDEX by_origin ON flights (origin, date)')
    expect(await rowsBy('lateral')).toEqual(running)
    await engine.db.execute('DROP INDEX by_origin')
  })

  test('a view can be shown', async () => {
    const { dataset, facts } = await prepareDataset(engine.db, p.dataset('d', { sample: asked, features: [late] }))
    const sql = showQuery(dataset.features[0]?.view as AggregatesView, facts, '2024-03-01T12:00Z')
    const rows = await engine.db.rows(sql)
    expect(rows.find((r) => r['iata'] === 'JFK')).toMatchObject({ n_2h: 3, carrier_ever: 'AA', share_ever: 0.5 })
    expect(rows.find((r) => r['iata'] === 'SFO')).toMatchObject({ n_2h: 0, gate_ever: 'none' })
  })
})

/** Keys of any type and any name, one or several, end to end: training, prediction, verification, deployment. */
import { type DatasetDef, type Literal, type ModelDef, quoteIdentifier, trainingQuery } from '@viewcast/compiler'
import {
  applyView,
  predictionQuery,
  prepareDataset,
  project,
  standardize,
  trainModel,
  verifyModel,
} from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'

type Row = Record<string, unknown>
interface DB {
  flights: { id: number; origin: string; dest: string; carrier: string; date: Date; delay: number }
  airports: { iata: string; size: number }
  carriers: { code: string; fleet: number }
}
const p = project<DB>('keys')
const q = quoteIdentifier

/** Type as declared, column type, three values in SQL, and the name of the column. */
const cases = [
  ['int2', 'int2', ['1::int2', '(-2)::int2', '32767::int2'], 'order'],
  ['int4', 'int4', ['1', '-2', '3'], 'Mixed Case'],
  ['int8', 'int8', ['1', '9007199254740993', '-5'], 'größe€'],
  ['numeric', 'numeric', ['1.5', '-0.000000000000000000001', "'NaN'::numeric"], 'select'],
  ['text', 'text', ["'a'", "'o''c\\'", "'é€😀'"], 'a"b'],
  ['varchar', 'varchar(20)', ["'a'", "'b c'", "''"], 'k'.repeat(63)],
  ['bpchar', 'char(4)', ["'a'", "'bb'", "'cccc'"], 'user'],
  [
    'uuid',
    'uuid',
    [
      "'00000000-0000-0000-0000-000000000001'",
      "'a0000000-0000-0000-0000-000000000001'",
      "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
    ],
    'a.b',
  ],
  ['date', 'date', ["'2025-01-01'", "'0099-12-31'", "'infinity'"], ' leading'],
  ['timestamptz', 'timestamptz', ["'2025-01-01 00:00:00.123456Z'", "'2024-06-01 00:00Z'", "'infinity'"], 'time'],
  ['bool', 'bool', ['true', 'false'], 'key'],
  ['mood', 'mood', ["'sad'", "'So so'"], 'mood'],
  ['code', 'code', ["'x1'", "'y2'", "'z3'"], 'value'],
  ['bytea', 'bytea', ["'\\x00ff'", "'\\x'", "'\\x27'"], 'as'],
] as const

describeEachEngine('keys', (engine) => {
  beforeAll(() =>
    engine.db.execute(`
      CREATE TYPE mood AS ENUM ('sad', 'So so', 'glad');
      CREATE DOMAIN code AS text CHECK (value ~ '^[a-z]\\d$');
    `),
  )

  const train = async (dataset: DatasetDef) => {
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const query = trainingQuery(d, facts)
    return { sql: query.sql, rows: await engine.db.rows<Row>(`SELECT * FROM (${query.sql}) AS q ORDER BY "row"`) }
  }

  test.each(cases)('of type %s', async (declared, type, values, name) => {
    const n = values.length
    const key = q(name)
    const list = values.map((v, i) => `(${i + 1}, (${v})::${type})`).join(', ')
    await engine.db.execute(`
      DROP VIEW IF EXISTS scored;
      DROP TABLE IF EXISTS things, events, asked;
      CREATE TABLE things (${key} ${type} PRIMARY KEY, size float8);
      INSERT INTO things SELECT k, i FROM (VALUES ${list}) AS v (i, k);
      CREATE TABLE events (${key} ${type}, at timestamptz, v float8);
      INSERT INTO events SELECT k, timestamptz '2025-01-10Z' - g * interval '1 hour', i * 100 + g FROM (VALUES ${list}) AS v (i, k), generate_series(1, 30) AS g WHERE g <= 10 * i;
      INSERT INTO events VALUES (NULL, '2025-01-09Z', 1);
      CREATE TABLE asked AS SELECT row_number() OVER (ORDER BY g, i)::int4 AS "row", k AS ${key},
        timestamptz '2025-01-10Z' - g * interval '3 hours' + interval '30 minutes' AS as_of, i + g * 0.5 + (i * g) % 3 AS y FROM (VALUES ${list}) AS v (i, k), generate_series(0, 6) AS g;
      INSERT INTO asked VALUES (1000, NULL, '2025-01-10Z', 0);
    `)
    const entity = p.entity('thing', { [name]: declared }, { from: 'things' as never })
    const raw = (text: string) => ((_: never) => sql.raw(text)) as never
    const dataset = p.dataset('d', {
      sample: p.sample('s', { entity }).query(raw(`select "row", ${key}, as_of from asked`)),
      target: p.target('y', { entity: p.entity('row', { row: 'int4' }) }).query(raw('select "row", y from asked')),
      features: [
        p.featureView('profile', { entity }).query(raw(`select ${key}, size from things`)),
        p.featureView('latest', { entity, time: 'at' }).query(raw(`select ${key}, at, v as latest from events`)),
        p
          .windowView('counted', { entity })
          .query(
            raw(
              `select s.${key}, s.as_of, count(e.at) as counted from spine as s left join events as e on e.${key} = s.${key} and e.at < s.as_of group by 1, 2`,
            ),
          ),
        p.aggregates('sums', {
          entity,
          source: 'events',
          time: 'at',
          windows: { '6h': '6 hours' },
          features: (a: never) => {
            const b = a as { count(): object; max(column: string): object }
            return { n: b.count(), most: b.max('v') }
          },
        } as never),
      ],
    } as never) as unknown as DatasetDef
    const { rows } = await train(dataset)
    expect(rows).toHaveLength(7 * n + 1)
    rows.slice(0, -1).forEach((row, at) => {
      const [g, i] = [Math.floor(at / n), (at % n) + 1]
      const past = Array.from({ length: 10 * i }, (_, e) => e + 1).filter((e) => e >= 3 * g)
      const near = past.filter((e) => e < 3 * g + 6)
      const newest = Math.min(...Array.from({ length: 10 * i }, (_, e) => e + 1).filter((e) => e >= 3 * g))
      expect(row, `row ${at}`).toMatchObject({
        size: i,
        latest: Number.isFinite(newest) ? i * 100 + newest : null,
        counted: past.length,
        n_6h: near.length,
        most_6h: near.length === 0 ? null : i * 100 + Math.max(...near),
      })
    })
    expect(rows.at(-1)).toMatchObject({ size: null, latest: null, counted: null, n_6h: 0, most_6h: null })

    const model: ModelDef = {
      ...(p.model('m', { dataset, family: 'linear', label: 'y' } as never) as unknown as ModelDef),
      inputs: { size: standardize(), latest: standardize(), n_6h: standardize() },
      penalty: { l1: 0, l2: 1 },
    }
    const { record } = await trainModel(engine.db, model)
    const report = await verifyModel(engine.db, model, record)
    expect(report.checks.filter((c) => !c.ok)).toEqual([])
    // Keys as the driver gives them can be asked for.
    const at = '2025-01-10T00:00Z'
    const keys = await engine.db.rows<Record<string, Literal>>(`SELECT ${key} FROM things`)
    const asked = await predictionQuery(engine.db, model, record, { keys, at })
    const everyone = await predictionQuery(engine.db, model, record, { at })
    const scores = async (text: string) => (await engine.db.query(`SELECT * FROM (${text}) AS q ORDER BY 1`)).rows
    expect(await scores(asked.sql)).toEqual(await scores(everyone.sql))
    expect(await scores(asked.sql)).toHaveLength(n)
    const { view } = await applyView(engine.db, model, record, { name: 'scored', at })
    expect(await scores(`select * from ${view}`)).toEqual(await scores(everyone.sql))
  })

  test('of several columns and text that would run together are told apart', async () => {
    await engine.db.execute(`
      CREATE TABLE pairs (a text, b text, v float8, PRIMARY KEY (a, b));
      INSERT INTO pairs VALUES ('a', 'bc', 1), ('ab', 'c', 2), ('a,b', 'c', 3), ('a', 'b,c', 4), ('', '', 5), ('NULL', 'x', 6);
      CREATE TABLE pairs_asked AS SELECT (row_number() OVER ())::int4 AS "row", a, b, now() AS as_of FROM pairs;
      INSERT INTO pairs_asked VALUES (7, NULL, 'x', now()), (8, 'a', NULL, now()), (9, 'a', 'bc', now());
    `)
    const pair = p.entity('pair', { a: 'text', b: 'text' })
    const raw = (text: string) => ((_: never) => sql.raw(text)) as never
    const { rows } = await train(
      p.dataset('d', {
        sample: p.sample('s', { entity: pair }).query(raw('select * from pairs_asked')),
        features: [p.featureView('v', { entity: pair }).query(raw('select a, b, v from pairs'))],
      } as never) as unknown as DatasetDef,
    )
    expect(rows.map((r) => r['v'])).toEqual([1, 2, 3, 4, 5, 6, null, null, 1])
  })

  test.each([
    ['int8', 'int4', []],
    ['text', 'varchar', []],
    ['varchar', 'char(3)', []],
    ['text', 'int4', ['dataset/key-type']],
    ['int4', 'numeric', ['dataset/key-type']],
    ['timestamptz', 'timestamp', ['dataset/key-type']],
    ['date', 'timestamptz', ['dataset/key-type']],
    ['text', 'mood', ['dataset/key-type']],
  ])('declared %s where the view has %s', async (declared, type, expected) => {
    const entity = p.entity('thing', { k: declared })
    const raw = (text: string) => ((_: never) => sql.raw(text)) as never
    const dataset = p.dataset('d', {
      sample: p.sample('s', { entity }).query(raw(`select null::${declared} as k, 1 as "row"`)),
      features: [p.featureView('v', { entity }).query(raw(`select null::${type} as k, 1 as f`))],
    } as never) as unknown as DatasetDef
    expect(
      expected.length > 0 ? await codesOf(() => train(dataset)) : (await train(dataset)).rows.map(() => ''),
    ).toEqual(expected.length > 0 ? expected : [''])
    if (expected.length === 0) return
    const [first] = await diagnosticsOf(() => train(dataset))
    expect(first?.hint).toContain(declared === 'timestamptz' ? `AT TIME ZONE 'UTC'` : `"k"::${declared}`)
  })
})

describeEachEngine('a dataset of several entities', (engine) => {
  beforeAll(() =>
    engine.db.execute(`
      CREATE TABLE airports (iata text PRIMARY KEY, size int4);
      CREATE TABLE carriers (code text PRIMARY KEY, fleet int4);
      CREATE TABLE flights (id int4 PRIMARY KEY, origin text, dest text, carrier text, date timestamptz, delay float8);
      INSERT INTO airports VALUES ('A', 1), ('B', 2), ('C', 3);
      INSERT INTO carriers VALUES ('x', 10), ('y', 20);
      INSERT INTO flights SELECT g, (ARRAY['A', 'B', 'C'])[g % 3 + 1], (ARRAY['B', 'C', 'A', NULL])[g % 4 + 1], (ARRAY['x', 'y'])[g % 2 + 1],
        timestamptz '2025-01-01Z' + g * interval '1 hour', (g * 7) % 11 FROM generate_series(1, 120) AS g;
    `),
  )
  const airport = p.entity('airport', { iata: 'text' }, { from: 'airports' })
  const carrier = p.entity('carrier', { code: 'text' }, { from: 'carriers' })
  const route = p.entity('route', { from_iata: 'text', to_iata: 'text' })
  const flight = p.entity('flight', { id: 'int4' }, { from: 'flights' })
  const size = p
    .featureView('size', { entity: airport })
    .query(({ db }) => db.selectFrom('airports').select(['iata', 'size']))
  const fleet = p
    .featureView('fleet', { entity: carrier })
    .query(({ db }) => db.selectFrom('carriers').select(['code', 'fleet']))
  const busy = p.aggregates('busy', {
    entity: airport,
    source: 'flights',
    keys: { iata: 'origin' },
    time: 'date',
    windows: { '2d': '2 days' },
    features: (a) => ({ n: a.count() }),
  })
  const flown = p.windowView('flown', { entity: route }).query(({ db }) =>
    db
      .selectFrom('spine')
      .leftJoin('flights', (j) =>
        j
          .onRef('flights.origin', '=', 'spine.from_iata')
          .onRef('flights.dest', '=', 'spine.to_iata')
          .onRef('flights.date', '<', 'spine.as_of'),
      )
      .groupBy(['spine.from_iata', 'spine.to_iata', 'spine.as_of'])
      .select(({ fn }) => ['spine.from_iata', 'spine.to_iata', 'spine.as_of', fn.count('flights.id').as('flown')]),
  )
  const departures = p
    .sample('departures', { entity: flight })
    .query(({ db }) =>
      db.selectFrom('flights').select(['id', 'id as row', 'origin', 'dest', 'carrier', 'date as as_of']),
    )
  const target = p
    .target('late', { entity: flight })
    .query(({ db }) => db.selectFrom('flights').select(['id', 'delay']))
  const dataset = p.dataset('d', {
    sample: departures,
    target,
    features: [
      size.on({ iata: 'origin' }).prefix('origin_'),
      size.on({ iata: 'dest' }).prefix('dest_'),
      busy.on({ iata: 'origin' }).prefix('origin_'),
      busy.on({ iata: 'dest' }).prefix('dest_'),
      fleet.on({ code: 'carrier' }),
      flown.on({ from_iata: 'origin', to_iata: 'dest' }),
    ],
  })
  const model = p
    .model('m', { dataset, family: 'linear', label: 'delay' })
    .inputs({ origin_size: 'auto', dest_n_2d: 'auto', flown: 'auto', fleet: 'auto' })

  test('joins each in its role, and a view in two roles is one stage where the instant does not matter', async () => {
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const query = trainingQuery(d, facts)
    expect(query.sql.match(/\bairports\b/g)).toHaveLength(1)
    const rows = await engine.db.rows<Row>(`SELECT * FROM (${query.sql}) AS q ORDER BY id`)
    expect(rows).toHaveLength(120)
    const all = await engine.db.rows<Row>('SELECT * FROM flights ORDER BY id')
    const sizes: Record<string, number> = { A: 1, B: 2, C: 3 }
    rows.forEach((row, i) => {
      const [origin, dest] = [row['origin'] as string, row['dest'] as string | null]
      const before = all.slice(0, i)
      const near = before.slice(-48)
      expect(row, `flight ${i + 1}`).toMatchObject({
        origin_size: sizes[origin],
        dest_size: dest === null ? null : sizes[dest],
        origin_n_2d: near.filter((f) => f['origin'] === origin).length,
        dest_n_2d: near.filter((f) => f['origin'] === dest).length,
        fleet: row['carrier'] === 'x' ? 10 : 20,
        flown: dest === null ? null : before.filter((f) => f['origin'] === origin && f['dest'] === dest).length,
      })
    })
  })

  test('a question brings the columns of the roles it is asked in, and no other', async () => {
    const { record } = await trainModel(engine.db, model)
    const lacking = async (keys: Record<string, unknown>) =>
      (await diagnosticsOf(() => predictionQuery(engine.db, model, record, { keys: [keys] }))).map(
        (d) => d.parameters['column'],
      )
    expect(await lacking({ id: 1 })).toEqual(['origin', 'dest', 'carrier'])
    expect(await lacking({ id: 1, origin: 'A', dest: 'B', carrier: 'x', row: 1 })).toEqual(['row'])
    const { sql: text } = await predictionQuery(engine.db, model, record, {
      keys: [
        { id: 1, origin: 'A', dest: 'B', carrier: 'x' },
        { id: 2, origin: 'A', dest: null, carrier: 'z' },
      ],
      at: '2025-02-01T00:00Z',
    })
    expect((await engine.db.query(text)).rows).toHaveLength(2)
    expect((await verifyModel(engine.db, model, record)).checks.filter((c) => !c.ok)).toEqual([])
  })

  test('a relation that lists the entity without its roles is told apart by name', async () => {
    const bare = { ...flight, from: { name: 'airports' } }
    const other = { ...dataset, sample: { ...departures, entity: bare } } as DatasetDef
    const { record } = await trainModel(engine.db, model)
    const [first] = await diagnosticsOf(() =>
      predictionQuery(engine.db, { ...model, dataset: other } as ModelDef, record),
    )
    expect(first?.code).toBe('compile/no-anchor')
    expect(first?.message).toContain('"airports"')
    expect(first?.message).toContain('id, origin, dest, carrier')
    expect(first?.hint).toContain('id, origin, dest, carrier')
  })
})

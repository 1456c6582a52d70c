import {
  collectProject,
  connect,
  openStore,
  type Project,
  project,
  type Store,
  standardize,
  syncCatalog,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  airports: { iata: string; state: string | null; latitude: number | null }
  flights: { id: number; origin: string; at: Date; delay: number | null }
  flights_of_state: { id: number; origin: string; minutes: number | null }
}

const schema = `
  CREATE TABLE airports (iata text PRIMARY KEY, state text, latitude float8);
  CREATE TABLE flights (id int PRIMARY KEY, origin text NOT NULL, at timestamptz NOT NULL, delay float8);
  CREATE TABLE unrelated (a int);
  CREATE VIEW flights_of_state AS SELECT f.id, f.origin, f.delay AS minutes FROM flights f JOIN airports a ON a.iata = f.origin;
  COMMENT ON TABLE flights IS 'One row per departure';
  COMMENT ON COLUMN flights.delay IS 'Minutes after the timetable';
  COMMENT ON COLUMN airports.state IS 'US state';
  COMMENT ON VIEW flights_of_state IS 'Flights with their state'`

const p = project<DB>('flights')
const airport = p.entity(
  'airport',
  { iata: 'text' },
  { from: 'airports', description: 'where one departs', owner: 'geo' },
)
const flight = p.entity('flight', { id: 'integer' })
const profile = p
  .featureView('profile', { entity: airport, description: 'What does not change', owner: 'geo', tags: ['place'] })
  .query(({ db }) => db.selectFrom('airports').select(['iata', 'state', 'latitude as lat']))
  .features({ lat: { kind: 'numeric', description: 'degrees north', unit: '°', fill: 0 } })
const late = p.aggregates('late', {
  entity: airport,
  source: 'flights',
  keys: { iata: 'origin' },
  time: 'at',
  windows: { '7d': '7 days' },
  features: (a) => ({ n: a.count({ description: 'departures' }), delay: a.avg('delay') }),
})
const ofState = p.existingView('flights_of_state', { entity: flight }).features({ minutes: { kind: 'numeric' } })
const sample = p
  .sample('departures', { entity: flight })
  .query(({ db }) => db.selectFrom('flights').select(['id', 'origin', 'at as as_of']))
const outcome = p
  .target('outcome', { entity: flight })
  .query(({ db }) => db.selectFrom('flights').select(['id', (eb) => eb('delay', '>', 15).as('late15')]))
const dataset = p.dataset('training', {
  sample,
  target: outcome,
  features: [profile.on({ iata: 'origin' }), late.on({ iata: 'origin' }), ofState.pick('minutes')],
  sources: { flights: { owner: ['ops', 'data'], sla: { warnAfter: '6 hours', errorAfter: '1 day' } } },
  updateFrequency: 'daily',
})
const model = p
  .model('delay15', { dataset, family: 'logistic', label: 'late15', owner: 'ml' })
  .inputs({ lat: standardize(), n_7d: standardize() })

const collected = (exports: Record<string, unknown>): Project =>
  collectProject(exports, { directory: '.', file: 'features.ts', name: 'flights' })

const whole = collected({ model })

interface AssetRow {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly declared: object
  readonly commented: object
  readonly props: Record<string, unknown>
  readonly gone: boolean
}

const assets = (store: Store) =>
  store.db.rows<AssetRow>(
    `SELECT kind, namespace, name, declared, commented, props, gone_at IS NOT NULL AS gone FROM viewcast.asset
     ORDER BY kind, name`,
  )

const columns = (store: Store, kind: string, name: string) =>
  store.db.rows(
    `SELECT c.name, c.pg_type, c.nullable, c.declared, c.commented FROM viewcast.asset_column c
     JOIN viewcast.asset a ON a.id = c.asset_id
     WHERE (a.kind, a.name) = ($1, $2) AND c.dropped_at IS NULL ORDER BY c.ordinal`,
    [kind, name],
  )

const changes = (store: Store) =>
  store.db.rows(
    `SELECT a.name, c.column_name, c.layer, c.field, c.before, c.after, c.actor FROM viewcast.catalog_change c
     JOIN viewcast.asset a ON a.id = c.asset_id ORDER BY c.id`,
  )

describeEachEngine('synchronising the catalog', (engine) => {
  let store: Store
  beforeAll(async () => {
    await engine.db.execute(schema)
    store = await openStore(engine.db, { project: 'flights', actor: 'me' })
  })

  test('takes what is declared, and what the database says of what is read', async () => {
    const done = await syncCatalog(store, whole)
    expect(done.problems).toEqual([])
    const all = await assets(store)
    expect(all.map((a) => `${a.kind} ${a.name}`)).toEqual([
      'dataset training',
      'feature_view flights_of_state',
      'feature_view late',
      'feature_view profile',
      'model delay15',
      'prediction delay15',
      'sample departures',
      'source public.airports',
      'source public.flights',
      'source public.flights_of_state',
      'target outcome',
    ])
    const of = (name: string) => all.find((a) => `${a.kind} ${a.name}` === name)
    expect(of('feature_view profile')).toMatchObject({
      namespace: 'flights',
      declared: { description: 'What does not change', owners: ['geo'], tags: ['place'] },
      props: {
        form: 'static',
        entity: { name: 'airport', keys: ['iata'], description: 'where one departs', owners: ['geo'] },
        reads: ['source public.airports'],
      },
    })
    expect(of('source public.flights')).toMatchObject({
      namespace: 'database',
      declared: { owners: ['ops', 'data'], sla: { warnAfter: '6 hours', errorAfter: '1 day' } },
      commented: { description: 'One row per departure' },
      props: { form: 'table', time: 'at' },
    })
    expect(of('source public.flights_of_state')?.props).toMatchObject({
      form: 'view',
      reads: ['source public.airports', 'source public.flights'],
    })
    expect(of('feature_view flights_of_state')?.commented).toEqual({ description: 'Flights with their state' })
    expect(of('dataset training')).toMatchObject({
      declared: { updateFrequency: 'daily' },
      props: {
        reads: [
          'sample departures',
          'target outcome',
          'feature_view profile',
          'feature_view late',
          'feature_view flights_of_state',
        ],
      },
    })
    expect(await columns(store, 'feature_view', 'profile')).toEqual([
      { name: 'iata', pg_type: 'text', nullable: false, declared: {}, commented: {} },
      { name: 'state', pg_type: 'text', nullable: true, declared: {}, commented: { description: 'US state' } },
      {
        name: 'lat',
        pg_type: 'float8',
        nullable: true,
        declared: { kind: 'numeric', description: 'degrees north', unit: '°' },
        commented: {},
      },
    ])
    expect(await columns(store, 'feature_view', 'late')).toMatchObject([
      { name: 'iata', pg_type: 'text' },
      { name: 'as_of', pg_type: 'timestamptz' },
      { name: 'n_7d', pg_type: 'int8', nullable: false, declared: { description: 'departures, last 7 days' } },
      { name: 'delay_7d', pg_type: 'float8', nullable: true },
    ])
    // A comment follows a column that is passed on as it is, through a view of the database and into a feature view.
    expect(await columns(store, 'feature_view', 'flights_of_state')).toContainEqual(
      expect.objectContaining({ name: 'minutes', commented: { description: 'Minutes after the timetable' } }),
    )
    expect((await columns(store, 'dataset', 'training')).map((c) => c.name)).toEqual([
      'id',
      'origin',
      'as_of',
      'state',
      'lat',
      'n_7d',
      'delay_7d',
      'minutes',
      'late15',
    ])
    expect((await columns(store, 'model', 'delay15')).map((c) => c.name)).toEqual(['lat', 'n_7d'])
  })

  test('writes nothing the second time', async () => {
    const before = await changes(store)
    const rows = () => engine.db.rows('SELECT xmin::text, * FROM viewcast.asset ORDER BY id')
    const was = await rows()
    expect(await syncCatalog(store, whole)).toEqual({
      assets: 11,
      assetsChanged: 0,
      columnsAdded: 0,
      columnsChanged: 0,
      columnsDropped: 0,
      problems: [],
    })
    expect(await changes(store)).toEqual(before)
    expect(await rows()).toEqual(was)
  })

  test('keeps what changed as history, and a dropped column', async () => {
    await engine.db.execute(`
      ALTER TABLE airports ALTER latitude TYPE float4;
      ALTER TABLE airports ADD city text;
      COMMENT ON COLUMN airports.state IS 'State';`)
    const before = (await changes(store)).length
    const done = await syncCatalog(store, whole, {})
    expect(done).toMatchObject({ columnsAdded: 1, columnsDropped: 0 })
    expect((await changes(store)).slice(before)).toEqual(
      expect.arrayContaining([
        {
          name: 'public.airports',
          column_name: 'latitude',
          layer: 'schema',
          field: 'type',
          before: 'float8',
          after: 'float4',
          actor: 'me',
        },
        expect.objectContaining({ name: 'public.airports', column_name: 'city', field: 'column', after: 'text' }),
        expect.objectContaining({ name: 'profile', column_name: 'state', layer: 'commented', after: 'State' }),
      ]),
    )
    await engine.db.execute('ALTER TABLE airports DROP city')
    expect(await syncCatalog(store, whole)).toMatchObject({ columnsDropped: 1, columnsAdded: 0 })
    expect(await engine.db.rows(`SELECT name FROM viewcast.asset_column WHERE dropped_at IS NOT NULL`)).toEqual([
      { name: 'city' },
    ])
    await engine.db.execute('ALTER TABLE airports ADD city int')
    await syncCatalog(store, whole)
    expect(await columns(store, 'source', 'public.airports')).toContainEqual(
      expect.objectContaining({ name: 'city', pg_type: 'int4' }),
    )
    await engine.db.execute('ALTER TABLE airports DROP city')
    await syncCatalog(store, whole)
  })

  test('marks what is no longer declared, and lets it come back', async () => {
    const gone = async () => (await assets(store)).filter((a) => a.gone).map((a) => a.name)
    await syncCatalog(store, collected({ profile, late, dataset }))
    expect(await gone()).toEqual(['delay15', 'delay15'])
    await syncCatalog(store, whole)
    expect(await gone()).toEqual([])
    expect(await changes(store)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'delay15', layer: 'presence', field: 'gone' }),
        expect.objectContaining({ name: 'delay15', layer: 'presence', field: 'back' }),
      ]),
    )
  })

  test('tells a view that is broken, keeps what is known of it, and takes the others, inside a transaction too', async () => {
    const known = await columns(store, 'feature_view', 'profile')
    const kept = engine.db.transaction(async (tx) => {
      await tx.execute('ALTER TABLE airports RENAME latitude TO northing')
      const done = await syncCatalog({ ...store, db: tx }, whole)
      expect(done.problems.map((d) => d.code)).toEqual(['view/database-error'])
      expect(await columns({ ...store, db: tx }, 'feature_view', 'profile')).toEqual(known)
      expect((await columns({ ...store, db: tx }, 'source', 'public.airports')).map((c) => c.name)).toContain(
        'northing',
      )
      throw new Error('rolled back')
    })
    await expect(kept).rejects.toThrow('rolled back')
  })

  test('lets several projects speak of one source, and takes neither for the other', async () => {
    const theirs = project<DB>('theirs')
    const other = theirs.dataset('other', {
      sample: theirs.sample('all', { entity: flight }).query(({ db }) => db.selectFrom('flights').select(['id'])),
      features: [],
      sources: { flights: { description: 'as they see it', owner: 'them' } },
    })
    const project2 = collectProject({ other }, { directory: '.', file: 'x.ts', name: 'theirs' })
    await syncCatalog({ ...store, project: 'theirs' }, project2)
    const flights = async () => (await assets(store)).find((a) => a.name === 'public.flights')
    // The first by name has the word, field by field.
    expect((await flights())?.declared).toMatchObject({ description: 'as they see it', owners: ['ops', 'data'] })
    expect((await assets(store)).filter((a) => a.gone)).toEqual([])
    await syncCatalog(store, whole)
    expect((await flights())?.declared).toMatchObject({ description: 'as they see it', owners: ['ops', 'data'] })
    await syncCatalog({ ...store, project: 'theirs' }, collectProject({}, { directory: '.', file: 'x.ts' }))
    expect((await flights())?.declared).toEqual({
      owners: ['ops', 'data'],
      sla: { warnAfter: '6 hours', errorAfter: '1 day' },
    })
  })

  test('takes a part of a project and leaves the rest as it is', async () => {
    const before = await assets(store)
    const part = collected({ ofState })
    expect(await syncCatalog(store, part, { isComplete: false })).toMatchObject({ assetsChanged: 0, columnsDropped: 0 })
    expect(await assets(store)).toEqual(before)
    // What a part says of a source is added to what is said.
    const more = p.dataset('more', { sample, features: [], sources: { flights: { updateFrequency: 'hourly' } } })
    await syncCatalog(store, collected({ more }), { isComplete: false })
    const flights = (await assets(store)).find((a) => a.name === 'public.flights')
    expect(flights?.declared).toMatchObject({ updateFrequency: 'hourly', owners: ['ops', 'data'] })
    await syncCatalog(store, whole)
    const again = (await assets(store)).find((a) => a.name === 'public.flights')
    expect(again?.declared).not.toHaveProperty('updateFrequency')
  })

  test('is done by several at once as by one', async () => {
    await engine.db.execute('ALTER TABLE airports ADD country text')
    const before = (await changes(store)).length
    const others = engine.url === undefined ? [] : await Promise.all([1, 2, 3].map(() => connect(engine.url as string)))
    const dbs = [engine.db, ...others]
    const done = await Promise.all(dbs.map((db) => syncCatalog({ ...store, db }, whole)))
    for (const db of others) await db.close()
    expect(done.reduce((sum, d) => sum + d.columnsAdded, 0)).toBe(1)
    expect(done.reduce((sum, d) => sum + d.columnsChanged, 0)).toBe(0)
    expect((await changes(store)).slice(before)).toMatchObject([
      { column_name: 'country', field: 'column', after: 'text' },
    ])
  })

  test('marks a table that was dropped', async () => {
    await syncCatalog(store, whole, { all: true })
    expect((await assets(store)).map((a) => a.name)).toContain('public.unrelated')
    await engine.db.execute('DROP TABLE unrelated')
    await syncCatalog(store, whole)
    expect((await assets(store)).filter((a) => a.gone && a.kind === 'source').map((a) => a.name)).toEqual([
      'public.unrelated',
    ])
    expect(await columns(store, 'source', 'public.unrelated')).toEqual([])
  })
})

import {
  assetFreshness,
  catalogEntries,
  catalogPage,
  collectProject,
  type Drift,
  editCatalog,
  ensureAsset,
  type Freshness,
  grantAccess,
  openStore,
  type Project,
  project,
  registerArtifact,
  type Store,
  standardize,
  startRun,
  syncCatalog,
} from '@viewcast/sdk'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  airports: { iata: string; state: string | null; latitude: number | null }
  flights: { id: number; origin: string; at: Date; delay: number | null }
  weather_now: { iata: string; seen_at: Date; wind: number | null }
}

const schema = `
  CREATE TABLE airports (iata text PRIMARY KEY, state text, latitude float8);
  CREATE TABLE flights (id int PRIMARY KEY, origin text NOT NULL, at timestamptz NOT NULL, delay float8);
  CREATE TABLE weather (iata text, seen_at timestamptz, wind float8);
  CREATE VIEW weather_now AS SELECT iata, seen_at, wind FROM weather;
  COMMENT ON COLUMN airports.state IS 'US state'`

const p = project<DB>('flights')
const airport = p.entity('airport', { iata: 'text' }, { from: 'airports' })
const flight = p.entity('flight', { id: 'integer' })
const profile = p
  .featureView('profile', { entity: airport, owner: 'geo', description: 'What does not change' })
  .query(({ db }) => db.selectFrom('airports').select(['iata', 'state', 'latitude as lat']))
  .features({ lat: { kind: 'numeric', fill: 0 }, state: { description: 'Two letters' } })
const wind = p
  .featureView('wind', { entity: airport, time: 'observed', sla: '3 hours' })
  .query(({ db }) => db.selectFrom('weather_now').select(['iata', 'seen_at as observed', 'wind']))
const late = p.aggregates('late', {
  entity: airport,
  source: 'flights',
  keys: { iata: 'origin' },
  time: 'at',
  windows: { '7d': '7 days' },
  features: (a) => ({ n: a.count() }),
})
const sample = p
  .sample('departures', { entity: flight })
  .query(({ db }) => db.selectFrom('flights').select(['id', 'origin', 'at as as_of']))
const outcome = p
  .target('outcome', { entity: flight })
  .query(({ db }) => db.selectFrom('flights').select(['id', (eb) => eb('delay', '>', 15).as('late15')]))
const dataset = p.dataset('training', {
  sample,
  target: outcome,
  features: [profile.on({ iata: 'origin' }), wind.on({ iata: 'origin' }), late.on({ iata: 'origin' })],
  sources: { flights: { sla: { warnAfter: '6 hours', errorAfter: '2 days' } } },
})
const model = p
  .model('delay15', { dataset, family: 'logistic', label: 'late15', owner: 'ml' })
  .inputs({ lat: standardize(), n_7d: standardize() })
const whole: Project = collectProject({ model }, { directory: '.', file: 'features.ts', name: 'flights' })

describeEachEngine('a page of the catalog', (engine) => {
  let store: Store
  beforeAll(async () => {
    await engine.db.execute(schema)
    store = await openStore(engine.db, { project: 'flights', actor: 'me' })
    await syncCatalog(store, whole)
  })
  const page = (name: string, freshness = false) => catalogPage(store, name, { project: whole, freshness })

  test('says what is known, and who says it', async () => {
    await editCatalog(store, 'profile', { tags: ['place'], owners: ['somebody else'] })
    const found = await page('profile')
    expect(found).toMatchObject({
      kind: 'feature_view',
      name: 'profile',
      texts: { description: 'What does not change', owners: ['geo'], tags: ['place'] },
      from: { description: 'declared', owners: 'declared', tags: 'edited' },
      props: { entity: { name: 'airport', keys: ['iata'] } },
      upstream: [{ kind: 'source', name: 'public.airports' }],
      downstream: [{ kind: 'dataset', name: 'training' }],
      column: null,
      freshness: null,
    })
    expect(found.columns).toMatchObject([
      { name: 'iata', type: 'text', nullable: false },
      { name: 'state', texts: { description: 'Two letters' }, from: { description: 'declared' } },
      { name: 'lat', type: 'float8', nullable: true, texts: { kind: 'numeric' } },
    ])
    expect(found.related.map((r) => [r.kind, r.name, r.shares])).toEqual(
      expect.arrayContaining([
        ['feature_view', 'late', ['entity airport']],
        ['dataset', 'training', ['column lat', 'column state']],
      ]),
    )
    expect((await page('delay15')).upstream).toMatchObject([{ kind: 'dataset', name: 'training' }])
    expect((await page('late.n_7d')).column).toBe('n_7d')
  })

  test('names deployments and consumers at any distance, circles end', async () => {
    const id = async (kind: string, name: string) => {
      const [row] = await engine.db.rows<{ id: string }>(
        'SELECT id FROM viewcast.asset WHERE (kind, name) = ($1, $2)',
        [kind, name],
      )
      return row?.id
    }
    const deployment = await ensureAsset(store, { kind: 'deployment', name: 'public.delay15_now' })
    const consumer = await ensureAsset(store, { kind: 'consumer', name: 'gate screens' })
    await editCatalog(store, 'consumer:gate screens', { owners: ['gates'] })
    const edges = [
      [await id('prediction', 'delay15'), deployment],
      [deployment, consumer],
      // A circle.
      [consumer, await id('source', 'public.flights')],
    ]
    for (const edge of edges) {
      await engine.db.query('INSERT INTO viewcast.asset_edge (from_asset, to_asset) VALUES ($1, $2)', edge)
    }
    const usedBy = [
      { kind: 'consumer', name: 'gate screens', owners: ['gates'] },
      { kind: 'deployment', name: 'public.delay15_now', owners: [] },
    ]
    expect((await page('airports')).usedBy).toEqual(usedBy)
    expect((await page('flights')).usedBy).toEqual(usedBy)
    expect((await page('delay15')).usedBy).toEqual(usedBy)
    await engine.db.execute('DELETE FROM viewcast.asset_edge')
  })

  test('has the newest versions, those with an alias, and the last result of each check', async () => {
    const asset = await ensureAsset(store, { kind: 'model', name: 'delay15' })
    const first = await registerArtifact(store, asset, { digest: 'one' })
    for (let i = 2; i <= 12; i++) await registerArtifact(store, asset, { digest: `${i}` })
    await engine.db.query('INSERT INTO viewcast.alias (asset_id, alias, artifact_id) VALUES ($1, $2, $3)', [
      asset,
      'production',
      first.id,
    ])
    const run = await startRun(store, { name: 'verify' })
    const again = await startRun(store, { name: 'verify' })
    for (const [r, passed, at] of [
      [run, false, '2026-01-01'],
      [again, true, '2026-01-02'],
    ] as const) {
      await engine.db.query(
        `INSERT INTO viewcast.check_result (execution_id, asset_id, name, severity, passed, at)
         VALUES ($1, $2, 'verify/parity', 'error', $3, $4)`,
        [r.id, asset, passed, at],
      )
    }
    const found = await page('delay15')
    expect(found.versions.map((v) => [v.version, v.aliases])).toEqual([
      ...[12, 11, 10, 9, 8, 7, 6, 5, 4, 3].map((v) => [v, []]),
      [1, ['production']],
    ])
    expect(found.checks).toMatchObject([{ name: 'verify/parity', column: null, severity: 'error', passed: true }])
  })

  describe('drift', () => {
    const drift = async (name: string): Promise<readonly Partial<Drift>[]> => (await page(name)).drift

    test('an edit that the code hides, and a comment that says something else', async () => {
      expect(await drift('profile')).toEqual([
        { kind: 'hidden-edit', field: 'owners', catalog: ['geo'], other: ['somebody else'] },
        { kind: 'comment', column: 'state', field: 'description', catalog: 'Two letters', other: 'US state' },
      ])
      expect(await drift('late')).toEqual([])
    })

    test('what changed in the database since the last synchronisation, until the next', async () => {
      await engine.db.execute(`
        ALTER TABLE flights ALTER delay TYPE float4;
        ALTER TABLE flights ADD cancelled boolean;
        ALTER TABLE flights ALTER origin DROP NOT NULL;
        COMMENT ON COLUMN flights.delay IS 'minutes'`)
      expect(await drift('flights')).toEqual([
        { kind: 'nullable', column: 'origin', catalog: false, other: true },
        { kind: 'type', column: 'delay', catalog: 'float8', other: 'float4' },
        { kind: 'comment', column: 'delay', field: 'description', catalog: null, other: 'minutes' },
        { kind: 'column-new', column: 'cancelled', catalog: null, other: 'bool' },
      ])
      await syncCatalog(store, whole)
      expect(await drift('flights')).toEqual([])
      await engine.db.execute('ALTER TABLE flights DROP cancelled')
      expect(await drift('flights')).toEqual([
        { kind: 'column-gone', column: 'cancelled', catalog: 'bool', other: null },
      ])
      await syncCatalog(store, whole)
      const found = await page('flights')
      expect(found.drift).toEqual([])
      expect(found.columns.at(-1)).toMatchObject({ name: 'cancelled', type: 'bool', droppedAt: expect.any(String) })
      expect(found.changes[0]).toMatchObject({ layer: 'schema', column: 'cancelled', before: 'bool', after: null })
    })

    test('a table that is gone, and a declaration that is not synchronised', async () => {
      await engine.db.transaction(async (tx) => {
        const inside = { ...store, db: tx }
        await tx.execute('ALTER TABLE weather RENAME TO weather_of_old')
        const found = await catalogPage(inside, 'public.weather', { project: whole, freshness: true })
        expect(found.drift).toEqual([{ kind: 'gone', catalog: null, other: null }])
        expect(found.freshness).toMatchObject({ status: 'unknown', sources: [{ reason: 'it is not in the database' }] })
        await tx.execute('ALTER TABLE weather_of_old RENAME TO weather')
      })
      const other = p
        .featureView('profile', { entity: airport, owner: 'maps' })
        .query(({ db }) => db.selectFrom('airports').select(['iata', 'latitude as lat']))
      const changed = collectProject({ other }, { directory: '.', file: 'x.ts', name: 'flights' })
      const found = await catalogPage(store, 'profile', { project: changed, freshness: false })
      expect(found.drift.filter((d) => d.kind !== 'comment' && d.kind !== 'hidden-edit')).toEqual([
        { kind: 'declaration', field: 'description', catalog: 'What does not change', other: null },
        { kind: 'declaration', field: 'owners', catalog: ['geo'], other: ['maps'] },
        { kind: 'column-gone', column: 'state', catalog: 'text', other: null },
      ])
    })
  })

  describe('freshness', () => {
    const rows = (sql: string) =>
      engine.db.execute(`TRUNCATE flights, weather, airports; INSERT INTO airports VALUES ('A', 'CA', 1); ${sql}`)
    const of = async (name: string): Promise<Partial<Freshness>> => assetFreshness(store, name)

    test('is that of the column that a declaration names, against the SLA of the source', async () => {
      await rows(
        `INSERT INTO flights VALUES (1, 'A', now() - interval '1 hour', 1), (2, 'A', now() - interval '1 month', 1)`,
      )
      expect(await of('flights')).toMatchObject({ status: 'pass', late: null, sources: [{ time: 'at', reason: null }] })
      expect((await of('flights')).ageSeconds).toBeGreaterThan(3599)
      expect((await of('flights')).ageSeconds).toBeLessThan(3700)
      await rows(`INSERT INTO flights VALUES (1, 'A', now() - interval '7 hours', 1)`)
      expect(await of('flights')).toMatchObject({ status: 'warn', late: 'public.flights' })
      await rows(`INSERT INTO flights VALUES (1, 'A', now() - interval '3 days', 1)`)
      expect(await of('late')).toMatchObject({
        status: 'error',
        late: 'public.flights',
        sources: [{ name: 'public.flights', status: 'error', reason: 'older than 2 days' }],
      })
    })

    test('goes through views of the database, and names the source that is late', async () => {
      await rows(`INSERT INTO flights VALUES (1, 'A', now(), 1);
                  INSERT INTO weather VALUES ('A', now() - interval '4 hours', 1)`)
      // The time of the view is a column of the relation below it, as it is.
      const own = await of('wind')
      expect(own).toMatchObject({ status: 'error', late: 'public.weather_now' })
      const all = await of('training')
      expect(all.sources?.map((s) => [s.name, s.status])).toEqual([
        ['public.airports', 'unknown'],
        ['public.flights', 'pass'],
        ['public.weather_now', 'unknown'],
      ])
      expect(all).toMatchObject({ status: 'pass', late: null })
      expect(all.ageSeconds).toBeGreaterThan(4 * 3600 - 10)
      // A promise of the whole is broken by its oldest part.
      await editCatalog(store, 'training', { sla: { warnAfter: '1 hour' } })
      expect(await of('training')).toMatchObject({ status: 'warn', late: 'public.weather_now' })
      await editCatalog(store, 'training', {}, { clear: ['sla'] })
    })

    test('of no rows, of the future, and of no end', async () => {
      await rows('')
      expect(await of('flights')).toMatchObject({
        status: 'error',
        newest: null,
        sources: [{ reason: 'it has no rows' }],
      })
      await rows(`INSERT INTO flights VALUES (1, 'A', now() + interval '1 day', 1)`)
      expect(await of('flights')).toMatchObject({
        status: 'warn',
        sources: [{ reason: 'its newest row is of the future' }],
      })
      await rows(`INSERT INTO flights VALUES (1, 'A', 'infinity', 1)`)
      expect(await of('flights')).toMatchObject({ status: 'warn', newest: null, late: 'public.flights' })
    })

    test('of what tells no time is unknown, and says why', async () => {
      expect(await of('airports')).toMatchObject({
        status: 'unknown',
        sources: [{ time: null, reason: 'no declaration names the column with the time of its rows' }],
      })
    })

    test('is kept when asked to, and shown as kept last', async () => {
      await rows(`INSERT INTO flights VALUES (1, 'A', now(), 1)`)
      await assetFreshness(store, 'flights', { record: true })
      await rows('')
      await assetFreshness(store, 'flights', { record: true })
      expect((await page('flights')).lastFreshness).toMatchObject({ status: 'error', newest: null })
      expect(await engine.db.rows('SELECT count(*)::int AS n FROM viewcast.freshness_result')).toEqual([{ n: 2 }])
    })

    test('of a table that may not be read is unknown, and ends no transaction', async () => {
      const refused = engine.db.transaction(async (tx) => {
        await tx.execute('CREATE ROLE catalog_reader')
        await grantAccess(tx, 'catalog_reader', 'read')
        await tx.execute('SET LOCAL ROLE catalog_reader')
        expect(await assetFreshness({ ...store, db: tx }, 'flights')).toMatchObject({
          status: 'unknown',
          sources: [{ reason: 'it may not be read' }],
        })
        expect(await tx.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
        throw new Error('rolled back')
      })
      await expect(refused).rejects.toThrow('rolled back')
    })
  })

  test('all entries come in a fixed number of statements', async () => {
    let statements = 0
    const counted = {
      ...store,
      db: {
        ...store.db,
        rows: (sql: string, parameters?: readonly unknown[]) => {
          statements++
          return store.db.rows(sql, parameters)
        },
      },
    } as Store
    const entries = await catalogEntries(counted)
    expect(entries.map((e) => `${e.kind} ${e.name}`)).toContain('source public.weather_now')
    expect(entries.length).toBeGreaterThan(10)
    expect(statements).toBeLessThan(10)
  })
})

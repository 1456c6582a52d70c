import {
  catalogHistory,
  collectProject,
  editCatalog,
  ensureAssets,
  findEntry,
  openStore,
  project,
  type Store,
  searchCatalog,
  syncCatalog,
} from '@viewcast/sdk'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

interface DB {
  vw_TrainSample: { id: number; AirportCode: string; arrivalDelay: number | null }
}

const schema = `
  CREATE TABLE "vw_TrainSample" (id int PRIMARY KEY, "AirportCode" text NOT NULL, "arrivalDelay" float8);
  CREATE TABLE größen (id int PRIMARY KEY, höhe float8);
  COMMENT ON TABLE größen IS 'Körpergrößen der Kunden';
  COMMENT ON TABLE "vw_TrainSample" IS 'Departures; one row each, delays in minutes';
  COMMENT ON COLUMN "vw_TrainSample"."AirportCode" IS 'Three letters of the terminal'`

const p = project<DB>('shop')
const flight = p.entity('flight', { id: 'integer' })
const view = (name: string, options: { description?: string; owner?: string; tags?: string[] }) =>
  p
    .featureView(name, { entity: flight, ...options })
    .query(({ db }) => db.selectFrom('vw_TrainSample').select(['id', 'arrivalDelay as delay_7d']))
    .features({ delay_7d: { kind: 'numeric', description: 'mean lateness of a week' } })
const late = view('late_flights', { description: 'How late the departures were', owner: 'ops', tags: ['pii', 'ops'] })
const weather = view('weatherAtDeparture', { description: 'Wind and rain at the airport', owner: 'met', tags: ['ops'] })
const delay = view('delay', { owner: 'ops' })

describeEachEngine('searching the catalog', (engine) => {
  let store: Store
  beforeAll(async () => {
    await engine.db.execute(schema)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    const all = collectProject({ late, weather, delay }, { directory: '.', file: 'x.ts', name: 'shop' })
    await syncCatalog(store, all, { all: true })
  })
  const names = async (text: string) => (await searchCatalog(store, { text })).hits.map((h) => h.name)

  test.each([
    ['train', ['public.vw_TrainSample']],
    ['sample', ['public.vw_TrainSample']],
    ['vw_TrainSample', ['public.vw_TrainSample']],
    ['TRAINSAMPLE', ['public.vw_TrainSample']],
    ['weather', ['weatherAtDeparture']],
    ['depart', ['weatherAtDeparture', 'public.vw_TrainSample', 'late_flights']],
    ['"how late"', ['late_flights']],
    ['rain or "how late"', ['late_flights', 'weatherAtDeparture']],
    ['departure -minutes -how', ['weatherAtDeparture']],
    ['airport code', ['public.vw_TrainSample']],
    ['arrival', ['public.vw_TrainSample']],
    ['terminals', ['public.vw_TrainSample']],
    ['größ', ['public.größen']],
    ['körpergrößen', ['public.größen']],
    ['höhe', ['public.größen']],
    ['pii', ['late_flights']],
    ['nothing of the kind', []],
    ['???', []],
  ])('%s', async (text, expected) => {
    expect((await names(text)).sort()).toEqual([...expected].sort())
  })

  test('the name counts more than the description, that more than tags, and those more than columns', async () => {
    // "delay" is the name of one, a word of the comment of another, and a column of all views.
    const hits = await names('delay')
    expect(hits[0]).toBe('delay')
    expect(hits[1]).toBe('public.vw_TrainSample')
    expect(hits.slice(2).sort()).toEqual(['late_flights', 'weatherAtDeparture'])
  })

  test('shows what matched', async () => {
    const { hits } = await searchCatalog(store, { text: 'delays terminal' })
    expect(hits).toMatchObject([
      {
        kind: 'source',
        snippet: 'Departures; one row each, «delays» in minutes',
        columns: ['AirportCode', 'arrivalDelay'],
      },
    ])
  })

  test('counts by kind, owner and tag over all that is found, and filters by them', async () => {
    const { total, hits, facets } = await searchCatalog(store, { limit: 2 })
    expect(total).toBe(5)
    expect(hits).toHaveLength(2)
    expect(facets).toEqual({
      kinds: [
        { value: 'feature_view', count: 3 },
        { value: 'source', count: 2 },
      ],
      owners: [
        { value: 'ops', count: 2 },
        { value: 'met', count: 1 },
      ],
      tags: [
        { value: 'ops', count: 2 },
        { value: 'pii', count: 1 },
      ],
    })
    const filtered = await searchCatalog(store, {
      text: 'departure',
      kinds: ['feature_view'],
      owners: ['ops'],
      tags: ['pii'],
    })
    expect(filtered.hits.map((h) => h.name)).toEqual(['late_flights'])
    const rest = await searchCatalog(store, { limit: 10, offset: 2 })
    expect(rest.hits).toHaveLength(3)
    expect(rest.total).toBe(5)
  })

  test.each([
    "'",
    "''; DROP TABLE viewcast.asset; --",
    '\\',
    '&',
    '|',
    '!',
    '()',
    ':*',
    '<->',
    "a'b",
    '"',
    '"""',
    '- -',
    'a & | b',
    '\0',
    'a\0b',
    '\ud800',
    '%',
    '*',
    '👩‍👩‍👧',
    ' ',
    'or',
    '-',
    'x'.repeat(100_000),
    'word '.repeat(5000),
  ])('any input is a search (%#)', async (text) => {
    const result = await searchCatalog(store, { text })
    expect(result.total).toBeGreaterThanOrEqual(0)
    expect(await engine.db.rows('SELECT count(*)::int AS n FROM viewcast.asset')).toEqual([{ n: 5 }])
  })

  test('finds what was edited, as soon as it is, and keeps who edited it', async () => {
    expect(await names('Heathrow')).toEqual([])
    await editCatalog(store, 'vw_TrainSample.AirportCode', { description: 'such as Heathrow' })
    await editCatalog({ ...store, actor: 'you' }, 'public.größen', { description: 'Heathrow staff', tags: ['gdpr'] })
    expect(await names('heathrow')).toEqual(['public.größen', 'public.vw_TrainSample'])
    expect(await names('gdpr')).toEqual(['public.größen'])
    await editCatalog(store, 'größen', {}, { clear: ['tags', 'description'] })
    expect(await names('heathrow')).toEqual(['public.vw_TrainSample'])
    // The comment of the database shows again.
    expect(await names('Körpergrößen')).toEqual(['public.größen'])
    const history = await catalogHistory(store, 'größen')
    expect(history.map(({ layer, field, before, after, actor }) => ({ layer, field, before, after, actor }))).toEqual([
      { layer: 'edited', field: 'tags', before: ['gdpr'], after: null, actor: 'me' },
      { layer: 'edited', field: 'description', before: 'Heathrow staff', after: null, actor: 'me' },
      { layer: 'edited', field: 'tags', before: null, after: ['gdpr'], actor: 'you' },
      { layer: 'edited', field: 'description', before: null, after: 'Heathrow staff', actor: 'you' },
    ])
  })

  test('the same edit again leaves no history', async () => {
    await editCatalog(store, 'vw_TrainSample', { owners: ['a', 'b'] })
    const before = await catalogHistory(store, 'vw_TrainSample')
    await editCatalog(store, 'vw_TrainSample', { owners: ['a', 'b'] })
    expect(await catalogHistory(store, 'vw_TrainSample')).toEqual(before)
  })

  test('an edit that the code hides is kept and told', async () => {
    const { hidden, edited } = await editCatalog(store, 'late_flights', {
      description: 'mine',
      updateFrequency: 'daily',
    })
    expect(hidden).toEqual(['description'])
    expect(edited).toEqual({ description: 'mine', updateFrequency: 'daily' })
    const { hits } = await searchCatalog(store, { text: 'late_flights' })
    expect(hits[0]?.description).toBe('How late the departures were')
  })

  describe('names', () => {
    test('are found whole, without their schema, with a column, and by kind', async () => {
      const found = async (text: string) => {
        const { kind, name, column } = await findEntry(store, text)
        return [kind, name, column]
      }
      expect(await found('public.vw_TrainSample')).toEqual(['source', 'public.vw_TrainSample', undefined])
      expect(await found('vw_TrainSample')).toEqual(['source', 'public.vw_TrainSample', undefined])
      expect(await found('public.vw_TrainSample.AirportCode')).toEqual([
        'source',
        'public.vw_TrainSample',
        'AirportCode',
      ])
      expect(await found('late_flights.delay_7d')).toEqual(['feature_view', 'late_flights', 'delay_7d'])
      expect(await found('view:delay')).toEqual(['feature_view', 'delay', undefined])
    })

    test('that are not there are told, with the nearest', async () => {
      await expect(findEntry(store, 'late_flihgts')).rejects.toMatchObject({
        diagnostics: [{ hint: 'Did you mean "late_flights"?' }],
      })
      expect(await codesOf(() => findEntry(store, 'late_flihgts'))).toEqual(['catalog/unknown'])
      expect(await codesOf(() => findEntry(store, 'model:late_flights'))).toEqual(['catalog/unknown'])
      expect(await codesOf(() => findEntry(store, ''))).toEqual(['catalog/unknown'])
      expect(await codesOf(() => findEntry(store, 'late_flights.delay_8d'))).toEqual(['catalog/unknown-column'])
    })

    test('of several schemas have to be written whole', async () => {
      await ensureAssets(store, [
        { kind: 'source', name: 'a.twice' },
        { kind: 'source', name: 'b.twice' },
      ])
      expect(await codesOf(() => findEntry(store, 'twice'))).toEqual(['catalog/ambiguous'])
      expect((await findEntry(store, 'b.twice')).name).toBe('b.twice')
      await engine.db.query(`DELETE FROM viewcast.asset WHERE name LIKE '%.twice'`)
    })
  })

  test.each([
    ['vw_TrainSample', { sla: { errorAfter: '1 month' } }],
    ['vw_TrainSample', { sla: {} }],
    ['vw_TrainSample', { description: ' ' }],
    ['vw_TrainSample', { description: 'x'.repeat(60_000) }],
    ['vw_TrainSample', { description: 'a\0b' }],
    ['vw_TrainSample', { tags: [] }],
    ['vw_TrainSample', { owners: [''] }],
    ['vw_TrainSample', { unit: 'm' }],
    ['vw_TrainSample.id', { owners: ['me'] }],
  ])('refuses an edit that cannot be kept (%#)', async (name, texts) => {
    expect(await codesOf(() => editCatalog(store, name, texts))).toEqual(['catalog/edit'])
  })
})

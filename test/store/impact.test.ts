import {
  addConsumer,
  ensureAsset,
  type Impact,
  impact,
  isDatabaseError,
  lineageChanges,
  listConsumers,
  openStore,
  registerDeployment,
  registerLineage,
  registerModel,
  removeConsumer,
  type Store,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { setup as shapes } from '../compiler/lineage-shapes.ts'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'
import { graphOf } from './lineage-graphs.ts'
import { lineageOfShop, setup, trainBuys } from './lineage-shop.ts'

const named = ({ assets }: Impact) =>
  assets.map((a) => `${a.kind} ${a.name}: ${a.columns.map((c) => c.name).join(', ')}`)

describeEachEngine('impact', (engine) => {
  let store: Store
  beforeAll(async () => {
    await engine.db.execute(setup)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    const record = await trainBuys(engine.db)
    const first = await registerModel(store, record)
    await registerLineage(store, await lineageOfShop(engine.db, first.record))
    await engine.db.execute(`
      CREATE VIEW live AS SELECT customer, seconds AS probability FROM visits;
      CREATE VIEW board AS SELECT customer, probability AS chance FROM live`)
    await registerDeployment(store, 'public.live', first.record)
    await registerLineage(store, await lineageOfShop(engine.db, first.record))
    await addConsumer(store, 'Calls', {
      kind: 'team',
      reads: ['live.probability'],
      owners: ['sales@example.com'],
      description: 'Whom to call',
      url: 'https://example.com/calls',
    })
    const second = await registerModel(store, { ...record, threshold: 0.7 })
    await registerLineage(store, await lineageOfShop(engine.db, second.record))
    const model = await ensureAsset(store, { kind: 'model', name: 'buys' })
    await engine.db.query(
      `INSERT INTO viewcast.alias (asset_id, alias, artifact_id)
       SELECT asset_id, 'production', id FROM viewcast.artifact WHERE asset_id = $1 AND version = 1`,
      [model],
    )
    await engine.db.query(
      `UPDATE viewcast.asset SET edited = '{"owners": ["data@example.com"]}' WHERE name = 'activity'`,
    )
    await engine.db.query(`UPDATE viewcast.asset SET declared = '{"owners": "me"}' WHERE name = 'activity'`)
  })

  test('of a column tells models, deployments, consumers, and all between', async () => {
    const found = await impact(store, 'public.visits.seconds')
    expect(named(found)).toEqual([
      'deployment public.live: probability',
      'consumer Calls: probability',
      'dataset purchases: seconds_5d',
      'feature_view activity: seconds_5d',
      'source public.long_visits: seconds',
      'source public.board: chance',
    ])
    expect(
      found.models.map(({ version, aliases, deployments, isNewest }) => ({ version, aliases, deployments, isNewest })),
    ).toEqual([
      { version: 1, aliases: ['production'], deployments: ['public.live'], isNewest: false },
      { version: 2, aliases: [], deployments: [], isNewest: true },
    ])
    const [model] = found.models
    expect(model).toMatchObject({ model: 'buys', namespace: 'shop', isDirect: true, outputs: ['probability'] })
    expect(model?.features).toEqual([{ name: 'seconds_5d', share: model?.share }])
    expect(model?.coefficients.map((c) => [c.name.replace(/\?$/, ''), typeof c.value, c.isDirect])).toContainEqual([
      'seconds_5d',
      'number',
      true,
    ])
    expect(found.assets.find((a) => a.name === 'Calls')).toMatchObject({
      owners: ['sales@example.com'],
      description: 'Whom to call',
      consumer: 'team',
      url: 'https://example.com/calls',
    })
    expect(found.assets.find((a) => a.name === 'activity')?.owners).toEqual(['me'])
    expect(found.dependents).toEqual(['view board', 'view live', 'view long_visits'])
  })

  test('tells the share of the score, which of all features is one', async () => {
    const shareOf = async (name: string) => (await impact(store, name)).models[0]?.share ?? Number.NaN
    const each = await Promise.all(['country', 'n_5d', 'seconds_5d'].map((f) => shareOf(`purchases.${f}`)))
    expect(Math.min(...each)).toBeGreaterThan(0)
    expect(each.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
    expect(await shareOf('customers.country')).toBe(each[0])
    // What only the label comes from was learned from, and is not needed for a score.
    expect(await shareOf('bought.bought')).toBe(0)
    // Of a column that two features come from, both are lost.
    expect(await shareOf('visits.robot')).toBeCloseTo((each[1] ?? 0) + (each[2] ?? 0), 12)
    expect(await shareOf('visits')).toBeCloseTo((each[1] ?? 0) + (each[2] ?? 0), 12)
  })

  test('of a column that only decides is not direct', async () => {
    const { assets, models } = await impact(store, 'visits.robot')
    const view = assets.find((a) => a.name === 'activity')
    expect(view?.columns.map((c) => [c.name, c.isDirect, c.distance])).toEqual([
      ['n_5d', false, 2],
      ['seconds_5d', false, 2],
    ])
    expect(models.map((m) => m.isDirect)).toEqual([false, false])
  })

  test('of a relation, a feature and a model, and upwards', async () => {
    expect(named(await impact(store, 'visits'))).toEqual(named(await impact(store, '"public"."visits"')))
    expect(named(await impact(store, 'purchases.country'))).toEqual([
      'deployment public.live: probability',
      'consumer Calls: probability',
      'source public.board: chance',
    ])
    expect(named(await impact(store, 'buys'))).toEqual([
      'deployment public.live: probability',
      'consumer Calls: probability',
      'source public.board: chance',
    ])
    const up = await impact(store, 'Calls', { direction: 'up' })
    expect(named(up).map((n) => n.split(':')[0])).toEqual([
      'deployment public.live',
      'dataset purchases',
      'feature_view activity',
      'feature_view country',
      'target bought',
      'source public.visits',
      'source public.bought',
      'source public.customers',
      'source public.long_visits',
    ])
    expect(up.models.map((m) => [m.version, m.share])).toEqual([[1, undefined]])
    expect(up.dependents).toEqual([])
  })

  test('keeps to a depth', async () => {
    expect(named(await impact(store, 'visits.seconds', { depth: 1 }))).toEqual([
      'deployment public.live: probability',
      'source public.long_visits: seconds',
    ])
  })

  test('of a column that nothing reads is nothing, and of a name of nothing an error', async () => {
    const nothing = { models: [], assets: [], dependents: [] }
    expect(await impact(store, 'public.customers.phone')).toMatchObject(nothing)
    expect(await codesOf(() => impact(store, 'public.customers.fone'))).toEqual(['view/unknown-column'])
    expect(await codesOf(() => impact(store, 'custmers'))).toEqual(['project/unknown-name'])
    expect(await codesOf(() => impact(store, 'visits', { at: 'yesterday' }))).toEqual(['time/instant'])
  })

  test('is there for those who ask in SQL', async () => {
    const rows = await engine.db.rows(
      `SELECT kind, asset, col, version FROM viewcast.impact('visits.seconds') WHERE distance = 1`,
    )
    expect(rows).toEqual([
      { kind: 'deployment', asset: 'public.live', col: 'probability', version: null },
      { kind: 'source', asset: 'public.long_visits', col: 'seconds', version: null },
    ])
  })

  test('knows who reads predictions, and forgets no one who did', async () => {
    await engine.db.execute('CREATE VIEW above AS SELECT chance FROM board')
    expect(await listConsumers(store)).toEqual([
      {
        name: 'Calls',
        kind: 'team',
        owners: ['sales@example.com'],
        description: 'Whom to call',
        url: 'https://example.com/calls',
        reads: ['public.live.probability'],
      },
      { name: 'public.above', kind: 'view', owners: [expect.any(String)], reads: ['public.live'] },
      { name: 'public.board', kind: 'view', owners: [expect.any(String)], reads: ['public.live'] },
    ])
    const before = new Date().toISOString()
    // What is changed within one tick of the clock was never there.
    while (new Date().toISOString() === before) await new Promise((resolve) => setTimeout(resolve, 1))
    // Of a relation that no lineage knows, and of whatever version.
    await addConsumer(store, 'Calls', { kind: 'report', reads: ['public.asked', 'buys'] })
    const [calls] = await listConsumers(store)
    expect(calls).toEqual({
      name: 'Calls',
      kind: 'report',
      owners: [],
      reads: ['buys.probability', 'public.asked.as_of', 'public.asked.customer', 'public.asked.question'],
    })
    expect(named(await impact(store, 'live.probability'))).toEqual(['source public.board: chance'])
    expect(named(await impact(store, 'live.probability', { at: before }))).toContain('consumer Calls: probability')
    await removeConsumer(store, 'Calls')
    expect(await codesOf(() => removeConsumer(store, 'Calls'))).toEqual(['project/unknown-name'])
    expect(await codesOf(() => addConsumer(store, 'X', { kind: 'team', reads: ['nothing'] }))).toEqual([
      'project/unknown-name',
    ])
    expect(await codesOf(() => addConsumer(store, ' ', { kind: 'team', reads: [] }))).toEqual(['define/name'])
    expect((await listConsumers(store)).map((c) => c.name)).toEqual(['public.above', 'public.board'])
    const changes = await lineageChanges(store, before)
    expect(changes.map((c) => `${c.change} ${c.from} > ${c.to}`)).toEqual([
      'closed public.live.probability > Calls.probability',
    ])
  })
})

describeEachEngine('the impact of a graph', (engine) => {
  const open = async () => openStore(await engine.open(), { project: 'one', actor: 'me' })

  test('with circles ends, with the shortest distances', async () => {
    const store = await open()
    await registerLineage(
      store,
      graphOf({
        'a.x': ['public.t.a', 'c.x'],
        'b.x': ['a.x'],
        'c.x': ['b.x'],
        'd.x': ['c.x', 'a.x'],
        'e.x': ['e.x', 'd.x'],
      }),
    )
    const { assets } = await impact(store, 'public.t.a')
    expect(assets.map((a) => `${a.name} ${a.distance}`)).toEqual(['a 1', 'b 2', 'd 2', 'c 3', 'e 3'])
    const up = await impact(store, 'e.x', { direction: 'up' })
    expect(up.assets.map((a) => `${a.name} ${a.distance}`)).toEqual(['d 1', 'a 2', 'c 2', 'b 3', 'public.t 3'])
  })

  test('of a thousand columns has the distances of a walk in memory', async () => {
    const store = await open()
    const name = (i: number) => `public.t${Math.floor(i / 20)}.c${i % 20}`
    const edges: Record<string, string[]> = {}
    // Each from three before it, some far, and circles through every tenth.
    for (let i = 1; i < 1000; i++) {
      const from = [
        Math.floor(i / 2),
        Math.max(0, i - 7),
        (i * 131) % i,
        ...(i % 10 === 0 ? [Math.min(999, i + 40)] : []),
      ]
      edges[name(i)] = [...new Set(from)].filter((f) => f !== i).map(name)
    }
    const graph = graphOf(edges)
    const isDirect = (from: string, to: string) => (from.length * 7 + to.length * 3 + from.charCodeAt(8)) % 3 > 0
    await registerLineage(store, {
      ...graph,
      edges: graph.edges.map((e) => ({ ...e, direct: isDirect(e.from, e.to) })),
    })
    for (const [start, direction] of [
      [name(3), 'down'],
      [name(500), 'down'],
      [name(990), 'up'],
    ] as const) {
      const [at, next] = direction === 'down' ? (['from', 'to'] as const) : (['to', 'from'] as const)
      const walked = (direct: boolean) => {
        const far = new Map([[start, 0]])
        for (const [n, d] of far) {
          for (const e of graph.edges)
            if (e[at] === n && !far.has(e[next]) && (!direct || isDirect(e.from, e.to))) far.set(e[next], d + 1)
        }
        return far
      }
      const [all, made] = [walked(false), walked(true)]
      all.delete(start)
      for (const depth of [100, 2]) {
        const { assets } = await impact(store, start, { direction, depth })
        const found = assets.flatMap((a) => a.columns.map((c) => [`${a.name}.${c.name}`, c.distance] as const))
        expect(found.sort()).toEqual([...all].filter(([, d]) => d <= depth).sort())
      }
      const { assets } = await impact(store, start, { direction })
      const direct = assets.flatMap((a) => a.columns.filter((c) => c.isDirect).map((c) => `${a.name}.${c.name}`))
      expect(direct.sort()).toEqual([...made.keys()].filter((n) => n !== start).sort())
    }
  })

  test('is that of one project, or of all', async () => {
    const one = await open()
    const two = { ...one, project: 'two' }
    await registerLineage(one, graphOf({ 'late.x': ['public.t.a'] }))
    await registerLineage(two, graphOf({ 'late.y': ['public.t.a'] }))
    expect(await codesOf(() => impact(one, 'late.y'))).toEqual(['view/unknown-column'])
    expect((await impact(one, 'late.y', { everyProject: true })).name).toBe('late.y')
    // What reads a shared table is told whoever declares it.
    expect((await impact(one, 't.a')).assets.map((a) => a.namespace)).toEqual(['one', 'two'])
  })

  test('as of a day is as it was', async () => {
    const store = await open()
    await registerLineage(store, graphOf({ 'late.x': ['public.t.a'] }))
    await store.db.query(`UPDATE viewcast.column_edge SET valid_from = '2026-03-01Z'`)
    await registerLineage(store, graphOf({ 'late.x': ['public.t.b'] }))
    await store.db.query(`UPDATE viewcast.column_edge SET valid_to = '2026-03-05 12:00Z' WHERE valid_to IS NOT NULL`)
    await store.db.query(`UPDATE viewcast.column_edge SET valid_from = '2026-03-05 12:00Z' WHERE valid_to IS NULL`)
    const from = async (at: string) =>
      (await impact(store, 'late.x', { direction: 'up', at })).assets.map((a) => a.columns[0]?.name)
    expect(await from('2026-02-28')).toEqual([])
    expect(await from('2026-03-04')).toEqual(['a'])
    expect(await from('2026-03-05T13:59+02:00')).toEqual(['a'])
    expect(await from('2026-03-05')).toEqual(['b'])
    const changes = async (a: string, b: string) =>
      (await lineageChanges(store, a, b)).map((c) => `${c.change} ${c.from}`)
    expect(await changes('2026-03-01', '2026-03-05')).toEqual(['closed public.t.a', 'added public.t.b'])
    expect(await changes('2026-03-01', '2026-03-02')).toEqual([])
  })
})

describeEachEngine('dependents', (engine) => {
  test('are exactly those for which PostgreSQL refuses to drop a column', async () => {
    const store = await openStore(engine.db, { project: 'one', actor: 'me' })
    await engine.db.execute(shapes)
    await engine.db.execute(`
      CREATE TABLE parent (id int PRIMARY KEY, other int, twice int GENERATED ALWAYS AS (other * 2) STORED);
      CREATE TABLE child (id int REFERENCES parent);
      CREATE FUNCTION total() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(p.other) FROM parent p; END;
      CREATE VIEW counted AS SELECT count(*) AS n, total() AS t FROM parent;
      CREATE INDEX ON parent (other)`)
    const columns = await engine.db.rows<{ relation: string; column: string }>(
      `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS relation, a.attname::text AS column
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname IN ('public', 'other')
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relkind = 'r' ORDER BY 1, 2`,
    )
    const said: Record<string, readonly string[]> = {}
    const broken: Record<string, readonly string[]> = {}
    for (const { relation, column } of columns) {
      const name = `${relation}.${column}`
      said[name] = [...(await impact(store, name)).dependents].sort()
      broken[name] = await refusedFor(`ALTER TABLE ${relation} DROP COLUMN "${column}"`)
    }
    expect(said).toEqual(broken)
    expect(said['public.parent.id']).toEqual(['constraint child_id_fkey on table child'])
    expect(said['public.parent.other']).toContain('function total()')
    expect(Object.values(said).flat().length).toBeGreaterThan(200)
    expect((await impact(store, 'public.parent')).dependents).toEqual(await refusedFor('DROP TABLE parent'))
  })

  const refusedFor = async (sql: string): Promise<string[]> => {
    let detail = ''
    await engine.db
      .transaction(async (tx) => {
        await tx.execute(sql)
        throw new Error('not to be kept')
      })
      .catch((e: unknown) => {
        if (isDatabaseError(e)) detail = e.detail ?? ''
      })
    const objects = detail
      .split('\n')
      .flatMap((line) => (/ depends on /.exec(line) ? [line.replace(/ depends on .*/, '')] : []))
    return [...new Set(objects)].sort()
  }
})

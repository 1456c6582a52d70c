import {
  ensureAsset,
  follow,
  type LineageGraph,
  openStore,
  registerArtifact,
  registerDeployment,
  registerLineage,
  registerModel,
  type Store,
  startRun,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { graphOf } from './lineage-graphs.ts'
import { lineageOfShop, setup, trainBuys } from './lineage-shop.ts'

const now = (store: Store) =>
  store.db.rows<{ edge: string }>(`
    SELECT concat(from_name, '.', from_column, ' > ', to_name, '.', to_column, ' ' || version) AS edge
    FROM viewcast.lineage_now ORDER BY 1`)
const edgesNow = async (store: Store) => (await now(store)).map((r) => r.edge)

describeEachEngine('the lineage of a project', (engine) => {
  let store: Store
  beforeAll(async () => {
    await engine.db.execute(setup)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
  })

  test('is kept as the compiler says it, once, and walks to the same places', async () => {
    const record = await trainBuys(engine.db)
    const { version } = await registerModel(store, record)
    const graph = await lineageOfShop(engine.db, record)
    const first = await registerLineage(store, graph)
    expect(first.added).toBeGreaterThan(30)
    expect(first.closed).toBe(0)
    expect(await registerLineage(store, graph)).toEqual({ added: 0, closed: 0 })

    const kinds = new Map(graph.vertices.map((v) => [v.name, v.kind]))
    const said = graph.edges.filter((e) => kinds.get(e.from) !== 'question')
    const ofVersion = (name: string) => ['coefficient', 'prediction'].includes(kinds.get(name) ?? '')
    const title = ({ from, to }: { from: string; to: string }) => `${from} > ${to}${ofVersion(to) ? ` ${version}` : ''}`
    expect(await edgesNow(store)).toEqual([...said.map(title), `buys.probability > buys.probability ${version}`].sort())

    const nodes = await store.db.rows<{ id: number; name: string; owner: string }>(
      `SELECT n.id, a.name || '.' || n.name AS name, a.name AS owner FROM viewcast.column_node n JOIN viewcast.asset a ON a.id = n.asset_id`,
    )
    for (const direction of ['up', 'down'] as const) {
      for (const { name, kind } of graph.vertices) {
        const starts = nodes.filter((n) => n.name === name).map((n) => n.id)
        if (kind === 'question' || starts.length === 0) continue
        const reached = await store.db.rows<{ name: string; is_direct: boolean }>(
          `SELECT a.name || '.' || n.name AS name, bool_or(r.is_direct) AS is_direct
           FROM viewcast.reach($1::integer[], $2) r JOIN viewcast.column_node n ON n.id = r.node JOIN viewcast.asset a ON a.id = n.asset_id
           GROUP BY 1 ORDER BY 1`,
          [starts, direction === 'up'],
        )
        const walk = follow(graph, [name], direction)
        const names = new Set([name, ...walk.edges.flatMap((e) => [e.from, e.to])])
        expect(reached.map((r) => r.name)).toEqual([...names].filter((n) => kinds.get(n) !== 'question').sort())
        // Those that edges reach that all make up the value.
        const made = new Set([name])
        for (const one of made) {
          for (const e of walk.edges) {
            const [at, next] = direction === 'up' ? [e.to, e.from] : [e.from, e.to]
            if (at === one && e.direct) made.add(next)
          }
        }
        const direct = reached.filter((r) => r.is_direct).map((r) => r.name)
        expect(direct).toEqual([...made].filter((n) => kinds.get(n) !== 'question').sort())
      }
    }
  })

  test('of an older version stays, and counts while an alias points at it', async () => {
    const graph = await lineageOfShop(engine.db)
    const before = await edgesNow(store)
    // Without the record nothing is said of the model, so nothing of it is closed.
    expect(await registerLineage(store, graph)).toEqual({ added: 0, closed: 0 })
    const record = await trainBuys(engine.db)
    const model = await ensureAsset(store, { kind: 'model', name: 'buys' })
    const [first] = await store.db.rows<{ id: string }>('SELECT id FROM viewcast.artifact WHERE asset_id = $1', [model])
    await registerModel(store, { ...record, metrics: { train: {}, test: {}, baseline: {} } })
    const second = await registerLineage(store, await lineageOfShop(engine.db, record))
    expect(second.closed).toBe(0)
    const after = await edgesNow(store)
    expect(after).toEqual(before.map((e) => e.replace(/ 1$/, ' 2')))
    await store.db.query(`INSERT INTO viewcast.alias (asset_id, alias, artifact_id) VALUES ($1, 'production', $2)`, [
      model,
      first?.id,
    ])
    expect(await edgesNow(store)).toEqual([...new Set([...before, ...after])].sort())
  })
})

describeEachEngine('a model', (engine) => {
  test('comes from the features of its interactions, and from its offset', async () => {
    await engine.db.execute(setup)
    const record = await trainBuys(engine.db)
    const [one] = record.coefficients
    if (!one) throw new Error('no coefficient')
    const interaction = { ...one, name: 'n_5d:seconds_5d', feature: 'n_5d:seconds_5d' }
    const { edges } = await lineageOfShop(engine.db, {
      ...record,
      coefficients: [one, interaction],
      interactions: [['n_5d', 'seconds_5d']],
      offset: 'seconds_5d',
    })
    const into = edges.filter((e) => e.to.startsWith('buys.') && e.from.startsWith('purchases.') && e.direct)
    expect(into.map((e) => `${e.from} > ${e.to} (${e.how})`)).toEqual([
      'purchases.seconds_5d > buys.probability (offset)',
      'purchases.n_5d > buys.n_5d:seconds_5d (interaction)',
      'purchases.seconds_5d > buys.n_5d:seconds_5d (interaction)',
    ])
  })
})

describeEachEngine('a deployment', (engine) => {
  let store: Store
  const deploy = (sql: string) => engine.db.execute(`CREATE OR REPLACE VIEW live AS ${sql}`)
  const reached = async (name: string) =>
    (
      await store.db.rows<{ name: string }>(
        `SELECT DISTINCT concat(kind, ' ', asset, '.', col, ' ' || version) AS name FROM viewcast.impact($1) ORDER BY 1`,
        [name],
      )
    ).map((r) => r.name)
  beforeAll(async () => {
    await engine.db.execute(setup)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
  })

  test('carries one version, and what reads it goes on from it', async () => {
    const record = await trainBuys(engine.db)
    const first = await registerModel(store, record)
    // Known as a view of the database first, and read by another.
    await deploy('SELECT customer, 0.5::float8 AS probability, seconds FROM visits')
    await engine.db.execute('CREATE VIEW board AS SELECT customer, probability AS chance FROM live')
    await registerLineage(store, await lineageOfShop(engine.db, first.record))
    expect(await reached('public.live.probability')).toEqual(['source public.board.chance'])
    await registerDeployment(store, 'public.live', first.record)
    const live = 'deployment public.live.probability'
    expect(await reached('live.probability')).toEqual(['source public.board.chance'])
    expect(await reached('purchases.n_5d')).toEqual([
      live,
      'model buys.n_5d 1',
      'prediction buys.probability',
      'prediction buys.probability 1',
      'source public.board.chance',
    ])
    expect(await registerLineage(store, await lineageOfShop(engine.db, first.record))).toEqual({ added: 0, closed: 0 })

    // The second reads one feature less; while the first is deployed both count, and then the second alone.
    const { version: _, ...rest } = record
    const coefficients = record.coefficients.filter((c) => c.feature !== 'n_5d')
    const second = await registerModel(store, { ...rest, version: 1, coefficients })
    await registerLineage(store, await lineageOfShop(engine.db, second.record))
    expect(await reached('purchases.n_5d')).toContain('model buys.n_5d 1')
    expect(await reached('purchases.seconds_5d')).toContain('model buys.seconds_5d 2')
    await registerDeployment(store, 'public.live', second.record)
    expect(await reached('purchases.n_5d')).toEqual([])
    expect(await reached('purchases.seconds_5d')).toContain(live)
    await registerDeployment(store, 'public.live', first.record)
    await registerDeployment(store, 'public.other', second.record)
    expect(await reached('purchases.n_5d')).toContain(live)
    expect(await reached('purchases.n_5d')).not.toContain('deployment public.other.probability')
  })

  test('that was dropped carries none', async () => {
    await engine.db.execute('DROP VIEW board; DROP VIEW live; CREATE VIEW other AS SELECT 0.5 AS probability')
    await registerLineage(store, await lineageOfShop(engine.db))
    expect(await reached('purchases.n_5d')).toEqual([])
    expect(await reached('purchases.seconds_5d')).toContain('deployment public.other.probability')
  })
})

describeEachEngine('edges', (engine) => {
  test('that are gone are closed, in what the project owns', async () => {
    const one = await openStore(engine.db, { project: 'one', actor: 'me' })
    const two = { ...one, project: 'two' }
    const views = { 'public.v.a': ['public.t.a'], 'public.w.a': ['public.v.a', 'public.t.b'] }
    await registerLineage(one, graphOf({ ...views, 'late.x': ['public.w.a', 'public.t.a'], 'data.x': ['late.x'] }))
    await registerLineage(two, graphOf({ ...views, 'late.x': ['public.t.c'] }))
    const all = [
      'late.x > data.x',
      'public.t.a > late.x',
      'public.t.a > public.v.a',
      'public.t.b > public.w.a',
      'public.t.c > late.x',
      'public.v.a > public.w.a',
      'public.w.a > late.x',
    ]
    expect(await edgesNow(one)).toEqual(all)
    // A view is gone, and a column of a feature view comes from elsewhere.
    const change = await registerLineage(one, graphOf({ 'public.v.a': ['public.t.a'], 'late.x': ['public.t.a'] }))
    expect(change).toEqual({ added: 0, closed: 4 })
    expect(await edgesNow(two)).toEqual(['public.t.a > late.x', 'public.t.a > public.v.a', 'public.t.c > late.x'])
    const [kept] = await one.db.rows('SELECT count(*) AS n FROM viewcast.column_edge')
    expect(kept).toEqual({ n: '7' })
    // Said again they are open again, beside what they were.
    expect(await registerLineage(one, graphOf({ ...views, 'late.x': ['public.t.a'] }))).toEqual({ added: 2, closed: 0 })
  })

  test('of a part leave the rest as it is', async () => {
    const store = await openStore(await engine.open(), { project: 'one', actor: 'me' })
    await registerLineage(
      store,
      graphOf({ 'a.x': ['public.t.a'], 'b.x': ['public.t.a'], 'public.v.a': ['public.t.a'] }),
    )
    const part = graphOf({ 'a.x': ['public.t.b'] })
    expect(await registerLineage(store, part, { covers: 'part' })).toEqual({ added: 1, closed: 1 })
    expect(await edgesNow(store)).toEqual(['public.t.a > b.x', 'public.t.a > public.v.a', 'public.t.b > a.x'])
    // What a part comes from is not told of by it.
    await registerLineage(store, graphOf({ 'c.x': ['b.x'] }), { covers: 'part' })
    expect(await edgesNow(store)).toContain('public.t.a > b.x')
    await registerLineage(store, graphOf({ 'a.x': ['public.t.b'] }), { covers: 'relations' })
    expect(await edgesNow(store)).toEqual(['b.x > c.x', 'public.t.a > b.x', 'public.t.b > a.x'])
  })

  test('say which run said them first, and which confirmed them', async () => {
    const store = await openStore(await engine.open(), { project: 'one', actor: 'me' })
    const runs = [await startRun(store, {}), await startRun(store, {})]
    const graph = graphOf({ 'a.x': ['public.t.a', 'public.t."b", {c}'] })
    for (const run of runs) await registerLineage(store, graph, { run: run.id })
    await registerLineage(store, graph)
    const rows = await store.db.rows('SELECT said_by, confirmed_by, valid_to FROM viewcast.asset_edge')
    expect(rows).toEqual([{ said_by: runs[0]?.id, confirmed_by: runs[1]?.id, valid_to: null }])
    expect(await edgesNow(store)).toEqual(['public.t."b", {c} > a.x', 'public.t.a > a.x'])
  })

  test('of a version that is given belong to it', async () => {
    const store = await openStore(await engine.open(), { project: 'one', actor: 'me' })
    const model = await ensureAsset(store, { kind: 'model', name: 'm' })
    const old = await registerArtifact(store, model)
    await registerArtifact(store, model)
    const graph: LineageGraph = {
      vertices: [
        { kind: 'feature', name: 'd.x', owner: 'd', column: 'x' },
        { kind: 'coefficient', name: 'm.x', owner: 'm', column: 'x', value: 2 },
        { kind: 'prediction', name: 'm.score', owner: 'm', column: 'score' },
      ],
      edges: [
        { from: 'd.x', to: 'm.x', direct: true, how: ['numeric'] },
        { from: 'm.x', to: 'm.score', direct: true, how: ['term'] },
      ],
    }
    await registerLineage(store, graph, { versions: new Map([['m', old.id]]) })
    expect(await edgesNow(store)).toEqual([])
    await registerLineage(store, graph)
    expect(await edgesNow(store)).toEqual(['d.x > m.x 2', 'm.score > m.score 2', 'm.x > m.score 2'])
  })

  test('of a project without any are no error', async () => {
    const store = await openStore(await engine.open(), { project: 'one', actor: 'me' })
    expect(await registerLineage(store, { vertices: [], edges: [] })).toEqual({ added: 0, closed: 0 })
  })
})

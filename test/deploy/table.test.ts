import {
  applyPlan,
  type DeploymentDef,
  type ModelRecord,
  openStore,
  planDeployments,
  refreshRecorded,
  refreshTable,
  replayPredictions,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'
import { customer, model, modelOf, p, profile, tables } from '../scenarios/shop.ts'

describeEachEngine('a table', (engine) => {
  let store: Store
  let record: ModelRecord
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
  })
  const planned = (def: DeploymentDef) => planDeployments(store, [{ def, record, isDeclared: true }])
  const deployed = async (def: DeploymentDef) => {
    const plan = await planned(def)
    await applyPlan(store, plan, { record: async () => record, allowBreaking: true })
    return { schema: 'public', name: def.name }
  }
  const rowsOf = (table: string) =>
    store.db.rows<{ customer: number; as_of: string; probability: number; model_version: number }>(
      `SELECT * FROM ${table} ORDER BY 1, 2`,
    )
  const early = { at: '2024-02-15T00:00Z' }
  const late = { at: '2024-02-25T00:00Z' }

  test('is created and filled, and a refresh replaces all of its rows', async () => {
    const def = p.deployment('full_now', { model, as: 'table' })
    const plan = await planned(def)
    expect(plan.changes.map((c) => [c.class, c.strategy, c.columns.map((one) => `${one.name} ${one.type}`)])).toEqual([
      [
        'add',
        'create',
        ['customer integer', 'as_of timestamp with time zone', 'probability double precision', 'model_version integer'],
      ],
    ])
    const object = await deployed(def)
    expect(await rowsOf('full_now')).toHaveLength(200)
    expect((await planned(def)).changes[0]?.class).toBe('none')
    const done = await refreshTable(store, object, late)
    expect(done).toMatchObject({ kind: 'full', at: '2024-02-25 00:00:00+00', inserted: 200, updated: 0, deleted: 200 })
    const rows = await rowsOf('full_now')
    expect(new Set(rows.map((r) => `${r.as_of} ${r.model_version}`))).toEqual(new Set(['2024-02-25 00:00:00+00 1']))
    await refreshTable(store, object, { at: '2024-02-25T01:00+01:00' })
    expect(await rowsOf('full_now')).toEqual(rows)
    const kept = await store.db.rows('SELECT name, kind, as_of, inserted, is_of_live_version FROM viewcast.refreshes')
    expect(kept).toEqual([
      { name: 'full_now', kind: 'full', as_of: '2024-02-25 00:00:00+00', inserted: '200', is_of_live_version: true },
    ])
  })

  test('of partitions has no rows until an instant is named, and replaces those of one', async () => {
    const object = await deployed(p.deployment('by_day', { model, as: 'table', refresh: 'partition' }))
    expect(await rowsOf('by_day')).toEqual([])
    expect(await refreshTable(store, object, early)).toMatchObject({ inserted: 200, deleted: 0 })
    expect(await refreshTable(store, object, late)).toMatchObject({ inserted: 200, deleted: 0 })
    const both = await rowsOf('by_day')
    expect(both).toHaveLength(400)
    expect(await refreshTable(store, object, early)).toMatchObject({ inserted: 200, deleted: 200 })
    expect(await rowsOf('by_day')).toEqual(both)
  })

  test('by key overwrites the rows whose prediction is another one, and no other', async () => {
    const object = await deployed(p.deployment('by_key', { model, as: 'table', refresh: 'upsert', at: early.at }))
    const versions = () =>
      store.db.rows<{ customer: number; xmin: string }>('SELECT customer, xmin::text FROM by_key ORDER BY 1')
    const first = await versions()
    // Older than what it was filled with.
    expect(await codesOf(() => refreshTable(store, object, { at: '2024-02-14T00:00Z' }))).toEqual(['refresh/instant'])
    expect(await refreshTable(store, object, early)).toMatchObject({ inserted: 0, updated: 0, deleted: 0 })
    expect(await versions()).toEqual(first)
    const before = new Map((await rowsOf('by_key')).map((r) => [r.customer, r]))
    const done = await refreshTable(store, object, late)
    const after = await rowsOf('by_key')
    const moved = after.filter((r) => r.probability !== before.get(r.customer)?.probability)
    expect(done).toMatchObject({ inserted: 0, updated: moved.length, deleted: 0 })
    expect(moved.length).toBeGreaterThan(0)
    for (const r of after) {
      const isMoved = r.probability !== before.get(r.customer)?.probability
      expect(r.as_of).toBe(isMoved ? '2024-02-25 00:00:00+00' : '2024-02-15 00:00:00+00')
    }
    // What it says is what the query says at the newest instant.
    const full = await deployed(p.deployment('by_key_full', { model, as: 'table' }))
    await refreshTable(store, full, late)
    const values = (rows: typeof after) => rows.map((r) => [r.customer, r.probability])
    expect(values(after)).toEqual(values(await rowsOf('by_key_full')))
    expect(await codesOf(() => refreshTable(store, object, early))).toEqual(['refresh/instant'])
    await store.db.query(`INSERT INTO customers VALUES (900, 'de', '2024-01-01Z')`)
    expect(await refreshTable(store, object, late)).toMatchObject({ inserted: 1, updated: 0 })
    await store.db.query('DELETE FROM customers WHERE customer = 900')
    expect(await refreshTable(store, object, late)).toMatchObject({ inserted: 0, updated: 0, deleted: 0 })
    expect((await rowsOf('by_key')).map((r) => r.customer)).toContain(900)
  })

  test('by key lets go of keys that have no prediction any more, where that is declared', async () => {
    const def = p.deployment('by_key_only', { model, as: 'table', refresh: 'upsert', vanished: 'delete', at: early.at })
    const object = await deployed(def)
    await store.db.query(`INSERT INTO customers VALUES (901, 'de', '2024-01-01Z')`)
    expect(await refreshTable(store, object, early)).toMatchObject({ inserted: 1, updated: 0, deleted: 0 })
    await store.db.query('DELETE FROM customers WHERE customer = 901')
    expect(await refreshTable(store, object, early)).toMatchObject({ inserted: 0, updated: 0, deleted: 1 })
    await store.db.transaction(async (db) => {
      for (const at of [early, early]) {
        expect(await refreshTable({ ...store, db }, object, at)).toMatchObject({ inserted: 0, updated: 0, deleted: 0 })
      }
    })
    expect(await rowsOf('by_key_only')).toHaveLength(200)
    expect(await codesOf(() => p.deployment('wrong', { model, as: 'table', vanished: 'delete' }))).toEqual([
      'define/option',
    ])
  })

  test('gives its place to another of another key, which is filled before', async () => {
    const def = (refresh: 'full' | 'partition') =>
      p.deployment('rekeyed', { model, as: 'table', refresh, at: early.at })
    const object = await deployed(def('partition'))
    await refreshTable(store, object, early)
    await refreshTable(store, object, late)
    expect((await planned(def('full'))).changes[0]).toMatchObject({ class: 'breaking', strategy: 'swap' })
    await deployed(def('full'))
    expect(new Set((await rowsOf('rekeyed')).map((r) => r.as_of))).toEqual(new Set(['2024-02-15 00:00:00+00']))
    expect((await planned(def('full'))).changes[0]?.class).toBe('none')
    expect(await refreshTable(store, object, late)).toMatchObject({ kind: 'full', inserted: 200, deleted: 200 })
    expect(await store.db.rows('SELECT count(*)::int AS n FROM public__v1.rekeyed')).toEqual([{ n: 400 }])
  })

  test('is filled for a series of instants, which goes on where it was broken off', async () => {
    await deployed(p.deployment('series', { model, as: 'table', refresh: 'partition' }))
    const series = { from: '2024-02-10T00:00Z', to: '2024-02-14T00:00Z', every: '1 day' }
    const stop = new AbortController()
    const seen: (string | null)[] = []
    const broken = refreshRecorded(store, 'series', {
      series,
      signal: stop.signal,
      onProgress: ({ at }) => {
        seen.push(at)
        if (seen.length === 2) stop.abort()
      },
    })
    await expect(broken).rejects.toThrow()
    const days = () => store.db.rows('SELECT as_of, count(*)::int AS n FROM series GROUP BY 1 ORDER BY 1')
    expect(await days()).toEqual([
      { as_of: '2024-02-10 00:00:00+00', n: 200 },
      { as_of: '2024-02-11 00:00:00+00', n: 200 },
    ])
    const rest = await refreshRecorded(store, 'series', { series })
    expect(rest.skipped).toBe(2)
    expect(rest.refreshed.map((r) => r.at)).toEqual([
      '2024-02-12 00:00:00+00',
      '2024-02-13 00:00:00+00',
      '2024-02-14 00:00:00+00',
    ])
    expect(await days()).toHaveLength(5)
    expect(await refreshRecorded(store, 'series', { series })).toMatchObject({ skipped: 5, refreshed: [] })
    expect((await refreshRecorded(store, 'series', { series, again: true })).refreshed).toHaveLength(5)
    const runs = await store.db.rows(
      `SELECT state, count(*)::int AS n FROM viewcast.execution WHERE kind = 'refresh' AND name = 'series' GROUP BY 1 ORDER BY 1`,
    )
    expect(runs).toEqual([
      { state: 'finished', n: 3 },
      { state: 'killed', n: 1 },
    ])
    const [metric] = await store.db.rows(
      `SELECT r.inserted::int AS inserted, e.kind FROM viewcast.refreshes r JOIN viewcast.execution e ON e.id = r.run WHERE r.name = 'series'`,
    )
    expect(metric).toEqual({ inserted: 200, kind: 'refresh' })
    for (const wrong of [
      { ...series, every: '-1 day' },
      { ...series, every: '0 days' },
      { ...series, every: 'often' },
      { ...series, to: '2024-01-01T00:00Z' },
    ]) {
      expect(await codesOf(() => refreshRecorded(store, 'series', { series: wrong }))).toEqual(['refresh/instant'])
    }
    expect(await codesOf(() => refreshRecorded(store, 'series', { series, ...early }))).toEqual(['refresh/instant'])
    expect(await codesOf(() => refreshRecorded(store, 'series', { at: 'yesterday' }))).toEqual(['time/instant'])
  })

  test('keeps what is refreshed in the log, in the same transaction', async () => {
    const held = () =>
      store.db.rows<{ key: string; as_of: string; outputs: { probability: number } }>(
        `SELECT key ->> 'customer' AS key, as_of, outputs FROM viewcast.predictions
         WHERE deployment = 'public.kept' AND model = 'replies' AND version = ${record.version} ORDER BY as_of, key`,
      )
    const said = async () => (await rowsOf('kept')).map((r) => `${r.customer} ${r.as_of} ${r.probability}`).sort()
    const logged = async () => (await held()).map((r) => `${r.key} ${r.as_of} ${r.outputs.probability}`).sort()
    const keep = { model: () => model }
    await deployed(p.deployment('kept', { model, as: 'table', refresh: 'partition' }))
    const series = { from: '2024-02-10T00:00Z', to: '2024-02-11T00:00Z', every: '1 day' }
    expect(await refreshRecorded(store, 'kept', { series, keep })).toMatchObject({ logged: 400 })
    expect(await logged()).toEqual(await said())
    expect(await refreshRecorded(store, 'kept', { at: '2024-02-10T00:00Z', keep })).toMatchObject({ logged: 0 })
    expect(await refreshRecorded(store, 'kept', late)).toMatchObject({ logged: 0 })
    expect(await logged()).toHaveLength(400)
    const before = await said()
    const unknown = refreshRecorded(store, 'kept', {
      at: '2024-02-12T00:00Z',
      keep: {
        model: () => {
          throw new Error('no such model')
        },
      },
    })
    await expect(unknown).rejects.toThrow('no such model')
    expect(await said()).toEqual(before)
    expect(await replayPredictions(store, model, record, { deployment: 'public.kept' })).toMatchObject({
      logged: 400,
      equal: 400,
    })
  })

  test('keeps from what it predicted, in one snapshot, hashed and left out as it is said', async () => {
    const keep = { model: () => model, inputs: 'all' } as const
    const inputsOf = (name: string) =>
      store.db.rows<{ key: number; inputs: Record<string, unknown> }>(
        `SELECT p.key_text::int4 AS key, i.inputs FROM viewcast.predictions p JOIN viewcast.prediction_input i USING (id, as_of)
         WHERE p.deployment = 'public.${name}' ORDER BY 1`,
      )
    // An instant of its own each: what a version said to a question is logged once, whoever asked.
    for (const [refresh, at] of [
      ['full', '2024-02-26T00:00Z'],
      ['partition', '2024-02-27T00:00Z'],
      ['upsert', '2024-02-28T00:00Z'],
    ] as const) {
      const def = p.deployment(`with_inputs_${refresh}`, { model, as: 'table', refresh, at: early.at })
      await deployed(def)
      const { refreshed, logged } = await refreshRecorded(store, def.name, { at, keep })
      const [done] = refreshed
      expect(logged).toBe(refresh === 'upsert' ? done?.updated : done?.inserted)
      expect(logged).toBeGreaterThan(0)
      const found = await inputsOf(def.name)
      expect(found).toHaveLength(logged)
      expect(Object.keys(found[0]?.inputs ?? {}).sort()).toEqual(record.inputs.map((i) => i.feature).sort())
      const replay = await replayPredictions(store, model, record, { deployment: `public.${def.name}` })
      expect(replay).toMatchObject({ logged, equal: logged, causes: {} })
      expect(replay.columns.map((c) => c.compared)).toEqual(replay.columns.map(() => logged))
    }
    const [one, two] = record.inputs.map((i) => i.feature) as [string, string]
    const def = p.deployment('with_some_inputs', { model, as: 'table', refresh: 'partition', at: early.at })
    await deployed(def)
    const series = { from: '2024-02-16T00:00Z', to: '2024-02-17T00:00Z', every: '1 day' }
    const some = { ...keep, inputs: [one, two], redact: { [two]: 'hash' }, hashKey: 'pepper' } as const
    expect((await refreshRecorded(store, def.name, { series, keep: some })).logged).toBe(400)
    const hashes = await inputsOf(def.name)
    expect(Object.keys(hashes[0]?.inputs ?? {}).sort()).toEqual([one, two].sort())
    for (const { inputs } of hashes) expect(inputs[two] ?? '0'.repeat(64)).toMatch(/^[0-9a-f]{64}$/)
    expect(
      await replayPredictions(store, model, record, { deployment: 'public.with_some_inputs', hashKey: 'pepper' }),
    ).toMatchObject({ logged: 400, equal: 400 })
    const slip = refreshRecorded(store, def.name, { ...late, keep: { ...keep, redact: ['no_input'] } })
    await expect(slip).rejects.toThrow('no_input')
  })

  test('keeps no inputs that the query that is live does not read', async () => {
    const def = p.deployment('declared_otherwise', { model, as: 'table', refresh: 'partition', at: early.at })
    await deployed(def)
    const before = await rowsOf(def.name)
    const longer = p.aggregates('spending', {
      entity: customer,
      source: 'orders',
      time: 'at',
      windows: { '7d': '8 days' },
      features: (a) => ({ n: a.count(), amount: a.avg('amount') }),
    })
    const other = modelOf([profile, longer])
    const keep = { model: () => other, inputs: 'all' } as const
    expect(await codesOf(() => refreshRecorded(store, def.name, { at: '2024-02-18T00:00Z', keep }))).toEqual([
      'define/option',
    ])
    expect(await rowsOf(def.name)).toEqual(before)
    const without = { at: '2024-02-18T00:00Z', keep: { model: () => other } }
    expect((await refreshRecorded(store, def.name, without)).logged).toBeGreaterThan(0)
  })

  test('keeps of a table by key the rows that are of the instant', async () => {
    const def = p.deployment('kept_by_key', { model, as: 'table', refresh: 'upsert', at: early.at })
    await deployed(def)
    const { refreshed, logged } = await refreshRecorded(store, 'kept_by_key', { ...late, keep: { model: () => model } })
    expect(refreshed[0]?.updated).toBeGreaterThan(0)
    expect(logged).toBe(refreshed[0]?.updated)
  })

  test('is as it was when its rows are refused', async () => {
    for (const refresh of ['full', 'upsert'] as const) {
      const object = await deployed(p.deployment(`refused_${refresh}`, { model, as: 'table', refresh, at: early.at }))
      const rows = await rowsOf(object.name)
      await store.db.execute(
        'ALTER TABLE customers DROP CONSTRAINT customers_pkey; ALTER TABLE customers ALTER customer DROP NOT NULL',
      )
      const refusing = async (sql: string) => {
        await store.db.execute(sql)
        const codes = await codesOf(() => refreshTable(store, object, late))
        await store.db.execute(
          'DELETE FROM customers WHERE customer IS NULL OR ctid <> (SELECT min(c.ctid) FROM customers c WHERE c.customer = customers.customer)',
        )
        return codes
      }
      expect(await refusing(`INSERT INTO customers SELECT * FROM customers WHERE customer = 7`)).toEqual([
        'refresh/keys',
      ])
      expect(await refusing(`INSERT INTO customers VALUES (NULL, 'de', '2024-01-01Z')`)).toEqual(['refresh/keys'])
      await store.db.execute('ALTER TABLE customers ADD PRIMARY KEY (customer)')
      expect(await rowsOf(object.name)).toEqual(rows)
    }
  })

  test('gets the columns of the next declaration, and keeps those that go, empty after the next refresh', async () => {
    const declared = (outputs?: readonly ['value', 'label']) =>
      p.deployment('changing', { model, as: 'table', at: early.at, ...(outputs ? { outputs } : {}) })
    const object = await deployed(declared())
    await store.db.execute('CREATE VIEW reads_changing AS SELECT customer, probability FROM changing')
    expect((await planned(declared(['value', 'label']))).changes[0]).toMatchObject({
      class: 'append',
      strategy: 'in place',
    })
    await deployed(declared(['value', 'label']))
    await refreshTable(store, object)
    expect(await store.db.rows('SELECT count(*)::int AS n FROM changing WHERE label IS NULL')).toEqual([{ n: 0 }])
    expect((await planned(declared())).changes[0]).toMatchObject({ class: 'breaking', strategy: 'in place' })
    await deployed(declared())
    expect((await planned(declared())).changes[0]?.class).toBe('none')
    await refreshTable(store, object)
    expect(await store.db.rows('SELECT count(*)::int AS n, count(label)::int AS labels FROM changing')).toEqual([
      { n: 200, labels: 0 },
    ])
    expect(await store.db.rows('SELECT count(*)::int AS n FROM reads_changing')).toEqual([{ n: 200 }])
  })

  test('is not filled by a model that gives other numbers than it did', async () => {
    const object = await deployed(p.deployment('broken', { model, as: 'table', at: early.at }))
    const rows = await rowsOf('broken')
    const kept = await store.db.rows<{ id: string; record: string }>(
      'SELECT artifact_id AS id, record FROM viewcast.model_version',
    )
    const tampered = JSON.parse(kept[0]?.record ?? '') as { coefficients: { estimate: number }[] }
    for (const c of tampered.coefficients) c.estimate += 0.25
    await store.db.query('UPDATE viewcast.model_version SET record = $1', [JSON.stringify(tampered)])
    expect(await codesOf(() => refreshTable(store, object, late))).toEqual(['refresh/verification'])
    await store.db.query('UPDATE viewcast.model_version SET record = $1', [kept[0]?.record])
    expect(await rowsOf('broken')).toEqual(rows)
  })

  test('is refused where there is none', async () => {
    expect(await codesOf(() => refreshTable(store, { schema: 'public', name: 'nothing' }))).toEqual([
      'refresh/not-a-table',
    ])
    expect(await codesOf(() => refreshRecorded(store, 'nothing', early))).toEqual(['refresh/not-a-table'])
  })
})

import {
  collectProject,
  connect,
  logBatch,
  type ModelDef,
  openStore,
  registerDataset,
  reproduce,
  type Store,
  startRun,
  trainingQuery,
  trainModel,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'
import { model, modelOf, profile, tables } from '../scenarios/shop.ts'

const projectOf = (declared: ModelDef) =>
  collectProject({ declared }, { directory: '.', file: 'shop.ts', name: 'shop' })

describeEachEngine('reproducing a run', (engine) => {
  let store: Store
  let run: string
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    run = await trained(model)
  })

  async function trained(declared: ModelDef): Promise<string> {
    return (await trainRecorded(store, declared)).run.id
  }

  test('agrees with itself, to the last bit of the data', async () => {
    const found = await reproduce(store, run, { project: projectOf(model) })
    expect(found).toMatchObject({
      agrees: true,
      query: { used: 'kept', isOtherNow: false },
      data: { verdict: 'equal', views: [], difference: { columns: [] } },
      params: [],
      model: { model: 'replies', version: 1 },
    })
    expect(['equal', 'within']).toContain(found.model?.verdict)
  })

  test('writes nothing', async () => {
    const counts = () =>
      store.db.rows(
        `SELECT (SELECT count(*) FROM viewcast.artifact) AS a, (SELECT count(*) FROM viewcast.execution) AS e`,
      )
    const before = await counts()
    await reproduce(store, run, { project: projectOf(model) })
    expect(await counts()).toEqual(before)
  })

  test('uses the params of the run, and tells what the declaration says now', async () => {
    const other: ModelDef = { ...model, penalty: { ...model.penalty, l2: 5 }, threshold: 0.3 }
    const kept = await reproduce(store, run, { project: projectOf(other) })
    expect(kept.agrees).toBe(true)
    expect(kept.params).toEqual([
      { param: 'penalty.l2', recorded: '1', declared: '5' },
      { param: 'threshold', recorded: String(model.threshold), declared: '0.3' },
    ])
    const current = await reproduce(store, run, { project: projectOf(other), current: true })
    expect(current).toMatchObject({ agrees: false, data: { verdict: 'equal' }, model: { verdict: 'different' } })
    expect(current.model?.comparison?.different.length).toBeGreaterThan(0)
  })

  test('reads the text that was kept where the project compiles to another', async () => {
    const other = modelOf([profile], { ...model.inputs })
    const kept = await reproduce(store, run, { project: projectOf(other) })
    expect(kept.query).toMatchObject({ used: 'kept', isOtherNow: true })
    expect(kept.data).toMatchObject({ verdict: 'equal', views: ['spending'] })
    // It cannot be trained on what the project no longer declares.
    expect(kept.model).toMatchObject({ verdict: 'not-trained', reason: expect.stringContaining('"n_7d"') })
  })

  test('compares the data alone where the model is not declared', async () => {
    const found = await reproduce(store, run)
    expect(found).toMatchObject({ agrees: false, data: { verdict: 'equal' }, model: { verdict: 'not-trained' } })
    expect(found.model?.reason).toContain('declares no model')
  })

  test('compares coefficients alone where no digest was kept', async () => {
    const { run: own } = await trainRecorded(store, model, { digest: false })
    expect(await reproduce(store, own.id, { project: projectOf(model) })).toMatchObject({
      agrees: true,
      data: { verdict: 'unknown', version: undefined, difference: undefined },
    })
  })

  test('names the columns that differ, and the view that changed', async () => {
    await engine.db.execute(`CREATE TABLE reading (id int, amount float8);
      INSERT INTO reading SELECT i, i FROM generate_series(1, 20) i;
      CREATE VIEW readings AS SELECT id, amount FROM reading`)
    const own = await startRun(store, { name: 'other code' })
    await registerDataset(store, { name: 'readings', query: 'SELECT id, amount FROM readings' }, { run: own.id })
    expect(await reproduce(store, own.id)).toMatchObject({ agrees: true, model: undefined, data: { version: 1 } })
    await engine.db.execute('CREATE OR REPLACE VIEW readings AS SELECT id, amount * 2 AS amount FROM reading')
    const found = await reproduce(store, own.id)
    expect(found).toMatchObject({ agrees: false, data: { verdict: 'different', views: ['public.readings'] } })
    expect(found.data.difference?.columns.map((c) => [c.name, c.what])).toEqual([['amount', 'values']])
  })

  test('tells of data that changed and of coefficients that did with them', async () => {
    const [table = ''] = (await engine.db.introspect()).relations
      .filter((r) => r.kind === 'table' && r.schema === 'public')
      .map((r) => r.name)
      .filter((n) => n !== 'reading')
    const before = await reproduce(store, run, { project: projectOf(model) })
    expect(before.agrees).toBe(true)
    await engine.db.transaction(async (tx) => {
      await tx.execute(`DELETE FROM ${table}`)
    })
    const found = await reproduce(store, run, { project: projectOf(model) })
    expect(found.agrees).toBe(false)
    expect(found.data.verdict).toBe('different')
  })

  test('is refused for what is no run, and for one that read nothing', async () => {
    expect(await codesOf(() => reproduce(store, 'nothing'))).toEqual(['run/not-active'])
    const empty = await startRun(store, {})
    await logBatch(store, empty.id, { params: { a: 1 } })
    expect(await codesOf(() => reproduce(store, empty.id))).toEqual(['dataset/unknown-version'])
  })
})

describeEachEngine('training on a kept text', (engine) => {
  test('gives what training on the compiled one gives, folds included', async () => {
    await engine.db.execute(tables)
    for (const declared of [model, { ...model, calibrate: 'platt' } as ModelDef]) {
      const { sql } = await trainingQuery(engine.db, declared.dataset)
      const compiled = await trainModel(engine.db, declared)
      const kept = await trainModel(engine.db, declared, { query: `${sql} -- kept` })
      expect(kept.record.coefficients).toEqual(compiled.record.coefficients)
      expect(kept.record.calibration).toEqual(compiled.record.calibration)
    }
  })

  test('is refused for a text without an input or the label', async () => {
    expect(await codesOf(() => trainModel(engine.db, model, { query: 'SELECT 1 AS one' }))).toContain(
      'model/unknown-label',
    )
    if (engine.url === undefined) return
    const db = await connect(engine.url)
    expect(await codesOf(() => trainModel(db, model, { query: 'SELECT 1 AS one' }))).toContain('model/unknown-input')
    await db.close()
  })
})

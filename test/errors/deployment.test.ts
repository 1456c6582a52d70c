/** What a trained model is refused for: a changed declaration, a question nobody can answer, a name that is taken. */
import { applyView, type Database, type ModelRecord, predictionQuery, project, showRows } from '@viewcast/sdk'
import { expect, it } from 'vitest'
import { linearRecord } from '../compiler/records.ts'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from './codes-of.ts'

interface DB {
  homes: { home_id: number; area: number; rooms: number; price: number }
}

const p = project<DB>('homes')
const home = p.entity('home', { home_id: 'int4' }, { from: 'homes' })
const size = p
  .featureView('size', { entity: home })
  .query(({ db }) => db.selectFrom('homes').select(['home_id', 'area', 'rooms']))
const sold = p.sample('sold', { entity: home }).query(({ db }) => db.selectFrom('homes').select('home_id'))
const price = p.target('price', { entity: home }).query(({ db }) => db.selectFrom('homes').select(['home_id', 'price']))
const sales = p.dataset('sales', { sample: sold, target: price, features: [size] })
const worth = p.model('worth', { dataset: sales, family: 'linear', label: 'price' }).inputs({ area: 'auto' })
const record = linearRecord('worth', ['area'], {
  verification: [{ inputs: { area: 100 }, scores: [100.5], outputs: { prediction: 100.5 } }],
})

const tables = 'create table homes (home_id int4 primary key, area float8, rooms float8, price float8)'

describeEachEngine('a trained model', (engine) => {
  const fresh = async (): Promise<Database> => {
    const db = await engine.open()
    await db.execute(tables)
    return db
  }
  const columnsOf = async (db: Database, view: string) =>
    (await db.describe(`select * from ${view}`)).map((c) => c.name)

  it('model/stale: an input it was trained on is no longer declared', async () => {
    const db = await fresh()
    const [first] = await diagnosticsOf(() => predictionQuery(db, worth, linearRecord('worth', ['garden'])))
    expect(first).toMatchObject({ code: 'model/stale', hint: 'Run: viewcast train worth' })
  })

  it('compile/no-anchor: nothing says which entities there are', async () => {
    const db = await fresh()
    const nowhere = p.entity('home', { home_id: 'int4' })
    const [first] = await diagnosticsOf(() => showRows(db, nowhere))
    expect(first?.code).toBe('compile/no-anchor')
    expect(first?.hint).toContain("{ from: 'table' }")
  })

  it('time/instant: an instant without a zone', async () => {
    const db = await fresh()
    expect(await codesOf(() => predictionQuery(db, worth, record, { at: '2025-01-01 12:00' }))).toEqual([
      'time/instant',
    ])
  })

  it('deploy/conflict: the name belongs to somebody else, whose object stays', async () => {
    const db = await fresh()
    await db.execute('create view worth as select 1 as theirs')
    expect(await codesOf(() => applyView(db, worth, record))).toEqual(['deploy/conflict'])
    expect(await columnsOf(db, 'worth')).toEqual(['theirs'])
  })

  it('deploy/breaking: a column would go that others may read, so the view stays', async () => {
    const db = await fresh()
    await applyView(db, worth, record)
    const before = await columnsOf(db, 'worth')
    const logistic: ModelRecord = { ...record, family: 'binomial', link: 'logit' }
    const other = p.model('worth', { dataset: sales, family: 'logistic', label: 'price' }).inputs({ area: 'auto' })
    expect(await codesOf(() => applyView(db, other, logistic))).toEqual(['deploy/breaking'])
    expect(await columnsOf(db, 'worth')).toEqual(before)
  })

  it('deploy/verification: the engine gives other numbers than the record, so nothing is made', async () => {
    const db = await fresh()
    const wrong = { ...record, verification: [{ inputs: { area: 100 }, scores: [7], outputs: { prediction: 7 } }] }
    expect(await codesOf(() => applyView(db, worth, wrong))).toEqual(['deploy/verification'])
    expect((await db.introspect()).relations.map((r) => r.name)).toEqual(['homes'])
  })

  it('compile/identifier: a name the server would cut', async () => {
    const db = await fresh()
    expect(await codesOf(() => applyView(db, worth, record, { name: 'x'.repeat(64) }))).toEqual(['compile/identifier'])
  })
})

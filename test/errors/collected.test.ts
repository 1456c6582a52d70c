/** Mistakes in the sample, two views and the target are told together, by everything that compiles. */
import {
  collectProject,
  columnLineage,
  doctor,
  explain,
  findLeaks,
  predict,
  predictionQuery,
  projectLineage,
  selfTest,
  showRows,
  trainingQuery,
  trainModel,
  verifyModel,
} from '@viewcast/sdk'
import { type RawBuilder, sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { linearRecord } from '../compiler/records.ts'
import { describeEachEngine } from '../engines/each-engine.ts'
import { customer, p, spending, tables } from '../scenarios/shop.ts'
import { diagnosticsOf } from './codes-of.ts'

const text = (query: RawBuilder<unknown>): never => (() => query) as never
const sample = p.sample('asked', { entity: customer }).query(text(sql`select customer, as_of, wrong_one from asked`))
const first = p.featureView('first', { entity: customer }).query(text(sql`select customer, wrong_two from customers`))
const second = p.featureView('second', { entity: customer }).query(text(sql`select customer form customers`))
const target = p.target('answer', { entity: customer }).query(text(sql`select customer, 1 as answer from nowhere`))
const dataset = p.dataset('answers', { sample, target, features: [first, second, spending] } as never)
const model = p.model('replies', { dataset, family: 'logistic', label: 'answer' } as never) as never
const record = linearRecord('replies', ['n_7d'])
const project = () => collectProject({ dataset, model }, { directory: '.', file: 'project.ts' })

const expected = [
  ['sql/syntax', 'view "second"'],
  ['view/database-error', 'sample "asked"'],
  ['view/database-error', 'view "first"'],
  ['view/unknown-relation', 'target "answer"'],
]

describeEachEngine('mistakes in several views on', (engine) => {
  beforeAll(() => engine.db.execute(tables))

  test.each<[string, () => unknown]>([
    ['trainingQuery', () => trainingQuery(engine.db, dataset as never)],
    ['trainModel', () => trainModel(engine.db, model)],
    ['predictionQuery', () => predictionQuery(engine.db, model, record)],
    ['predict', () => predict(engine.db, model, record)],
    ['selfTest', () => selfTest(engine.db, model, record)],
    ['verifyModel', () => verifyModel(engine.db, model, record)],
    ['findLeaks', () => findLeaks(engine.db, dataset as never)],
    ['explain', () => explain(engine.db, dataset as never)],
    ['explain of a model', () => explain(engine.db, model, { record })],
    ['showRows', () => showRows(engine.db, dataset as never)],
    ['columnLineage', () => columnLineage(engine.db, dataset as never, undefined)],
    ['projectLineage', () => projectLineage(engine.db, project())],
  ])('%s', async (_, call) => {
    const found = await diagnosticsOf(call)
    expect(found.map((d) => [d.code, d.parameters.view]).sort()).toEqual(expected)
    for (const d of found) expect(d.location).toMatchObject({ line: 1, column: expect.any(Number) })
  })

  test('projectLineage: with the files that are missing, each once', async () => {
    const gone = p.sqlView('gone', { entity: customer, file: 'gone.sql' } as never)
    const lost = p.sqlView('lost', { entity: customer, file: 'lost.sql' } as never)
    const broken = p.dataset('broken', { sample, features: [gone, first] } as never)
    const all = collectProject({ broken, lost, second }, { directory: '.', file: 'project.ts' })
    const found = await diagnosticsOf(() => projectLineage(engine.db, all))
    expect(found.map((d) => [d.code, d.parameters.view]).sort()).toEqual([
      ['project/no-file', 'view "gone"'],
      ['project/no-file', 'view "lost"'],
      ['sql/syntax', 'view "second"'],
      ['view/database-error', 'sample "asked"'],
      ['view/database-error', 'view "first"'],
    ])
  })

  test('doctor', async () => {
    const { ok, checks } = await doctor(engine.db, project())
    expect(ok).toBe(false)
    const told = checks.find((c) => c.name === 'dataset answers')?.detail ?? ''
    for (const [code, view] of expected) expect(told).toMatch(new RegExp(`${code} .*${view}`))
  })

  test('doctor tells of a view that fails on the data, and looks at the rest', async () => {
    const failing = p
      .featureView('failing', { entity: customer })
      .query(text(sql`select customer / (customer - 7) as customer, 1 as one from orders`))
    const good = p.sample('asked', { entity: customer }).query(text(sql`select customer, as_of from asked`))
    const one = p.dataset('one', { sample: good, features: [failing] } as never)
    const other = p.dataset('other', { sample: good, features: [spending] } as never)
    const all = collectProject({ one, other }, { directory: '.', file: 'project.ts' })
    const { checks } = await doctor(engine.db, all)
    expect(checks.find((c) => c.name === 'dataset one')).toMatchObject({ ok: false })
    expect(checks.find((c) => c.name === 'dataset one')?.detail).toContain('view/failed  view "failing"')
    expect(checks.find((c) => c.name === 'dataset other')).toMatchObject({ ok: true })
  })
})

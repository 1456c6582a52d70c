/** What training refuses for its solver or its machine rather than for its data; each through `trainModel`. */
import { join } from 'node:path'
import { type Database, oneHot, trainModel } from '@viewcast/sdk'
import { openTestDatabase } from '@viewcast/sdk/testing'
import { type RawBuilder, sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { customer, modelOf, p, tables } from '../scenarios/shop.ts'
import { codesOf, diagnosticsOf } from './codes-of.ts'

const text = (query: RawBuilder<unknown>): never => (() => query) as never
const viewOf = (columns: string) =>
  p.featureView('extra', { entity: customer }).query(text(sql`select customer, ${sql.raw(columns)} from customers`))

describe('training', () => {
  let db: Database
  beforeAll(async () => {
    db = await openTestDatabase()
    await db.execute(tables)
  })
  afterAll(() => db.close())
  afterEach(() => vi.unstubAllEnvs())

  it('train/rare-levels: no level of a category is frequent enough', async () => {
    const view = viewOf("customer % 10 as n, 'tag ' || customer % 50 as tag")
    const model = modelOf([view]) as unknown as { inputs: (of: object) => never }
    const { warnings, record } = await trainModel(db, model.inputs({ n: 'auto', tag: oneHot({ minCount: 40 }) }))
    expect(warnings).toMatchObject([{ code: 'train/rare-levels', parameters: { input: 'tag', count: '40' } }])
    expect(record.coefficients.map((c) => c.name)).not.toContainEqual(expect.stringMatching(/^tag=/))
  })

  it('train/not-converged: a solver that would need more steps than it has', async () => {
    // One row holds all the spread.
    const view = viewOf('case customer when 50 then 1e7 else customer % 10 end::float8 as x')
    const target = p
      .target('answer', { entity: customer })
      .query(text(sql`select customer, (customer * 7 % 10 < customer % 10)::int as answer from asked`))
    const model = modelOf([view], { target }, { solver: 'ml-logistic-regression', penalty: 0 })
    const found = await diagnosticsOf(() => trainModel(db, model as never))
    expect(found).toMatchObject([{ code: 'train/not-converged', parameters: { solver: 'ml-logistic-regression' } }])
  })

  it('train/unsupported: a penalty, or a family, that the solver does not know', async () => {
    const view = viewOf('customer % 10 as n')
    for (const options of [{ solver: 'ml-logistic-regression', penalty: 1 }, { solver: 'cholesky' }])
      expect(await codesOf(() => trainModel(db, modelOf([view], {}, options) as never))).toEqual(['train/unsupported'])
  })

  it('train/spool: rows that do not fit into memory, and a directory that cannot be written', async () => {
    await db.execute('CREATE TABLE many AS SELECT i AS customer, i % 2 AS answer FROM generate_series(1, 10000) i')
    const sample = p
      .sample('asked', { entity: customer })
      .query(text(sql`select customer, timestamptz '2024-03-01Z' as as_of from many`))
    const target = p.target('answer', { entity: customer }).query(text(sql`select customer, answer from many`))
    const view = p
      .featureView('extra', { entity: customer })
      .query(text(sql`select customer, customer % 7 as n from many`))
    vi.stubEnv('TMPDIR', join(import.meta.dirname, 'missing'))
    const model = modelOf([view], { sample, target })
    const found = await diagnosticsOf(() => trainModel(db, model as never, { memoryBudgetBytes: 0 }))
    expect(found).toMatchObject([{ code: 'train/spool', parameters: { directory: expect.stringMatching(/missing$/) } }])
  })
})

import type { CompiledQuery, ModelDef } from '@viewcast/compiler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../database/connect.ts'
import type { Database } from '../../database/database.ts'
import { asIs, base, column } from '../fitted-cars.ts'
import { chooseRoute } from './choose-route.ts'

const linear: ModelDef = {
  ...base,
  family: 'gaussian',
  link: 'identity',
  label: 'y',
  solver: 'cholesky',
  inputs: { a: asIs, b: asIs },
}
const rowsOf = (count: number): CompiledQuery => ({
  sql: `SELECT i::float8 AS a, i::float8 AS b, i::float8 AS y FROM generate_series(1, ${count}) AS i`,
  columns: [column('a', 'float8'), column('b', 'float8'), column('y', 'float8')],
  warnings: [],
  plan: { views: [], stages: [] },
})

describe('where a model is fitted', () => {
  let db: Database
  beforeAll(async () => {
    db = await connect('memory:')
  })
  afterAll(() => db.close())
  /** Its planner stands for that of a server. */
  const server = (): Database => ({ ...db, engine: 'postgres' })
  const auto = (model: ModelDef, rows: number) =>
    chooseRoute(server(), model, rowsOf(rows), { where: 'auto', groupRows: false })

  test('rows that fit are read, least squares of millions included', async () => {
    for (const rows of [1000, 5_000_000]) {
      expect(await auto(linear, rows)).toEqual({
        where: 'process',
        rows,
        reason: `about ${rows.toLocaleString('en-US')} rows of 4 numbers are read sooner than the database would pass over them for each step`,
      })
    }
  })

  test('more than 4 GiB of numbers stay where they are', async () => {
    const rows = 150_000_000
    const route = { where: 'database', rows, reason: 'about 150,000,000 rows of 4 numbers are too many to keep here' }
    expect(await auto(linear, rows)).toEqual(route)
    expect(await auto({ ...linear, family: 'gamma', link: 'log', solver: 'irls' }, rows)).toEqual(route)
  })

  test('what aggregates cannot fit is read, however much it is', async () => {
    const reasons: string[] = []
    for (const model of [
      { ...linear, family: 'multinomial', link: 'softmax', solver: 'irls' },
      { ...linear, family: 'poisson', link: 'log', solver: 'cholesky' },
      { ...linear, family: 'poisson', link: 'log', solver: 'irls', offset: 'a' },
    ] satisfies ModelDef[]) {
      const { where, reason } = await auto(model, 150_000_000)
      expect(where).toBe('process')
      reasons.push(reason ?? '')
    }
    expect(reasons).toEqual([
      'rows are read, as aggregates cannot fit the family multinomial (softmax)',
      'rows are read, as aggregates cannot fit the solver "cholesky"',
      'rows are read, as aggregates cannot fit the option "offset"',
    ])
  })

  test('what is asked for is done', async () => {
    expect(await chooseRoute(server(), linear, rowsOf(10), { where: 'database' })).toEqual({ where: 'database' })
    expect(await chooseRoute(db, linear, rowsOf(150_000_000), { where: 'auto', groupRows: false })).toEqual({
      where: 'process',
      reason: 'the embedded engine runs in this process anyway',
    })
  })
})

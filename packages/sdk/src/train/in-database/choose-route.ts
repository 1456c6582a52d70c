import { type CompiledQuery, fail, type ModelDef, quoteIdentifier } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { staysOutOfDatabase } from './fit-in-database.ts'
import { hasFewGroups, needsSingleRows } from './grouped-rows.ts'

export type Where = 'process' | 'database' | 'auto'

export interface Route {
  readonly where: 'process' | 'database'
  /** In words, where the choice was made here. */
  readonly reason?: string
  /** Rows the planner expects, where it was asked. */
  readonly rows?: number
  /** Groups of equal rows are read. */
  readonly isGrouped?: boolean
}

export interface RouteOptions {
  readonly where: Where
  /** Whether groups of equal rows are read; chosen here when undefined. */
  readonly groupRows?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Bytes of numbers from which rows are not read. Up to here reading them once is several times sooner than a pass of the
 * database per step, whatever the family; beyond, the temporary files that hold them are what may not be there.
 */
const manyBytes = 4 * 1024 ** 3

/**
 * Where a model is fitted, and on what. Only `auto` asks the database anything: how many rows it expects the training query
 * to have, and of many, how many differ.
 *
 * Errors: `train/not-grouped`; those of the database.
 */
export async function chooseRoute(
  db: Database,
  model: ModelDef,
  query: CompiledQuery,
  { where, groupRows, signal }: RouteOptions,
): Promise<Route> {
  if (groupRows === true) {
    const single = where === 'database' ? 'a fit in the database' : needsSingleRows(model)
    if (single !== undefined) fail('train/not-grouped', { what: single })
    return { where: 'process', isGrouped: true }
  }
  if (where !== 'auto') return { where }
  const mayGroup = groupRows !== false && needsSingleRows(model) === undefined
  const expected = mayGroup ? await expectedRows(db, query) : undefined
  if (expected !== undefined && (await hasFewGroups(db, model, query, expected, signal))) {
    return { where: 'process', isGrouped: true }
  }
  const cause = staysOutOfDatabase(model)
  if (cause !== undefined) return { where: 'process', reason: `rows are read, as aggregates cannot fit ${cause}` }
  if (db.engine === 'pglite') return { where: 'process', reason: 'the embedded engine runs in this process anyway' }
  const rows = expected ?? (await expectedRows(db, query))
  const columns = Object.keys(model.inputs).length + 2
  const bytes = rows * columns * 8
  const size = `about ${rows.toLocaleString('en-US')} rows of ${columns} numbers`
  if (bytes > manyBytes) return { where: 'database', rows, reason: `${size} are too many to keep here` }
  return {
    where: 'process',
    rows,
    reason: `${size} are read sooner than the database would pass over them for each step`,
  }
}

/** The planner's estimate: a guess, and free. */
async function expectedRows(db: Database, { sql, columns }: CompiledQuery): Promise<number> {
  const some = columns.slice(0, 1).map((c) => quoteIdentifier(c.name))
  const { rows } = await db.query(`EXPLAIN (FORMAT JSON) SELECT ${some.join(', ')} FROM (\n${sql}\n) AS q`)
  const plans = rows[0]?.[0] as readonly { readonly Plan: { readonly 'Plan Rows': number } }[] | undefined
  return plans?.[0]?.Plan['Plan Rows'] ?? 0
}

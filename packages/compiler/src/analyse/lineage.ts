/**
 * Column lineage of a query, from its syntax tree and the catalog: for each output column the source columns its value is
 * made of (direct), and those that decide about it or about which rows there are (indirect). What cannot be resolved is said
 * to be unknown rather than guessed.
 */
import { parseSelect, type Speaker } from '../front/sql/parser.ts'
import type { Catalog } from '../ir/catalog.ts'
import { listed, merge, nothing, type SourceColumn, sourceOf, type Traced } from './lineage/influence.ts'
import type { Relation } from './lineage/namespace.ts'
import { traceSelect } from './lineage/select.ts'
import type { Scope } from './lineage/tracer.ts'

export { type Influence, influences, isDirect, type SourceColumn } from './lineage/influence.ts'

export interface ColumnLineage {
  readonly column: string
  readonly sources: readonly SourceColumn[]
  /** True when some reference could not be resolved. */
  readonly unknown: boolean
}

/**
 * Traces every output column of a query down to columns of tables.
 *
 * @param spine the columns of the relation `spine`, when the query may read it.
 * @param throughViews false: views of the database are sources, too.
 *
 * ```sql
 * SELECT origin, avg(delay) AS d FROM flights WHERE landed GROUP BY origin
 * -- d: flights.delay (aggregation), flights.landed (filter), flights.origin (group by)
 * ```
 *
 * Errors: `sql/syntax`, `sql/several-statements`, `sql/not-a-select`.
 */
export function lineageOf(
  sql: string,
  speaker: Speaker,
  catalog: Catalog,
  spine: readonly string[] = [],
  throughViews = true,
): ColumnLineage[] {
  const { columns, rows } = traceSelect(
    parseSelect(sql, speaker),
    scopeOf(catalog, spine, throughViews, () => {}),
  )
  return columns.map(([column, t]) => {
    const traced = merge([t, rows])
    return { column, sources: listed(traced), unknown: traced.unknown }
  })
}

/**
 * Every column of a table or view that a query names, in whatever place: dropping one of them breaks the query. Views are
 * not looked into; what cannot be resolved is left out.
 */
export function columnsRead(
  sql: string,
  speaker: Speaker,
  catalog: Catalog,
): { readonly relation: string; readonly column: string }[] {
  const read = new Map<string, { relation: string; column: string }>()
  const add = (t: Traced): void => {
    for (const { relation, column } of listed(t)) read.set(`${relation}\0${column}`, { relation, column })
  }
  traceSelect(parseSelect(sql, speaker), scopeOf(catalog, [], false, add))
  return [...read.values()]
}

function scopeOf(catalog: Catalog, spine: readonly string[], throughViews: boolean, read: (t: Traced) => void): Scope {
  const own: Relation = { columns: spine.map((c) => [c, sourceOf('spine', c)]), rows: nothing }
  return {
    catalog,
    ctes: spine.length > 0 ? new Map([['spine', own]]) : new Map(),
    levels: [],
    windows: new Map(),
    path: [],
    throughViews,
    read,
    select: traceSelect,
  }
}

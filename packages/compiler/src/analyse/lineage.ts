/**
 * Column lineage of a query, from its syntax tree and the catalog: for each output column the source columns its value is
 * made of (direct), and those that decide about it or about which rows there are (indirect). What cannot be resolved is said
 * to be unknown rather than guessed.
 */
import { type Node, parseSelect, type Speaker } from '../front/sql/parser.ts'
import type { Catalog, CatalogRelation } from '../ir/catalog.ts'
import { selectOf } from './lineage/catalog-memory.ts'
import { listed, merge, nothing, type SourceColumn, sourceOf, type Traced } from './lineage/influence.ts'
import type { Relation } from './lineage/namespace.ts'
import { withRowsOfViews } from './lineage/relation.ts'
import { traceSelect } from './lineage/select.ts'
import type { Scope } from './lineage/tracer.ts'

export { type Influence, influences, isDirect, openLineage, type SourceColumn } from './lineage/influence.ts'

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
 * @param throughViews false: columns of views are sources, too; what decides about the rows of views is followed down.
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
  const select = parseSelect(sql, speaker)
  return throughViews
    ? merged(traceSelect(select, scopeOf(catalog, spine, 'through')))
    : oneStep(select, catalog, spine)
}

/**
 * The same for a view of the database, by its columns: one step down, to the relations it reads. What decides about the
 * rows of views among them is followed down to tables.
 */
export function lineageOfView(view: CatalogRelation, catalog: Catalog): ColumnLineage[] {
  const lineage = oneStep(selectOf(catalog, view), catalog, [])
  return view.columns.map(({ name }, i) => ({ sources: [], unknown: true, ...lineage[i], column: name }))
}

/** What a query names, in whatever place: dropping one of the columns breaks it. */
export interface QueryReads {
  /** Columns of tables and views; those that only a whole row stands for are not among them. */
  readonly columns: readonly { readonly relation: string; readonly column: string }[]
  readonly relations: readonly CatalogRelation[]
}

/** Every column and relation that a query names. Views are not looked into; what cannot be resolved is left out. */
export function columnsRead(sql: string, speaker: Speaker, catalog: Catalog): QueryReads['columns'] {
  return readsOf(parseSelect(sql, speaker), catalog).columns
}

/** The same for a view of the database. */
export const readsOfView = (view: CatalogRelation, catalog: Catalog): QueryReads =>
  readsOf(selectOf(catalog, view), catalog)

function readsOf(select: Node, catalog: Catalog): QueryReads {
  const columns = new Map<string, { relation: string; column: string }>()
  const relations = new Set<CatalogRelation>()
  const read = (t: Traced): void => {
    for (const { relation, column } of listed(t)) columns.set(`${relation}\0${column}`, { relation, column })
  }
  traceSelect(select, { ...scopeOf(catalog, [], 'closed'), read, readRelation: (r) => relations.add(r) })
  return { columns: [...columns.values()], relations: [...relations] }
}

const merged = ({ columns, rows }: Relation, finish = (t: Traced): Traced => t): ColumnLineage[] =>
  columns.map(([column, t]) => {
    const all = finish(merge([t, rows]))
    return { column, sources: listed(all), unknown: all.unknown }
  })

function oneStep(select: Node, catalog: Catalog, spine: readonly string[]): ColumnLineage[] {
  const views = new Set<CatalogRelation>()
  const readRelation = (r: CatalogRelation): void => {
    if (r.definition !== undefined) views.add(r)
  }
  const found = traceSelect(select, { ...scopeOf(catalog, spine, 'rows'), readRelation })
  return merged(found, (t) => withRowsOfViews(t, views, catalog))
}

function scopeOf(catalog: Catalog, spine: readonly string[], views: Scope['views']): Scope {
  const own: Relation = { columns: spine.map((c) => [c, sourceOf('spine', c)]), rows: nothing }
  return {
    catalog,
    ctes: spine.length > 0 ? new Map([['spine', () => own]]) : new Map(),
    levels: [],
    windows: new Map(),
    views,
    read: () => {},
    readRelation: () => {},
    select: traceSelect,
  }
}

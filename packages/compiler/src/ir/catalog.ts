import type { Column, SqlType } from './type.ts'

/** What introspection found in a database: data, so that the compiler needs no connection. */
export interface Catalog {
  /** Schemas searched for unqualified names, in order. */
  readonly searchPath: readonly string[]
  /** `server_version_num / 10000`, such as 15 or 18. */
  readonly serverVersion: number
  readonly relations: readonly CatalogRelation[]
  /** Functions outside pg_catalog that are volatile or return sets; absent when they were not asked for. */
  readonly functions?: readonly CatalogFunction[]
  /** Enum types with their labels in order; two of one name are in two schemas. */
  readonly enums?: readonly CatalogEnum[]
  /**
   * Names of pg_catalog that functions or operators elsewhere on the search path have, too, and that may give NULL for
   * values there: which one is meant depends on types, which the text does not tell.
   */
  readonly overloaded?: readonly string[]
}

/** What every overload of a name has in common, or may. */
export interface CatalogFunction {
  readonly schema: string
  readonly name: string
  /** All overloads are VOLATILE. */
  readonly volatile: boolean
  /** Some overload returns a set. */
  readonly returnsSet: boolean
}

export interface CatalogEnum {
  readonly schema: string
  readonly name: string
  readonly labels: readonly string[]
}

export interface CatalogRelation {
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'view' | 'materialized' | 'foreign'
  readonly columns: readonly Column[]
  /** For views: the defining SELECT with every name schema-qualified, without the trailing semicolon. */
  readonly definition?: string
  /** A materialised view that is to be inlined like any other view; see {@link inlineMaterialised}. */
  readonly materialised?: true
  readonly indexes: readonly CatalogIndex[]
  readonly comment?: string
  /** Rows the planner believes in; undefined when never analysed. */
  readonly estimatedRows?: number
  /** Column → what ANALYZE found in it; absent when never analysed, and for columns without statistics. */
  readonly statistics?: Readonly<Record<string, ColumnStatistics>>
}

export interface ColumnStatistics {
  /** Different values, about. */
  readonly distinct: number
  /** For timestamptz: seconds between the first and the last instant, about. */
  readonly span?: number
}

export interface CatalogIndex {
  readonly name: string
  /** Leading columns in order; an expression ends the list. */
  readonly columns: readonly string[]
  readonly unique: boolean
  /** False for a partial index. */
  readonly total: boolean
}

export const emptyCatalog: Catalog = { searchPath: ['public'], serverVersion: 18, relations: [] }

/** Finds a relation as PostgreSQL would: by schema when given, along the search path otherwise. */
export function findRelation(catalog: Catalog, name: string, schema?: string): CatalogRelation | undefined {
  const named = byName(catalog).get(name)
  if (named === undefined) return undefined
  if (schema !== undefined) return named.find((r) => r.schema === schema)
  for (const s of catalog.searchPath) {
    const found = named.find((r) => r.schema === s)
    if (found) return found
  }
  return undefined
}

/** Relations of a name, whatever their schema. */
export const relationsNamed = (catalog: Catalog, name: string): readonly CatalogRelation[] =>
  byName(catalog).get(name) ?? []

const indexes = new WeakMap<readonly CatalogRelation[], Map<string, CatalogRelation[]>>()

function byName({ relations }: Catalog): Map<string, CatalogRelation[]> {
  const known = indexes.get(relations)
  if (known) return known
  const index = new Map<string, CatalogRelation[]>()
  for (const r of relations) {
    const same = index.get(r.name)
    if (same) same.push(r)
    else index.set(r.name, [r])
  }
  indexes.set(relations, index)
  return index
}

/** The type of a column of a relation. */
export const columnType = (relation: CatalogRelation, column: string): SqlType | undefined =>
  relation.columns.find((c) => c.name === column)?.type

/**
 * The catalog with materialised views as the views they store, so that a query that inlines them runs where only the tables
 * are, and sees what is there now.
 */
export const inlineMaterialised = (catalog: Catalog): Catalog => ({
  ...catalog,
  relations: catalog.relations.map((r) =>
    r.kind === 'materialized' && r.definition !== undefined
      ? { ...r, kind: 'view', materialised: true, indexes: [] }
      : r,
  ),
})

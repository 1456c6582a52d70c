import type { Column, SqlType } from './type.ts'

/** What introspection found in a database: data, so that the compiler needs no connection. */
export interface Catalog {
  /** Schemas searched for unqualified names, in order. */
  readonly searchPath: readonly string[]
  /** `server_version_num / 10000`, such as 15 or 18. */
  readonly serverVersion: number
  readonly relations: readonly CatalogRelation[]
}

export interface CatalogRelation {
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'view' | 'materialized' | 'foreign'
  readonly columns: readonly Column[]
  /** For views: the defining SELECT with every name schema-qualified, without the trailing semicolon. */
  readonly definition?: string
  readonly indexes: readonly CatalogIndex[]
  readonly comment?: string
  /** Rows the planner believes in; undefined when never analysed. */
  readonly estimatedRows?: number
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
  const schemas = schema === undefined ? catalog.searchPath : [schema]
  for (const s of schemas) {
    const found = catalog.relations.find((r) => r.schema === s && r.name === name)
    if (found) return found
  }
  return undefined
}

/** The type of a column of a relation. */
export const columnType = (relation: CatalogRelation, column: string): SqlType | undefined =>
  relation.columns.find((c) => c.name === column)?.type

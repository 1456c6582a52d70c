/** What tracing a query carries along. */
import type { Node } from '../../front/sql/parser.ts'
import type { Catalog, CatalogRelation } from '../../ir/catalog.ts'
import type { Traced } from './influence.ts'
import type { Level, Relation } from './namespace.ts'

export interface Scope {
  readonly catalog: Catalog
  /** Relations that are not in the catalog: WITH queries, traced when they are first asked for, and `spine`. */
  readonly ctes: ReadonlyMap<string, () => Relation>
  /** Innermost first. */
  readonly levels: readonly Level[]
  /** WINDOW clause of the SELECT at hand. */
  readonly windows: ReadonlyMap<string, Node>
  /**
   * `through`: down to tables. `rows`: a view is a source like a table, but what decides about its rows is traced further
   * down. `closed`: nothing is known of views but their columns.
   */
  readonly views: 'through' | 'rows' | 'closed'
  /** Told of every column a text names, whether it decides anything or not. */
  readonly read: (column: Traced) => void
  /** Told of every relation of the catalog a text names. */
  readonly readRelation: (relation: CatalogRelation) => void
  readonly select: (select: Node, scope: Scope) => Relation
}

export const within = (scope: Scope, level: Level): Scope => ({ ...scope, levels: [level, ...scope.levels] })

/** What tracing a query carries along. */
import type { Node } from '../../front/sql/parser.ts'
import type { Catalog } from '../../ir/catalog.ts'
import type { Traced } from './influence.ts'
import type { Level, Relation } from './namespace.ts'

export interface Scope {
  readonly catalog: Catalog
  /** Relations that are not in the catalog: WITH queries, and `spine`. */
  readonly ctes: ReadonlyMap<string, Relation>
  /** Innermost first. */
  readonly levels: readonly Level[]
  /** WINDOW clause of the SELECT at hand. */
  readonly windows: ReadonlyMap<string, Node>
  /** Views being traced, to end where they read each other. */
  readonly path: readonly string[]
  /** False: a view is a source like a table. */
  readonly throughViews: boolean
  /** Told of every column a text names, whether it decides anything or not. */
  readonly read: (column: Traced) => void
  readonly select: (select: Node, scope: Scope) => Relation
}

export const within = (scope: Scope, level: Level): Scope => ({ ...scope, levels: [level, ...scope.levels] })

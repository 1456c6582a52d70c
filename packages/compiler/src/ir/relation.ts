/**
 * The relational algebra: only what we generate. A user's SQL is one `opaque` node, text and all.
 *
 * `select` is project, filter and join in one node, because one SELECT is the unit a reader of the SQL sees
 * (decision 0004). Adding a kind is a decision record.
 */
import type { Origin, RelationName } from './definition.ts'
import type { Expr, Literal } from './expression.ts'
import type { SqlType } from './type.ts'

export interface Projection {
  readonly name: string
  readonly expr: Expr
}

export interface Source {
  readonly relation: Relation
  readonly alias: string
}

export interface Join {
  readonly type: 'left' | 'cross'
  readonly source: Source
  /** Equalities, all of which must hold; empty for a cross join. */
  readonly on: readonly Expr[]
}

export type Relation =
  /** A stage of the statement, or a relation of the database. */
  | { readonly kind: 'table'; readonly schema?: string; readonly name: string }
  | Opaque
  | {
      readonly kind: 'values'
      readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
      readonly rows: readonly (readonly Literal[])[]
    }
  | Select
  | AsOf

/** A user's SQL, kept as text. */
export interface Opaque {
  readonly kind: 'opaque'
  readonly text: string
  readonly origin: Origin
  /** For messages: `view "profile"`. */
  readonly view: string
  /**
   * Relation as written (`name` or `schema.name`, quoted as in SQL) → stage that replaces it, or the relation of the
   * database it must go on meaning whatever the search path.
   */
  readonly targets: Readonly<Record<string, string | RelationName>>
  /** Output columns wanted; the others are left out where that is safe. All when absent. */
  readonly keep?: readonly string[]
  /** Columns the result must be unique on, when that could not be proven: one row per key is then enforced. */
  readonly uniqueOn?: readonly string[]
}

export interface Select {
  readonly kind: 'select'
  readonly from: Source
  readonly joins: readonly Join[]
  readonly where?: Expr
  readonly columns: readonly Projection[]
  readonly distinct: boolean
  /** Computed once per row: the planner may not merge it into its reader. How is the dialect's business. */
  readonly fence: boolean
}

/** The latest row of a history before each spine row's instant. */
export interface AsOf {
  readonly kind: 'asof'
  /** Stage with the keys and `as_of`. */
  readonly spine: string
  readonly history: Opaque
  readonly keys: readonly string[]
  readonly time: string
  readonly knownAt?: string
  /** Seconds. */
  readonly maxAge?: number
  /** Columns taken from the history, keys and time not included. */
  readonly columns: readonly string[]
  /** LATERAL … LIMIT 1 needs an index led by the keys and the time; DISTINCT ON needs none. */
  readonly form: 'lateral' | 'distinct'
}

/** One CTE. */
export interface Stage {
  readonly name: string
  readonly relation: Relation
  /** Printed above the stage. */
  readonly comment?: string
}

/** A whole statement: `WITH stages body`. */
export interface Statement {
  readonly kind: 'with'
  readonly stages: readonly Stage[]
  readonly body: Select
}

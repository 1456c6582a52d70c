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
  /** `lateral` is LEFT JOIN LATERAL … ON true, whose source gives one row at most. */
  readonly type: 'left' | 'cross' | 'lateral'
  readonly source: Source
  /** Conditions, all of which must hold; empty for a cross or lateral join. */
  readonly on: readonly Expr[]
}

export type Relation =
  /** A stage of the statement, or a relation of the database. */
  | { readonly kind: 'table'; readonly schema?: string; readonly name: string }
  | Opaque
  | {
      readonly kind: 'values'
      readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
      /** `parameters`: the one row `$1`, `$2`, … */
      readonly rows: readonly (readonly Literal[])[] | 'parameters'
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
  /** In a lateral join: the relation, as written, that stands for the one row before it, and that row's columns. */
  readonly row?: { readonly name: string; readonly columns: readonly Projection[] }
  /** One row at most, when that could not be proven. */
  readonly single?: boolean
}

export interface Select {
  readonly kind: 'select'
  readonly from: Source
  readonly joins: readonly Join[]
  readonly where?: Expr
  readonly columns: readonly Projection[]
  readonly distinct: boolean
  /** Order in which the rows are handed on; none when absent. */
  readonly order?: readonly Expr[]
  /** Computed once per row: the planner may not merge it into its reader. How is the dialect's business. */
  readonly fence: boolean
}

/** Physical forms of a history join; all give the same rows. */
export type HistoryForm = 'lateral' | 'distinct' | 'merge' | 'fill'

/** A column that decides between rows of one instant; NULL comes last, whatever the direction. */
export interface TieBreak {
  readonly column: string
  readonly direction: 'asc' | 'desc'
}

/** A column of an order that must be total; `asText` where the order of its type is not. */
export interface TieOrder extends TieBreak {
  readonly asText: boolean
}

/**
 * The latest row of a history at each question's instant, in one of its forms:
 *
 * - `lateral`: the row for one row of `spine`, to be joined laterally; columns: `columns`.
 * - `distinct`, `fill`: a stage with a row per row of `spine` that has one; columns: keys, `as_of`, `columns`.
 * - `merge`: a stage with the rows of the history and the time each is the latest; columns: keys, those of `range`, `columns`.
 */
export interface AsOf {
  readonly kind: 'asof'
  readonly form: HistoryForm
  /** Stage, or alias, with the keys and `as_of`. */
  readonly spine: string
  readonly history: Opaque
  /** Key of the history → column of the spine. */
  readonly on: readonly (readonly [key: string, spineColumn: string])[]
  readonly time: string
  readonly knownAt?: string
  /** Seconds. */
  readonly maxAge?: number
  /** Order among rows of one key and instant; empty where there are no two. */
  readonly ties: readonly TieOrder[]
  /** Columns taken from the history, keys and time not included. */
  readonly columns: readonly string[]
  readonly range: RangeColumns
}

/** Names of the columns that say when a row of a history counts; no column of the history has one of them. */
export interface RangeColumns {
  readonly from: string
  readonly until: string
  /** From when on the row is too old. */
  readonly stale: string
}

/** One CTE. */
export interface Stage {
  readonly name: string
  readonly relation: Relation
  /** Printed above the stage. */
  readonly comment?: string
  /**
   * Planned together with each of its readers, so that a key they ask for reaches its indexes; false when it has
   * to be computed once.
   */
  readonly inline?: boolean
}

/** A whole statement: `WITH stages body`. */
export interface Statement {
  readonly kind: 'with'
  readonly stages: readonly Stage[]
  readonly body: Select
}

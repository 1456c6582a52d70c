import type { DialectName } from '../ir/compile-options.ts'

/** What differs between engines of the PostgreSQL family, as data. Nothing else of `emit/` knows an engine. */
export interface Dialect {
  readonly name: DialectName
  /** Deepest expression an engine of this dialect is trusted with. */
  readonly maxDepth: number
  /** Columns a SELECT may have, its stages included. */
  readonly maxColumns: number
  /** Which stages are marked NOT MATERIALIZED: those that ask for it, or every one. */
  readonly marks: 'asked' | 'every'
  /**
   * How a SELECT is computed once per row, whatever its reader does with it: OFFSET 0 at its end, its expressions as the
   * one row of an `unnest`, or not at all.
   */
  readonly fence: 'offset' | 'unnest' | 'none'
  /** How one row of several is taken: DISTINCT ON, or the first by row_number(). */
  readonly firstRow: 'distinct-on' | 'row-number'
}

/** What differs between engines of the PostgreSQL family, as data and a few functions. Nothing else knows an engine. */
export interface Dialect {
  readonly name: string
  /** Put at the end of a SELECT so that the planner computes it once per row and does not merge it into its reader. */
  readonly fence: string
  /** Deepest expression an engine of this dialect is trusted with. */
  readonly maxDepth: number
}

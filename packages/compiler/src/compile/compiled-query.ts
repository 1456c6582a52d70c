import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Column } from '../ir/type.ts'
import type { ViewPlan } from '../rewrite/point-in-time.ts'
import type { ScoringCost } from './scoring-cost.ts'

/** A statement the compiler wrote. */
export interface CompiledQuery {
  /** The text: header, WITH, SELECT; no parameters, no trailing semicolon. */
  readonly sql: string
  readonly columns: readonly Column[]
  readonly warnings: readonly Diagnostic[]
  readonly plan: QueryPlan
}

/** How a statement is made, beside its text. */
export interface QueryPlan {
  readonly views: readonly ViewPlan[]
  /** The CTEs in order, with the size of their text before it is laid out. */
  readonly stages: readonly { readonly name: string; readonly bytes: number }[]
  /** Size of the model in the query: levels an engine recurses through, and how many it is trusted with. */
  readonly model?: {
    readonly inputs: number
    readonly coefficients: number
    readonly depth: number
    readonly depthLimit: number
    /** What scoring a row asks of the engine. */
    readonly scoring: ScoringCost
    /** No row can take the score beyond ±700, so that the link of the mean is written without a guard. */
    readonly unguarded: boolean
  }
}

/** What every solver takes and gives. */
import type { PathRecord, Penalty, PenaltyPath } from '@viewcast/compiler'

/** A block of the design matrix, row-major, without an intercept column. */
export interface Block {
  readonly rows: number
  /** `rows × columns`, row-major. */
  readonly x: Float64Array
  /** For several classes the place of the row's class in their order. */
  readonly y: Float64Array
  /** Case weights, all 1 when absent. */
  readonly weight?: Float64Array
  /** Added to the linear predictor of each row; all 0 when absent. */
  readonly offset?: Float64Array
  /** Hash of the key of the row's entity, below 2³². */
  readonly key?: Float64Array
}

/** A design matrix that can be read any number of times, block by block; it need not be in memory. */
export interface Design {
  /** Names of the encoded columns. */
  readonly columns: readonly string[]
  readonly rows: number
  /** Where rows are groups of equal rows, and their weights sums: how many those are, and Σ ln of the weights they have. */
  readonly standsFor?: { readonly rows: number; readonly logWeights: number }
  /** True when blocks stay as they are once they were given; otherwise each is valid until the next one. */
  readonly isKept?: boolean
  blocks(): Iterable<Block>
}

/** Rows that degrees of freedom are counted by. */
export const observationsOf = ({ rows, standsFor }: Design): number => standsFor?.rows ?? rows

export interface FitOptions {
  /** L2 penalty λ ≥ 0 on the coefficients (not the intercept), on the scale of the design: λ/2 · ‖β‖². */
  readonly penalty: number
  /** L1 penalty λ₁ ≥ 0 of the same coefficients, λ₁ · ‖β‖₁; 0 by default. */
  readonly l1?: number
  /** Chooses both penalties by cross-validation. */
  readonly path?: PenaltyPath
  /** Of a label with several classes, all that occur, in order. */
  readonly classes?: readonly string[]
  readonly maxIterations?: number
  /** Iteration stops when the fall of the penalised deviance still to come is below this share of it. */
  readonly tolerance?: number
  readonly onIteration?: (iteration: number, deviance: number) => void
  readonly signal?: AbortSignal
}

/** What is known of a fit beside its coefficients. Facts that a penalty makes meaningless are null. */
export interface FitFacts {
  readonly solver: string
  /**
   * Covariance of the estimates in the order of {@link scoresOf}: a lower triangle, row by row. Rows of constant columns
   * are 0, as their coefficients are fixed. Null with a penalty, and for more than {@link mostCovariances} estimates.
   */
  readonly covariance: Float64Array | null
  readonly residualDegrees: number
  readonly nullDegrees: number
  readonly iterations: number
  readonly converged: boolean
  readonly deviance: number
  readonly nullDeviance: number
  /** Variance of a row of weight 1 over the variance function: estimated by Pearson's statistic, or 1. Null without degrees of freedom. */
  readonly dispersion: number | null
  readonly logLikelihood: number | null
  /** Condition number of the scaled columns; of least squares that rounds. */
  readonly condition?: number
  /** What a path chose. */
  readonly penalty?: Penalty
  readonly path?: PathRecord
}

/** A fitted linear predictor, on the scale of the design. */
export interface Fit extends FitFacts {
  readonly intercept: number
  readonly coefficients: Float64Array
  /** Intercept first, then the coefficients; NaN for columns that do not vary. */
  readonly standardErrors: Float64Array | null
}

/** A linear predictor for each class; that of a class the others are compared with is null. */
export interface ClassFit extends FitFacts {
  /** Intercept first, then the coefficients. */
  readonly scores: readonly (Float64Array | null)[]
  /** Of each class in the weight of all rows: what a model without columns gives as probabilities. */
  readonly shares: readonly number[]
  /** Of the scores that have coefficients, one after another. */
  readonly standardErrors: Float64Array | null
}

/** The linear predictors of a fit, each intercept first. */
export const scoresOf = (fit: Fit | ClassFit): readonly (Float64Array | null)[] =>
  'scores' in fit ? fit.scores : [Float64Array.of(fit.intercept, ...fit.coefficients)]

/** Estimates up to which their covariance is kept: a record of 500 has 125,000 numbers. */
export const mostCovariances = 500

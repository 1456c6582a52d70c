/** What every solver takes and gives. */

/** A block of the design matrix, row-major, without an intercept column. */
export interface Block {
  readonly rows: number
  /** `rows × columns`, row-major. */
  readonly x: Float64Array
  readonly y: Float64Array
  /** Case weights, all 1 when absent. */
  readonly weight?: Float64Array
}

/** A design matrix that can be read any number of times, block by block; it need not be in memory. */
export interface Design {
  /** Names of the encoded columns. */
  readonly columns: readonly string[]
  readonly rows: number
  blocks(): Iterable<Block>
}

export interface FitOptions {
  /** L2 penalty λ ≥ 0 on the coefficients (not the intercept), on the scale of the design: λ/2 · ‖β‖². */
  readonly penalty: number
  readonly maxIterations?: number
  /** Iteration stops when the fall of the penalised deviance still to come is below this share of it. */
  readonly tolerance?: number
  readonly onIteration?: (iteration: number, deviance: number) => void
  readonly signal?: AbortSignal
}

/** A fitted linear predictor, on the scale of the design. Standard errors are null when a penalty makes them meaningless. */
export interface Fit {
  readonly solver: string
  readonly intercept: number
  readonly coefficients: Float64Array
  /** Intercept first, then the coefficients. */
  readonly standardErrors: Float64Array | null
  /** Residual degrees of freedom; t statistics of linear fits use them. */
  readonly residualDegrees: number
  readonly iterations: number
  readonly converged: boolean
  readonly deviance: number
  readonly nullDeviance: number
  /** Residual standard deviation; linear only. */
  readonly sigma: number | null
}

import { type Cholesky, dependenceThreshold, factorise, solve } from './cholesky.ts'
import { conditionOf } from './condition.ts'
import { designSums } from './design-sums.ts'
import { type Design, type Fit, type FitOptions, observationsOf } from './fit.ts'
import { covariance, isConstant, refuseDependence, standardErrors, unshiftedIntercept } from './information.ts'
import { packed } from './kernels.ts'
import { stopIfAborted } from './passes.ts'
import { survey } from './survey.ts'

/** A correction that is not smaller than this part of the one before it is rounding. */
const stall = 0.1

/**
 * Fits least squares, or ridge with a penalty: minimises ½ Σ w (y − η)² + λ/2 ‖β‖², the intercept unpenalised, which is
 * scikit-learn's Ridge with alpha = λ.
 *
 * Cross-products of the shifted columns are factorised by Cholesky; then the residuals are computed from the rows and
 * the solution corrected by them until the corrections stop shrinking (`maxIterations`, 10 by default, bounds the
 * passes). Weights are precision weights, as in R. Standard errors use σ² = Σ w (y − η)² / residual degrees and are
 * null with a penalty or without degrees of freedom. Columns that do not vary keep the coefficient 0 and NaN.
 *
 * Errors: `train/collinear`, `engine/interrupted`.
 *
 * @example
 * ```ts
 * const fit = await fitLinear(arrayDesign(['distance'], x, y), { penalty: 0 })
 * fit.dispersion // residual variance, in squared units of y
 * ```
 *
 * Source: Björck, Numerical Methods for Least Squares Problems (1996), 2.2 and 2.9 (corrected normal equations).
 */
export async function fitLinear(design: Design, options: FitOptions): Promise<Fit> {
  const { penalty, signal } = options
  const width = design.columns.length
  const { shift, labelMean } = await survey(design, 1, signal)
  const residuals = residualPass(design, shift, penalty, signal)
  const maxIterations = options.maxIterations ?? 10

  let theta = new Float64Array(width + 1)
  theta[0] = labelMean
  const first = await residuals(theta, true)
  const factor = factorise(first.products as Float64Array, width + 1, penalty > 0 ? 1e-14 : dependenceThreshold)
  refuseDependence(factor, design.columns)

  let { squares, gradient } = first
  let last = Number.POSITIVE_INFINITY
  let iterations = 1
  let converged = false
  for (; iterations <= maxIterations; iterations++) {
    stopIfAborted(signal)
    options.onIteration?.(iterations, squares)
    const step = solve(factor, gradient)
    let length = 0
    for (let i = 0; i <= width; i++) length += (step[i] as number) * (gradient[i] as number)
    if (length === 0 || length >= stall * last) {
      converged = true
      break
    }
    last = length
    theta = theta.map((v, i) => v + (step[i] as number))
    ;({ squares, gradient } = await residuals(theta, false))
  }

  let used = width + 1
  for (let i = 0; i <= width; i++) if (isConstant(factor, i)) used--
  const observations = observationsOf(design)
  const degrees = observations - used
  const dispersion = degrees > 0 ? squares / degrees : null
  const isInferred = penalty === 0 && dispersion !== null
  return {
    solver: 'cholesky',
    intercept: unshiftedIntercept(theta, shift),
    coefficients: theta.slice(1),
    standardErrors: isInferred ? scaled(factor, shift, Math.sqrt(dispersion)) : null,
    covariance: isInferred ? covariance(factor, shift, dispersion) : null,
    residualDegrees: degrees,
    nullDegrees: observations - 1,
    iterations,
    converged,
    deviance: squares,
    nullDeviance: first.squares,
    dispersion,
    condition: conditionOf(factor),
    logLikelihood:
      penalty > 0
        ? null
        : gaussianLogLikelihood(squares, design.standsFor?.logWeights ?? first.logWeights, observations),
  }
}

/** With the variance at its maximum likelihood estimate, Σ w e² / n. */
const gaussianLogLikelihood = (squares: number, logWeights: number, rows: number): number | null =>
  squares > 0 ? (logWeights - rows * (Math.log((2 * Math.PI * squares) / rows) + 1)) / 2 : null

const scaled = (factor: Cholesky, shift: Float64Array, sigma: number): Float64Array =>
  standardErrors(factor, shift).map((e) => e * sigma)

interface Residuals {
  /** Σ w (y − η)² */
  readonly squares: number
  /** Σ ln w */
  readonly logWeights: number
  /** Xᵀ w (y − η) − λβ, intercept first. */
  readonly gradient: Float64Array
  /** Xᵀ w X + λ, packed. */
  readonly products?: Float64Array
}

function residualPass(
  design: Design,
  shift: Float64Array,
  penalty: number,
  signal: AbortSignal | undefined,
): (theta: Float64Array, withProducts: boolean) => Promise<Residuals> {
  const width = design.columns.length
  const sums = designSums(design, 'squares', shift, { signal })
  return async (theta, withProducts) => {
    const { value: squares, logWeights, vector: gradient, products } = await sums(theta, withProducts)
    for (let j = 1; j <= width; j++) {
      gradient[j] = (gradient[j] as number) - penalty * (theta[j] as number)
      if (products === undefined) continue
      const diagonal = packed(j) + j
      products[diagonal] = (products[diagonal] as number) + penalty
    }
    return { squares, logWeights, gradient, ...(products === undefined ? {} : { products }) }
  }
}

import { dependenceThreshold, factorise, solve } from '../solve/cholesky.ts'
import { conditionOf } from '../solve/condition.ts'
import type { Fit, FitOptions } from '../solve/fit.ts'
import { isConstant, refuseDependence } from '../solve/information.ts'
import { packed } from '../solve/kernels.ts'
import { inferenceOf } from './inference-of.ts'
import { type RemoteDesign, remoteSums, unscaled } from './remote-design.ts'

/** A correction that is not smaller than this part of the one before it is rounding. */
const stall = 0.1

/**
 * Least squares and ridge over rows that stay in the database: one aggregate with the cross-products, then one per
 * correction until the corrections stop shrinking, as in process.
 *
 * Errors: `train/collinear`; those of the database.
 */
export async function fitLinearRemotely(design: RemoteDesign, options: FitOptions): Promise<Fit> {
  const { penalty } = options
  const { labelMean } = design
  const size = design.columns.length + 1
  const penalties = Float64Array.from({ length: size }, (_, i) =>
    i === 0 ? 0 : penalty / (design.scale[i - 1] as number) ** 2,
  )
  let theta = new Float64Array(size)
  theta[0] = labelMean
  const first = await remoteSums(design, 'gaussian', 'identity', theta, true)
  const products = first.products as Float64Array
  for (let j = 1; j < size; j++) {
    const diagonal = packed(j) + j
    products[diagonal] = (products[diagonal] as number) + (penalties[j] as number)
  }
  const factor = factorise(products, size, penalty > 0 ? 1e-14 : dependenceThreshold)
  refuseDependence(factor, design.columns)

  let current = first
  let last = Number.POSITIVE_INFINITY
  let iterations = 1
  let converged = false
  const maxIterations = options.maxIterations ?? 10
  for (; iterations <= maxIterations; iterations++) {
    options.onIteration?.(iterations, 2 * current.loss)
    const gradient = current.gradient.map((g, i) => g - (penalties[i] as number) * (theta[i] as number))
    const step = solve(factor, gradient)
    let length = 0
    for (let i = 0; i < size; i++) length += (step[i] as number) * (gradient[i] as number)
    if (length === 0 || length >= stall * last) {
      converged = true
      break
    }
    last = length
    theta = theta.map((v, i) => v + (step[i] as number))
    current = await remoteSums(design, 'gaussian', 'identity', theta, false)
  }

  let used = size
  for (let i = 0; i < size; i++) if (isConstant(factor, i)) used--
  const { rows } = design
  const squares = 2 * current.loss
  const degrees = rows - used
  const dispersion = degrees > 0 ? squares / degrees : null
  const inferred = penalty === 0 && dispersion !== null ? inferenceOf(design, factor, dispersion) : undefined
  const [intercept = 0, ...coefficients] = unscaled(design, theta)
  return {
    solver: 'cholesky',
    intercept,
    coefficients: Float64Array.from(coefficients),
    standardErrors: inferred?.standardErrors ?? null,
    covariance: inferred?.covariance ?? null,
    residualDegrees: degrees,
    nullDegrees: rows - 1,
    iterations,
    converged,
    deviance: squares,
    nullDeviance: 2 * first.loss,
    dispersion,
    condition: conditionOf(factor),
    logLikelihood:
      penalty > 0 || squares === 0
        ? null
        : (first.logWeights - rows * (Math.log((2 * Math.PI * squares) / rows) + 1)) / 2,
  }
}

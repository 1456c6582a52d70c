/** Least squares and ridge from sums alone. */

import { inferenceOf } from '../in-database/inference-of.ts'
import { unscaled } from '../in-database/remote-design.ts'
import { dependenceThreshold, factorise, solve } from '../solve/cholesky.ts'
import { conditionOf } from '../solve/condition.ts'
import type { Fit } from '../solve/fit.ts'
import { isConstant, refuseDependence } from '../solve/information.ts'
import { packed } from '../solve/kernels.ts'
import type { Sum } from './sum-of.ts'

export interface Frame {
  readonly columns: readonly string[]
  /** Whether a column is 0 or 1 before its shift. */
  readonly isBinary: readonly boolean[]
  readonly center: number
  readonly shift: Float64Array
  readonly scale: Float64Array
}

export interface SumsFit {
  readonly fit: Fit
  /** Digits of the coefficients, and of what is left unexplained, that the sums still hold. */
  readonly digits: number
  /** Columns that do not vary over these rows. */
  readonly constant: readonly string[]
}

/** Digits of a float8. */
const allDigits = 15.9

/**
 * Solves once: the residuals that corrections are made of are in the rows, which are not read. How many digits that leaves is
 * returned, by the condition of the cross-products (the square of that of the columns).
 *
 * Errors: `train/collinear`.
 */
export function fitFromSums(sum: Sum, { columns, isBinary, center, shift, scale }: Frame, penalty: number): SumsFit {
  const size = columns.length + 1
  const products = Float64Array.from(sum.products)
  const weight = products[0] as number
  const constant: string[] = []
  const penalties = scale.map((s) => penalty / s ** 2)
  for (let j = 1; j < size; j++) {
    const diagonal = packed(j) + j
    const square = products[diagonal] as number
    const along = products[packed(j)] as number
    // Of 0 and 1 so little variance is none. Numbers may have lost theirs to a shift that is far away: too few digits, then.
    const variance = square - (along / weight) * along
    if (square === 0 || (isBinary[j - 1] && !(variance > dependenceThreshold * square))) {
      constant.push(columns[j - 1] as string)
      for (let i = 0; i < size; i++) products[i <= j ? packed(j) + i : packed(i) + j] = 0
    } else products[diagonal] = square + (penalties[j - 1] as number)
  }
  const factor = factorise(products, size, penalty > 0 ? 1e-14 : dependenceThreshold)
  refuseDependence(factor, columns)
  const gradient = Float64Array.from(sum.gradient)
  const theta = solve(factor, gradient)
  let squares = sum.squares
  for (let i = 0; i < size; i++) {
    const v = theta[i] as number
    squares -= v * (gradient[i] as number)
    if (i > 0) squares -= (penalties[i - 1] as number) * v * v
  }
  squares = Math.max(0, squares)
  const nullDeviance = Math.max(0, sum.squares - ((gradient[0] as number) / weight) * (gradient[0] as number))
  let used = size
  for (let i = 0; i < size; i++) if (isConstant(factor, i)) used--
  const degrees = sum.rows - used
  const dispersion = degrees > 0 ? squares / degrees : null
  const frame = { shift, scale }
  const inferred = penalty === 0 && dispersion !== null ? inferenceOf(frame, factor, dispersion) : undefined
  theta[0] = (theta[0] as number) + center
  const [intercept = 0, ...coefficients] = unscaled(frame, theta)
  const condition = conditionOf(factor)
  const unexplained = sum.squares === 0 ? 1 : squares / sum.squares
  const digits = Math.floor(allDigits - Math.max(2 * Math.log10(condition), -Math.log10(unexplained)))
  const fit: Fit = {
    solver: 'cholesky',
    intercept,
    coefficients: Float64Array.from(coefficients),
    standardErrors: inferred?.standardErrors ?? null,
    covariance: inferred?.covariance ?? null,
    residualDegrees: degrees,
    nullDegrees: sum.rows - 1,
    iterations: 1,
    converged: true,
    deviance: squares,
    nullDeviance,
    dispersion,
    condition,
    logLikelihood:
      penalty > 0 || squares === 0
        ? null
        : (sum.logWeights - sum.rows * (Math.log((2 * Math.PI * squares) / sum.rows) + 1)) / 2,
  }
  return { fit, digits: Math.max(0, digits), constant }
}

/** Least squares without rounding: every number it returns is the float8 nearest to the true one. */
import { fail } from '@viewcast/compiler'
import { columnList } from '../solve/column-list.ts'
import { type Decimal, tenTo } from './decimal.ts'
import type { ExactSums } from './exact-sums.ts'
import { nearest, nearestRoot, type Ratio } from './ratio.ts'
import { solveExactly } from './solve-exactly.ts'

export interface ExactFit {
  /** Intercept first; 0 for a column that does not vary. */
  readonly coefficients: Float64Array
  /** NaN for a column that does not vary; null without degrees of freedom. */
  readonly standardErrors: Float64Array | null
  /** Packed lower triangle in the order of the coefficients, 0 where a column does not vary; null without degrees of freedom. */
  readonly covariance: Float64Array | null
  readonly residualDegrees: number
  readonly deviance: number
  readonly nullDeviance: number
  readonly sigma: number | null
}

/**
 * Solves for the coefficients of `columns[j] / divisors[j]`, where the sums are those of the columns.
 *
 * Errors: `train/collinear`, for columns that depend on each other exactly.
 */
export function exactLeastSquares(sums: ExactSums, columns: readonly string[], divisors: readonly Decimal[]): ExactFit {
  const size = sums.width + 1
  const product = (i: number, j: number): bigint =>
    sums.products[i >= j ? (i * (i + 1)) / 2 + j : (j * (j + 1)) / 2 + i] as bigint
  const varying = Array.from({ length: size }, (_, i) => i).filter(
    (i) => i === 0 || product(0, 0) * product(i, i) !== product(0, i) ** 2n,
  )
  const solved = solveExactly(
    varying.map((i) => varying.map((j) => product(i, j))),
    varying.map((i) => product(i, size)),
  )
  if ('dependence' in solved) {
    const names = solved.dependence.map((i) => varying[i] as number).filter((i) => i > 0)
    return fail('train/collinear', { columns: columnList(names.map((i) => columns[i - 1] as string)) })
  }
  const { solution, inverse, determinant } = solved
  const divisor = (i: number): Decimal => (i === 0 ? one : (divisors[i - 1] as Decimal))
  const unit = tenTo(sums.places)
  // RSS = yᵀy − βᵀXᵀy, over determinant · unit.
  const squares = varying.reduce(
    (rest, i, at) => rest - (solution[at] as bigint) * product(i, size),
    determinant * product(size, size),
  )
  const degrees = sums.rows - varying.length
  const total = product(size, size) * product(0, 0) - product(0, size) ** 2n
  const coefficients = new Float64Array(size)
  varying.forEach((i, at) => {
    coefficients[i] = nearest(times({ top: solution[at] as bigint, bottom: determinant }, divisor(i)))
  })
  /** Variance of the estimates: σ² (XᵀX)⁻¹, where both have a unit that cancels. */
  const variance = (a: number, b: number): Ratio => ({
    top: squares * (inverse[a]?.[b] as bigint),
    bottom: BigInt(degrees) * determinant * determinant,
  })
  const standardErrors = new Float64Array(size).fill(Number.NaN)
  const covariance = new Float64Array((size * (size + 1)) / 2)
  if (degrees > 0) {
    varying.forEach((i, a) => {
      standardErrors[i] = nearestRoot(times(times(variance(a, a), divisor(i)), divisor(i)))
      for (let b = 0; b <= a; b++) {
        const j = varying[b] as number
        covariance[(i * (i + 1)) / 2 + j] = nearest(times(times(variance(a, b), divisor(i)), divisor(j)))
      }
    })
  }
  return {
    coefficients,
    standardErrors: degrees > 0 ? standardErrors : null,
    covariance: degrees > 0 ? covariance : null,
    residualDegrees: degrees,
    deviance: nearest({ top: squares, bottom: determinant * unit }),
    nullDeviance: nearest({ top: total, bottom: product(0, 0) * unit }),
    sigma: degrees > 0 ? nearestRoot({ top: squares, bottom: determinant * unit * BigInt(degrees) }) : null,
  }
}

const one: Decimal = { digits: 1n, places: 0 }

const times = ({ top, bottom }: Ratio, by: Decimal): Ratio => ({
  top: top * by.digits,
  bottom: bottom * tenTo(by.places),
})

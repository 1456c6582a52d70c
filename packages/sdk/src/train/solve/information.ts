/** What a solver reads from the second derivative at its solution: dependences and standard errors. */
import { diagnostic, throwIfErrors } from '@viewcast/compiler'
import { type Cholesky, dependences, inverse, inverseDiagonal, solve } from './cholesky.ts'
import { columnList } from './column-list.ts'
import { mostCovariances } from './fit.ts'
import { packed } from './kernels.ts'

/** Columns that do not vary; they keep the coefficient 0. Index 0 is the intercept. */
export const isConstant = (factor: Cholesky, index: number): boolean =>
  factor.dependent[index] === 1 && factor.scale[index] === 0

/** Errors: `train/collinear`, one for each column that follows from others, naming them all. */
export function refuseDependence(factor: Cholesky, columns: readonly string[]): void {
  throwIfErrors(
    dependences(factor).map((dependence) => {
      const names = dependence.filter((i) => i > 0).map((i) => columns[i - 1] as string)
      return diagnostic('train/collinear', { columns: columnList(names) })
    }),
  )
}

/**
 * Square roots of the diagonal of the inverse, each score's intercept first; NaN for constant columns. The intercepts are
 * those of the columns before their shift.
 */
export function standardErrors(factor: Cholesky, shift: Float64Array, scores = 1): Float64Array {
  const errors = inverseDiagonal(factor).map(Math.sqrt)
  for (let a = 0; a < scores; a++) {
    const moved = unshifting(factor, shift, scores, a)
    const along = solve(factor, moved)
    let variance = 0
    for (let i = 0; i < factor.size; i++) variance += (along[i] as number) * (moved[i] as number)
    errors[(a * factor.size) / scores] = Math.sqrt(variance)
  }
  return errors
}

/** The intercept of score `a` before the shift, as a combination of the coefficients after it. */
function unshifting(factor: Cholesky, shift: Float64Array, scores: number, a: number): Float64Array {
  const moved = new Float64Array(factor.size)
  const first = (a * factor.size) / scores
  moved[first] = 1
  for (let j = 0; j < shift.length; j++) {
    const at = first + j + 1
    moved[at] = isConstant(factor, at) ? 0 : -(shift[j] as number)
  }
  return moved
}

/**
 * `dispersion` times the inverse, packed, for the columns before their shift; null where it would be too large to keep.
 */
export function covariance(factor: Cholesky, shift: Float64Array, dispersion: number, scores = 1): Float64Array | null {
  const { size } = factor
  if (size > mostCovariances) return null
  const c = inverse(factor)
  const place = (i: number, j: number): number => (i >= j ? packed(i) + j : packed(j) + i)
  const along = Array.from({ length: scores }, (_, a) => {
    const moved = unshifting(factor, shift, scores, a)
    const row = Float64Array.from({ length: size }, (_, i) => dot(moved, (k) => c[place(k, i)] as number))
    return { moved, row, at: (a * size) / scores }
  })
  for (const { row, at } of along) {
    for (let i = 0; i < size; i++) c[place(at, i)] = row[i] as number
  }
  for (const { row, at } of along) {
    for (const other of along) c[place(at, other.at)] = dot(other.moved, (k) => row[k] as number)
  }
  return c.map((v) => v * dispersion)
}

function dot(weights: Float64Array, of: (i: number) => number): number {
  let s = 0
  for (let i = 0; i < weights.length; i++) if (weights[i] !== 0) s += (weights[i] as number) * of(i)
  return s
}

/** The intercept of the columns before their shift. */
export function unshiftedIntercept(theta: Float64Array, shift: Float64Array): number {
  let intercept = theta[0] as number
  for (let j = 0; j < shift.length; j++) intercept -= (theta[j + 1] as number) * (shift[j] as number)
  return intercept
}

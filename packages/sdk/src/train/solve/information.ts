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
 * Square roots of the diagonal of the inverse, intercept first; NaN for constant columns. The intercept is that of the
 * columns before their shift.
 */
export function standardErrors(factor: Cholesky, shift: Float64Array): Float64Array {
  const errors = inverseDiagonal(factor).map(Math.sqrt)
  const moved = new Float64Array(factor.size)
  moved[0] = 1
  for (let j = 0; j < shift.length; j++) moved[j + 1] = isConstant(factor, j + 1) ? 0 : -(shift[j] as number)
  const along = solve(factor, moved)
  let variance = 0
  for (let i = 0; i < factor.size; i++) variance += (along[i] as number) * (moved[i] as number)
  errors[0] = Math.sqrt(variance)
  return errors
}

/**
 * `dispersion` times the inverse, packed, for the columns before their shift; null where it would be too large to keep.
 */
export function covariance(factor: Cholesky, shift: Float64Array, dispersion: number): Float64Array | null {
  const { size, dependent } = factor
  if (size > mostCovariances) return null
  const c = inverse(factor)
  const at = (i: number, j: number): number => c[i >= j ? packed(i) + j : packed(j) + i] as number
  const moved = (i: number): number => {
    let s = at(i, 0)
    for (let j = 1; j < size; j++) if (!dependent[j]) s -= at(i, j) * (shift[j - 1] as number)
    return s
  }
  const first = Float64Array.from({ length: size }, (_, i) => moved(i))
  for (let i = 1; i < size; i++) c[packed(i)] = first[i] as number
  let variance = first[0] as number
  for (let j = 1; j < size; j++) if (!dependent[j]) variance -= (first[j] as number) * (shift[j - 1] as number)
  c[0] = variance
  return c.map((v) => v * dispersion)
}

/** The intercept of the columns before their shift. */
export function unshiftedIntercept(theta: Float64Array, shift: Float64Array): number {
  let intercept = theta[0] as number
  for (let j = 0; j < shift.length; j++) intercept -= (theta[j + 1] as number) * (shift[j] as number)
  return intercept
}

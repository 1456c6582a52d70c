import { type Cholesky, inverse } from '../solve/cholesky.ts'
import { mostCovariances } from '../solve/fit.ts'
import { isConstant } from '../solve/information.ts'
import { packed } from '../solve/kernels.ts'
import type { RemoteDesign } from './remote-design.ts'

/**
 * Covariance and standard errors of the coefficients of the columns as they are: D C Dᵀ, where D takes coefficients of the
 * shifted and scaled columns to them.
 */
export function inferenceOf(
  { shift, scale }: Pick<RemoteDesign, 'shift' | 'scale'>,
  factor: Cholesky,
  dispersion: number,
): { readonly covariance: Float64Array | null; readonly standardErrors: Float64Array } {
  const { size } = factor
  const c = inverse(factor)
  const isFixed = Array.from({ length: size }, (_, i) => isConstant(factor, i))
  const at = (i: number, j: number): number => c[i >= j ? packed(i) + j : packed(j) + i] as number
  const moved = (i: number, j: number): number => at(i, j) / scaleAt(i) / scaleAt(j)
  const scaleAt = (i: number): number => (i === 0 ? 1 : (scale[i - 1] as number))
  const covariance = new Float64Array(c.length)
  for (let i = 1; i < size; i++) {
    for (let j = 1; j <= i; j++) covariance[packed(i) + j] = isFixed[i] || isFixed[j] ? 0 : moved(i, j)
  }
  const along = Array.from({ length: size }, (_, i) => {
    let s = moved(i, 0)
    for (let j = 1; j < size; j++) if (!isFixed[j]) s -= moved(i, j) * (shift[j - 1] as number)
    return s
  })
  for (let i = 1; i < size; i++) covariance[packed(i)] = isFixed[i] ? 0 : (along[i] as number)
  let variance = along[0] as number
  for (let j = 1; j < size; j++) if (!isFixed[j]) variance -= (along[j] as number) * (shift[j - 1] as number)
  covariance[0] = variance
  for (let k = 0; k < covariance.length; k++) covariance[k] = (covariance[k] as number) * dispersion
  const standardErrors = Float64Array.from({ length: size }, (_, i) =>
    isFixed[i] ? Number.NaN : Math.sqrt(covariance[packed(i) + i] as number),
  )
  return { covariance: size > mostCovariances ? null : covariance, standardErrors }
}

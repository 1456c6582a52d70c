import { type Diagnostic, diagnostic } from '@viewcast/compiler'
import { type Cholesky, inverse } from './cholesky.ts'
import { packed } from './kernels.ts'

/**
 * Condition number of the columns, scaled to one length: the square root of that of their cross-products, in the norm of
 * the largest row. Constant columns do not count.
 */
export function conditionOf({ size, lower, dependent }: Cholesky): number {
  const scale = new Float64Array(size).fill(1)
  const across = inverse({ size, lower, scale, dependent })
  const product = (i: number, j: number): number => {
    let s = 0
    for (let k = 0; k <= Math.min(i, j); k++) s += (lower[packed(i) + k] as number) * (lower[packed(j) + k] as number)
    return s
  }
  const at = (i: number, j: number): number => across[i >= j ? packed(i) + j : packed(j) + i] as number
  const norm = (of: (i: number, j: number) => number): number => {
    let most = 0
    for (let i = 0; i < size; i++) {
      if (dependent[i]) continue
      let sum = 0
      for (let j = 0; j < size; j++) if (!dependent[j]) sum += Math.abs(of(i, j))
      most = Math.max(most, sum)
    }
    return most
  }
  return Math.sqrt(norm(product) * norm(at))
}

/** Digits of a float8. */
const allDigits = 15.9

/** Fewer correct digits than this are worth a warning. */
const enoughDigits = 10

/** A warning where rounding leaves few digits of the coefficients; `condition` as of {@link conditionOf}. */
export function conditionWarnings(condition: number | undefined): Diagnostic[] {
  if (condition === undefined) return []
  const digits = Math.floor(allDigits - Math.log10(condition))
  if (digits >= enoughDigits) return []
  return [
    diagnostic('train/ill-conditioned', { condition: condition.toExponential(1), digits: String(Math.max(0, digits)) }),
  ]
}

import { basisWidth } from './basis.ts'
import { numericFormulas, valueOfMissing } from './encoded-values.ts'
import { clipped, type NumericEncoder } from './numeric.ts'

/**
 * Encodes numbers into rows of a matrix, with the very operations of the expressions: `encode(x, into, at)` fills the
 * columns from `at` on. `x` is a usable number, or NaN where it is missing; a missing value that has no score gives NaN.
 */
export function numberEncoder(encoder: NumericEncoder): {
  readonly width: number
  readonly encode: (x: number, into: Float64Array, at: number) => void
} {
  const formulas = numericFormulas(encoder)
  const missing = formulas.map((f) => valueOfMissing(encoder, f) ?? Number.NaN)
  const count = encoder.basis === undefined ? 1 : basisWidth(encoder.basis)
  const { indicator, origin = 0 } = encoder
  return {
    width: indicator ? count + 1 : count,
    encode(x, into, at) {
      const isMissing = Number.isNaN(x)
      const inside = clipped(encoder, origin === 0 ? x : x + -origin)
      for (let j = 0; j < count; j++) {
        into[at + j] = isMissing ? (missing[j] as number) : (formulas[j]?.at(inside) ?? Number.NaN)
      }
      if (indicator) into[at + count] = isMissing ? (encoder.missing === 'null' ? Number.NaN : 1) : 0
    },
  }
}

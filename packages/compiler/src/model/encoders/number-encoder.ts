import { basisWidth } from './basis.ts'
import { numericFormulas, valueOfMissing } from './encoded-values.ts'
import { clipOf, type NumericEncoder, scaledFormula } from './numeric.ts'
import { transformed } from './transform.ts'

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
  const [low, high] = clipOf(encoder)
  return {
    width: indicator ? count + 1 : count,
    encode(x, into, at) {
      const isMissing = Number.isNaN(x)
      const inside = Math.min(Math.max(origin === 0 ? x : x + -origin, low), high)
      for (let j = 0; j < count; j++) {
        into[at + j] = isMissing ? (missing[j] as number) : (formulas[j]?.at(inside) ?? Number.NaN)
      }
      if (indicator) into[at + count] = isMissing ? (encoder.missing === 'null' ? Number.NaN : 1) : 0
    },
  }
}

/** Origin, clip and transform of a usable number. */
export const transformOf = (encoder: TransformedBy): ((x: number) => number) => {
  const all: NumericEncoder = { ...plain, ...encoder }
  const [low, high] = clipOf(all)
  const { origin = 0 } = all
  return (x) => transformed(all, Math.min(Math.max(origin === 0 ? x : x + -origin, low), high))
}

/** Origin, clip, transform, center and scale of a usable number: the scale that a basis has its breaks on. */
export const scaleOf = (encoder: TransformedBy): ((x: number) => number) => {
  const all: NumericEncoder = { ...plain, ...encoder }
  const [low, high] = clipOf(all)
  const { origin = 0 } = all
  const { at } = scaledFormula(all)
  return (x) => at(Math.min(Math.max(origin === 0 ? x : x + -origin, low), high))
}

type TransformedBy = Partial<NumericEncoder> & Pick<NumericEncoder, 'transform'>

const plain: NumericEncoder = {
  kind: 'numeric',
  transform: 'identity',
  impute: 0,
  indicator: false,
  center: 0,
  scale: 1,
}

/** Numbers: origin, clip, transform, center and scale, basis; as a function of a usable number and as expressions. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { type Expr, expr } from '../../ir/expression.ts'
import type { LearnedEncoderOf, LearnedInput } from '../../ir/learned-encoder.ts'
import type { SqlType } from '../../ir/type.ts'
import { largestUsable, smallestUsable } from '../../ir/usable-number.ts'
import { basisPieces } from './basis.ts'
import { type Pieces, piecewise } from './pieces.ts'
import { domainOf, transformed, transformedExpr } from './transform.ts'
import { largestIn, whereUsable } from './usable.ts'

export type NumericEncoder = LearnedEncoderOf<'numeric'>

/** The encoder of an input that is a number. Errors: `model/record` for one that is read as it is, which only trees do. */
export function numericOf({ encoder, feature }: LearnedInput): NumericEncoder {
  if (encoder.kind === 'numeric') return encoder
  return fail('model/record', {
    file: 'a model',
    detail: `input "${feature}" is ${encoder.kind}, which only trees read`,
  })
}

/** A value computed of the clipped number, in two ways that round alike. */
export interface Formula {
  readonly at: (clipped: number) => number
  readonly expr: (clipped: Expr) => Expr
  /** Whether magnitudes below 1e-150 give something else than 0 does, so that they need an arm of their own. */
  readonly tellsTinyFromZero: boolean
}

/** Subtracted from a number of at least this, magnitudes below 1e-150 are not felt. */
const felt = 1e-120

/** Smallest and largest number the transform is given: what is declared, within what it is computed for. */
export function clipOf(encoder: NumericEncoder): readonly [number, number] {
  const [low, high] = domainOf(encoder)
  const { clip: [from, to] = [low, high] } = encoder
  return [Math.min(Math.max(low, from), high), Math.max(Math.min(high, to), low)]
}

export const clipped = (encoder: NumericEncoder, x: number): number => {
  const [low, high] = clipOf(encoder)
  return Math.min(Math.max(x, low), high)
}

/** The number before its basis, of a clipped one: (transform(x) − center) / scale. */
export function scaledFormula(encoder: NumericEncoder): Formula {
  const { center, scale } = encoder
  const at = (x: number): number => {
    const t = transformed(encoder, x)
    const centered = center === 0 ? t : t + -center
    return scale === 1 ? centered : centered / scale
  }
  return {
    at,
    expr: (x) => {
      const t = transformedExpr(encoder, x)
      const centered = center === 0 ? t : expr.sum([t, expr.float(-center)])
      return scale === 1 ? centered : expr.divide(centered, expr.float(scale))
    },
    tellsTinyFromZero: encoder.transform === 'identity' && Math.abs(center) < felt,
  }
}

/** `weight` · transform(x); a weight that could take it out of the range of numbers has none. */
export function weightedFormula(encoder: NumericEncoder, weight: number): Formula | undefined {
  if (Math.abs(weight) < smallestUsable || Math.abs(weight) > largestUsable) return undefined
  return {
    at: (x) => weight * transformed(encoder, x),
    expr: (x) => expr.product([expr.float(weight), transformedExpr(encoder, x)]),
    tellsTinyFromZero: encoder.transform === 'identity',
  }
}

const identity: Pieces = { breaks: [], breakIn: 'right', pieces: [{ origin: 0, columns: [[0, 1]] }] }

/** The columns of the basis, or the number without one, weighted and summed. */
export function basisFormula(encoder: NumericEncoder, weights: readonly number[]): Formula {
  const { basis } = encoder
  const scaled = scaledFormula(encoder)
  const sum = piecewise(basis === undefined ? identity : basisPieces(basis), weights)
  return {
    at: (x) => sum.at(scaled.at(x)),
    expr: (x) => sum.expr(scaled.expr(x)),
    tellsTinyFromZero: scaled.tellsTinyFromZero,
  }
}

/** The formula where the column has a usable number; `missing` elsewhere, null for NULL. */
export function guarded(
  encoder: NumericEncoder,
  type: SqlType,
  column: Expr,
  formula: Formula,
  missing: number | null,
): Expr {
  const { origin = 0 } = encoder
  const x = origin === 0 ? column : expr.sum([column, expr.float(-origin)])
  const whenMissing = missing === null ? expr.literal('float8', null) : constant(missing)
  const isFar = origin !== 0 || clipOf(encoder)[0] >= smallestUsable || clipOf(encoder)[1] <= -smallestUsable
  const zero = formula.tellsTinyFromZero && !isFar ? constant(formula.at(clipped(encoder, 0))) : undefined
  return whereUsable(type, column, unguarded(encoder, type, x, formula), zero, whenMissing)
}

/** The formula of a number that is there, clipped where it can be outside. */
export function unguarded(encoder: NumericEncoder, type: SqlType, x: Expr, formula: Formula): Expr {
  const [low, high] = clipOf(encoder)
  const largest = largestIn(type)
  const arms = [
    ...(low > -largest ? [{ when: expr.compare('<', x, expr.float(low)), value: constant(formula.at(low)) }] : []),
    ...(high < largest ? [{ when: expr.compare('>', x, expr.float(high)), value: constant(formula.at(high)) }] : []),
  ]
  return arms.length === 0 ? formula.expr(x) : expr.case(arms, formula.expr(x))
}

/** Zero without a sign. */
const constant = (x: number): Expr => expr.float(x === 0 ? 0 : x)

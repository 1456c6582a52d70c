/** Functions of one number that are a polynomial between neighbouring breaks: what every basis is made of. */
import { type Expr, expr } from '../../ir/expression.ts'
import { bounded, largestFactor } from './bounded.ts'

export interface Piece {
  /** The polynomials are in z − origin. */
  readonly origin: number
  /** For each column its coefficients, the constant first; all of the same length. */
  readonly columns: readonly (readonly number[])[]
}

/** One piece more than there are breaks. */
export interface Pieces {
  readonly breaks: readonly number[]
  /** The piece that a break belongs to: that on its left, or that on its right. */
  readonly breakIn: 'left' | 'right'
  readonly pieces: readonly Piece[]
}

/** From this many breaks on the piece is searched for by halves. */
const manyBreaks = 8

/** Distances in a narrower piece are never too large for a product. */
const narrow = 1e20

/** The piece a number is in. */
export function pieceAt({ breaks, breakIn }: Pieces, z: number): number {
  let low = 0
  let high = breaks.length
  while (low < high) {
    const middle = (low + high) >> 1
    const edge = breaks[middle] as number
    if (breakIn === 'right' ? z < edge : z <= edge) high = middle
    else low = middle + 1
  }
  return low
}

/** Coefficients with which {@link polynomialAt} can be computed: none so small or large that a product leaves the range. */
export const safeCoefficients = (coefficients: readonly number[]): readonly number[] =>
  coefficients.map((a) => bounded(a, largestFactor(coefficients.length)))

/** By Horner's rule; `coefficients` are safe. */
function polynomialAt(coefficients: readonly number[], distance: number): number {
  const degree = degreeOf(coefficients)
  if (degree === 0) return coefficients[0] ?? 0
  const d = bounded(distance, largestFactor(coefficients.length))
  let sum = coefficients[degree] as number
  for (let k = degree - 1; k >= 0; k--) {
    sum *= d
    const a = coefficients[k] as number
    if (a !== 0) sum += a
  }
  return sum
}

/** Powers whose coefficients are all 0 are not computed. */
const degreeOf = (coefficients: readonly number[]): number => {
  let degree = coefficients.length - 1
  while (degree > 0 && coefficients[degree] === 0) degree--
  return Math.max(degree, 0)
}

/** Tests that cannot come true are left out: `isInner` for a piece between two breaks. */
function polynomialExpr(coefficients: readonly number[], z: Expr, origin: number, isInner: boolean): Expr {
  const distance = origin === 0 ? z : expr.sum([z, expr.float(-origin)])
  const degree = degreeOf(coefficients)
  if (degree === 0) return expr.float(coefficients[0] ?? 0)
  const horner = (d: Expr): Expr => {
    let sum = expr.float(coefficients[degree] as number)
    for (let k = degree - 1; k >= 0; k--) {
      sum = expr.product([sum, d])
      const a = coefficients[k] as number
      if (a !== 0) sum = expr.sum([sum, expr.float(a)])
    }
    return sum
  }
  const largest = largestFactor(coefficients.length)
  const at = (d: number) => expr.float(polynomialAt(coefficients, d))
  // A difference from another number is 0 or at least a rounding of it.
  const isNeverTiny = Math.abs(origin) * 2 ** -54 > 1 / largest
  const near = { when: expr.compare('<', expr.call('abs', [distance]), expr.float(1 / largest)), value: at(0) }
  const above = { when: expr.compare('>', distance, expr.float(largest)), value: at(largest) }
  const below = { when: expr.compare('<', distance, expr.float(-largest)), value: at(-largest) }
  const arms = [...(isNeverTiny ? [] : [near]), ...(isInner ? [] : [above, below])]
  return arms.length === 0 ? horner(distance) : expr.case(arms, horner(distance))
}

/** A function with a polynomial per piece; `polynomials` are their coefficients. */
export interface PiecewiseFunction {
  readonly at: (z: number) => number
  readonly expr: (z: Expr) => Expr
}

/** One column, or columns weighted and summed: `weights` has one for each column. */
export function piecewise(shape: Pieces, weights: readonly number[]): PiecewiseFunction {
  const polynomials = shape.pieces.map(({ columns }) => {
    const length = Math.max(1, ...columns.map((c) => c.length))
    const sums = Array.from({ length }, (_, k) =>
      columns.reduce((sum, c, j) => sum + (weights[j] === 0 ? 0 : (weights[j] ?? 0) * (c[k] ?? 0)), 0),
    )
    return safeCoefficients(sums)
  })
  const { breaks, breakIn, pieces } = shape
  const operator = breakIn === 'right' ? '<' : '<='
  const one = (z: Expr, i: number): Expr => {
    const isInner = i > 0 && i < breaks.length && (breaks[i] as number) - (breaks[i - 1] as number) < narrow
    return polynomialExpr(polynomials[i] ?? [0], z, pieces[i]?.origin ?? 0, isInner)
  }
  const between = (z: Expr, first: number, last: number): Expr => {
    if (first === last) return one(z, first)
    if (last - first <= manyBreaks) {
      const arms = Array.from({ length: last - first }, (_, i) => ({
        when: expr.compare(operator, z, expr.float(breaks[first + i] as number)),
        value: one(z, first + i),
      }))
      return expr.case(arms, one(z, last))
    }
    const middle = (first + last) >> 1
    const isLower = expr.compare(operator, z, expr.float(breaks[middle] as number))
    return expr.case([{ when: isLower, value: between(z, first, middle) }], between(z, middle + 1, last))
  }
  return {
    at: (z) => {
      const i = pieceAt(shape, z)
      const origin = pieces[i]?.origin ?? 0
      return polynomialAt(polynomials[i] ?? [0], origin === 0 ? z : z + -origin)
    },
    expr: (z) => between(z, 0, pieces.length - 1),
  }
}

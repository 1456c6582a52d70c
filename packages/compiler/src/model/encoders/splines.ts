/**
 * Splines as polynomials between their knots.
 *
 * Sources: de Boor, A Practical Guide to Splines (1978), chapters IX and X; Hastie, Tibshirani and Friedman, The
 * Elements of Statistical Learning, section 5.2.1.
 */
import type { LearnedBasis } from '../../ir/learned-encoder.ts'
import type { Piece, Pieces } from './pieces.ts'

type Polynomial = readonly number[]

const plus = (a: Polynomial, b: Polynomial): number[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, k) => (a[k] ?? 0) + (b[k] ?? 0))

/** (c0 + c1 · d) · p(d). */
const timesLinear = (p: Polynomial, c0: number, c1: number): number[] =>
  Array.from({ length: p.length + 1 }, (_, k) => c0 * (p[k] ?? 0) + c1 * (p[k - 1] ?? 0))

const valueAt = (p: Polynomial, d: number): number => p.reduceRight((sum, a) => sum * d + a, 0)
const slopeAt = (p: Polynomial, d: number): number => p.reduceRight((sum, a, k) => (k === 0 ? sum : sum * d + k * a), 0)

/** B-splines of a degree on knots, the ends first and last: all but the first, one piece between neighbouring knots. */
export function bsplinePieces({ degree, knots, beyond }: Extract<LearnedBasis, { kind: 'bspline' }>): Pieces {
  const inner = knots.slice(0, -1).map((_, i) => insidePiece(knots, degree, i))
  const first = inner[0] as Piece
  const last = inner.at(-1) as Piece
  const end = knots.at(-1) as number
  const tail = (piece: Piece, at: number): Piece => ({
    origin: at,
    columns: piece.columns.map((p) => {
      const d = at - piece.origin
      return beyond === 'linear' ? [valueAt(p, d), slopeAt(p, d)] : [valueAt(p, d)]
    }),
  })
  return {
    breaks: knots,
    breakIn: 'right',
    pieces: [tail(first, knots[0] as number), ...inner, tail(last, end)],
  }
}

/** The recursion of Cox and de Boor, on polynomials in the distance from the knot at the left of the piece. */
function insidePiece(knots: readonly number[], degree: number, interval: number): Piece {
  const low = knots[0] as number
  const high = knots.at(-1) as number
  const t = [...Array<number>(degree).fill(low), ...knots, ...Array<number>(degree).fill(high)]
  const own = interval + degree
  const origin = t[own] as number
  let splines: Polynomial[] = t.slice(0, -1).map((_, i) => (i === own ? [1] : [0]))
  for (let p = 1; p <= degree; p++) {
    splines = splines.slice(0, -1).map((_, i) => {
      const [start, end] = [t[i] as number, t[i + p] as number]
      const [nextStart, nextEnd] = [t[i + 1] as number, t[i + p + 1] as number]
      const rise =
        end > start ? timesLinear(splines[i] ?? [0], (origin - start) / (end - start), 1 / (end - start)) : [0]
      const fall =
        nextEnd > nextStart
          ? timesLinear(splines[i + 1] ?? [0], (nextEnd - origin) / (nextEnd - nextStart), -1 / (nextEnd - nextStart))
          : [0]
      return plus(rise, fall)
    })
  }
  return { origin, columns: splines.slice(1) }
}

/** Natural cubic splines: z, and for each knot ξ but the last two d(ξ) − d(last but one), over the squared range. */
export function naturalPieces(knots: readonly number[]): Pieces {
  const first = knots[0] as number
  const last = knots.at(-1) as number
  const lastButOne = knots.at(-2) as number
  const size = (last - first) ** 2
  const functions = knots.slice(0, -2)
  const piece = (origin: number, i: number): Piece => ({
    origin,
    columns: [
      [origin, 1, 0, 0],
      ...functions.map((knot) => {
        const own = risingCube(knot, last, origin, i >= knots.indexOf(knot))
        const other = risingCube(lastButOne, last, origin, i >= knots.length - 2)
        return plus(
          own,
          other.map((a) => -a),
        ).map((a) => a / size)
      }),
    ],
  })
  const inner = knots.slice(0, -1).map((origin, i) => piece(origin, i))
  const end = inner.at(-1) as Piece
  const d = last - end.origin
  return {
    breaks: knots,
    breakIn: 'right',
    pieces: [
      { origin: first, columns: [[first, 1], ...functions.map(() => [0, 0])] },
      ...inner,
      { origin: last, columns: end.columns.map((p, j) => (j === 0 ? [last, 1] : [valueAt(p, d), slopeAt(p, d)])) },
    ],
  }
}

/** (z − knot)³ / (last − knot) from the knot on, as a polynomial in z − origin; 0 before. */
function risingCube(knot: number, last: number, origin: number, isReached: boolean): Polynomial {
  if (!isReached) return [0, 0, 0, 0]
  const e = origin - knot
  return [e ** 3, 3 * e ** 2, 3 * e, 1].map((a) => a / (last - knot))
}

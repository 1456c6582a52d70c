/** A calibration curve over the score stage: guarded, so that no score raises an error, and monotone to the last bit. */
import type { CalibrationCurve } from '../ir/calibration.ts'
import { type CaseArm, type Expr, expr } from '../ir/expression.ts'

/** Beyond this the logistic function is 0 or 1 to the last bit that matters. */
const certain = 745

/** Scores this close to 0 count as 0: their products could underflow, which PostgreSQL refuses. */
const tiny = 1e-150

/** A rise of probability that no sample has. */
const tinyRise = 1e-100

/** Segments up to which the curve is read from top to bottom; above, each comparison halves what is left. */
const fewSegments = 8

/**
 * The probability that a curve gives a score; NULL for NULL and NaN.
 *
 * ```sql
 * CASE WHEN s IS NULL OR s = 'NaN' THEN NULL WHEN s <= -1.2 THEN 0.03 WHEN s < 0.4 THEN 0.03 + 0.2 * ((s - -1.2) / 1.6) … END
 * ```
 */
export function calibrated(curve: CalibrationCurve, score: Expr): Expr {
  const unknown = expr.or([expr.isNull(score), expr.compare('=', score, expr.float(Number.NaN))])
  const nothing: CaseArm = { when: unknown, value: expr.literal('float8', null) }
  const arms = curve.kind === 'platt' ? sigmoidArms(curve, score) : []
  const otherwise = curve.kind === 'platt' ? sigmoidOf(curve, score) : piecewise(curve.knots, score)
  return expr.case([nothing, ...arms], otherwise)
}

type Platt = Extract<CalibrationCurve, { kind: 'platt' }>
type Knot = Extract<CalibrationCurve, { kind: 'isotonic' }>['knots'][number]

function sigmoidOf({ intercept, slope }: Platt, score: Expr): Expr {
  if (slope === 0) return expr.float(logistic(intercept))
  return expr.sigmoid(expr.sum([expr.float(intercept), expr.product([expr.float(slope), score])]))
}

/** Where the product would overflow or underflow, what it would come to. */
function sigmoidArms({ intercept, slope }: Platt, score: Expr): CaseArm[] {
  if (slope === 0) return []
  const [atLeast, atMost] = slope > 0 ? [1, 0] : [0, 1]
  const ends = [(-certain - intercept) / slope, (certain - intercept) / slope]
  const low = Math.min(...ends)
  const high = Math.max(...ends)
  return [
    { when: expr.compare('>=', score, expr.float(high)), value: expr.float(atLeast) },
    { when: expr.compare('<=', score, expr.float(low)), value: expr.float(atMost) },
    {
      when: expr.and([
        expr.compare('>', score, expr.float(-tiny / Math.min(1, Math.abs(slope)))),
        expr.compare('<', score, expr.float(tiny / Math.min(1, Math.abs(slope)))),
      ]),
      value: expr.float(logistic(intercept)),
    },
  ]
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x))

/** What holds below a score, in ascending order. */
interface Piece {
  readonly below: number
  readonly value: Expr
}

function piecewise(knots: readonly Knot[], score: Expr): Expr {
  const first = knots[0] as Knot
  const last = knots.at(-1) as Knot
  const pieces: Piece[] = [{ below: first.score, value: expr.float(first.probability) }]
  for (let i = 1; i < knots.length; i++) {
    const a = knots[i - 1] as Knot
    const b = knots[i] as Knot
    // A difference from a score next to 0 could underflow when it is divided.
    if (Math.abs(a.score) < 1e-100 && a.probability < b.probability) {
      const past = a.score + tiny
      if (past < b.score) pieces.push({ below: past, value: expr.float(a.probability) })
    }
    pieces.push({ below: b.score, value: between(a, b, score) })
  }
  return searched(pieces, expr.float(last.probability), score)
}

function searched(pieces: readonly Piece[], otherwise: Expr, score: Expr): Expr {
  if (pieces.length <= fewSegments) {
    return expr.case(
      pieces.map((p) => ({ when: expr.compare('<', score, expr.float(p.below)), value: p.value })),
      otherwise,
    )
  }
  const half = Math.floor(pieces.length / 2)
  const middle = pieces[half - 1] as Piece
  // The lower half ends with its own last piece, which needs no comparison any more.
  return expr.case(
    [
      {
        when: expr.compare('<', score, expr.float(middle.below)),
        value: searched(pieces.slice(0, half - 1), middle.value, score),
      },
    ],
    searched(pieces.slice(half), otherwise, score),
  )
}

/** a + rise · ((s − from) / width), which never exceeds b, whatever is rounded. */
function between(a: Knot, b: Knot, score: Expr): Expr {
  // A rise too small to be divided without underflow is none.
  if (b.probability - a.probability < tinyRise) return expr.float(a.probability)
  const width = b.score - a.score
  let rise = b.probability - a.probability
  while (a.probability + rise > b.probability) rise -= rise * Number.EPSILON
  const share = expr.divide(expr.sum([score, expr.float(-a.score)]), expr.float(width))
  return expr.sum([expr.float(a.probability), expr.product([expr.float(rise), share])])
}

/**
 * Φ, the distribution function of the normal, as an expression that every engine evaluates alike: servers before version 16
 * have no erf. Relative error below 2e-15 from −37.5 up, where Φ is 4.6e-308; 0 below.
 *
 * Source: W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics of Computation 23 (1969),
 * 631–637, with the coefficients of his ANORM (SPECFUN, ACM TOMS 19, 1993).
 */
import { type Expr, expr } from '../ir/expression.ts'

const { float } = expr

const near = {
  over: [0.06568233791820745, 2.2352520354606837, 161.02823106855587, 1067.6894854603709, 18154.98125334356],
  under: [1, 47.202581904688245, 976.0985517377767, 10260.932208618979, 45507.78933502673],
}
const middle = {
  over: [
    1.0765576773720192e-8, 0.39894151208813466, 8.883149794388377, 93.50665613217785, 597.2702763948002,
    2494.5375852903726, 6848.190450536283, 11602.65143764735, 9842.714838383978,
  ],
  under: [
    1, 22.266688044328117, 235.387901782625, 1519.3775994075547, 6485.558298266761, 18615.571640885097,
    34900.95272114598, 38912.00328609327, 19685.429676859992,
  ],
}
const far = {
  over: [
    0.023073441764940174, 0.215898534057957, 0.12740116116024736, 0.022235277870649807, 0.0014216191932278934,
    2.9112874951168793e-5,
  ],
  under: [1, 1.284260096144911, 0.4682382124808651, 0.06598813786892856, 0.0037823963320275824, 7.297515550839662e-5],
}
const densityAtZero = 0.3989422804014327

/** By Horner's rule, the coefficient of the highest power first. */
const polynomial = (coefficients: readonly number[], x: Expr): Expr =>
  coefficients
    .slice(1)
    .reduce<Expr>((sum, c) => expr.sum([expr.product([sum, x]), float(c)]), float(coefficients[0] ?? 0))

const ratio = ({ over, under }: { over: readonly number[]; under: readonly number[] }, x: Expr): Expr =>
  expr.divide(polynomial(over, x), polynomial(under, x))

/** e^(−y²/2) with y² in two parts, the first exact, so that its error is not that of y² times 700. */
function bell(y: Expr): Expr {
  const grid = expr.divide(expr.call('floor', [expr.product([y, float(16)])]), float(16))
  const rest = expr.product([expr.sum([y, expr.negate(grid)]), expr.sum([y, grid])])
  const exp = (of: Expr) => expr.call('exp', [expr.product([of, float(-0.5)])])
  return expr.product([exp(expr.product([grid, grid])), exp(rest)])
}

/**
 * For a column `z` e^(−z²/2), 0 beyond 37.5, and P(Z ≥ |z|) over it, which falls as 1/|z| and has no end: NULL from 1e100 on.
 * Logarithms and hazards of both tails are made of the two without an underflow.
 */
export function normalTail(z: Expr): { readonly bell: Expr; readonly scaled: Expr } {
  const y = expr.call('abs', [z])
  const within = (bound: number) => expr.compare('<=', y, float(bound))
  const square = expr.product([z, z])
  const half = expr.sum([float(0.5), expr.negate(expr.product([y, ratio(near, square)]))])
  return {
    bell: expr.case(
      [
        { when: within(1e-20), value: float(1) },
        { when: within(37.5), value: bell(y) },
      ],
      float(0),
    ),
    scaled: expr.case(
      [
        { when: within(1e-20), value: float(0.5) },
        { when: within(0.67448975), value: expr.divide(half, bell(y)) },
        { when: within(5.656854249492381), value: ratio(middle, y) },
        { when: within(1e100), value: farScaled(y) },
      ],
      expr.literal('float8', null),
    ),
  }
}

function farScaled(y: Expr): Expr {
  const inverse = expr.divide(float(1), expr.product([y, y]))
  const over = expr.sum([float(densityAtZero), expr.negate(expr.product([inverse, ratio(far, inverse)]))])
  return expr.divide(over, y)
}

/** Φ(z) for a column `z`: NULL where it is NULL or NaN, 0 and 1 far out, never an error. */
export function normalProbability(z: Expr): Expr {
  const y = expr.call('abs', [z])
  const within = (bound: number) => expr.compare('<=', y, float(bound))
  const square = expr.product([z, z])
  const farTail = expr.product([bell(y), farScaled(y)])
  const tail = expr.case(
    [{ when: within(5.656854249492381), value: expr.product([bell(y), ratio(middle, y)]) }],
    farTail,
  )
  const above = (value: number, otherwise: number) =>
    expr.case([{ when: expr.compare('>', z, float(0)), value: float(value) }], float(otherwise))
  return expr.case(
    [
      // Squares of smaller numbers may underflow, which is an error; Φ is 1/2 to the last digit there.
      { when: within(1e-20), value: float(0.5) },
      { when: within(0.67448975), value: expr.sum([float(0.5), expr.product([z, ratio(near, square)])]) },
      { when: within(37.5), value: expr.sum([above(1, 0), expr.product([above(-1, 1), tail])]) },
      { when: expr.compare('<', z, float(0)), value: float(0) },
      { when: expr.compare('<=', z, float(Number.POSITIVE_INFINITY)), value: float(1) },
    ],
    expr.literal('float8', null),
  )
}

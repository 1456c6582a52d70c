/** Transforms of a number, for constants and as expressions; both compute the same operations in the same order. */
import { type Expr, expr } from '../../ir/expression.ts'
import type { LearnedEncoderOf } from '../../ir/learned-encoder.ts'
import { largestUsable } from '../../ir/usable-number.ts'

type Transform = Pick<LearnedEncoderOf<'numeric'>, 'transform' | 'lambda'>

/** The largest logarithm of a power: above, a power and what is computed with it could overflow or underflow. */
const largestExponent = 300

/** Below this, (x^λ − 1) / λ is the logarithm; its own digits are lost long before. */
const smallestLambda = 1e-6

/**
 * The values a transform is computed for; values beyond count as the nearest of these. log1p is for amounts, so that
 * values below 0 count as 0; a power is cut where it leaves the range of numbers.
 */
export function domainOf({ transform, lambda = 1 }: Transform): readonly [number, number] {
  switch (transform) {
    case 'identity':
      return [-largestUsable, largestUsable]
    case 'log1p':
      return [0, largestUsable]
    case 'boxCox': {
      const end = reach(lambda)
      return [1 / end, end]
    }
    case 'yeoJohnson':
      return [-reach(2 - lambda), reach(lambda)]
  }
}

const reach = (power: number): number => Math.min(largestUsable, Math.exp(largestExponent / Math.abs(power)))

/** Of a number within the domain. */
export function transformed({ transform, lambda = 1 }: Transform, x: number): number {
  switch (transform) {
    case 'identity':
      return x
    case 'log1p':
      return Math.log(1 + x)
    case 'boxCox':
      return power(x, lambda)
    case 'yeoJohnson':
      return x < 0 ? -power(1 + -x, 2 - lambda) : power(1 + x, lambda)
  }
}

/** Of an expression within the domain. */
export function transformedExpr({ transform, lambda = 1 }: Transform, x: Expr): Expr {
  const plusOne = (e: Expr): Expr => expr.sum([expr.float(1), e])
  switch (transform) {
    case 'identity':
      return x
    case 'log1p':
      return expr.call('ln', [plusOne(x)])
    case 'boxCox':
      return powerExpr(x, lambda)
    case 'yeoJohnson':
      return expr.case(
        [
          {
            when: expr.compare('<', x, expr.float(0)),
            value: expr.negate(powerExpr(plusOne(expr.negate(x)), 2 - lambda)),
          },
        ],
        powerExpr(plusOne(x), lambda),
      )
  }
}

/** (x^λ − 1) / λ, and ln x for λ = 0. */
function power(x: number, lambda: number): number {
  if (Math.abs(lambda) < smallestLambda) return Math.log(x)
  return (Math.exp(Math.log(x) * lambda) + -1) / lambda
}

function powerExpr(x: Expr, lambda: number): Expr {
  const ln = expr.call('ln', [x])
  if (Math.abs(lambda) < smallestLambda) return ln
  const raised = expr.call('exp', [expr.product([ln, expr.float(lambda)])])
  return expr.divide(expr.sum([raised, expr.float(-1)]), expr.float(lambda))
}

/** Whether the mathematics libraries of the engines can differ in the last place. */
export const hasLogarithm = (encoder: { readonly kind: string; readonly transform?: string }): boolean =>
  encoder.kind === 'numeric' && encoder.transform !== 'identity'

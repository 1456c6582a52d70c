/** Numbers that can be multiplied with each other: neither too large nor too small for a product of them all. */
import { type Expr, expr } from '../../ir/expression.ts'

/** Powers of ten left for the factors of one product; the coefficient has the rest. */
const decades = 200

/** Largest magnitude of a factor where `factors` of them are multiplied; its reciprocal is the smallest. */
export const largestFactor = (factors: number): number => 10 ** Math.floor(decades / factors)

/** The number cut to ±`largest`, and 0 where it is smaller than 1/`largest`. */
export function bounded(x: number, largest: number): number {
  const size = Math.abs(x)
  if (size < 1 / largest) return 0
  return size <= largest ? x : x < 0 ? -largest : largest
}

/** The same of an expression that is never NaN; of NULL, NULL. `range` is where it is known to lie. */
export function boundedExpr(x: Expr, largest: number, isLevel: boolean, range: readonly [number, number]): Expr {
  const within = range[0] >= -largest && range[1] <= largest
  if (isLevel && within) return x
  const size = expr.call('abs', [x])
  return expr.case(
    [
      { when: expr.compare('<', size, expr.float(1 / largest)), value: expr.float(0) },
      ...(within
        ? []
        : [
            { when: expr.compare('>', x, expr.float(largest)), value: expr.float(largest) },
            { when: expr.compare('<', x, expr.float(-largest)), value: expr.float(-largest) },
          ]),
    ],
    x,
  )
}

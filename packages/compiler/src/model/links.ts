/**
 * The mean of a label, of its linear predictor: inverse links as guarded expressions.
 *
 * No value of `z`, NULL, NaN and the infinities included, raises an error or gives NaN: exp, products and quotients of
 * float8 raise on underflow as well as overflow in PostgreSQL, so that one extreme row would abort a whole query. A
 * predictor that no mean of the family belongs to (−1 through `inverse-square`, a negative count) gives NULL.
 */
import { type CaseArm, type Expr, expr } from '../ir/expression.ts'
import type { Family, Link } from '../ir/family.ts'
import { normalProbability } from './normal.ts'

const { float } = expr
const nothing = expr.literal('float8', null)

const below = (z: Expr, bound: number): Expr => expr.compare('<', z, float(bound))
const atMost = (z: Expr, bound: number): Expr => expr.compare('<=', z, float(bound))
const between = (z: Expr, low: number, high: number): Expr =>
  expr.and([expr.compare('>=', z, float(low)), atMost(z, high)])
const to = (when: Expr, value: Expr | number): CaseArm => ({
  when,
  value: typeof value === 'number' ? float(value) : value,
})
const orNull = (...arms: CaseArm[]): Expr => expr.case(arms, nothing)
/** NaN is above every number, so a comparison with infinity is what finds it. */
const anyNumber = (z: Expr): Expr => atMost(z, Number.POSITIVE_INFINITY)

/** Where the logarithm of the largest mean a `log` link gives is: e^709 is 8.2e307. */
const largestLogarithm = 709

const exponential = (z: Expr): Expr =>
  orNull(
    to(between(z, -708, largestLogarithm), expr.call('exp', [z])),
    to(below(z, 0), 0),
    to(anyNumber(z), Math.exp(largestLogarithm)),
  )

/** 1 − e^−t with t = e^z, as 2 sinh(t/2) e^(−t/2): no digit is lost where t is small. From z = 4 on it is 1 to the last. */
function complementaryLogLog(z: Expr): Expr {
  const half = expr.product([float(0.5), expr.call('exp', [z])])
  const value = expr.product([float(2), expr.call('sinh', [half]), expr.call('exp', [expr.negate(half)])])
  return orNull(to(between(z, -700, 4), value), to(below(z, 0), 0), to(anyNumber(z), 1))
}

const reciprocal = (z: Expr): Expr =>
  orNull(
    to(between(expr.call('abs', [z]), 1e-300, 1e300), expr.divide(float(1), z)),
    // NaN is above infinity.
    to(between(expr.call('abs', [z]), 1e300, Number.POSITIVE_INFINITY), 0),
  )

const reciprocalOfRoot = (z: Expr): Expr =>
  orNull(
    to(expr.and([expr.compare('>', z, float(0)), below(z, Number.POSITIVE_INFINITY)]), reciprocalRoot(z)),
    to(expr.compare('=', z, float(Number.POSITIVE_INFINITY)), 0),
  )
const reciprocalRoot = (z: Expr): Expr => expr.divide(float(1), expr.call('sqrt', [z]))

const squared = (z: Expr): Expr =>
  orNull(
    to(between(z, 1e-150, 1e150), expr.product([z, z])),
    to(between(z, 0, 1e-150), 0),
    to(expr.and([expr.compare('>', z, float(0)), anyNumber(z)]), 1e300),
  )

/** Least mean of the family, and whether it is one. */
const domains: Readonly<Partial<Record<Family, '>=' | '>'>>> = { poisson: '>=', gamma: '>', 'inverse-gaussian': '>' }

/**
 * The mean that a linear predictor stands for; `z` is a column. `bounded` says that |z| is proven to stay within 700.
 *
 * ```sql
 * CASE WHEN z >= -708 AND z <= 709 THEN exp(z) WHEN z < 0 THEN 0 WHEN z <= 'Infinity' THEN 8.2e307 ELSE null END
 * ```
 */
export function meanOf(family: Family, link: Link, z: Expr, bounded = false): Expr {
  const domain = domains[family]
  const inDomain = (value: Expr): Expr =>
    domain === undefined ? value : orNull(to(expr.and([expr.compare(domain, z, float(0)), anyNumber(z)]), value))
  switch (link) {
    case 'identity':
      return inDomain(z)
    case 'log':
      return bounded ? expr.call('exp', [z]) : exponential(z)
    case 'inverse':
      return inDomain(reciprocal(z))
    case 'inverse-square':
      return reciprocalOfRoot(z)
    case 'sqrt':
      return squared(z)
    case 'logit':
      return expr.sigmoid(z, bounded)
    case 'probit':
      return normalProbability(z)
    case 'cloglog':
      return complementaryLogLog(z)
    case 'softmax':
      return z
  }
}

/** 1 − mean of a binomial, without losing the digits of a mean close to 1. */
export function complementOf(link: Link, z: Expr, bounded = false): Expr {
  switch (link) {
    case 'logit':
      return expr.sigmoid(expr.negate(z), bounded)
    case 'probit':
      return normalProbability(expr.negate(z))
    case 'identity':
      return expr.sum([float(1), expr.negate(z)])
    default:
      return survival(z)
  }
}

/** e^(−e^z) */
const survival = (z: Expr): Expr =>
  orNull(
    to(between(z, -700, 6.5), expr.call('exp', [expr.negate(expr.call('exp', [z]))])),
    to(below(z, 0), 1),
    to(anyNumber(z), 0),
  )

/** Whether a larger linear predictor is a smaller mean. */
export const isDecreasing = (link: Link): boolean => link === 'inverse' || link === 'inverse-square'

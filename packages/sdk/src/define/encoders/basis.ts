/** Builders of encoders that read a number and give several columns. */
import { type Breaks, fail, type NumericSpec } from '@viewcast/compiler'
import { ascending, whole } from './checked.ts'
import { type NumericOptions, numericSpec, type ScaledOptions } from './numeric.ts'

/** Options of {@link bins}. */
export interface BinOptions extends NumericOptions {
  /** How many bins; 5 by default. Where edges coincide there are fewer. */
  readonly count?: number
  /** `quantile` for about as many training rows in each, `width` for bins of the same width; `quantile` by default. */
  readonly by?: 'quantile' | 'width'
  /** The edges between the bins, on the scale of the feature, instead of `count` and `by`. */
  readonly edges?: readonly number[]
  /** Which end of a bin belongs to it: `left` is [a, b), `right` is (a, b]. `left` by default. */
  readonly closed?: 'left' | 'right'
}

/**
 * A column of 0 and 1 for each bin but the lowest, which is the base; a missing value has a column of its own where the
 * training rows have any. Columns are named by their bin: `age[30,45)`. Errors: `define/option`.
 *
 * ```ts
 * .inputs({ age: bins({ edges: [30, 45, 65] }) })
 * ```
 * ```sql
 * CASE WHEN age < 30 THEN 0 WHEN age < 45 THEN 0.4 WHEN age < 65 THEN 0.7 ELSE 1.1 END   -- with its coefficients
 * ```
 */
export function bins(options: BinOptions = {}): NumericSpec {
  const { count = 5, by = 'quantile', edges, closed = 'left', missing = 'level' } = options
  if (edges === undefined) whole('bins', 'count', count, 2, 1000)
  else ascending('bins', 'edges', edges, 1)
  return numericSpec(
    'bins',
    { ...options, missing },
    {
      scaling: 'none',
      transform: 'identity',
      basis: { kind: 'bins', edges: edges === undefined ? { by, count } : { by: 'value', at: [...edges] }, closed },
    },
  )
}

/** Options of {@link polynomial}. */
export interface PolynomialOptions extends ScaledOptions {
  /** The highest power, from 2 to 8; 2 by default. */
  readonly degree?: number
}

/**
 * A number and its powers: `x`, `x^2`, … It is standardised first unless `scale` says otherwise, so that the powers stay
 * of a size. A magnitude above 1e66 (of degree 2; 1e50 of degree 3) counts as that. Errors: `define/option`.
 *
 * ```ts
 * .inputs({ age: polynomial({ degree: 3 }) })
 * ```
 * ```sql
 * z * (0.4 + z * (-0.1 + z * 0.02))   -- with its coefficients
 * ```
 */
export function polynomial(options: PolynomialOptions = {}): NumericSpec {
  const { degree = 2, scale = 'standard' } = options
  whole('polynomial', 'degree', degree, 2, 8)
  return numericSpec('polynomial', options, {
    scaling: scale,
    transform: 'identity',
    basis: { kind: 'polynomial', degree },
  })
}

/** Options of {@link spline}. */
export interface SplineOptions extends ScaledOptions {
  /**
   * How many knots, the ends included, or where they are, on the scale of the feature; 4 by default. Counted knots are
   * evenly spaced quantiles of the training rows from 5 % to 95 %.
   */
  readonly knots?: number | readonly number[]
}

/**
 * A natural cubic spline: a smooth curve that is straight beyond its ends, with one column less than it has knots. It is
 * standardised first unless `scale` says otherwise; fewer than three different knots leave the number as it is. Errors:
 * `define/option`.
 *
 * ```ts
 * .inputs({ age: spline({ knots: [20, 40, 60, 80] }) })
 * ```
 * ```sql
 * CASE WHEN z < -1.6 THEN 0.2 + (z + 1.6) * 0.4 WHEN z < -0.5 THEN … ELSE … END   -- a polynomial between two knots
 * ```
 */
export function spline(options: SplineOptions = {}): NumericSpec {
  const { knots = 4, scale = 'standard' } = options
  return numericSpec('spline', options, {
    scaling: scale,
    transform: 'identity',
    basis: { kind: 'natural', knots: knotsOf('spline', knots, 3) },
  })
}

/** Options of {@link bSpline}. */
export interface BSplineOptions extends ScaledOptions {
  /** How many knots between the ends, or where they are, on the scale of the feature; 3 by default. Counted knots are evenly spaced quantiles. */
  readonly knots?: number | readonly number[]
  /** Degree of the polynomials, from 1 to 5; 3 by default. */
  readonly degree?: number
  /** The ends; the smallest and the largest value of the training rows by default. */
  readonly ends?: readonly [from: number, to: number]
  /** Beyond the ends: the value there, or a straight line on from there. `constant` by default. */
  readonly beyond?: 'constant' | 'linear'
}

/**
 * B-splines: columns from 0 to 1 that are each about one stretch of the number, one for each inner knot and as many as
 * the degree. The first, which follows from the others, is left out. Errors: `define/option`.
 *
 * ```ts
 * .inputs({ hour: bSpline({ knots: [6, 12, 18], ends: [0, 24] }) })
 * ```
 * ```sql
 * CASE WHEN hour < 0 THEN … WHEN hour < 6 THEN … ELSE … END   -- a polynomial between two knots
 * ```
 */
export function bSpline(options: BSplineOptions = {}): NumericSpec {
  const { knots = 3, degree = 3, ends, beyond = 'constant', scale = 'none' } = options
  whole('bSpline', 'degree', degree, 1, 5)
  if (ends !== undefined) ascending('bSpline', 'ends', ends, 2)
  return numericSpec('bSpline', options, {
    scaling: scale,
    transform: 'identity',
    basis: {
      kind: 'bspline',
      degree,
      knots: knotsOf('bSpline', knots, 0),
      ...(ends === undefined ? {} : { ends }),
      beyond,
    },
  })
}

function knotsOf(name: string, knots: number | readonly number[], least: number): Breaks {
  if (typeof knots !== 'number') {
    ascending(name, 'knots', knots, least)
    return { by: 'value', at: [...knots] }
  }
  if (!Number.isSafeInteger(knots) || knots < least || knots > 100) {
    fail('define/option', {
      what: `${name}()`,
      option: 'knots',
      detail: `is not a whole number from ${least} to 100`,
      hint: `Write ${name}({ knots: 5 }).`,
    })
  }
  return { by: 'quantile', count: knots }
}

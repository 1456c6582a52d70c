/** Builders of encoders that read a number and give one column. */
import { type Clip, fail, type NumericSpec, type Scaling } from '@viewcast/compiler'
import { ascending, finite } from './checked.ts'

/** What every encoder of numbers takes. */
export interface NumericOptions {
  /**
   * What replaces a missing value (NULL, NaN, an infinity, a magnitude above 1e150): the mean, the median or the most
   * frequent value of the training rows, or a number, on the scale of the feature. `mean` by default.
   */
  readonly impute?: 'mean' | 'median' | 'mostFrequent' | number
  /**
   * Instead of imputing: `level` makes all columns of a missing value 0 and adds an indicator; `null` makes the score of
   * such a row NULL, and leaves it out when training.
   */
  readonly missing?: 'impute' | 'level' | 'null'
  /** Whether to add a column that is 1 where the value was missing; false by default. */
  readonly indicator?: boolean
  /**
   * Values beyond count as the nearest of the two: a smallest and a largest value, or the quantiles of the training rows
   * that are to be these.
   */
  readonly clip?: readonly [from: number, to: number] | { readonly quantiles: readonly [from: number, to: number] }
}

/** Options of an encoder that can be scaled as well. */
export interface ScaledOptions extends NumericOptions {
  /**
   * Center and divisor, of the training rows: `standard` mean and standard deviation, `minMax` minimum and range,
   * `maxAbs` 0 and the largest magnitude, `robust` median and interquartile range. `none` by default.
   */
  readonly scale?: Scaling
}

/** A number with given scaling and transform; shared by the builders. */
export function numericSpec(
  name: string,
  options: NumericOptions,
  rest: Pick<NumericSpec, 'scaling' | 'transform'> & Partial<NumericSpec>,
): NumericSpec {
  const { impute = 'mean', missing = 'impute', indicator = false, clip } = options
  if (typeof impute === 'number') finite(name, 'impute', impute, "Write 'mean', 'median' or a number.")
  return {
    kind: 'numeric',
    ...rest,
    impute,
    indicator,
    ...(missing === 'impute' ? {} : { missing }),
    ...(clip === undefined ? {} : { clip: clipOf(name, clip) }),
  }
}

function clipOf(name: string, clip: NonNullable<NumericOptions['clip']>): Clip {
  if (!('quantiles' in clip)) {
    ascending(name, 'clip', clip, 2)
    return { by: 'value', from: clip[0], to: clip[1] }
  }
  const [from, to] = clip.quantiles
  if (!(from >= 0 && from < to && to <= 1)) {
    fail('define/option', {
      what: `${name}()`,
      option: 'clip',
      detail: 'has quantiles that are not two ascending shares from 0 to 1',
      hint: `Write ${name}({ clip: { quantiles: [0.01, 0.99] } }).`,
    })
  }
  return { by: 'quantile', from, to }
}

/**
 * A number as it is, or scaled; missing values become the mean.
 *
 * ```ts
 * .inputs({ latitude: numeric({ impute: 0, indicator: true }) })
 * ```
 * ```sql
 * CASE WHEN abs(latitude) BETWEEN 1e-150 AND 1e150 THEN latitude WHEN abs(latitude) < 1e-150 THEN 0 ELSE 0 END
 * ```
 */
export const numeric = (options: ScaledOptions = {}): NumericSpec =>
  numericSpec('numeric', options, { scaling: options.scale ?? 'none', transform: 'identity' })

/**
 * A number less its mean, divided by its standard deviation, both of the training rows: coefficients become comparable
 * and a penalty even-handed.
 *
 * ```ts
 * .inputs({ delay_7d: standardize({ impute: 'median' }) })
 * ```
 * ```sql
 * (delay_7d - 12.5) / 30.1   -- folded into one multiplication of the linear predictor
 * ```
 */
export const standardize = (options: NumericOptions = {}): NumericSpec =>
  numericSpec('standardize', options, { scaling: 'standard', transform: 'identity' })

/**
 * A number as its place between the smallest and the largest value of the training rows: 0 to 1 there, and beyond where
 * a later value is.
 *
 * ```ts
 * .inputs({ age: minMax({ clip: [18, 90] }) })
 * ```
 * ```sql
 * CASE WHEN age < 18 THEN 0 WHEN age > 90 THEN 1 ELSE (age - 18) / 72 END
 * ```
 */
export const minMax = (options: NumericOptions = {}): NumericSpec =>
  numericSpec('minMax', options, { scaling: 'minMax', transform: 'identity' })

/**
 * A number divided by the largest magnitude of the training rows; 0 stays 0.
 *
 * ```ts
 * .inputs({ balance: maxAbs() })
 * ```
 * ```sql
 * balance / 25000
 * ```
 */
export const maxAbs = (options: NumericOptions = {}): NumericSpec =>
  numericSpec('maxAbs', options, { scaling: 'maxAbs', transform: 'identity' })

/**
 * A number less its median, divided by the distance between its quartiles, so that a few extreme rows change little;
 * missing values become the median unless another value is asked for.
 *
 * ```ts
 * .inputs({ income: robust({ clip: { quantiles: [0.01, 0.99] } }) })
 * ```
 * ```sql
 * (income - 31000) / 18500
 * ```
 */
export const robust = (options: NumericOptions = {}): NumericSpec =>
  numericSpec('robust', { impute: 'median', ...options }, { scaling: 'robust', transform: 'identity' })

/**
 * ln(1 + x) of an amount, for counts and sums with a long tail; a number below 0 counts as 0.
 *
 * ```ts
 * .inputs({ n_7d: log1p(), spend_90d: log1p({ scale: 'standard' }) })
 * ```
 * ```sql
 * CASE WHEN n_7d < 0 THEN 0 ELSE ln(1 + n_7d) END
 * ```
 */
export const log1p = (options: ScaledOptions = {}): NumericSpec =>
  numericSpec('log1p', options, { scaling: options.scale ?? 'none', transform: 'log1p' })

/** Options of Box-Cox and Yeo-Johnson. */
export interface PowerOptions extends ScaledOptions {
  /** The power, from −5 to 5; the likeliest for the training rows by default. */
  readonly lambda?: number
}

/**
 * (x^λ − 1) / λ of a positive number, ln x for λ = 0, which makes a skewed number more nearly normal; then standardised
 * unless `scale` says otherwise.
 *
 * Values below the smallest of the training rows count as that. Errors: `define/option`; `train/not-positive` when the
 * training rows have a value that is not above 0 and `clip` does not cut it off.
 *
 * ```ts
 * .inputs({ price: boxCox() })
 * ```
 * ```sql
 * CASE WHEN price < 0.5 THEN -1.9 ELSE ((exp(ln(price) * 0.21) - 1) / 0.21 - 4.2) / 1.3 END
 * ```
 */
export const boxCox = (options: PowerOptions = {}): NumericSpec => powerSpec('boxCox', options)

/**
 * The power transform of Yeo and Johnson, which takes numbers on both sides of 0; then standardised unless `scale` says
 * otherwise. Errors: `define/option`.
 *
 * ```ts
 * .inputs({ profit: yeoJohnson({ lambda: 0.5, scale: 'none' }) })
 * ```
 * ```sql
 * CASE WHEN profit < 0 THEN - (exp(ln(1 + - profit) * 1.5) - 1) / 1.5 ELSE (exp(ln(1 + profit) * 0.5) - 1) / 0.5 END
 * ```
 */
export const yeoJohnson = (options: PowerOptions = {}): NumericSpec => powerSpec('yeoJohnson', options)

function powerSpec(name: 'boxCox' | 'yeoJohnson', options: PowerOptions): NumericSpec {
  const { lambda, scale = 'standard' } = options
  if (lambda !== undefined && !(Math.abs(lambda) <= 5)) {
    fail('define/option', {
      what: `${name}()`,
      option: 'lambda',
      detail: 'is not a number from -5 to 5',
      hint: `Write ${name}() to find the likeliest.`,
    })
  }
  return numericSpec(name, options, {
    scaling: scale,
    transform: name,
    ...(lambda === undefined ? {} : { lambda }),
  })
}

/** A {@link NumericSpec} that reads a date or an instant. */
export type DatedSpec = NumericSpec & { readonly since: string }

/**
 * A date or an instant as a number of days since a day, for any encoder of numbers; standardised where none is given.
 * Instants are read in UTC, with the part of the day behind the point. Errors: `define/option`.
 *
 * ```ts
 * .inputs({ signed_up: days('2020-01-01'), born: days('1970-01-01', bins({ count: 5 })) })
 * ```
 * ```sql
 * extract(epoch FROM signed_up)::float8 / 86400 - 18262
 * ```
 */
export function days(since: string, encoder: NumericSpec = standardize()): DatedSpec {
  if (!/^\d{4}-\d\d-\d\d$/.test(since) || Number.isNaN(Date.parse(`${since}T00:00Z`))) {
    fail('define/option', {
      what: 'days()',
      option: 'since',
      detail: 'is not a day',
      hint: "Write days('2020-01-01').",
    })
  }
  return { ...encoder, since }
}

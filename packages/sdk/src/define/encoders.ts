import { type EncoderSpec, fail, type NumericSpec, type OneHotSpec } from '@viewcast/compiler'

type Numeric = NumericSpec
type OneHot = OneHotSpec
type AsBoolean = Extract<EncoderSpec, { kind: 'boolean' }>

export interface NumericOptions {
  /** What replaces NULL: the mean or the median of the training rows, or a number, on the scale of the feature. */
  readonly impute?: 'mean' | 'median' | number
  /** Whether to add a column that is 1 where the value was missing; false by default. */
  readonly indicator?: boolean
}

function encoder(name: string, options: NumericOptions, rest: Pick<Numeric, 'scaling' | 'transform'>): Numeric {
  const impute = options.impute ?? 'mean'
  if (typeof impute === 'number' && !Number.isFinite(impute)) {
    fail('define/option', {
      what: `${name}()`,
      option: 'impute',
      detail: 'is not finite',
      hint: "Write 'mean', 'median' or a number.",
    })
  }
  return { kind: 'numeric', ...rest, impute, indicator: options.indicator ?? false }
}

/**
 * A number as it is; missing values become the mean.
 *
 * ```ts
 * .inputs({ latitude: numeric({ impute: 0, indicator: true }) })
 * ```
 */
export const numeric = (options: NumericOptions = {}): Numeric =>
  encoder('numeric', options, { scaling: 'none', transform: 'identity' })

/**
 * A number less its mean, divided by its standard deviation, both of the training rows: coefficients become comparable
 * and a penalty even-handed.
 *
 * ```ts
 * .inputs({ delay_7d: standardize({ impute: 'median' }) })
 * ```
 */
export const standardize = (options: NumericOptions = {}): Numeric =>
  encoder('standardize', options, { scaling: 'standard', transform: 'identity' })

/**
 * ln(1 + x) of a number above −1, for counts and amounts with a long tail; `standardize` it too when asked.
 *
 * ```ts
 * .inputs({ n_7d: log1p() })
 * ```
 */
export const log1p = (options: NumericOptions & { readonly standardize?: boolean } = {}): Numeric =>
  encoder('log1p', options, { scaling: options.standardize ? 'standard' : 'none', transform: 'log1p' })

export interface OneHotOptions {
  /** Levels with a column each, most frequent first; the rest share the base level. 20 by default. */
  readonly maxCategories?: number
  /** Levels seen in fewer training rows share the base level. 1 by default. */
  readonly minCount?: number
}

/**
 * A column of 0 and 1 for each level of a category, learned from the training rows. Every other value, NULL and values
 * never seen included, is the base level. Errors: `define/option`.
 *
 * ```ts
 * .inputs({ state: oneHot({ maxCategories: 20 }) })
 * ```
 */
export function oneHot(options: OneHotOptions = {}): OneHot {
  const { maxCategories = 20, minCount = 1 } = options
  for (const [option, value] of Object.entries({ maxCategories, minCount })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      fail('define/option', {
        what: 'oneHot()',
        option,
        detail: 'is not a whole number from 1',
        hint: 'Write oneHot({ maxCategories: 20 }).',
      })
    }
  }
  return { kind: 'onehot', maxCategories, minCount }
}

/** A truth value as 0 and 1. */
export const asBoolean = (): AsBoolean => ({ kind: 'boolean' })

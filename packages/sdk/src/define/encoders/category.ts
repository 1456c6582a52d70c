/** Builders of encoders that read a category: text, an enum, a truth value or a whole number. */
import {
  type BooleanSpec,
  type FrequencySpec,
  fail,
  type HashedSpec,
  type OneHotSpec,
  type OrdinalSpec,
  type TargetSpec,
} from '@viewcast/compiler'
import { finite, whole } from './checked.ts'

export interface OneHotOptions {
  /** Levels with a column each and the base, most frequent first; the rest are rare. 20 by default. */
  readonly maxCategories?: number
  /** Levels seen in fewer training rows are rare. 1 by default. */
  readonly minCount?: number
  /**
   * `mostFrequent` leaves the most frequent level without a column, which the others are compared with; `none` gives
   * each level one, for models with a penalty. `mostFrequent` by default.
   */
  readonly base?: 'mostFrequent' | 'none'
  /** Rare levels: all zeros like the base, or `level`, a column they share. `base` by default. */
  readonly rare?: 'base' | 'level'
  /** A value that training never saw: all zeros, or as the rare levels. `base` by default. */
  readonly unseen?: 'base' | 'rare'
  /** NULL: all zeros; `level`, a column of its own; `null`, a NULL score. `base` by default. */
  readonly missing?: 'base' | 'level' | 'null'
}

/**
 * A column of 0 and 1 for each level of a category, learned from the training rows: `state=CA`, `state*` for rare
 * levels, `state?` for NULL. Whole numbers and truth values have levels too. Errors: `define/option`.
 *
 * ```ts
 * .inputs({ state: oneHot({ maxCategories: 20, rare: 'level' }) })
 * ```
 * ```sql
 * CASE WHEN state = 'CA' THEN 0.3 WHEN state = 'TX' THEN -0.1 ELSE 0 END   -- with its coefficients
 * ```
 */
export function oneHot(options: OneHotOptions = {}): OneHotSpec {
  const { maxCategories = 20, minCount = 1, base, rare, unseen, missing } = options
  whole('oneHot', 'maxCategories', maxCategories, 1)
  whole('oneHot', 'minCount', minCount, 1)
  return {
    kind: 'onehot',
    maxCategories,
    minCount,
    ...(base === 'none' ? { base } : {}),
    ...(rare === 'level' ? { rare } : {}),
    ...(unseen === 'rare' ? { unseen } : {}),
    ...(missing === 'level' || missing === 'null' ? { missing } : {}),
  }
}

export interface OrdinalOptions {
  /** The levels from the lowest on; by default those of the training rows, numbers by value and text by code point. */
  readonly order?: readonly string[]
  /** The number of a value that is not among them; −1 by default. */
  readonly unseen?: number
  /** NULL: the number of the most frequent level, a number, or `null`, a NULL score. `mostFrequent` by default. */
  readonly missing?: 'mostFrequent' | 'null' | number
}

/**
 * The place of a level in an order: 0, 1, 2, … Errors: `define/option`.
 *
 * ```ts
 * .inputs({ size: ordinal({ order: ['S', 'M', 'L', 'XL'] }) })
 * ```
 * ```sql
 * CASE WHEN size = 'S' THEN 0 WHEN size = 'M' THEN 1 … ELSE -1 END
 * ```
 */
export function ordinal(options: OrdinalOptions = {}): OrdinalSpec {
  const { order, unseen = -1, missing = 'mostFrequent' } = options
  finite('ordinal', 'unseen', unseen, 'Write ordinal({ unseen: -1 }).')
  if (typeof missing === 'number') finite('ordinal', 'missing', missing, "Write 'mostFrequent', 'null' or a number.")
  if (order !== undefined && new Set(order).size !== order.length) {
    fail('define/option', {
      what: 'ordinal()',
      option: 'order',
      detail: 'names a level twice',
      hint: 'Write each level once, the lowest first.',
    })
  }
  return {
    kind: 'ordinal',
    ...(order === undefined ? {} : { order: [...order] }),
    unseen,
    missing: missing === 'null' ? null : missing,
  }
}

export interface TargetOptions {
  /** Rows of the prior that are added to each level, m in (Σ y + m · prior) / (n + m); 10 by default. */
  readonly smoothing?: number
  /** What levels are drawn to, and what a value never seen has; the mean label of the training rows by default. */
  readonly prior?: number
  /** Each training row is encoded by the labels of the rows of the other folds; 5 by default. */
  readonly folds?: number
  /** Levels seen in fewer training rows have the prior. 1 by default. */
  readonly minCount?: number
  /** NULL: as a level of its own, the prior, or `null`, a NULL score. `level` by default. */
  readonly missing?: 'level' | 'prior' | 'null'
}

/**
 * The mean label of a level's training rows, drawn towards the prior: one column however many levels there are.
 *
 * While training, a row is encoded by the labels of the other folds, so that the model cannot read its label from its
 * input; predictions use all training rows. Errors: `define/option`.
 *
 * ```ts
 * .inputs({ tail_number: target({ smoothing: 20 }) })
 * ```
 * ```sql
 * CASE WHEN tail_number = 'N101' THEN 0.31 WHEN … ELSE 0.22 END   -- many levels are joined as a list of VALUES
 * ```
 */
export function target(options: TargetOptions = {}): TargetSpec {
  const { smoothing = 10, prior, folds = 5, minCount = 1, missing = 'level' } = options
  if (!(smoothing >= 0 && smoothing < Number.POSITIVE_INFINITY)) {
    fail('define/option', {
      what: 'target()',
      option: 'smoothing',
      detail: 'is not a number from 0',
      hint: 'Write target({ smoothing: 10 }).',
    })
  }
  if (prior !== undefined) finite('target', 'prior', prior, 'Leave it out for the mean label.')
  whole('target', 'folds', folds, 2, 100)
  whole('target', 'minCount', minCount, 1)
  return { kind: 'target', smoothing, ...(prior === undefined ? {} : { prior }), folds, minCount, missing }
}

export interface FrequencyOptions {
  /** NULL: the share of rows that are NULL, 0, or `null`, a NULL score. `level` by default. */
  readonly missing?: 'level' | 'zero' | 'null'
}

/**
 * The share of the training rows that have the level; 0 for a value never seen.
 *
 * ```ts
 * .inputs({ country: frequency() })
 * ```
 * ```sql
 * CASE WHEN country = 'FR' THEN 0.31 WHEN … ELSE 0 END
 * ```
 */
export const frequency = ({ missing = 'level' }: FrequencyOptions = {}): FrequencySpec => ({
  kind: 'frequency',
  missing,
})

export interface HashedOptions {
  /** How many columns, up to 4096; 64 by default. */
  readonly columns?: number
  /** Whether half of the texts count −1, so that those that share a column cancel on average; false by default. */
  readonly signed?: boolean
  /** NULL: all zeros; `level`, a column of its own; `null`, a NULL score. `zero` by default. */
  readonly missing?: 'zero' | 'level' | 'null'
}

/**
 * A column of 0 and 1 that a hash of the text names: nothing is learned, a value never seen has a column as well, and
 * several texts may share one. The hash is the first 32 bits of the MD5 of the UTF-8 bytes, modulo the number of columns
 * (twice that where signed; the upper half counts −1). Errors: `define/option`.
 *
 * ```ts
 * .inputs({ user_agent: hashed({ columns: 128 }) })
 * ```
 * ```sql
 * mod(('x' || left(md5(convert_to(user_agent, 'UTF8')), 8))::bit(32)::int8, 128)
 * ```
 */
export function hashed(options: HashedOptions = {}): HashedSpec {
  const { columns = 64, signed = false, missing = 'zero' } = options
  whole('hashed', 'columns', columns, 1, 4096)
  return { kind: 'hashed', columns, signed, ...(missing === 'zero' ? {} : { missing }) }
}

/** A truth value as 0 and 1; NULL is 0, or a column of its own, or a NULL score. */
export const asBoolean = (options: { readonly missing?: 'zero' | 'level' | 'null' } = {}): BooleanSpec => ({
  kind: 'boolean',
  ...(options.missing === undefined || options.missing === 'zero' ? {} : { missing: options.missing }),
})

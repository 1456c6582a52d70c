/** How an input is to be encoded; what an encoder learns from data is in `learned-encoder.ts`. */

/** A number: origin, clip, transform, scaling and basis are applied in this order, a missing value imputed before. */
export interface NumericSpec {
  readonly kind: 'numeric'
  /** The day a date or an instant counts from, `YYYY-MM-DD`; 1970-01-01 where absent. */
  readonly since?: string
  /** What replaces a missing value, on the scale of the feature. */
  readonly impute: 'mean' | 'median' | 'mostFrequent' | number
  /** `level`: all columns 0 and an indicator of 1; `null`: a NULL score. Imputed where absent. */
  readonly missing?: 'level' | 'null'
  /** Add a column that is 1 where the value was missing. */
  readonly indicator: boolean
  readonly clip?: Clip
  readonly transform: 'identity' | 'log1p' | 'boxCox' | 'yeoJohnson'
  /** λ of Box-Cox and Yeo-Johnson; by maximum likelihood where absent. */
  readonly lambda?: number
  readonly scaling: Scaling
  readonly basis?: BasisSpec
}

/** Smallest and largest value: given, or the quantiles of the training rows. */
export type Clip =
  | { readonly by: 'value'; readonly from: number; readonly to: number }
  | { readonly by: 'quantile'; readonly from: number; readonly to: number }

/** Mean and standard deviation; minimum and range; 0 and largest magnitude; median and interquartile range. */
export type Scaling = 'none' | 'standard' | 'minMax' | 'maxAbs' | 'robust'

/** Breaks of a basis: how many, by quantile or evenly spaced, or where, on the scale of the feature. */
export type Breaks =
  | { readonly by: 'quantile' | 'width'; readonly count: number }
  | { readonly by: 'value'; readonly at: readonly number[] }

export type BasisSpec =
  | { readonly kind: 'polynomial'; readonly degree: number }
  | { readonly kind: 'bins'; readonly edges: Breaks; readonly closed: 'left' | 'right' }
  | {
      readonly kind: 'bspline'
      readonly degree: number
      /** Without the ends. */
      readonly knots: Breaks
      /** The ends; the smallest and the largest value of the training rows where absent. */
      readonly ends?: readonly [number, number]
      readonly beyond: 'constant' | 'linear'
    }
  | {
      readonly kind: 'natural'
      /** With the ends, which are the 5 % and 95 % quantiles where knots are counted. */
      readonly knots: Breaks
    }

/** A column of 0 and 1 for each level of a category. */
export interface OneHotSpec {
  readonly kind: 'onehot'
  /** Levels kept, most frequent first; the rest are rare. */
  readonly maxCategories: number
  /** Levels seen in fewer rows than this are rare. */
  readonly minCount: number
  /** `none` gives each level a column; the most frequent has none where absent. */
  readonly base?: 'none'
  /** `level` gives the rare levels one column; they share the base where absent. */
  readonly rare?: 'level'
  /** A value never seen: as the rare levels, where those have a column; all zeros where absent. */
  readonly unseen?: 'rare'
  /** NULL: a column of its own, or a NULL score; all zeros where absent. */
  readonly missing?: 'level' | 'null'
}

/** A number for each level of a category. */
export type LevelsSpec = OrdinalSpec | TargetSpec | FrequencySpec

export interface OrdinalSpec {
  readonly kind: 'ordinal'
  /** The levels from 0 on; those of the training rows, numbers by value and text by code point, where absent. */
  readonly order?: readonly string[]
  /** The number of a value never seen or not in the order. */
  readonly unseen: number
  /** The number of NULL; `mostFrequent` that of the most frequent level; null makes the score NULL. */
  readonly missing: 'mostFrequent' | number | null
}

export interface TargetSpec {
  readonly kind: 'target'
  /** Weight of the prior, in rows: (Σ y + m · prior) / (n + m). */
  readonly smoothing: number
  /** Mean label of the training rows where absent. */
  readonly prior?: number
  /** Each training row is encoded by the rows of the other folds. */
  readonly folds: number
  /** Levels seen in fewer rows are encoded as values never seen: by the prior. */
  readonly minCount: number
  /** NULL: as a level of its own, by the prior, or a NULL score. */
  readonly missing: 'level' | 'prior' | 'null'
}

export interface FrequencySpec {
  readonly kind: 'frequency'
  readonly missing: 'level' | 'zero' | 'null'
}

export interface HashedSpec {
  readonly kind: 'hashed'
  readonly columns: number
  readonly signed: boolean
  readonly missing?: 'level' | 'null'
}

export interface BooleanSpec {
  readonly kind: 'boolean'
  readonly missing?: 'level' | 'null'
}

export type EncoderSpec = NumericSpec | OneHotSpec | LevelsSpec | HashedSpec | BooleanSpec

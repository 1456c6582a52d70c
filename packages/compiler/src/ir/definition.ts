/**
 * What a user declares, as plain data. The typed builder chain of the SDK makes these; the compiler reads them.
 * Words: see the glossary (docs/glossary.md).
 */
import type { Aggregate, Filter } from './aggregate.ts'
import type { CalibrationMethod } from './calibration.ts'
import type { EncoderSpec } from './encoder-spec.ts'
import type { Family, Link } from './family.ts'
import type { OutputChoice } from './output.ts'
import type { PenaltyPath } from './penalty-path.ts'
import type { TieBreak } from './relation.ts'
import type { ScorecardSpec } from './scorecard.ts'
import type { SqlType } from './type.ts'

/** What a catalog says of a thing beside what it is. */
export interface Documented {
  readonly description?: string
  /** People or teams. */
  readonly owners?: readonly string[]
  readonly tags?: readonly string[]
  /** How often it changes, in words: `daily`, `every full hour`. */
  readonly updateFrequency?: string
  readonly sla?: Sla
}

/** How old the newest row may be, as fixed lengths such as `6 hours`. */
export interface Sla {
  readonly warnAfter?: string
  readonly errorAfter?: string
}

export interface KeyColumn {
  readonly name: string
  readonly type: SqlType
}

/** The thing predicted about, named by its key columns. */
export interface EntityDef extends Documented {
  readonly kind: 'entity'
  readonly name: string
  readonly keys: readonly KeyColumn[]
  /** The relation with one row per entity: what `predict` without keys ranges over. */
  readonly from?: RelationName
}

export interface RelationName {
  readonly schema?: string
  readonly name: string
}

/** Where a view's text comes from, for messages. */
export type Origin =
  | { readonly kind: 'kysely' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'relation'; readonly relation: RelationName }
  | { readonly kind: 'generated' }

/** A view's body: SQL text, a `.sql` file still to be read, or a relation that exists in the database. */
export type ViewQuery =
  | { readonly kind: 'sql'; readonly text: string; readonly origin: Origin }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'relation'; readonly relation: RelationName }

/** What is known of a feature beside its SQL. */
export interface FeatureMeta {
  readonly kind?: 'numeric' | 'category' | 'boolean'
  /** Replaces NULL, also the NULL of a row the view does not have; identical in training and prediction. */
  readonly fill?: number | string | boolean
  readonly description?: string
  readonly unit?: string
  readonly tags?: readonly string[]
}

/** Declared windows over an event source; the compiler writes the SQL. */
export interface AggregatesSpec {
  /** Relation name or query of events. */
  readonly source: ViewQuery
  /** Entity key → source column. */
  readonly keys: Readonly<Record<string, string>>
  /** Event time column of the source (timestamptz). */
  readonly time: string
  /** Column that says when a row became known (timestamptz); rows count only when known before `as_of`. */
  readonly knownAt?: string
  /** Window name → length, such as `{ '7d': '7 days' }`, or `all`; a day is 24 hours. */
  readonly windows: Readonly<Record<string, string>>
  readonly aggregates: Readonly<Record<string, Aggregate>>
  /** Columns that put events of one instant in order, for `first` and `last`: the greater one is the later. */
  readonly sequence?: readonly string[]
}

interface ViewCommon extends Documented {
  readonly name: string
  readonly entity: EntityDef
  readonly features: Readonly<Record<string, FeatureMeta>>
}
/** One row per key, whatever the instant. */
export interface StaticView extends ViewCommon {
  readonly kind: 'static'
  readonly query: ViewQuery
}
/** Rows over time; the latest with `time < as_of` counts. */
export interface HistoryView extends ViewCommon {
  readonly kind: 'history'
  readonly query: ViewQuery
  readonly time: string
  readonly knownAt?: string
  /** Fixed length such as `90 days`; older rows do not count. */
  readonly maxAge?: string
  /** Decides between rows of one key and instant, first to last; what still ties is decided by the other columns. */
  readonly tieBreak?: readonly TieBreak[]
}
/** A query over the relation `spine (keys, as_of)`; returns one row per spine row. */
export interface WindowView extends ViewCommon {
  readonly kind: 'window'
  readonly query: ViewQuery
}
/** Declared windows. */
export interface AggregatesView extends ViewCommon {
  readonly kind: 'aggregates'
  readonly spec: AggregatesSpec
}
/**
 * What a caller brings with each question, and what a query makes of it: of one question at a time, so that a value does
 * not depend on who else is asked about.
 */
export interface RequestView extends ViewCommon {
  readonly kind: 'request'
  /** What the question brings; columns of the sample in training. */
  readonly columns: readonly KeyColumn[]
  /** Over `spine (keys, as_of, columns)`; generated where the columns themselves are the features. */
  readonly query: ViewQuery
}
export type FeatureView = StaticView | HistoryView | WindowView | AggregatesView | RequestView

/** A feature view as a dataset uses it. */
export interface FeatureUse {
  readonly view: FeatureView
  /** Features taken; all when absent. */
  readonly pick?: readonly string[]
  /** Put before each feature name. */
  readonly prefix?: string
  /** Entity key → sample column; identity when absent. */
  readonly on?: Readonly<Record<string, string>>
}

/** How rows are divided into training, validation and test. */
export type Split = { readonly kind: 'none' } | TimeSplit | HashSplit

/**
 * Rows with `as_of >= test` test, rows from `validation` on before them validation, the others training; rows in the gap
 * before either instant are in no part. Instants are ISO texts.
 */
export interface TimeSplit {
  readonly kind: 'time'
  readonly test: string
  readonly validation?: string
  readonly gap?: string
  /** Also leave out rows whose outcome reaches into the next part; default true. */
  readonly purge?: boolean
}

/**
 * What rows are divided into folds by: a keyed hash of the entity key or of other columns of the sample, or `as_of`. The
 * folds themselves are made of it by whoever reads the rows.
 */
export type FoldKey =
  | { readonly kind: 'hash'; readonly by?: readonly string[]; readonly seed?: string }
  | { readonly kind: 'time' }

/** A keyed hash of the entity key puts a share of the entities (0 to 1) into each part. */
export interface HashSplit {
  readonly kind: 'hash'
  readonly test: number
  readonly validation?: number
  /** Sample columns hashed instead of the entity key; rows alike in them are in one part. */
  readonly by?: readonly string[]
  readonly seed?: string
}

/** A view that gives the spine for training. */
export interface SampleDef extends Documented {
  readonly kind: 'sample'
  readonly name: string
  readonly entity: EntityDef
  readonly query: ViewQuery
  readonly split: Split
  /** Column with case weights. */
  readonly weight?: string
}

export type OutcomeFunction = 'exists' | 'notExists' | 'count' | 'sum' | 'avg' | 'min' | 'max' | 'first' | 'last'

/** What happened in `[as_of, as_of + horizon)`; it becomes a label. */
export interface Outcome {
  readonly function: OutcomeFunction
  /** Column of the events; absent for `exists`, `notExists` and `count` of rows. */
  readonly column?: string
  /** Conditions on columns of the events, all of which must hold; other events do not count. */
  readonly filters?: readonly Filter[]
  /** Replaces NULL where no event, or none with a value, is in the window. */
  readonly fill?: number
}

/** Labels declared over events; the compiler writes the SQL. The events are the target's query. */
export interface OutcomesSpec {
  /** Entity key → column of the events. */
  readonly keys: Readonly<Record<string, string>>
  /** Event time column (timestamptz). */
  readonly time: string
  /** Label → outcome. */
  readonly labels: Readonly<Record<string, Outcome>>
}

/** Until when outcomes are known: an ISO instant, the latest value of a column, or a query of one instant. */
export type KnownUntil =
  | { readonly kind: 'instant'; readonly at: string }
  /** Without a relation, of the target's events. */
  | { readonly kind: 'column'; readonly relation?: RelationName; readonly column: string }
  /** SQL text. */
  | { readonly kind: 'query'; readonly text: string }

/**
 * What becomes of rows whose outcome is not complete: `drop` takes their label and their part away, `flag` only tells
 * them by `_censored`, `keep` takes what is known for the outcome.
 */
export type Censored = 'drop' | 'flag' | 'keep'

/** The view that gives the label. */
export interface TargetDef extends Documented {
  readonly kind: 'target'
  readonly name: string
  readonly entity: EntityDef
  /** Gives the label; the events, where `outcomes` are declared. */
  readonly query: ViewQuery
  readonly outcomes?: OutcomesSpec
  /** Fixed length such as `30 days`, when the outcome needs time to happen. */
  readonly horizon?: string
  /** Source columns, as `relation.column` or `schema.relation.column`, that no feature may be made of. */
  readonly only?: readonly string[]
  /** Default `drop`. */
  readonly censored?: Censored
  /** Default: the time of the latest event, where it is known which column that is. */
  readonly knownUntil?: KnownUntil
}

/** Sample + feature views + target. */
export interface DatasetDef extends Documented {
  readonly kind: 'dataset'
  readonly name: string
  readonly sample: SampleDef
  readonly target?: TargetDef
  readonly features: readonly FeatureUse[]
  /** Source, as `name` or `schema.name` → when its rows became known; judged by its columns where absent. */
  readonly sources?: Readonly<Record<string, SourceTime>>
  /** `read` takes the stored rows of materialised views, which are then needed where the query runs. Default `inline`. */
  readonly materialised?: 'inline' | 'read'
}

/**
 * When the rows of a source became known: the column (an instant) that says so, or `always` for rows of all times; and what
 * a catalog says of it.
 */
export type SourceTime = SourceNote | 'always'

export interface SourceNote extends Documented {
  /** Judged by its columns where absent. */
  readonly knownAt?: string
}

/** λ₁ ‖β‖₁ + λ₂/2 ‖β‖² on the coefficients of the encoded columns, not on the intercept. */
export interface Penalty {
  readonly l1: number
  readonly l2: number
}

/**
 * What a training row counts for by its label, times its case weight: `balanced` makes every class count the same in
 * sum; otherwise label (`true`, `false`, or the text of a class) → factor, 1 where none is given.
 */
export interface ClassWeights {
  readonly weights: 'balanced' | Readonly<Record<string, number>>
  /** Take the weights out of the intercepts again, so that probabilities are those of the sample as it is. */
  readonly priorCorrection: boolean
}

/** How the threshold is chosen: the least cost, or the best of a measure. */
export type ThresholdRule =
  | 'accuracy'
  | 'f1'
  | 'youden'
  | { readonly cost: { readonly falsePositive: number; readonly falseNegative: number } }

export type Solver = 'exact' | 'irls' | 'ml-logistic-regression' | 'cholesky' | 'coordinate-descent' | 'newton'

export interface ModelDef extends Documented {
  readonly kind: 'model'
  readonly name: string
  readonly dataset: DatasetDef
  readonly family: Family
  readonly link: Link
  readonly label: string
  /**
   * A numeric column added to the linear predictor as it is, such as the logarithm of an exposure; a row without it has no
   * score. It is the last of the inputs, with the fixed coefficient 1.
   */
  readonly offset?: string
  /** Input feature → encoder, in the order of the design matrix. */
  readonly inputs: Readonly<Record<string, EncoderSpec | 'auto'>>
  /** Inputs whose encoded columns are multiplied with each other. */
  readonly interactions?: readonly (readonly string[])[]
  readonly penalty: Penalty
  /** Output columns; those usual for the family when absent. */
  readonly outputs?: readonly OutputChoice[]
  /** Chooses the penalty; `penalty` is then 0. */
  readonly path?: PenaltyPath
  readonly solver: Solver
  /** Learns a curve from scores to probabilities, on rows the model is not fitted on; binomial and svm. */
  readonly calibrate?: CalibrationMethod
  /** Writes the log-odds as points; binomial with the link logit. */
  readonly scorecard?: ScorecardSpec
  /** Probability from which the label is positive; binomial only. */
  readonly threshold: number
  /** Chooses the threshold when the model is trained, on rows it was not fitted on. */
  readonly thresholdRule?: ThresholdRule
  readonly classWeights?: ClassWeights
}

export type Definition = EntityDef | FeatureView | SampleDef | TargetDef | DatasetDef | ModelDef

/** Columns of a view that are no features: what it is asked by, and what orders its rows. */
export const structuralColumns = (view: FeatureView): ReadonlySet<string> =>
  new Set([
    ...view.entity.keys.map((k) => k.name),
    'as_of',
    ...(view.kind === 'history'
      ? [
          view.time,
          ...(view.knownAt === undefined ? [] : [view.knownAt]),
          ...(view.tieBreak ?? []).map((t) => t.column),
        ]
      : []),
  ])

export const isFeatureView = (d: Definition): d is FeatureView =>
  d.kind === 'static' || d.kind === 'history' || d.kind === 'window' || d.kind === 'aggregates' || d.kind === 'request'

/** Whether the columns of a request view are its features as they are. */
export const isPlain = (view: RequestView): boolean =>
  view.query.kind === 'sql' && view.query.origin.kind === 'generated'

/** What a replay finds, as plain data. */
import type { Diagnostic } from '@viewcast/compiler'

/**
 * Why a value that was logged differs from the one the training query gives for the same question now:
 *
 * - `rounding`: by less than 1e-12 of itself, as when rows are added up in another order;
 * - `skew`: what answered did not compute what the training query does: the logged inputs do not give the logged
 *   prediction, a column that the question brought was logged as another value, or the value is that of another instant;
 * - `changed definition`: the view is defined otherwise than when the prediction was made;
 * - `late data`: without the rows that became known after the prediction the value is the one logged;
 * - `changed source`: rows were changed or taken away, since all that came later are known by their time and explain nothing,
 *   or the view has no history at all;
 * - `unknown arrival`: rows came late or were changed; nothing is declared to say when rows of the source became known.
 */
export type ReplayCause =
  | 'rounding'
  | 'skew'
  | 'changed definition'
  | 'late data'
  | 'changed source'
  | 'unknown arrival'

export const replayCauses: readonly ReplayCause[] = [
  'skew',
  'changed definition',
  'late data',
  'changed source',
  'unknown arrival',
  'rounding',
]

export interface ReplayedColumn {
  /** Input of the model; null for the prediction itself, where the inputs do not tell. */
  readonly column: string | null
  /** The feature view it is from; null for what the question brought, and for the prediction. */
  readonly view: string | null
  /** Rows whose logged value could be compared. */
  readonly compared: number
  readonly different: number
  readonly causes: Readonly<Partial<Record<ReplayCause, number>>>
  /** What the differences moved on the scale of the score; null where no score is a sum of inputs. */
  readonly moved: {
    /** Of the rows that differ. */
    readonly mean: number
    readonly largest: number
    /** Of all that differences of all columns moved, 0 to 1. */
    readonly share: number
  } | null
}

export interface Replay {
  readonly model: string
  readonly version: number
  /** Logged predictions of the version that were asked for. */
  readonly logged: number
  /** Those that were replayed. */
  readonly rows: number
  /** Those without a difference but rounding. */
  readonly equal: number
  readonly columns: readonly ReplayedColumn[]
  /** Over all columns: differences by cause. */
  readonly causes: Readonly<Partial<Record<ReplayCause, number>>>
  /** Largest distance between the score of the logged inputs and that of the replayed ones; null where there is none. */
  readonly largestMovement: number | null
  /** Feature views that are defined otherwise than for some of the predictions. */
  readonly changedViews: readonly string[]
  /** Rows with differences that were not asked as of when they were predicted: too many instants, each reading everything. */
  readonly notExamined: number
  /** Statements that make the indexes by which these would be asked one by one, all of them; none where that is not known. */
  readonly createIndexes: readonly string[]
  readonly warnings: readonly Diagnostic[]
}

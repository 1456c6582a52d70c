/** Declared aggregates of events, as plain data: what is computed, over which rows, in which windows. */
import { durationSeconds } from './duration.ts'
import type { CompareOperator } from './expression.ts'

/** Functions of one column; `count` also of rows. */
export type AggregateFunction =
  | 'count'
  | 'countDistinct'
  | 'sum'
  | 'avg'
  | 'min'
  | 'max'
  /** Of the sample: divided by n − 1; NULL below two values. */
  | 'stddev'
  | 'variance'
  /** The value at the earliest event, NULL where that event has none. */
  | 'first'
  /** The value at the latest event, NULL where that event has none. */
  | 'last'

/** A value a filter compares with. Text stands for what JSON lacks: instants, digits of int8 and numeric, `NaN`. */
export type FilterValue = string | number | boolean

/** One condition on a column of the events; NULL in the column meets none but `is null`. */
export type Filter =
  | { readonly column: string; readonly operator: CompareOperator; readonly value: FilterValue }
  | { readonly column: string; readonly operator: 'in' | 'not in'; readonly value: readonly FilterValue[] }
  | { readonly column: string; readonly operator: 'is null' }
  | { readonly column: string; readonly operator: 'is not null' }

interface AggregateMeta {
  /** Replaces NULL. */
  readonly fill?: FilterValue
  readonly description?: string
}

/** A function over the events of a window. */
export interface Measure extends AggregateMeta {
  readonly function: AggregateFunction
  /** Column of the source; absent for `count` of rows. */
  readonly column?: string
  /** Only events that meet all of these count. */
  readonly filters?: readonly Filter[]
}

/** One measure divided by another; NULL where the divisor is 0 or either is NULL. */
export interface Ratio extends AggregateMeta {
  readonly function: 'ratio'
  readonly of: Measure
  readonly to: Measure
}

/** One declared aggregate; it becomes a column per window, named `<name>_<window>`. */
export type Aggregate = Measure | Ratio

/** The measures an aggregate is made of. */
export const measuresOf = (a: Aggregate): readonly Measure[] => (a.function === 'ratio' ? [a.of, a.to] : [a])

/** Never NULL, also where no event is in the window. */
export const isCount = (a: Aggregate): boolean => a.function === 'count' || a.function === 'countDistinct'

/** The window without a beginning. */
const allTime = 'all'

/** Seconds of a window, `Infinity` for `all`; undefined when it is not a fixed length. */
export const windowSeconds = (text: string): number | undefined =>
  text.trim() === allTime ? Number.POSITIVE_INFINITY : durationSeconds(text)

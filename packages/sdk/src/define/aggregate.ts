import type { Aggregate, AggregateFunction, Measure, Ratio } from '@viewcast/compiler'
import { withSteps } from './callable.ts'
import { type FilterSteps, filterOf, type GivenValue } from './filter.ts'
import type { KindOf } from './sql-types.ts'

declare const result: unique symbol

/** An aggregate whose result the type checker knows: never null for counts, or with a `fill`. */
export type TypedAggregate<T> = Aggregate & { readonly [result]?: T }

/** An aggregate that can still be given filters. */
export type FilteredAggregate<Row, T> = Measure & { readonly [result]?: T } & FilterSteps<
    Row,
    FilteredAggregate<Row, T>
  >

interface Described {
  readonly description?: string
}
export interface AggregateOptions extends Described {
  /** Value when no event is in the window, or none has a value. */
  readonly fill?: number
}

type Filled<Options> = Options extends { readonly fill: number } ? number : number | null

/** Columns a sum can be taken of. */
type NumericColumn<Row> = {
  [C in keyof Row & string]: KindOf<Row[C]> extends 'numeric' | 'unknown' ? C : never
}[keyof Row & string]

/** Columns of single values. */
type ScalarColumn<Row> = {
  [C in keyof Row & string]: KindOf<Row[C]> extends 'other' ? (NonNullable<Row[C]> extends Date ? C : never) : C
}[keyof Row & string]

type OverColumn<Row> = <
  const Column extends NumericColumn<Row>,
  const Options extends AggregateOptions = AggregateOptions,
>(
  column: Column,
  options?: Options,
) => FilteredAggregate<Row, Filled<Options>>

/** What a column of this type is as a feature: numbers of any SQL type are numbers. */
type FeatureOf<T> = KindOf<T> extends 'numeric' ? number : NonNullable<T>

type OfEvent<Row> = <
  const Column extends ScalarColumn<Row>,
  const Options extends Described & {
    readonly fill?: FeatureOf<Row[Column]> & (string | number | boolean)
  } = Described,
>(
  column: Column,
  options?: Options,
) => FilteredAggregate<
  Row,
  Options extends { readonly fill: string | number | boolean } ? FeatureOf<Row[Column]> : FeatureOf<Row[Column]> | null
>

/** A measure of a number; `first` and `last` only of a column of numbers. */
type NumericMeasure = Measure & { readonly [result]?: number | null }

/**
 * The aggregates over a window of events. NULL values do not count, as in SQL; every aggregate but `ratio` takes filters.
 *
 * ```ts
 * (a) => ({
 *   n: a.count(),
 *   late: a.count().where('delay', '>', 15),
 *   carriers: a.countDistinct('carrier'),
 *   lateShare: a.ratio(a.count().where('delay', '>', 15), a.count('delay')),
 *   lastCarrier: a.last('carrier'),
 * })
 * ```
 * ```sql
 * count(e.date) AS n_7d,
 * count(e.date) FILTER (WHERE e.delay > 15) AS late_7d,
 * count(DISTINCT e.carrier) AS carriers_7d,
 * (count(e.date) FILTER (WHERE e.delay > 15))::float8 / nullif((count(e.delay))::float8, 0) AS "lateShare_7d",
 * (array_agg(e.carrier ORDER BY e.date DESC NULLS LAST, e.carrier DESC NULLS LAST))[1] AS "lastCarrier_7d"
 * ```
 */
export interface AggregateBuilder<Row> {
  /** Number of events, or of events with a value in `column`; 0 when there is none. */
  count(options?: Described): FilteredAggregate<Row, number>
  count(column: keyof Row & string, options?: Described): FilteredAggregate<Row, number>
  /** Number of different values of a column; 0 when there is none. */
  countDistinct(column: ScalarColumn<Row>, options?: Described): FilteredAggregate<Row, number>
  /** Sum of a column; NULL when there is no value, unless `fill` says otherwise. Integers do not overflow. */
  readonly sum: OverColumn<Row>
  /** Mean of a column. */
  readonly avg: OverColumn<Row>
  /** Smallest value of a column of numbers. */
  readonly min: OverColumn<Row>
  /** Largest value of a column of numbers. */
  readonly max: OverColumn<Row>
  /** Standard deviation of the sample (divided by n − 1); NULL below two values. */
  readonly stddev: OverColumn<Row>
  /** Variance of the sample (divided by n − 1); NULL below two values. */
  readonly variance: OverColumn<Row>
  /**
   * Value of a column at the earliest event of the window, NULL where that event has none; of any type of single values:
   * a text is a category. Two events of one instant: see `sequence`.
   */
  readonly first: OfEvent<Row>
  /**
   * Value of a column at the latest event of the window, NULL where that event has none. For the last value that is
   * known, leave out the others: `a.last('gate').where('gate', 'is not null')`.
   */
  readonly last: OfEvent<Row>
  /**
   * One aggregate divided by another; NULL where the divisor is 0 or either is NULL, unless `fill` says otherwise.
   *
   * ```ts
   * a.ratio(a.count().where('cancelled', '=', true), a.count(), { fill: 0 })
   * ```
   */
  ratio<const Options extends AggregateOptions = AggregateOptions>(
    of: NumericMeasure,
    to: NumericMeasure,
    options?: Options,
  ): TypedAggregate<Filled<Options>>
}

/** A measure with the step that adds a filter. */
function filtered(measure: Measure): Measure {
  const where = (column: string, operator: string, value?: GivenValue | readonly GivenValue[]): Measure =>
    filtered({ ...measure, filters: [...(measure.filters ?? []), filterOf(column, operator, value)] })
  return withSteps(measure, { where })
}

const over =
  (name: AggregateFunction) =>
  (column: string, options: Omit<Measure, 'function' | 'column'> = {}): Measure =>
    filtered({ function: name, column, ...options })

function count(...args: readonly (string | Described | undefined)[]): Measure {
  const column = args.find((a) => typeof a === 'string')
  const options = args.find((a) => typeof a === 'object')
  return filtered({ function: 'count', ...(column === undefined ? {} : { column }), fill: 0, ...options })
}

const ratio = (of: Measure, to: Measure, options: AggregateOptions = {}): Ratio =>
  Object.freeze({ function: 'ratio', of: { ...of }, to: { ...to }, ...options })

// What the results mean is known to the types only.
export const aggregateBuilder = {
  count,
  countDistinct: (column: string, options: Described = {}) => over('countDistinct')(column, { fill: 0, ...options }),
  sum: over('sum'),
  avg: over('avg'),
  min: over('min'),
  max: over('max'),
  stddev: over('stddev'),
  variance: over('variance'),
  first: over('first'),
  last: over('last'),
  ratio,
} as unknown as AggregateBuilder<never>

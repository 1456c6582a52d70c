import type { Aggregate, AggregateFunction } from '@viewcast/compiler'
import type { KindOf } from './sql-types.ts'

declare const result: unique symbol

/** An aggregate whose result the type checker knows: never null for `count`, or with a `fill`. */
export interface TypedAggregate<T> extends Aggregate {
  readonly [result]?: T
}

export interface AggregateOptions {
  /** Value when no event is in the window. */
  readonly fill?: number
  readonly description?: string
}

type Filled<Options> = Options extends { readonly fill: number } ? number : number | null

/** Columns a sum can be taken of. */
type NumericColumn<Row> = {
  [C in keyof Row & string]: KindOf<Row[C]> extends 'numeric' | 'unknown' ? C : never
}[keyof Row & string]

type OverColumn<Row> = <
  const Column extends NumericColumn<Row>,
  const Options extends AggregateOptions = AggregateOptions,
>(
  column: Column,
  options?: Options,
) => TypedAggregate<Filled<Options>>

/** The aggregates over a window of events; NULL values do not count, as in SQL. */
export interface AggregateBuilder<Row> {
  /** Number of events, or of events with a value in `column`; 0 when there is none. */
  count(options?: { readonly description?: string }): TypedAggregate<number>
  count(column: keyof Row & string, options?: { readonly description?: string }): TypedAggregate<number>
  /** Sum of a column; NULL when there is no value, unless `fill` says otherwise. */
  readonly sum: OverColumn<Row>
  /** Mean of a column. */
  readonly avg: OverColumn<Row>
  /** Smallest value of a column. */
  readonly min: OverColumn<Row>
  /** Largest value of a column. */
  readonly max: OverColumn<Row>
}

const over =
  (name: AggregateFunction) =>
  (column: string, options: AggregateOptions = {}): Aggregate => ({ function: name, column, ...options })

function count(...args: readonly (string | { readonly description?: string } | undefined)[]): Aggregate {
  const column = args.find((a) => typeof a === 'string')
  const options = args.find((a) => typeof a === 'object')
  return { function: 'count', ...(column === undefined ? {} : { column }), fill: 0, ...options }
}

export const aggregateBuilder: AggregateBuilder<never> = {
  count,
  sum: over('sum'),
  avg: over('avg'),
  min: over('min'),
  max: over('max'),
}

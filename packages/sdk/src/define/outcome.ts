import { fail, type Outcome, type OutcomeFunction } from '@viewcast/compiler'
import { withSteps } from './callable.ts'
import { type FilterSteps, filterOf, type GivenValue } from './filter.ts'
import type { KindOf } from './sql-types.ts'

declare const result: unique symbol

/** An outcome whose label the type checker knows. */
export interface TypedOutcome<T> extends Outcome {
  readonly [result]?: T
}

/** An outcome that can still be given filters. */
export type FilteredOutcome<Row, T> = TypedOutcome<T> & FilterSteps<Row, FilteredOutcome<Row, T>>

export interface OutcomeOptions {
  /** Label where no event, or none with a value, is in the window; NULL, and then the row is left out, by default. */
  readonly fill?: number
}

type Filled<Options> = Options extends { readonly fill: number } ? number : number | null

type NumericColumn<Row> = {
  [C in keyof Row & string]: KindOf<Row[C]> extends 'numeric' | 'unknown' ? C : never
}[keyof Row & string]

type OverColumn<Row> = <const Column extends NumericColumn<Row>, const Options extends OutcomeOptions = OutcomeOptions>(
  column: Column,
  options?: Options,
) => FilteredOutcome<Row, Filled<Options>>

/**
 * What can happen to an entity in `[as_of, as_of + horizon)`; NULL values do not count, as in SQL. Every outcome takes
 * filters, as the aggregates of features do.
 *
 * ```ts
 * labels: (o) => ({ churned: o.notExists(), large: o.count().where('amount', '>', 100) })
 * ```
 */
export interface OutcomeBuilder<Row> {
  /** Whether there is an event. */
  exists(): FilteredOutcome<Row, boolean>
  /** Whether there is none. */
  notExists(): FilteredOutcome<Row, boolean>
  /** Number of events, or of events with a value in `column`; 0 when there is none. */
  count(column?: keyof Row & string): FilteredOutcome<Row, number>
  readonly sum: OverColumn<Row>
  readonly avg: OverColumn<Row>
  readonly min: OverColumn<Row>
  readonly max: OverColumn<Row>
  /** The value of the earliest event that has one; of equal times, the smallest value. */
  first<const Column extends keyof Row & string>(column: Column): FilteredOutcome<Row, Row[Column] | null>
  /** The value of the latest event that has one; of equal times, the smallest value. */
  last<const Column extends keyof Row & string>(column: Column): FilteredOutcome<Row, Row[Column] | null>
}

function filtered(outcome: Outcome): FilteredOutcome<never, never> {
  const where = (column: string, operator: string, value?: GivenValue | readonly GivenValue[]) =>
    filtered({ ...outcome, filters: [...(outcome.filters ?? []), filterOf(column, operator, value)] })
  return withSteps(outcome, { where }) as FilteredOutcome<never, never>
}

function outcome(name: OutcomeFunction, column?: string, { fill }: OutcomeOptions = {}): FilteredOutcome<never, never> {
  if (fill !== undefined && !Number.isFinite(fill)) {
    fail('define/option', {
      what: `${name}()`,
      option: 'fill',
      detail: 'is not a finite number',
      hint: 'Leave it out, and rows without a value have no label.',
    })
  }
  return filtered({
    function: name,
    ...(column === undefined ? {} : { column }),
    ...(fill === undefined ? {} : { fill }),
  })
}

const over = (name: OutcomeFunction) => (column: string, options?: OutcomeOptions) => outcome(name, column, options)

export const outcomeBuilder: OutcomeBuilder<never> = {
  exists: () => outcome('exists'),
  notExists: () => outcome('notExists'),
  count: (column?: string) => outcome('count', column),
  sum: over('sum'),
  avg: over('avg'),
  min: over('min'),
  max: over('max'),
  first: over('first'),
  last: over('last'),
}

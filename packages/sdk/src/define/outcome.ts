import { compileOnlyKysely, fail, kyselyText, type Outcome, type OutcomeFunction } from '@viewcast/compiler'
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import type { KindOf } from './sql-types.ts'

declare const result: unique symbol

/** An outcome whose label the type checker knows. */
export interface TypedOutcome<T> extends Outcome {
  readonly [result]?: T
}

export interface OutcomeOptions<Row> {
  /**
   * Only events for which this holds count.
   *
   * ```ts
   * o.exists({ filter: (e) => e('amount', '>', 100) })
   * ```
   */
  readonly filter?: (eb: ExpressionBuilder<{ e: Row }, 'e'>) => Expression<SqlBool>
}

export interface ValueOptions<Row> extends OutcomeOptions<Row> {
  /** Label where no event, or none with a value, is in the window; NULL, and then the row is left out, by default. */
  readonly fill?: number
}

type Filled<Options> = Options extends { readonly fill: number } ? number : number | null

type NumericColumn<Row> = {
  [C in keyof Row & string]: KindOf<Row[C]> extends 'numeric' | 'unknown' ? C : never
}[keyof Row & string]

type OverColumn<Row> = <const Column extends NumericColumn<Row>, const Options extends ValueOptions<Row>>(
  column: Column,
  options?: Options,
) => TypedOutcome<Filled<Options>>

/** What can happen to an entity in `[as_of, as_of + horizon)`; NULL values do not count, as in SQL. */
export interface OutcomeBuilder<Row> {
  /** Whether there is an event. */
  exists(options?: OutcomeOptions<Row>): TypedOutcome<boolean>
  /** Whether there is none. */
  notExists(options?: OutcomeOptions<Row>): TypedOutcome<boolean>
  /** Number of events, or of events with a value in `column`; 0 when there is none. */
  count(options?: OutcomeOptions<Row>): TypedOutcome<number>
  count(column: keyof Row & string, options?: OutcomeOptions<Row>): TypedOutcome<number>
  readonly sum: OverColumn<Row>
  readonly avg: OverColumn<Row>
  readonly min: OverColumn<Row>
  readonly max: OverColumn<Row>
  /** The value of the earliest event that has one; of equal times, the smallest value. */
  first<const Column extends keyof Row & string>(
    column: Column,
    options?: OutcomeOptions<Row>,
  ): TypedOutcome<Row[Column] | null>
  /** The value of the latest event that has one; of equal times, the smallest value. */
  last<const Column extends keyof Row & string>(
    column: Column,
    options?: OutcomeOptions<Row>,
  ): TypedOutcome<Row[Column] | null>
}

type Given = ValueOptions<never>

function outcome(name: OutcomeFunction, column: string | undefined, { filter, fill }: Given = {}): Outcome {
  if (fill !== undefined && !Number.isFinite(fill)) {
    fail('define/option', {
      what: `${name}()`,
      option: 'fill',
      detail: 'is not a finite number',
      hint: 'Leave it out, and rows without a value have no label.',
    })
  }
  return {
    function: name,
    ...(column === undefined ? {} : { column }),
    ...(filter === undefined ? {} : { filter: predicate(filter as never, `${name}()`) }),
    ...(fill === undefined ? {} : { fill }),
  }
}

/** Kysely prints statements: the condition is what a WHERE adds to one. */
function predicate(filter: (eb: ExpressionBuilder<{ e: object }, 'e'>) => Expression<SqlBool>, what: string): string {
  const all = compileOnlyKysely<{ e: object }>().selectFrom('e').selectAll()
  const [bare, filtered] = [kyselyText(all, what), kyselyText(all.where(filter), what)]
  return filtered.slice(`${bare} where `.length)
}

const over = (name: OutcomeFunction) => (column: string, options?: Given) => outcome(name, column, options)
const whether = (name: OutcomeFunction) => (options?: Given) => outcome(name, undefined, options)

export const outcomeBuilder: OutcomeBuilder<never> = {
  exists: whether('exists'),
  notExists: whether('notExists'),
  count: (...args: readonly (string | Given | undefined)[]) =>
    outcome(
      'count',
      args.find((a) => typeof a === 'string'),
      args.find((a) => typeof a === 'object'),
    ),
  sum: over('sum'),
  avg: over('avg'),
  min: over('min'),
  max: over('max'),
  first: over('first'),
  last: over('last'),
}

import type { HistoryView, StaticView, TieBreak } from '@viewcast/compiler'
import { type Documentation, documented } from './documentation.ts'
import { checkedDuration, type Duration } from './duration.ts'
import type { Entity } from './entity.ts'
import { checkedName } from './name.ts'
import { type HasColumns, queryOf, type RowOfQuery, type Scope, type SelectQuery } from './query.ts'
import { type OpenView, openView } from './view.ts'

export interface StaticOptions<Keys> extends Documentation {
  readonly entity: Entity<string, Keys>
  readonly time?: never
  readonly knownAt?: never
  readonly maxAge?: never
  readonly tieBreak?: never
}

export interface HistoryOptions<Keys, Time extends string, KnownAt extends string, Tie extends string>
  extends Documentation {
  readonly entity: Entity<string, Keys>
  /** Column of the query with the instant a row is of; the latest row with `time < as_of` counts. */
  readonly time: Time
  /** Column that says when a row became known, when that is later than `time`; rows count only when known by `as_of`. */
  readonly knownAt?: KnownAt
  /** Rows older than this do not count, in training and in prediction. */
  readonly maxAge?: Duration
  /**
   * Columns that decide between rows of one key and instant: the row that comes first counts, NULL comes last. What ties
   * still is decided by the other columns in their order, the same way every time.
   *
   * ```ts
   * { time: 'valid_from', tieBreak: ['entered_at desc', 'plan_id'] }
   * ```
   */
  readonly tieBreak?: readonly Tie[]
}

/** The column of `seq`, `seq asc` or `seq desc`. */
export type TieColumn<Tie extends string> = Tie extends `${infer Column} ${'asc' | 'desc'}` ? Column : Tie

export type DefineFeatureView<DB> = <
  const Name extends string,
  Keys extends object,
  const Time extends string = never,
  const KnownAt extends string = never,
  const Tie extends string = never,
>(
  name: Name,
  options: StaticOptions<Keys> | HistoryOptions<Keys, Time, KnownAt, Tie>,
) => FeatureQuery<DB, Keys, Time | KnownAt | TieColumn<Tie>, [Time] extends [never] ? StaticView : HistoryView>

export interface FeatureQuery<DB, Keys extends object, Times extends string, V extends StaticView | HistoryView> {
  /**
   * The view's SELECT; it returns the keys of the entity, the time columns named before, and the features.
   *
   * ```ts
   * .query(({ db }) => db.selectFrom('airports').select(['iata', 'latitude', 'state']))
   * ```
   * ```sql
   * select iata, latitude, state from airports
   * ```
   */
  query<Q extends SelectQuery>(
    build: (
      scope: Scope<DB>,
    ) => Q & HasColumns<RowOfQuery<Q>, (keyof Keys & string) | Times, 'the query must return the column'>,
  ): OpenView<V, Keys, RowOfQuery<Q>, (keyof Keys & string) | Times, V extends HistoryView ? true : false>
}

export function defineFeatureView(
  name: string,
  options: StaticOptions<object> | HistoryOptions<object, string, string, string>,
): { query(build: (scope: never) => SelectQuery): StaticView | HistoryView } {
  checkedName('feature view', name)
  const described = documented(options)
  return {
    query(build) {
      const query = queryOf(build, `feature view "${name}"`)
      const common = { name, entity: options.entity, query, ...described }
      return options.time === undefined
        ? openView<StaticView>({ kind: 'static', ...common })
        : openView<HistoryView>({ kind: 'history', ...common, ...timeOf(options) })
    },
  }
}

/** What orders a history and how old its rows may be, as data. Errors: `time/window`. */
export function timeOf(options: {
  readonly time: string
  readonly knownAt?: string
  readonly maxAge?: string
  readonly tieBreak?: readonly string[]
}): Pick<HistoryView, 'time' | 'knownAt' | 'maxAge' | 'tieBreak'> {
  return {
    time: options.time,
    ...(options.knownAt === undefined ? {} : { knownAt: options.knownAt }),
    ...(options.maxAge === undefined ? {} : { maxAge: checkedDuration(options.maxAge) }),
    ...(options.tieBreak === undefined || options.tieBreak.length === 0
      ? {}
      : { tieBreak: options.tieBreak.map(tieOf) }),
  }
}

function tieOf(text: string): TieBreak {
  const [, column = text, direction = 'asc'] = /^(.*) (asc|desc)$/s.exec(text) ?? []
  return { column, direction: direction as TieBreak['direction'] }
}

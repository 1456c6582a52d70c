import {
  type Aggregate,
  type AggregatesSpec,
  type AggregatesView,
  type FeatureMeta,
  fail,
  type ViewQuery,
  windowSeconds,
} from '@viewcast/compiler'
import type { Selectable } from 'kysely'
import { type AggregateBuilder, aggregateBuilder, type TypedAggregate } from './aggregate.ts'
import { type Documentation, documented } from './documentation.ts'
import type { Duration } from './duration.ts'
import type { Entity } from './entity.ts'
import type { Flat } from './flat.ts'
import { checkedName } from './name.ts'
import type { Problem } from './problem.ts'
import { queryOf, type RowOfQuery, type Scope, type SelectQuery } from './query.ts'
import { relationName } from './relation.ts'
import { type FeatureViewDef, finishedView, type ViewOf } from './view.ts'

/**
 * The row of events: of a table or of a query, whichever is given; the other is `never` and adds nothing.
 *
 * Both sides distribute over `never`. A test such as `[Q] extends [never]` would be answered before the callback of
 * `source` has been read, and fix its row for good.
 */
type EventRow<DB, Table, Q> = RowOfQuery<Q> | (Table extends keyof DB ? Selectable<DB[Table]> : never)

type ColumnOf<Row> = keyof Row & string

/** Keys that neither the map nor a column of the same name finds in the events. */
type Unfound<Keys, Map, Row> = Exclude<keyof Keys, keyof Map | keyof Row> & string

export interface AggregatesOptions<DB, Table extends string, Q, Row, Keys, Map, Windows, Features>
  extends Documentation {
  readonly entity: Entity<string, Keys>
  /** The events: a table of the project, or a query. Write it before `features`, which reads its columns. */
  readonly source: `${Table}` | ((scope: Scope<DB>) => Q)
  /** Entity key → column of the events; a key left out is the column of its own name. */
  readonly keys?: Map
  /** Column with the instant of the event; events in `[as_of − window, as_of)` count. */
  readonly time: ColumnOf<Row>
  /** Column that says when a row became known, when that is later than `time`. */
  readonly knownAt?: ColumnOf<Row>
  /** Window name → length, or `all` for every event before `as_of`. */
  readonly windows: Windows
  /** Aggregate name → aggregate; each gives a column `<name>_<window>` per window. */
  readonly features: (a: AggregateBuilder<Row>) => Features
  /**
   * Columns that say which of two events of one instant is the later: the one with the greater value. For `first` and
   * `last`; what is tied still is decided by the values these return.
   */
  readonly sequence?: readonly ColumnOf<Row>[]
}

/** `{ delay_7d: number | null, … }`. */
type AggregateColumns<Features, Windows> = {
  [C in `${keyof Features & string}_${keyof Windows & string}`]: {
    [A in keyof Features & string]: C extends `${A}_${keyof Windows & string}`
      ? Features[A] extends TypedAggregate<infer T>
        ? T
        : never
      : never
  }[keyof Features & string]
}

export type DefineAggregates<DB> = <
  const Name extends string,
  Keys extends object,
  const Windows extends Readonly<Record<string, Duration | 'all'>>,
  const Features extends Readonly<Record<string, TypedAggregate<unknown>>>,
  const Table extends keyof DB & string = never,
  Q extends SelectQuery = never,
  const Map extends { readonly [K in keyof Keys]?: ColumnOf<EventRow<DB, Table, Q>> } = Record<never, never>,
>(
  name: Name,
  options: AggregatesOptions<DB, Table, Q, EventRow<DB, Table, Q>, Keys, Map, Windows, Features> &
    KeysFound<Keys, Map, EventRow<DB, Table, Q>>,
) => FeatureViewDef<ViewOf<Keys, Flat<AggregateColumns<Features, Windows>>, true>, AggregatesView>

type KeysFound<Keys, Map, Row> = [Unfound<Keys, Map, Row>] extends [never]
  ? unknown
  : { readonly keys: Problem<`the events have no column "${Unfound<Keys, Map, Row>}"; map the key: keys: { … }`> }

export function defineAggregates(
  name: string,
  options: {
    readonly entity: Entity<string, object>
    readonly source: string | ((scope: never) => SelectQuery)
    readonly keys?: Readonly<Record<string, string>>
    readonly time: string
    readonly knownAt?: string
    readonly windows: Readonly<Record<string, string>>
    readonly features: (a: AggregateBuilder<never>) => Readonly<Record<string, Aggregate>>
    readonly sequence?: readonly string[]
  } & Documentation,
): AggregatesView {
  checkedName('aggregates view', name)
  // Copies: the steps of the chain stay behind.
  const aggregates = Object.fromEntries(
    Object.entries(options.features(aggregateBuilder)).map(([a, aggregate]) => [a, { ...aggregate }]),
  )
  const spec: AggregatesSpec = {
    source: sourceOf(options.source, name),
    keys: Object.fromEntries(options.entity.keys.map((key) => [key.name, options.keys?.[key.name] ?? key.name])),
    time: options.time,
    ...(options.knownAt === undefined ? {} : { knownAt: options.knownAt }),
    windows: Object.fromEntries(Object.entries(options.windows).map(([w, length]) => [w, checkedWindow(length)])),
    aggregates,
    ...(options.sequence === undefined ? {} : { sequence: [...options.sequence] }),
  }
  return finishedView<AggregatesView>({
    kind: 'aggregates',
    name,
    entity: options.entity,
    features: metasOf(spec),
    spec,
    ...documented(options),
  })
}

const checkedWindow = (text: string): string =>
  windowSeconds(text) === undefined ? fail('time/window', { window: text }) : text

const sourceOf = (source: string | ((scope: never) => SelectQuery), name: string): ViewQuery =>
  typeof source === 'string'
    ? { kind: 'relation', relation: relationName(source) }
    : queryOf(source, `events of "${name}"`)

/** The columns of a declared view are known, so each has its metadata. */
function metasOf(spec: AggregatesSpec): Record<string, FeatureMeta> {
  const metas: Record<string, FeatureMeta> = {}
  for (const [name, aggregate] of Object.entries(spec.aggregates)) {
    for (const [window, length] of Object.entries(spec.windows)) {
      const reach = windowSeconds(length) === Number.POSITIVE_INFINITY ? 'of all time' : `last ${length}`
      const isColumn = aggregate.function === 'first' || aggregate.function === 'last'
      metas[`${name}_${window}`] = {
        // first and last have the kind of their column, which the database knows.
        ...(isColumn ? {} : { kind: 'numeric' }),
        ...(aggregate.fill === undefined ? {} : { fill: aggregate.fill }),
        ...(aggregate.description === undefined ? {} : { description: `${aggregate.description}, ${reach}` }),
      }
    }
  }
  return metas
}

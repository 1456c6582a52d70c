import {
  type Censored,
  compileOnlyKysely,
  fail,
  instant,
  type KnownUntil,
  kyselyText,
  type OutcomesSpec,
  type TargetDef,
  type ViewQuery,
} from '@viewcast/compiler'
import type { Selectable } from 'kysely'
import type { Promising } from './agreement.ts'
import { withSteps } from './callable.ts'
import { type Documentation, documented } from './documentation.ts'
import { checkedDuration, type Duration } from './duration.ts'
import type { Entity } from './entity.ts'
import type { Flat } from './flat.ts'
import { checkedName } from './name.ts'
import { type OutcomeBuilder, outcomeBuilder, type TypedOutcome } from './outcome.ts'
import type { Problem } from './problem.ts'
import { type HasColumns, queryOf, type RowOfQuery, type Scope, type SelectQuery, type WithSpine } from './query.ts'
import { type Relation, relationName } from './relation.ts'
import type { SqlTypeName, TypesOf } from './sql-types.ts'

declare const types: unique symbol

/** A target whose labels are known to the type checker. */
export interface Target<Labels, Row = unknown> extends TargetDef, Promising<Row> {
  readonly [types]?: Labels
}

export interface TargetOptions<Keys> extends Documentation {
  readonly entity: Entity<string, Keys>
  /**
   * How long after `as_of` the outcome is known, when it needs time to happen: it lies in `[as_of, as_of + horizon)`. A
   * split by time leaves out the training rows whose outcome reaches into the next part.
   */
  readonly horizon?: Duration
  /**
   * Source columns that no feature may be made of, as `relation.column` or `schema.relation.column`, such as
   * `['orders.refunded_at']`: the answer, or what is written down with it. `viewcast leak` holds the dataset to it.
   */
  readonly only?: readonly string[]
  /**
   * What becomes of rows whose outcome is not complete, because `as_of + horizon` is after what is known. `drop`: they keep
   * their place in the training query, without label and part, so that training leaves them out and says how many.
   * `flag`: they are used as they are; the column `_censored` tells them. `keep`: as if all were known. Default `drop`.
   */
  readonly censored?: Censored
  /**
   * Until when outcomes are known: an ISO instant with a zone; the latest value of a column (timestamptz) of `source`, or
   * of the events of `.outcomes`; or a query of one instant.
   *
   * Default: the latest event of `.outcomes`; for a query, the latest value of the only timestamptz column of the only
   * relation it reads beside `spine`. Otherwise no row is censored, with the warning `time/known-until`.
   */
  readonly knownUntil?: KnownUntilOption
}

export type KnownUntilOption =
  | string
  | { readonly source?: Relation; readonly column: string }
  | ((scope: Scope<never>) => SelectQuery)

export type DefineTarget<DB, Files = object> = <const Name extends string, Keys extends object>(
  name: Name,
  options: TargetOptions<Keys>,
) => TargetQuery<DB, Keys, Files>

/** Columns of a target that are labels. */
type LabelsIn<Row, Keys> = Omit<Row, keyof Keys | 'as_of'>

export interface TargetQuery<DB, Keys extends object, Files = object> {
  /**
   * The SELECT that gives the label: the keys of the entity, `as_of` where the outcome depends on the instant, and the
   * label. It may read `spine`, the questions of the sample.
   *
   * ```ts
   * .query(({ db }) => db.selectFrom('flights')
   *   .select(['id', (eb) => eb('arrival_delay', '>', 15).as('late15')]))
   * ```
   * ```sql
   * select id, arrival_delay > 15 as late15 from flights
   * ```
   */
  query<Q extends SelectQuery>(
    build: (
      scope: Scope<WithSpine<DB, Keys>>,
    ) => Q & HasColumns<RowOfQuery<Q>, keyof Keys & string, 'the target must return the key'>,
  ): Target<Flat<LabelsIn<RowOfQuery<Q>, Keys>>, RowOfQuery<Q>>
  /**
   * Labels declared over events; the SQL is written for you. Events in `[as_of, as_of + horizon)` count: those that
   * features see are all before. Errors: `define/option` without a `horizon`.
   *
   * ```ts
   * p.target('churn', { entity: customer, horizon: '30 days' })
   *   .outcomes({ source: 'orders', time: 'ordered_at', labels: (o) => ({ churned: o.notExists() }) })
   * ```
   * ```sql
   * select s.customer_id, s.as_of, count(e.ordered_at) = 0 as churned
   * from spine as s left join orders as e on e.customer_id = s.customer_id
   *   and e.ordered_at >= s.as_of and e.ordered_at < s.as_of + interval '720 hours'
   * group by s.customer_id, s.as_of
   * ```
   */
  outcomes<
    const Labels extends Readonly<Record<string, TypedOutcome<unknown>>>,
    const Table extends keyof DB & string = never,
    Q extends SelectQuery = never,
    const Map extends { readonly [K in keyof Keys]?: keyof EventRow<DB, Table, Q> & string } = Record<never, never>,
  >(
    options: OutcomesOptions<DB, Table, Q, EventRow<DB, Table, Q>, Map, Labels> &
      KeysFound<Keys, Map, EventRow<DB, Table, Q>>,
  ): Target<Flat<OutcomeLabels<Labels>>>
  /** The SELECT in a file; `path` is from the project's directory. Its row is known where the project has `SqlFiles`. */
  file<const Path extends string>(
    path: Path,
  ): Path extends keyof Files ? Target<Flat<LabelsIn<Files[Path], Keys>>> : DeclaredTarget<Keys>
  /** A table or view of the database, such as `'public.vw_Purchases'`. */
  existing(relation: Relation): DeclaredTarget<Keys>
}

/** The row of events: of a table or of a query; see `aggregates.ts` for why it distributes over `never`. */
type EventRow<DB, Table, Q> = RowOfQuery<Q> | (Table extends keyof DB ? Selectable<DB[Table]> : never)

export interface OutcomesOptions<DB, Table extends string, Q, Row, Map, Labels> {
  /** The events: a table of the project, or a query. Write it before `labels`, which reads its columns. */
  readonly source: `${Table}` | ((scope: Scope<DB>) => Q)
  /** Entity key → column of the events; a key left out is the column of its own name. */
  readonly keys?: Map
  /** Column with the instant of the event (timestamptz). */
  readonly time: keyof Row & string
  /** Label → what happened. */
  readonly labels: (o: OutcomeBuilder<Row>) => Labels
}

type OutcomeLabels<Labels> = {
  -readonly [L in keyof Labels]: Labels[L] extends TypedOutcome<infer T> ? T : never
}

type KeysFound<Keys, Map, Row> = [Exclude<keyof Keys, keyof Map | keyof Row>] extends [never]
  ? unknown
  : {
      readonly keys: Problem<`the events have no column "${Exclude<keyof Keys, keyof Map | keyof Row> & string}"; map the key: keys: { … }`>
    }

/** A target whose labels the type checker cannot see until they are declared. */
export interface DeclaredTarget<Keys> extends Target<Record<never, never>> {
  /**
   * Declares the label columns.
   *
   * ```ts
   * p.target('purchase', { entity: customer }).existing('vw_Purchases').label({ purchase: 'boolean' })
   * ```
   */
  label<const Columns extends Readonly<Record<string, SqlTypeName>>>(
    columns: Columns & {
      readonly [C in keyof Columns & (keyof Keys | 'as_of')]: Problem<`"${C & string}" is a key, not a label`>
    },
  ): Target<Flat<TypesOf<Columns>>>
}

export function defineTarget(name: string, options: TargetOptions<object>) {
  checkedName('target', name)
  const { censored, knownUntil } = options
  const horizon = options.horizon === undefined ? {} : { horizon: checkedDuration(options.horizon) }
  const target = (query: ViewQuery, outcomes?: OutcomesSpec): TargetDef =>
    Object.freeze<TargetDef>({
      kind: 'target',
      name,
      entity: options.entity,
      query,
      ...(outcomes === undefined ? {} : { outcomes }),
      ...horizon,
      ...(options.only === undefined ? {} : { only: [...options.only] }),
      ...(censored === undefined ? {} : { censored }),
      ...(knownUntil === undefined ? {} : { knownUntil: knownUntilOf(knownUntil, name) }),
      ...documented(options),
    })
  // Declared labels are for the type checker; the database knows them.
  const declared = (query: ViewQuery): TargetDef => withSteps(target(query), { label: () => target(query) })
  return {
    query: (build: (scope: never) => SelectQuery) => target(queryOf(build, `target "${name}"`)),
    outcomes(given: {
      readonly source: string | ((scope: never) => SelectQuery)
      readonly keys?: Readonly<Record<string, string>>
      readonly time: string
      readonly labels: (o: OutcomeBuilder<never>) => OutcomesSpec['labels']
    }): TargetDef {
      if (options.horizon === undefined) {
        fail('define/option', {
          what: `target "${name}"`,
          option: 'horizon',
          detail: 'is needed for outcomes over events',
          hint: "Say how long an outcome takes: { horizon: '30 days' }.",
        })
      }
      const source: ViewQuery =
        typeof given.source === 'string'
          ? { kind: 'relation', relation: relationName(given.source) }
          : queryOf(given.source, `events of "${name}"`)
      return target(source, {
        keys: Object.fromEntries(options.entity.keys.map((k) => [k.name, given.keys?.[k.name] ?? k.name])),
        time: given.time,
        labels: given.labels(outcomeBuilder),
      })
    },
    file: (path: string) => declared({ kind: 'file', path }),
    existing: (relation: Relation) => declared({ kind: 'relation', relation: relationName(relation) }),
  }
}

function knownUntilOf(given: KnownUntilOption, target: string): KnownUntil {
  if (typeof given === 'string') {
    return instant(given) === undefined ? fail('time/instant', { value: given }) : { kind: 'instant', at: given }
  }
  if (typeof given === 'function') {
    const scope: Scope<never> = { db: compileOnlyKysely() }
    return { kind: 'query', text: kyselyText(given(scope), `knownUntil of "${target}"`) }
  }
  const { column, source } = given
  return { kind: 'column', column, ...(source === undefined ? {} : { relation: relationName(source) }) }
}

/** Label → type; unknown labels of an untyped target are none. */
export type LabelsOf<T> = T extends { readonly [types]?: infer L } ? Exclude<L, undefined> : Record<never, never>

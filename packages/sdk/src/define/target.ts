import type { TargetDef, ViewQuery } from '@viewcast/compiler'
import { withSteps } from './callable.ts'
import { checkedDuration, type Duration } from './duration.ts'
import type { Entity } from './entity.ts'
import type { Flat } from './flat.ts'
import { checkedName } from './name.ts'
import type { Problem } from './problem.ts'
import { type HasColumns, queryOf, type RowOfQuery, type Scope, type SelectQuery, type WithSpine } from './query.ts'
import { type Relation, relationName } from './relation.ts'
import type { SqlTypeName, TypesOf } from './sql-types.ts'

declare const types: unique symbol

/** A target whose labels are known to the type checker. */
export interface Target<Labels> extends TargetDef {
  readonly [types]?: Labels
}

export interface TargetOptions<Keys> {
  readonly entity: Entity<string, Keys>
  /** How long after `as_of` the outcome is known, when it needs time to happen. */
  readonly horizon?: Duration
  /**
   * Source columns that no feature may be made of, as `relation.column` or `schema.relation.column`, such as
   * `['orders.refunded_at']`: the answer, or what is written down with it. `viewcast leak` holds the dataset to it.
   */
  readonly only?: readonly string[]
  readonly description?: string
}

export type DefineTarget<DB> = <const Name extends string, Keys extends object>(
  name: Name,
  options: TargetOptions<Keys>,
) => TargetQuery<DB, Keys>

/** Columns of a target that are labels. */
type LabelsIn<Row, Keys> = Omit<Row, keyof Keys | 'as_of'>

export interface TargetQuery<DB, Keys extends object> {
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
  ): Target<Flat<LabelsIn<RowOfQuery<Q>, Keys>>>
  /** The SELECT in a file; `path` is from the project's directory. */
  file(path: string): DeclaredTarget<Keys>
  /** A table or view of the database, such as `'public.vw_Purchases'`. */
  existing(relation: Relation): DeclaredTarget<Keys>
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
  const horizon = options.horizon === undefined ? {} : { horizon: checkedDuration(options.horizon) }
  const target = (query: ViewQuery): TargetDef =>
    Object.freeze<TargetDef>({
      kind: 'target',
      name,
      entity: options.entity,
      query,
      ...horizon,
      ...(options.only === undefined ? {} : { only: [...options.only] }),
      ...(options.description === undefined ? {} : { description: options.description }),
    })
  // Declared labels are for the type checker; the database knows them.
  const declared = (query: ViewQuery): TargetDef => withSteps(target(query), { label: () => target(query) })
  return {
    query: (build: (scope: never) => SelectQuery) => target(queryOf(build, `target "${name}"`)),
    file: (path: string) => declared({ kind: 'file', path }),
    existing: (relation: Relation) => declared({ kind: 'relation', relation: relationName(relation) }),
  }
}

/** Label → type; unknown labels of an untyped target are none. */
export type LabelsOf<T> = T extends { readonly [types]?: infer L } ? Exclude<L, undefined> : Record<never, never>

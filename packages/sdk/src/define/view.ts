import type { FeatureMeta, FeatureUse, FeatureView } from '@viewcast/compiler'
import type { Promising } from './agreement.ts'
import { emptyRecord, withSteps } from './callable.ts'
import type { Filled, Known, Metas } from './feature-meta.ts'
import type { Flat } from './flat.ts'
import type { Problem } from './problem.ts'

declare const types: unique symbol

/** What the type checker knows of a view, or of a view as a dataset uses it. */
export interface ViewTypes {
  /** Key columns of the entity. */
  readonly keys: object
  /** Feature → type in a dataset. */
  readonly features: object
  readonly prefix: string
  /** Columns of the sample it is joined on. */
  readonly joins: string
  /** Whether it is asked for an instant. */
  readonly timed: boolean
  /** Columns a question must bring, the sample in training. */
  readonly brings: string
}

export interface Typed<T extends ViewTypes> {
  readonly [types]?: T
}

/** The types of a view or a use; nothing is known of the columns of an untyped one. */
export type TypesIn<U> = U extends { readonly [types]?: infer T }
  ? Exclude<T, undefined> extends infer X extends ViewTypes
    ? X
    : Untyped
  : Untyped
interface Untyped extends ViewTypes {
  readonly features: Record<never, never>
  readonly joins: never
  readonly timed: false
  readonly brings: never
}

/** A feature view with typed columns; it can be put into a dataset as it is, or in part. */
export type FeatureViewDef<T extends ViewTypes, V extends FeatureView = FeatureView, Row = unknown> = V &
  Typed<T> &
  UseSteps<T> &
  Promising<Row>

/** A view whose query is given and whose metadata may follow; it is complete without. */
export type OpenView<
  V extends FeatureView,
  Keys extends object,
  Row,
  NotFeatures extends string,
  Timed extends boolean,
  Brings extends string = never,
> = FeatureViewDef<ViewOf<Keys, Flat<Filled<Row, NotFeatures>>, Timed, Brings>, V, Row> & {
  /**
   * Says what is known of the features beside their SQL: `kind`, `fill` (replaces NULL), `description`, `unit`.
   *
   * A name the query does not return, a `kind` or a `fill` that does not fit the column's type do not compile. Columns
   * left out are features too, without metadata: every column is one, except the keys, `as_of` and the columns that
   * tell time.
   *
   * ```ts
   * .features({ delay_7d: { kind: 'numeric', fill: 0, unit: 'min' }, state: { kind: 'category' } })
   * ```
   */
  readonly features: <const Meta extends Metas<Row, NotFeatures>>(
    metas: Meta & Known<Meta, Row, NotFeatures>,
  ) => FeatureViewDef<ViewOf<Keys, Flat<Filled<Row, NotFeatures, Meta>>, Timed, Brings>, V, Row>
}

/** The types of a view that is used whole. */
export interface ViewOf<
  Keys extends object,
  Features extends object,
  Timed extends boolean,
  Brings extends string = never,
> extends ViewTypes {
  readonly keys: Keys
  readonly features: Features
  readonly prefix: ''
  readonly joins: keyof Keys & string
  readonly timed: Timed
  readonly brings: Brings
}

/** A view as a dataset uses it; the steps can be taken in any order. */
export interface Use<T extends ViewTypes> extends Typed<T>, UseSteps<T> {
  readonly kind: 'use'
  readonly use: FeatureUse
}

type With<T extends ViewTypes, Changed extends Partial<ViewTypes>> = {
  readonly [P in keyof ViewTypes]: P extends keyof Changed ? NonNullable<Changed[P]> : T[P]
}

interface UseSteps<T extends ViewTypes> {
  /**
   * Takes these features only, by the names the view gives them.
   *
   * ```ts
   * late.pick('n_7d', 'delay_7d')
   * ```
   */
  pick<const Names extends readonly (keyof T['features'] & string)[]>(
    ...names: Names
  ): Use<Flat<With<T, { features: Flat<Pick<T['features'], Names[number] & keyof T['features']>> }>>>
  /**
   * Puts a text before the name of each feature, so that one view can serve twice.
   *
   * ```ts
   * features: [airports.prefix('origin_'), airports.prefix('dest_').on({ iata: 'dest' })]
   * ```
   */
  prefix<const Prefix extends string>(prefix: Prefix): Use<Flat<With<T, { prefix: Prefix }>>>
  /**
   * Says which column of the sample each key is joined on; a key left out is joined on the column of its own name.
   *
   * ```ts
   * airports.on({ iata: 'dest' })
   * ```
   * ```sql
   * left join airports on airports.iata = sample.dest
   * ```
   */
  on<const Map extends { readonly [K in keyof T['keys']]?: string } & { readonly [other: string]: string }>(
    map: Map & {
      readonly [K in Exclude<keyof Map, keyof T['keys']> & string]: Problem<`the entity has no key "${K}"`>
    },
  ): Use<
    Flat<With<T, { joins: { [K in keyof T['keys']]: K extends keyof Map ? Map[K] : K }[keyof T['keys']] & string }>>
  >
}

function steps(use: FeatureUse): UseSteps<ViewTypes> {
  const next = (changed: Partial<FeatureUse>): never => {
    const changedUse: FeatureUse = { ...use, ...changed }
    return withSteps({ kind: 'use', use: changedUse } as const, steps(changedUse)) as never
  }
  return {
    pick: (...names: readonly string[]) => next({ pick: names }),
    prefix: (prefix: string) => next({ prefix }),
    on: (map: Readonly<Record<string, string>>) => next({ on: { ...map } }),
  }
}

/** A finished view with the steps that put a part of it into a dataset. */
export function finishedView<V extends FeatureView>(view: V): V {
  return withSteps(view, steps({ view: Object.freeze({ ...(view as FeatureView) }) }))
}

/** A view that is complete, and whose metadata can still be given by calling its `features`. */
export function openView<V extends FeatureView>(view: Omit<V, 'features'>): V {
  const complete = Object.freeze({ ...view, features: {} }) as unknown as V
  const describe = (features: Readonly<Record<string, FeatureMeta>>): V =>
    finishedView({ ...complete, features: copyOf(features) })
  const open: V = { ...complete, features: emptyRecord(describe) }
  return withSteps(open, steps({ view: complete }))
}

const copyOf = (metas: Readonly<Record<string, FeatureMeta>>): Readonly<Record<string, FeatureMeta>> =>
  Object.fromEntries(Object.entries(metas).map(([feature, meta]) => [feature, { ...meta }]))

/** The plain use behind a view or a use, without steps. */
export function plainUse(given: FeatureView | { readonly kind: 'use'; readonly use: FeatureUse }): FeatureUse {
  const use = given.kind === 'use' ? given.use : { view: given }
  const { view } = use
  const features = typeof view.features === 'function' ? {} : view.features
  const query =
    view.kind === 'request' && typeof view.query === 'function' ? { query: { ...(view.query as object) } } : undefined
  const asItIs = features === view.features && query === undefined
  return { ...use, view: asItIs ? view : ({ ...view, features, ...query } as FeatureView) }
}

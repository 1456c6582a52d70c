import type { DatasetDef, FeatureUse, FeatureView, SampleDef, TargetDef } from '@viewcast/compiler'
import { type Documentation, documented, type SourceOption, sourceTime } from './documentation.ts'
import type { Flat } from './flat.ts'
import { checkedName } from './name.ts'
import type { Problem } from './problem.ts'
import type { IsOpen, KeysOfSample, RowOfSample } from './sample.ts'
import type { LabelsOf } from './target.ts'
import { plainUse, type TypesIn, type ViewTypes } from './view.ts'

declare const types: unique symbol

/** What the type checker knows of a dataset. */
export interface DatasetTypes {
  readonly name: string
  readonly keys: object
  /** Columns of the sample. */
  readonly sample: object
  /** Features by the names the dataset gives them. */
  readonly features: object
  /** Labels; null where the target has no row. */
  readonly labels: object
}

/** A dataset whose row is known to the type checker. */
export interface Dataset<T extends DatasetTypes> extends DatasetDef {
  readonly [types]?: T
}

/** The types of a dataset. */
export type TypesOfDataset<D> = D extends { readonly [types]?: infer T }
  ? Exclude<T, undefined> extends infer X extends DatasetTypes
    ? X
    : never
  : never

/**
 * The row of a dataset: the columns of the sample, the features (null where a view has no row, unless `fill` is
 * declared) and the labels.
 *
 * ```ts
 * type Row = RowOf<typeof departures>   // { iata: string; as_of: Date; delay_7d: number; state: string | null; … }
 * ```
 */
export type RowOf<D> =
  TypesOfDataset<D> extends infer T extends DatasetTypes ? Flat<T['sample'] & T['features'] & T['labels']> : never

/** Anything that can stand in `features`. */
type Part = FeatureView | { readonly kind: 'use'; readonly use: FeatureUse }

type Prefixed<T extends ViewTypes> = {
  [C in keyof T['features'] & string as `${T['prefix']}${C}`]: T['features'][C]
}

type FeaturesIn<Parts extends readonly unknown[], Sum = unknown> = Parts extends readonly [infer First, ...infer Rest]
  ? FeaturesIn<Rest, Sum & Prefixed<TypesIn<First>>>
  : Sum

/**
 * One check per part: the sentence, or `unknown` when the part is right. The results are gathered in an argument, which
 * makes the recursion one the checker does without a stack; otherwise some forty parts are its end.
 */
type Checked<
  Parts extends readonly unknown[],
  S,
  Taken,
  Results extends readonly unknown[] = [],
> = Parts extends readonly [infer First, ...infer Rest]
  ? Checked<
      Rest,
      S,
      Taken | keyof Prefixed<TypesIn<First>>,
      readonly [...Results, CheckedPart<TypesIn<First>, S, Taken>]
    >
  : Results

type CheckedPart<T extends ViewTypes, S, Taken> = [keyof Prefixed<T> & Exclude<Taken, T['brings']>] extends [never]
  ? IsOpen<S> extends false
    ? Joined<T, RowOfSample<S>>
    : unknown
  : Problem<`the dataset has two columns "${keyof Prefixed<T> & Exclude<Taken, T['brings']> & string}"; use .prefix(…) or .pick(…)`>

type Joined<T extends ViewTypes, SampleRow> = [Exclude<T['joins'] | T['brings'], keyof SampleRow>] extends [never]
  ? T['timed'] extends true
    ? 'as_of' extends keyof SampleRow
      ? unknown
      : Problem<'the view needs an instant, but the sample does not return as_of'>
    : unknown
  : [Exclude<T['joins'], keyof SampleRow>] extends [never]
    ? Problem<`the sample has no column "${Exclude<T['brings'], keyof SampleRow> & string}", which a question brings`>
    : Problem<`the sample has no column "${Exclude<T['joins'], keyof SampleRow> & string}" to join on; map the key with .on({ … })`>

/** None without a target; `keyof never` would be every name. */
type LabelNames<T> = [T] extends [never] ? never : keyof LabelsOf<T>

export type DefineDataset = <
  const Name extends string,
  S extends SampleDef,
  const Parts extends readonly Part[],
  T extends TargetDef = never,
>(
  name: Name,
  options: {
    readonly sample: S
    readonly target?: T
    readonly features: Parts & Checked<Parts, S, keyof RowOfSample<S> | LabelNames<T>>
    /**
     * When the rows of a source became known, for the leak suite: `{ timetable: { knownAt: 'published_at' } }`, or
     * `'always'`. Judged by the columns of the source where absent. The catalog takes what is said of it beside:
     * `{ timetable: { knownAt: 'published_at', owner: 'planning', sla: '1 day' } }`.
     */
    readonly sources?: Readonly<Record<string, SourceOption>>
    /**
     * Materialised views are inlined like views, so that the query needs tables only. `'read'` takes their stored rows: the
     * query then runs only where they are, and sees what they held when they were refreshed.
     */
    readonly materialised?: 'inline' | 'read'
  } & Documentation,
) => Dataset<{
  readonly name: Name
  readonly keys: Flat<KeysOfSample<S>>
  readonly sample: Flat<RowOfSample<S>>
  readonly features: Flat<FeaturesIn<Parts>>
  readonly labels: Flat<[T] extends [never] ? unknown : { [L in keyof LabelsOf<T>]: LabelsOf<T>[L] | null }>
}>

export function defineDataset(
  name: string,
  options: {
    readonly sample: SampleDef
    readonly target?: TargetDef
    readonly features: readonly Part[]
    readonly sources?: Readonly<Record<string, SourceOption>>
    readonly materialised?: 'inline' | 'read'
  } & Documentation,
): DatasetDef {
  return Object.freeze({
    kind: 'dataset',
    name: checkedName('dataset', name),
    sample: options.sample,
    ...(options.target === undefined ? {} : { target: options.target }),
    features: options.features.map(plainUse),
    ...(options.sources === undefined
      ? {}
      : { sources: Object.fromEntries(Object.entries(options.sources).map(([s, t]) => [s, sourceTime(t)])) }),
    ...(options.materialised === undefined ? {} : { materialised: options.materialised }),
    ...documented(options),
  })
}

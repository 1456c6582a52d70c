import { fail, type HistoryView, type StaticView, type ViewQuery, type WindowView } from '@viewcast/compiler'
import { type Documentation, documented } from './documentation.ts'
import type { Duration } from './duration.ts'
import type { Entity, KeysOf } from './entity.ts'
import type { DeclaredMeta, DeclaredRow, Filled, NotKeys } from './feature-meta.ts'
import { type TieColumn, timeOf } from './feature-view.ts'
import type { Flat } from './flat.ts'
import { checkedName } from './name.ts'
import { type Relation, relationName } from './relation.ts'
import { type FeatureViewDef, type OpenView, openView, type ViewOf } from './view.ts'

interface Described extends Documentation {
  readonly entity: Entity<string, object>
}

/** One row per key, whatever the instant. */
interface Static extends Described {
  readonly kind?: 'static'
  readonly time?: never
  readonly knownAt?: never
  readonly maxAge?: never
  readonly tieBreak?: never
}

/** Rows over time; the latest with `time < as_of` counts. */
interface History extends Described {
  readonly kind?: 'history'
  /** Column with the instant a row is of. */
  readonly time: string
  /** Column that says when a row became known. */
  readonly knownAt?: string
  /** Rows older than this do not count. */
  readonly maxAge?: Duration
  /** Columns that decide between rows of one key and instant, such as `['seq desc']`; NULL comes last. */
  readonly tieBreak?: readonly string[]
}

/** A SELECT over the relation `spine (keys, as_of)`. */
interface Window extends Described {
  readonly kind: 'window'
  readonly time?: never
  readonly knownAt?: never
  readonly maxAge?: never
  readonly tieBreak?: never
}

/** Options of a view in a file: what kind it is, and `file` when it is not `views/<name>.sql`. */
export type SqlViewOptions = (Static | History | Window) & {
  /** Path from the project's directory. */
  readonly file?: string
}

/** Options of a view that is in the database. */
export type ExistingViewOptions = (Static | History) & {
  /** Name of the definition; the relation's own name by default. */
  readonly name?: string
}

type ViewFor<Options> = Options extends { readonly time: string }
  ? HistoryView
  : Options extends { readonly kind: 'window' }
    ? WindowView
    : StaticView

/** A view whose columns the type checker cannot see until they are declared. */
export type DeclaredView<V extends StaticView | HistoryView | WindowView, Keys extends object> = FeatureViewDef<
  ViewOf<Keys, Record<never, never>, V extends StaticView ? false : true>,
  V
> & {
  /**
   * Declares features for the type checker; `kind` gives each its type. At run time every column is a feature,
   * declared or not, except the keys, `as_of` and the columns that tell time.
   *
   * ```ts
   * p.existingView('public.vw_behaviour', { entity: customer }).features({ visits: { kind: 'numeric', fill: 0 } })
   * ```
   */
  readonly features: <const Meta extends Readonly<Record<string, DeclaredMeta>>>(
    metas: Meta & NotKeys<Meta, keyof Keys & string>,
  ) => FeatureViewDef<
    ViewOf<Keys, Flat<Filled<DeclaredRow<Meta>, keyof Keys & string, Meta>>, V extends StaticView ? false : true>,
    V
  >
}

export type DefineSqlView<Files = object> = <const Name extends string, const Options extends SqlViewOptions>(
  name: Name,
  options: Options,
) => FileOf<Name, Options> extends infer Path extends keyof Files
  ? FileView<ViewFor<Options>, KeysOf<Options['entity']>, Files[Path], TimesOf<Options>>
  : DeclaredView<ViewFor<Options>, KeysOf<Options['entity']>>

/** Where the view's text is. */
type FileOf<Name extends string, Options> = Options extends { readonly file: infer File extends string }
  ? File
  : `views/${Name}.sql`

type TimesOf<Options> =
  | (Options extends { readonly time: infer T extends string } ? T : never)
  | (Options extends { readonly knownAt: infer T extends string } ? T : never)
  | (Options extends { readonly tieBreak: readonly (infer T extends string)[] } ? TieColumn<T> : never)

/** A view in a file whose row `viewcast types` has written down. */
export type FileView<
  V extends StaticView | HistoryView | WindowView,
  Keys extends object,
  Row,
  Times extends string,
> = OpenView<V, Keys, Row, (keyof Keys & string) | Times, V extends StaticView ? false : true>

export type DefineExistingView = <const Options extends ExistingViewOptions>(
  relation: Relation,
  options: Options,
) => DeclaredView<ViewFor<Options>, KeysOf<Options['entity']>>

type AnyOptions = Static | History | Window

export function defineSqlView(name: string, options: AnyOptions & { readonly file?: string }) {
  checkedName('view', name)
  return declared(name, options, { kind: 'file', path: options.file ?? `views/${name}.sql` })
}

export function defineExistingView(relation: Relation, options: AnyOptions & { readonly name?: string }) {
  const found = relationName(relation)
  const name = checkedName('view', options.name ?? found.name)
  return declared(name, options, { kind: 'relation', relation: found })
}

function declared(name: string, options: AnyOptions, query: ViewQuery): StaticView | HistoryView | WindowView {
  const common = { name, entity: options.entity, query, ...documented(options) }
  if (options.time !== undefined) return openView<HistoryView>({ kind: 'history', ...common, ...timeOf(options) })
  // Only reachable without the type checker, which asks for `time` beside this kind.
  if ((options.kind as string) === 'history') {
    fail('define/option', {
      what: `view "${name}"`,
      option: 'time',
      detail: 'is missing',
      hint: "Name the column: { kind: 'history', time: 'valid_from' }.",
    })
  }
  return options.kind === 'window'
    ? openView<WindowView>({ kind: 'window', ...common })
    : openView<StaticView>({ kind: 'static', ...common })
}

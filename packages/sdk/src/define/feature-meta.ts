import type { FeatureMeta } from '@viewcast/compiler'
import type { Problem } from './problem.ts'
import type { KindOf } from './sql-types.ts'

interface Words {
  readonly description?: string
  readonly unit?: string
  /** Words to find it by, such as `pii`. */
  readonly tags?: readonly string[]
}

/** What may be said of a column, from its type: a text is a category, a number is numeric, `fill` has the column's type. */
export type MetaOf<T> = {
  numeric: Words & { readonly kind?: 'numeric'; readonly fill?: number }
  category: Words & { readonly kind?: 'category'; readonly fill?: NonNullable<T> }
  boolean: Words & { readonly kind?: 'boolean'; readonly fill?: boolean }
  unknown: FeatureMeta
  other: Words & {
    readonly kind?: Problem<'a model reads numbers, texts and booleans; cast the column in the query'>
  }
}[KindOf<T>]

/** Columns of a row that are features: all but the keys, `as_of` and the columns that tell time. */
export type FeatureNames<Row, NotFeatures extends string> = Exclude<keyof Row & string, NotFeatures | 'as_of'>

/** Metadata by feature; other names are let through here, so that {@link Known} can say what is wrong with them. */
export type Metas<Row, NotFeatures extends string> = {
  readonly [C in FeatureNames<Row, NotFeatures>]?: MetaOf<Row[C]>
} & { readonly [other: string]: unknown }

/** Refuses metadata of what is not a feature of the query. */
export type Known<Meta, Row, NotFeatures extends string> = {
  readonly [C in Exclude<keyof Meta & string, FeatureNames<Row, NotFeatures>>]: Problem<
    C extends NotFeatures | 'as_of' ? `"${C}" is a key or a time, not a feature` : `the query has no column "${C}"`
  >
}

/** Feature → type in a dataset: it is joined with LEFT JOIN, so it may be null unless it has a `fill`. */
export type Filled<Row, NotFeatures extends string, Meta = unknown> = {
  [C in FeatureNames<Row, NotFeatures>]: C extends keyof Meta
    ? Meta[C] extends { readonly fill: unknown }
      ? NonNullable<Row[C]>
      : Row[C] | null
    : Row[C] | null
}

/** Metadata that declares a column, for views whose SQL the type checker cannot see: `kind` gives the type. */
export type DeclaredMeta =
  | (Words & { readonly kind: 'numeric'; readonly fill?: number })
  | (Words & { readonly kind: 'category'; readonly fill?: string })
  | (Words & { readonly kind: 'boolean'; readonly fill?: boolean })
  | (Words & { readonly kind?: never; readonly fill?: never })

/** The row that declared metadata describes. */
export type DeclaredRow<Meta> = {
  [C in keyof Meta & string]: Meta[C] extends { readonly kind: infer K }
    ? K extends 'numeric'
      ? number
      : K extends 'category'
        ? string
        : boolean
    : unknown
}

/** Refuses metadata of a key. */
export type NotKeys<Meta, Keys extends string> = {
  readonly [C in keyof Meta & (Keys | 'as_of')]: Problem<`"${C & string}" is a key or a time, not a feature`>
}

/** A filter as plain data: what the parser reads and the SQL is made from. */

/** From where to where in the filter's text, in UTF-16 units; the end is not part of it. */
export interface Span {
  readonly from: number
  readonly to: number
}

export const families = ['metric', 'param', 'tag', 'attribute', 'dataset'] as const
/** What a key belongs to: `metrics.loss`, `params.depth`, `tags.team`, `attributes.state` (or `state`), `datasets.name`. */
export type Family = (typeof families)[number]

/** Of the values a metric had: the latest, the least, the greatest, or how many. */
export const statistics = ['latest', 'min', 'max', 'count'] as const
export type Statistic = (typeof statistics)[number]

export interface Field {
  readonly family: Family
  readonly key: string
  readonly statistic: Statistic
  readonly span: Span
}

export type Literal =
  | { readonly kind: 'text'; readonly text: string; readonly span: Span }
  | { readonly kind: 'number'; readonly number: number; readonly span: Span }

export type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>='

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'compare'; readonly field: Field; readonly comparator: Comparator; readonly value: Literal }
  | { readonly kind: 'in'; readonly field: Field; readonly values: readonly Literal[] }
  | { readonly kind: 'like'; readonly field: Field; readonly pattern: Literal; readonly ignoresCase: boolean }
  | { readonly kind: 'missing'; readonly field: Field }

export interface Order {
  readonly field: Field
  readonly isDescending: boolean
}

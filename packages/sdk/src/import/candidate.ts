/** What is known of a view before anything is inferred: plain data, from a file, a catalog or a manifest. */
import type { RelationName, SpineColumn, SqlType } from '@viewcast/compiler'

export interface CandidateColumn {
  readonly name: string
  /** Undefined when no database was asked and nothing else tells. */
  readonly type?: SqlType
  readonly isEnum?: boolean
  readonly description?: string
  readonly unit?: string
  /** The column it is, unchanged, in a relation: `public.customers`, `id`. */
  readonly source?: { readonly relation: string; readonly column: string }
}

/** A set of columns on which rows are unique, and who says so. */
export interface KeyClue {
  readonly columns: readonly string[]
  readonly by: 'group by' | 'distinct on' | 'source' | 'dbt'
}

export type CandidateQuery =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'relation'; readonly relation: RelationName }

export interface Candidate {
  /** The name it would have: that of the file, the relation or the model. */
  readonly name: string
  /** Where it was found, for people: `views/profile.sql`, `analytics.vw_profile`. */
  readonly place: string
  readonly query: CandidateQuery
  readonly columns: readonly CandidateColumn[]
  readonly keys: readonly KeyClue[]
  /** Columns of `spine` it reads; undefined when it reads none. */
  readonly spine?: readonly SpineColumn[]
  /** The column that tells time, where the source says so (a dbt snapshot). */
  readonly time?: string
  /** Columns that must not become features although their type would allow it. */
  readonly reserved?: readonly string[]
  /** Relations with a time of their own whose rows it sums up, whatever the instant. */
  readonly sumsUp?: readonly string[]
  readonly description?: string
  /** Words that may say what it is for: dbt tags. */
  readonly tags?: readonly string[]
  /** Remarks of the reader, to be checked by a person. */
  readonly remarks?: readonly string[]
}

/** A relation that may list the keys of an entity: it is unique on them. */
export interface KeyedRelation {
  readonly relation: RelationName
  /** `schema.name`, as lineage names it. */
  readonly qualified: string
  readonly key: readonly { readonly name: string; readonly type: SqlType }[]
}

/** An entity the user named: `--entity customer=customer_id`. */
export interface NamedEntity {
  readonly name: string
  readonly keys: readonly { readonly name: string; readonly type?: SqlType }[]
}

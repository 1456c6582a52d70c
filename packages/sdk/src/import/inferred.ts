/** What the inference says: declarations as plain data, still to be written as a module. */
import type { Diagnostic, RelationName, SqlType } from '@viewcast/compiler'
import type { CandidateQuery } from './candidate.ts'

export interface InferredEntity {
  readonly name: string
  readonly keys: readonly { readonly name: string; readonly type: SqlType }[]
  readonly from?: RelationName
  /** What a person should look at, one sentence each. */
  readonly checks: readonly string[]
}

export interface InferredFeature {
  readonly name: string
  /** Undefined when the type of the column is not known. */
  readonly kind?: 'numeric' | 'category' | 'boolean'
  readonly description?: string
  readonly unit?: string
}

export interface InferredView {
  readonly kind: 'static' | 'history' | 'window' | 'sample' | 'target'
  readonly name: string
  readonly place: string
  readonly entity: string
  readonly keys: readonly string[]
  readonly query: CandidateQuery
  readonly time?: string
  readonly features: readonly InferredFeature[]
  /** For samples and targets: columns beside the keys. */
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
  /** Columns it returns that are no features, with the reason. */
  readonly leftOut: readonly { readonly column: string; readonly reason: string }[]
  readonly description?: string
  readonly checks: readonly string[]
}

export interface InferredUse {
  readonly view: string
  /** Absent: all features. */
  readonly pick?: readonly string[]
  readonly prefix?: string
}

export interface InferredDataset {
  readonly name: string
  readonly sample: string
  readonly target?: string
  readonly features: readonly InferredUse[]
}

export interface Inferred {
  readonly entities: readonly InferredEntity[]
  readonly views: readonly InferredView[]
  readonly dataset?: InferredDataset
  readonly findings: readonly Diagnostic[]
}

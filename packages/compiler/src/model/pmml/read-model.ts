import type { Literal } from '../../ir/expression.ts'
import type { Family, Link } from '../../ir/family.ts'
import type { Linear } from './terms.ts'

/** What a model element of a document comes to. */
export interface ReadModel extends Linear {
  readonly family: Family
  readonly link: Link
  readonly classes?: readonly string[]
  /** Category whose probability a binomial model gives. */
  readonly positive?: string
  readonly notes: readonly string[]
  /** Scores of a row by the document's own terms, without the inputs that were made of them. */
  readonly reference: (row: Readonly<Record<string, Literal>>) => readonly (number | null)[]
}

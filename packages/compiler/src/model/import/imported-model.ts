/** What every importer gives: a model in the words of a record, and what its parity is checked with. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Literal } from '../../ir/expression.ts'
import type { Family, Link } from '../../ir/family.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { Coefficient } from '../../ir/model-record.ts'
import type { Trees } from '../../ir/trees.ts'

export interface ImportedModel {
  /** Library and version where the file tells it: `xgboost 1.7.4`. */
  readonly source: string
  readonly family: Family
  readonly link: Link
  /** Of a multinomial model, in the order of its scores. */
  readonly classes?: readonly string[]
  /** Every feature the model was made with, in its order, used or not; named as in the file. */
  readonly features: readonly string[]
  /** The features it reads. `type` is a number, `text` or `bool` as the model takes it. */
  readonly inputs: readonly LearnedInput[]
  /** None of a model of trees. */
  readonly coefficients: readonly Coefficient[]
  readonly trees?: Trees
  /** Rows that came with the model, and what the library says of them. */
  readonly rows?: readonly ParityRow[]
  /**
   * Scores of a row by the rules of the library, worked out from the file as it is and not from the record: what the record
   * is held to where the library itself is not there.
   */
  readonly reference?: (row: Readonly<Record<string, Literal>>) => readonly (number | null)[]
  /** How far answers of the library may be off, relative to the largest, where it computes less exactly than a record does. */
  readonly tolerance?: number
  /** What a reader should know of the import, as sentences. */
  readonly notes: readonly string[]
}

/** A row by features of the file, with what the library gives for it. */
export interface ParityRow {
  readonly inputs: Readonly<Record<string, Literal>>
  /** A number per score, before the link. */
  readonly scores?: readonly (number | null)[]
  /** The value, the probability of the outcome, or a probability per class. */
  readonly prediction?: readonly (number | null)[]
}

export interface ImportOptions {
  /** For messages: the path of the file. */
  readonly file: string
  /** Names of the features, where the file has none. */
  readonly features?: readonly string[]
  /** Classes of the label in the order of their numbers, where the file has none. */
  readonly classes?: readonly string[]
  /** Text of the categories of a feature in the order of their numbers, where the file has none. */
  readonly categories?: Readonly<Record<string, readonly string[]>>
}

/** Refuses a file: it is damaged, or asks for what no record can say. */
export function refuse(file: string, detail: string, hint?: string): never {
  fail('model/import', { file, detail, ...(hint === undefined ? {} : { hint }) })
}

/** The parsed JSON of a file. Errors: `model/import`. */
export function readJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (e) {
    const quoted = text.replace(bareNumber, (token) => (token.startsWith('"') ? token : `"${token}"`))
    if (quoted === text) return refuse(file, (e as Error).message)
    return readJson(quoted, file)
  }
}

/** Python and xgboost write NaN and infinities bare, which is no JSON; here they become what a record has. */
const bareNumber = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g

/** Names of the features: the file's own, or those given, or `f0`, `f1`, …; as many as the model has. */
export function featureNames(own: readonly string[], count: number, options: ImportOptions): readonly string[] {
  const { features, file } = options
  if (own.length === count && count > 0) return own
  if (features === undefined) return Array.from({ length: count }, (_, i) => `f${i}`)
  if (features.length === count) return features
  return refuse(file, `${features.length} names are given for ${count} features`)
}

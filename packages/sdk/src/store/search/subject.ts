/** What can be searched, and what SQL its words stand for. */
import type { Field } from './filter.ts'

/** What a key stands for. Expressions are NULL where a row does not have it. */
export type Operand =
  | { readonly type: 'text' | 'number' | 'instant' | 'boolean'; readonly sql: string }
  /** A uuid, written with dashes or without. */
  | { readonly type: 'id'; readonly sql: string }
  /** An instant that is compared as milliseconds since 1970. */
  | { readonly type: 'milliseconds'; readonly sql: string }
  /** A text that is compared as a number when the value is one; `number` is NULL where it is none. */
  | { readonly type: 'either'; readonly sql: string; readonly number: string }

export interface Attribute {
  readonly operand: Operand
  /** False for what every row has. Default true. */
  readonly isNullable?: boolean
  /** The join of the subject that it reads. */
  readonly from?: string
}

/** A statement in the making: parameters are bound in the order they are asked for, joins are made once. */
export interface Statement {
  /** `$3::text`, for a value that is bound. */
  readonly bind: (value: unknown, type: string) => string
  /** The alias of a join, made at its first use; `sql` is given the alias. */
  readonly join: (key: string, sql: (alias: string) => string) => string
  /** Makes a join of the subject. */
  readonly require: (alias: string) => void
}

export interface Subject {
  /** `runs`, as in "There is no x to search runs by". */
  readonly what: string
  /** The relation, one row for each that may be found. */
  readonly from: string
  /** LEFT JOINs by alias that change no number of rows; made where something reads them. */
  readonly joins: Readonly<Record<string, string>>
  /** What every row has one of; the last key of every order. */
  readonly id: string
  /** By lower-case name. */
  readonly attributes: Readonly<Record<string, Attribute>>
  /** Other families; those that are missing here do not exist for the subject. */
  readonly keyed: {
    readonly [family in 'metric' | 'param' | 'tag']?: (field: Field, statement: Statement) => Operand
  }
  /** Of several that a row has: `exists` wraps a condition on one of them. */
  readonly datasets?: {
    readonly attributes: Readonly<Record<string, Attribute>>
    readonly exists: (condition: string) => string
  }
}

/** Attributes by the kind of their values. */
import type { Attribute } from './subject.ts'

export const text = (sql: string): Attribute => ({ operand: { type: 'text', sql } })
export const id = (sql: string): Attribute => ({ operand: { type: 'id', sql } })
export const instantAt = (sql: string): Attribute => ({ operand: { type: 'instant', sql } })
export const milliseconds = (sql: string): Attribute => ({ operand: { type: 'milliseconds', sql } })
export const numberAt = (sql: string): Attribute => ({ operand: { type: 'number', sql } })

/** Says that every row has it: then an index on it can give the order. */
export const always = (attribute: Attribute): Attribute => ({ ...attribute, isNullable: false })

/** Says which join of the subject it reads. */
export const read = (from: string, attribute: Attribute): Attribute => ({ ...attribute, from })

import type { SqlType } from '../ir/type.ts'
import { quoteIdentifier } from './identifier.ts'

/** Keywords that name a type of the same meaning. `char` and `bit` are not among them: bare, they mean one character, one bit. */
const spelledBare: ReadonlySet<SqlType> = new Set(['numeric', 'time', 'timestamp', 'interval', 'varchar', 'json'])

/**
 * A type as SQL text, from its internal name; errors: `compile/identifier`.
 *
 * ```ts
 * printType('float8')   // float8
 * printType('_int4')    // int4[]
 * printType('Mood')     // "Mood"
 * ```
 */
export function printType(type: SqlType): string {
  if (type.startsWith('_') && type.length > 1) return `${printType(type.slice(1))}[]`
  return spelledBare.has(type) ? type : quoteIdentifier(type)
}

import { fail } from '../diagnostics/diagnostic.ts'
import type { RelationName } from '../ir/definition.ts'
import { isKeyword } from './keywords.ts'

const bare = /^[a-z_][a-z0-9_]*$/
const loneSurrogate = /\p{Surrogate}/u
/** NAMEDATALEN − 1: PostgreSQL cuts longer names silently, so two of them may become one. */
const maxBytes = 63

const encoder = new TextEncoder()

/**
 * An identifier as SQL text: bare where PostgreSQL reads it back as the same name, otherwise in double quotes.
 *
 * Errors: `compile/identifier` for an empty name, a NUL character, text that is not valid Unicode, or more than 63 bytes.
 *
 * ```ts
 * quoteIdentifier('delay_7d') // delay_7d
 * quoteIdentifier('Order')    // "Order"
 * quoteIdentifier('user')     // "user"
 * quoteIdentifier('7"')       // "7"""
 * ```
 */
export function quoteIdentifier(name: string): string {
  if (name === '') fail('compile/identifier', { name, detail: 'it is empty' })
  if (name.includes('\0')) {
    fail('compile/identifier', { name: name.replaceAll('\0', '␀'), detail: 'it holds a NUL character' })
  }
  if (loneSurrogate.test(name)) fail('compile/identifier', { name, detail: 'it is not valid Unicode' })
  // A unit of UTF-16 is three bytes at most, and encoding takes longer than all the rest.
  const bytes = name.length * 3 <= maxBytes ? 0 : encoder.encode(name).length
  if (bytes > maxBytes) {
    fail('compile/identifier', { name, detail: `it is ${bytes} bytes long; PostgreSQL keeps ${maxBytes}` })
  }
  return bare.test(name) && !isKeyword(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** A relation name as SQL text: `public."Order"`, or `flights` without a schema. Errors: `compile/identifier`. */
export function quoteName(relation: RelationName): string {
  const name = quoteIdentifier(relation.name)
  return relation.schema === undefined ? name : `${quoteIdentifier(relation.schema)}.${name}`
}

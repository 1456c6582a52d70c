import { fail } from '../diagnostics/diagnostic.ts'

const loneSurrogate = /\p{Surrogate}/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const needsEscape = /[\\\u0001-\u001f\u007f]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const escaped = /[\\\u0001-\u001f\u007f]/g

const named: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const escapeCharacter = (c: string): string => named[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`

/**
 * A string as a quoted literal without a type; it reads the same with `standard_conforming_strings` on and off.
 *
 * Backslashes and control characters make it an `E'…'` literal: so a literal never spans lines, and layout cannot
 * change what it says. Errors: `compile/literal` for NUL (PostgreSQL has no such character) and for invalid Unicode.
 */
export function quoteText(value: string, type = 'text'): string {
  if (value.includes('\0')) fail('compile/literal', { type, detail: 'text cannot hold a NUL character' })
  if (loneSurrogate.test(value)) fail('compile/literal', { type, detail: 'the text is not valid Unicode' })
  const quoted = value.replaceAll("'", "''")
  return needsEscape.test(value) ? `E'${quoted.replace(escaped, escapeCharacter)}'` : `'${quoted}'`
}

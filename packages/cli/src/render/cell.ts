/** A database value as text for a person (tables) or a program (CSV). */
const numeric = new Set(['int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'oid', 'money'])

export const isNumericType = (type: string): boolean => numeric.has(type)

/** The text of a value; NULL is the caller's business. */
export function cellText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  // String(-0) is "0", which would hide a difference between two engines.
  return Object.is(value, -0) ? '-0' : String(value)
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** One line without control characters: data must not move the cursor or colour the terminal. */
export const oneLine = (text: string): string =>
  text.replace(/\p{Cc}/gu, (c) => escapes[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** JSON has no NaN and no infinities, and bytes are no object: as PostgreSQL's own to_json writes them. */
export function jsonValue(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? cellText(value) : value
}

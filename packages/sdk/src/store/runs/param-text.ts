/** Values of params as text, and as the number that text is. */

/** Texts as they are; numbers as JavaScript writes them, with NaN and infinities; instants as ISO text; else JSON. */
export function paramText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  // JSON has neither; null would make them the same as a number that is missing.
  const json = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' || (typeof part === 'number' && !Number.isFinite(part)) ? String(part) : part,
  )
  return json ?? 'null'
}

/** The decimal number that a text is, so that params compare as numbers; null for any other text. */
export function paramNumber(text: string): number | null {
  const value = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : null
}

/** The identity of a value: equal values have equal digests, whatever the order of their keys. */
import { sha256 } from './sha256.ts'

/** SHA-256 of the canonical JSON: keys sorted, numbers that JSON lacks as text. */
export const digest = (value: unknown): string => sha256(JSON.stringify(canonical(value)))

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, v]) => v !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, canonical(v)]))
}

/**
 * Plain data of the algebras as JSON text and back, without loss: JSON has no NaN, no infinities and no −0.
 *
 * Keys are sorted, so that equal data has equal text whoever built it; hashed, the text is the identity of a statement.
 */

// Keys of records may be names of users' relations: one that begins with the mark is written with another.
const mark = '#'

/** The canonical text of plain data; properties that are undefined are left out. */
export const encode = (data: unknown): string => JSON.stringify(plainOf(data))

/** The data of a text that {@link encode} wrote. */
export const decode = <T>(text: string): T => restored(JSON.parse(text)) as T

function plainOf(data: unknown): unknown {
  if (typeof data === 'number' && (!Number.isFinite(data) || Object.is(data, -0)))
    return { [mark]: Object.is(data, -0) ? '-0' : String(data) }
  if (Array.isArray(data)) return data.map(plainOf)
  if (data === null || typeof data !== 'object') return data
  const entries = Object.entries(data).filter(([, value]) => value !== undefined)
  const marked = entries.map(([key, value]) => [key.startsWith(mark) ? mark + key : key, plainOf(value)] as const)
  return Object.fromEntries(marked.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function restored(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(restored)
  if (data === null || typeof data !== 'object') return data
  const number = (data as Record<string, unknown>)[mark]
  if (typeof number === 'string') return Number(number)
  const entries = Object.entries(data).map(([key, value]) => [
    key.startsWith(mark) ? key.slice(1) : key,
    restored(value),
  ])
  return Object.fromEntries(entries)
}

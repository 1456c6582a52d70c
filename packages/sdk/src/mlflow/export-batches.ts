/** What one request may hold. */
import { limits } from './limits.ts'
import type { JsonObject } from './proto-json.ts'

/** A tenth below the limit, for what is around the entries. */
const bytes = limits.batchBytes * 0.9

/** Pieces of at most so many entries and bytes, in order. */
export function batchesOf(entries: readonly JsonObject[], most: number): JsonObject[][] {
  const batches: JsonObject[][] = []
  let size = 0
  for (const entry of entries) {
    const own = Buffer.byteLength(JSON.stringify(entry)) + 1
    const last = batches.at(-1)
    if (last && last.length < most && size + own <= bytes) {
      last.push(entry)
      size += own
    } else {
      batches.push([entry])
      size = own
    }
  }
  return batches
}

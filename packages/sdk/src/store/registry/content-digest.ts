import { digest, type ModelRecord, printModelRecord } from '@viewcast/compiler'

/**
 * Digest of what a record says, without its name, version and time: two trainings that gave the same are the same.
 *
 * Of the JSON that is kept, not of the value: that has no −0, and writes what is not finite as text.
 */
export function contentDigest(record: ModelRecord): string {
  const {
    name: _,
    version: __,
    trainedAt: ___,
    ...said
  } = JSON.parse(printModelRecord(record)) as Record<string, unknown>
  return digest(said)
}

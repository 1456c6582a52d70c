import { fail } from '@viewcast/compiler/diagnostics'
import { databaseError, isDatabaseError } from './database-error.ts'
import type { Lease } from './lease.ts'

/** Makes batches of the bytes of one COPY. */
export interface CopyDecoder<T> {
  push(chunk: Buffer): Iterable<T>
  /** What is left at the end; undefined when that is nothing. */
  rest(): T | undefined
}

/** As a subquery, because COPY itself would also run statements that write. */
const before = 'COPY (SELECT * FROM ('
const after = '\n) AS q) TO STDOUT (FORMAT binary)'
const syntaxError = '42601'

/**
 * Reads a SELECT by binary COPY.
 *
 * @param decoder undefined when a column's type cannot be read that way
 * @returns false, before any row, when COPY does not take the statement
 */
export async function* copied<T>(
  lease: Lease,
  decoder: CopyDecoder<T> | undefined,
  sql: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, boolean> {
  if (!decoder || !lease.copyOut) return false
  const interrupt = () => lease.interrupt()
  const check = () => {
    if (signal?.aborted) fail('engine/interrupted', { what: 'The query' })
  }
  check()
  signal?.addEventListener('abort', interrupt, { once: true })
  let complete = false
  try {
    for await (const chunk of lease.copyOut(before + sql.replace(/;\s*$/, '') + after)) {
      for (const batch of decoder.push(chunk)) {
        check()
        yield batch
      }
    }
    complete = true
    check()
    const rest = decoder.rest()
    if (rest !== undefined) yield rest
    return true
  } catch (e) {
    check()
    const error = databaseError(e, sql, before.length)
    if (!isDatabaseError(error)) throw e
    complete = true
    // The statement itself was described before: a semicolon inside a comment is all that can be wrong.
    if (error.sqlState === syntaxError) return false
    throw error
  } finally {
    signal?.removeEventListener('abort', interrupt)
    // The server would go on sending to a session that nobody reads.
    if (!complete) lease.interrupt()
  }
}

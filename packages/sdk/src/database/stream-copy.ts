import { fail } from '@viewcast/compiler/diagnostics'
import { databaseError, isDatabaseError } from './database-error.ts'
import type { Lease } from './lease.ts'

/** As a subquery, because COPY itself would also run statements that write. */
const before = 'COPY (SELECT * FROM ('
const after = '\n) AS q) TO STDOUT (FORMAT binary)'
const syntaxError = '42601'

/**
 * Reads a SELECT by binary COPY.
 *
 * @param decode undefined when a column's type cannot be read that way
 * @returns false, before any row, when COPY does not take the statement
 */
export async function* copied(
  lease: Lease,
  decode: ((chunk: Buffer) => unknown[][]) | undefined,
  sql: string,
  options: { readonly batch?: number; readonly signal?: AbortSignal },
): AsyncGenerator<unknown[][], boolean> {
  if (!decode || !lease.copyOut) return false
  const { batch = 2000, signal } = options
  const interrupt = () => lease.interrupt()
  const check = () => {
    if (signal?.aborted) fail('engine/interrupted', { what: 'The query' })
  }
  check()
  signal?.addEventListener('abort', interrupt, { once: true })
  let complete = false
  try {
    let rows: unknown[][] = []
    for await (const chunk of lease.copyOut(before + sql.replace(/;\s*$/, '') + after)) {
      rows = rows.length === 0 ? decode(chunk) : rows.concat(decode(chunk))
      for (; rows.length >= batch; rows = rows.slice(batch)) {
        check()
        yield rows.slice(0, batch)
      }
    }
    complete = true
    check()
    if (rows.length > 0) yield rows
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

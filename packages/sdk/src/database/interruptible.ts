import { fail } from '@viewcast/compiler/diagnostics'
import type { Lease } from './lease.ts'

/**
 * Runs `body` so that the signal stops the statement at work. It ends the session as well: a cancelled one could still
 * be told to cancel its next statement. Errors: `engine/interrupted`.
 */
export async function interruptible<T>(
  lease: Lease,
  signal: AbortSignal | undefined,
  what: string,
  body: () => Promise<T>,
): Promise<T> {
  if (!signal) return body()
  if (signal.aborted) fail('engine/interrupted', { what })
  const interrupt = () => lease.interrupt()
  signal.addEventListener('abort', interrupt, { once: true })
  try {
    return await body()
  } catch (e) {
    if (signal.aborted) fail('engine/interrupted', { what })
    throw e
  } finally {
    signal.removeEventListener('abort', interrupt)
  }
}

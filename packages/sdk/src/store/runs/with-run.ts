/** A piece of work as a run. */
import type { Store } from '../store.ts'
import { leaseSeconds, renewRun } from './lease.ts'
import { endRun, type RunOptions, startRun } from './run.ts'
import type { Run } from './started.ts'

/**
 * Runs `body` as a run: started before, renewed meanwhile, ended after it, as `failed` when it throws and `killed` when
 * the signal has stopped it.
 *
 * @example
 * ```ts
 * await withRun(store, { experiment: 'delays' }, async (run) => {
 *   await logBatch(store, run.id, { metrics: [{ name: 'loss', value: 0.31, step: 1 }] })
 * })
 * ```
 */
export async function withRun<T>(
  store: Store,
  options: RunOptions & { readonly signal?: AbortSignal },
  body: (run: Run) => Promise<T>,
): Promise<T> {
  const run = await startRun(store, options)
  const pulse = setInterval(() => void renewRun(store, run).catch(() => undefined), (leaseSeconds * 1000) / 5)
  pulse.unref()
  try {
    const result = await body(run)
    await endRun(store, run, 'finished')
    return result
  } catch (e) {
    // The first error is the one to report; a run that cannot be ended becomes lost.
    await endRun(store, run, options.signal?.aborted ? 'killed' : 'failed', e).catch(() => undefined)
    throw e
  } finally {
    clearInterval(pulse)
  }
}

/** A piece of work as a run. */
import type { Store } from '../store.ts'
import { type LiveRun, openRun } from './live-run.ts'
import type { RunOptions } from './run.ts'

/**
 * Runs `body` as a run: started before, renewed meanwhile, ended after it, as `failed` when it throws and `killed` when
 * the signal has stopped it. What was logged is sent before it ends, whichever way. Options and errors are those of
 * {@link startRun}.
 *
 * @example
 * ```ts
 * await withRun(store, { experiment: 'delays', params: { rate: 0.1 } }, async (run) => {
 *   for (let step = 0; step < 100; step++) run.log({ loss: train(step) }, step)
 *   await run.file('report.md', report)
 * })
 * ```
 */
export async function withRun<T>(
  store: Store,
  options: RunOptions & { readonly signal?: AbortSignal },
  body: (run: LiveRun) => Promise<T>,
): Promise<T> {
  const run = await openRun(store, options)
  let result: T
  try {
    result = await body(run)
    await run.flush()
  } catch (e) {
    // The first error is the one to report; a run that cannot be ended becomes lost.
    await run.end(options.signal?.aborted ? 'killed' : 'failed', e).catch(() => undefined)
    throw e
  }
  await run.end('finished')
  return result
}

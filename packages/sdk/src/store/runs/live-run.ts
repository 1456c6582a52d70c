/** A run as the code that does its work has it: something to log to. */
import type { Store } from '../store.ts'
import { type Batch, logBatch } from './batch.ts'
import { updateRun } from './edit-run.ts'
import { type FileContent, logFile, type RunFile } from './files.ts'
import { logInput, type RunInput } from './inputs.ts'
import { leaseSeconds, renewRun } from './lease.ts'
import { isTransient, patiently } from './patience.ts'
import { pointBuffer } from './point-buffer.ts'
import { endRun, type RunOptions, startRun } from './run.ts'
import type { Run } from './started.ts'

export interface LiveRun extends Run {
  /**
   * Logs values of metrics; they are sent by themselves within a second, and at the end. What could not be sent is kept
   * and sent again. NaN and infinities are kept.
   *
   * Errors: `run/value` at once; later, what the database refused points with.
   *
   * @param step a whole number; default 0.
   * @param at milliseconds since 1970; default now, and never before an earlier call.
   */
  log(values: Readonly<Record<string, number>>, step?: number, at?: number): void
  /** Params; another value for one is refused. Errors: `run/param`, `run/value`, `run/not-active`. */
  params(params: NonNullable<Batch['params']>): Promise<void>
  /** Tags; the last value counts. Errors: `run/value`, `run/not-active`. */
  tags(tags: NonNullable<Batch['tags']>): Promise<void>
  /** Markdown; takes the place of the note before. */
  note(text: string): Promise<void>
  /** Keeps a file, as {@link logFile} does. */
  file(path: string, content: FileContent, options?: { readonly mediaType?: string }): Promise<RunFile>
  /** Says that it read a dataset, as {@link logInput} does. */
  input(input: RunInput, role?: string): Promise<string>
  /** Sends what was logged; waits some 20 seconds for a server that restarts. */
  flush(): Promise<void>
  /** Sends what was logged and ends the run; false when it has ended already, or is another process's. Default `finished`. */
  end(state?: 'finished' | 'failed' | 'killed', error?: unknown): Promise<boolean>
}

/**
 * Starts a run to log to, which is renewed until it ends: for code that {@link withRun} cannot wrap. Options and errors
 * are those of {@link startRun}.
 *
 * @example
 * ```ts
 * const run = await openRun(store, { experiment: 'delays', params: { rate: 0.1 } })
 * for (let step = 0; step < 100; step++) run.log({ loss: train(step) }, step)
 * await run.end()
 * ```
 */
export async function openRun(store: Store, options: RunOptions = {}): Promise<LiveRun> {
  const run = await startRun(store, options)
  return live(store, run, pulse(store, run, options.lease))
}

/**
 * A run that another process started, to log to it from this one; who started it renews it.
 *
 * @example
 * ```ts
 * const run = attachRun(store, JSON.parse(process.env.RUN))
 * ```
 */
export const attachRun = (store: Store, run: Run): LiveRun => live(store, run, () => undefined)

/** Renews until told to stop, or until the run is no longer this worker's. */
function pulse(store: Store, run: Run, lease: number | null = leaseSeconds): () => void {
  if (lease === null) return () => undefined
  const beat = async () => {
    const isOurs = await renewRun(store, run, lease).catch(() => true)
    if (!isOurs) clearInterval(timer)
  }
  const timer = setInterval(() => void beat(), (lease * 1000) / 5)
  timer.unref()
  return () => clearInterval(timer)
}

function live(store: Store, run: Run, stop: () => void): LiveRun {
  const points = pointBuffer(store, run.id)
  return {
    id: run.id,
    name: run.name,
    kind: run.kind,
    worker: run.worker,
    log: (values, step, at) => points.add(values, step, at),
    params: async (params) => void (await logBatch(store, run.id, { params })),
    tags: async (tags) => void (await logBatch(store, run.id, { tags })),
    note: (text) => updateRun(store, run.id, { note: text }),
    file: (path, content, options) => logFile(store, run.id, path, content, options),
    input: (input, role) => logInput(store, run.id, input, role),
    flush: () => patiently(points.flush),
    async end(state = 'finished', error) {
      const end = () => endRun(store, run, state, error)
      // What has failed for want of the server need not wait for it.
      const insist = isTransient(error) ? <T>(body: () => Promise<T>) => body() : patiently
      try {
        await insist(points.flush)
      } catch (e) {
        // Not finished when points are missing; failed is true all the same.
        if (state !== 'finished') await end().catch(() => undefined)
        throw e
      } finally {
        points.stop()
        stop()
      }
      return insist(end)
    },
  }
}

/** Predictions of a server on their way into the log: many at once, behind the answers, and again when it fails. */
import type { Store } from '../store.ts'
import { logPredictions, type PredictedRow } from './log-predictions.ts'
import type { PredictionLog } from './open-log.ts'

export interface BufferOptions {
  /** Predictions that are written at once; default 500. */
  readonly rows?: number
  /** Longest wait of a prediction, in milliseconds; default 1000. */
  readonly milliseconds?: number
  /** Predictions that wait at most while the log cannot be written; default 100,000. */
  readonly most?: number
  /** Told of a write that failed; its predictions are kept and written with the next. */
  readonly onError?: (error: unknown) => void
}

export interface PredictionBuffer {
  /** Takes a prediction and returns at once: false when too many wait, and it is not logged. */
  readonly add: (row: PredictedRow) => boolean
  /** Writes what waits. Errors: those of `logPredictions`; nothing is lost by one. */
  readonly flush: () => Promise<void>
  /** Writes what waits, and takes no more. Errors: those of `logPredictions`. */
  readonly close: () => Promise<void>
  readonly waiting: () => number
  /** Predictions that were not taken. */
  readonly refused: () => number
}

/**
 * Buffers predictions of a server, so that an answer never waits for the log. A write that fails is tried again as a whole;
 * rows that were in the log already add nothing, so none is there twice. Give each request an id of its own: without, the same
 * question is logged once.
 *
 * @example
 * ```ts
 * const buffer = predictionBuffer(store, await openPredictionLog(store, { model: 'delay15', version: 3, shape }))
 * buffer.add({ key: { origin: 'JFK' }, asOf: new Date(), outputs: { probability: 0.31 }, requestId })
 * await buffer.close() // before the process ends
 * ```
 */
export function predictionBuffer(store: Store, log: PredictionLog, options: BufferOptions = {}): PredictionBuffer {
  const { rows: size = 500, milliseconds = 1000, most = 100_000, onError } = options
  let waiting: PredictedRow[] = []
  let refused = 0
  let isClosed = false
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined

  function later(): void {
    if (timer !== undefined || waiting.length === 0) return
    timer = setTimeout(() => {
      timer = undefined
      inBackground()
    }, milliseconds)
    // What waits does not keep the process alive: whoever ends it closes the buffer.
    timer.unref()
  }

  /** One write at a time: a second would take the same rows. */
  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const some = waiting.slice(0, Math.max(size, 1))
      await logPredictions(store, log, { rows: some })
      waiting = waiting.slice(some.length)
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    writing ??= write().finally(() => {
      writing = undefined
      later()
    })
    return writing
  }

  const inBackground = (): void => {
    if (writing === undefined) flush().catch((error: unknown) => onError?.(error))
  }

  return {
    add(row) {
      if (isClosed || waiting.length >= most) {
        refused++
        return false
      }
      // What the caller does with its instant later is not what was predicted.
      waiting.push({ predictedAt: new Date().toISOString(), ...row })
      if (waiting.length % size === 0) inBackground()
      else later()
      return true
    },
    flush,
    async close() {
      isClosed = true
      // One that is on its way may have been given an earlier list.
      await writing?.catch(() => undefined)
      await flush().finally(() => clearTimeout(timer))
    },
    waiting: () => waiting.length,
    refused: () => refused,
  }
}

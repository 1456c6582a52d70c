/** What a server predicted, on its way into the prediction log. */
import { loggedPrediction } from '../predict/logged-prediction.ts'
import { type PredictionBuffer, predictionBuffer } from '../store/predictions/buffer.ts'
import type { InputPolicy } from '../store/predictions/log-shape.ts'
import { openPredictionLog } from '../store/predictions/open-log.ts'
import type { Store } from '../store/store.ts'
import type { Predicted } from './respond.ts'
import type { ServedVersion } from './served-version.ts'

export interface KeptPredictionsOptions extends InputPolicy {
  /** What relative `.sql` paths of the definitions are relative to. */
  readonly directory?: string
  /** Told of a write that failed; its predictions are written with the next. */
  readonly onError?: (error: unknown) => void
}

export interface KeptPredictions {
  /** For `onPredicted` of {@link servePredictions}; with inputs, `withInputs` has to be set as well. */
  readonly keep: (predicted: Predicted) => Promise<void>
  /** Writes what waits; to be called once the server is closed. */
  readonly close: () => Promise<void>
}

/**
 * Keeps what a server predicts in the prediction log, behind its answers: under the id of the request, so that a client that
 * asks again under the same id is not logged twice.
 *
 * Errors of `keep`: `model/not-trained` for a version that the registry does not have; `define/option` for a policy that names
 * no input of the model.
 *
 * @example
 * ```ts
 * const { keep, close } = keptPredictions(store, { inputs: 'all' })
 * const server = await servePredictions(db, models, { onPredicted: keep, withInputs: true })
 * await server.close()
 * await close()
 * ```
 */
export function keptPredictions(store: Store, options: KeptPredictionsOptions = {}): KeptPredictions {
  const buffers = new Map<ServedVersion, Promise<PredictionBuffer>>()
  const { directory, onError } = options
  const opened = async ({ served, record }: ServedVersion): Promise<PredictionBuffer> => {
    const asked = {
      // Of the shape alone: where questions bring something, there is no asking for everybody.
      spine: 'sample' as const,
      ...(served.outputs === undefined ? {} : { outputs: served.outputs }),
      ...(directory === undefined ? {} : { directory }),
    }
    const { shape, views } = await loggedPrediction(store.db, served.model, record, asked, options)
    const { hashKey } = options
    const about = { model: record.name, version: record.version, shape, views }
    const log = await openPredictionLog(store, { ...about, ...(hashKey === undefined ? {} : { hashKey }) })
    return predictionBuffer(store, log, onError === undefined ? {} : { onError })
  }
  const bufferOf = (version: ServedVersion): Promise<PredictionBuffer> => {
    const known = buffers.get(version)
    if (known) return known
    const made = opened(version)
    buffers.set(version, made)
    // Whoever asks next tries again.
    made.catch(() => buffers.delete(version))
    return made
  }
  const adding = new Set<Promise<void>>()
  const add = async ({ version, rows, requestId, predictedAt }: Predicted): Promise<void> => {
    const buffer = await bufferOf(version)
    for (const { known: _, ...row } of rows) buffer.add({ ...row, requestId, predictedAt })
  }
  return {
    keep(predicted) {
      const one = add(predicted).finally(() => adding.delete(one))
      adding.add(one)
      return one
    },
    async close() {
      await Promise.allSettled(adding)
      const all = await Promise.allSettled(buffers.values())
      for (const one of all) if (one.status === 'fulfilled') await one.value.close()
    },
  }
}

/** What a server predicted, on its way into the prediction log. */
import type { ModelRecord } from '@viewcast/compiler'
import { loggedPrediction } from '../predict/logged-prediction.ts'
import { type PredictionBuffer, predictionBuffer } from '../store/predictions/buffer.ts'
import type { InputPolicy } from '../store/predictions/log-shape.ts'
import { openPredictionLog } from '../store/predictions/open-log.ts'
import type { Store } from '../store/store.ts'
import type { ServedChallenger } from './challenged.ts'
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
 * Keeps what a server predicts in the prediction log, behind its answers, and what its challengers said to the same questions,
 * as a shadow of theirs, with inputs and redactions as far as they have them: under the id of the request, so that a client that
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
  const buffers = new Map<ServedVersion | ServedChallenger, Promise<PredictionBuffer>>()
  const { directory, onError } = options
  const opened = async (one: ServedVersion | ServedChallenger): Promise<PredictionBuffer> => {
    // Of the shape alone: where questions bring something, there is no asking for everybody.
    const asked = { spine: 'sample' as const, ...(directory === undefined ? {} : { directory }) }
    const isShadow = !('served' in one)
    const { record } = one
    const model = isShadow ? one.model : one.served.model
    const { shape, views } = await loggedPrediction(store.db, model, record, asked, policyFor(record, isShadow))
    const { hashKey } = options
    const about = { model: record.name, version: record.version, shape, views, isShadow }
    const log = await openPredictionLog(store, { ...about, ...(hashKey === undefined ? {} : { hashKey }) })
    return predictionBuffer(store, log, onError === undefined ? {} : { onError })
  }
  /** What is redacted of the champion may be no input of a challenger. */
  const policyFor = ({ inputs: own }: ModelRecord, isShadow: boolean): InputPolicy => {
    if (!isShadow) return options
    const known = new Set(own.map((i) => i.feature))
    const { inputs, redact, ...rest } = options
    const isList = (given: typeof redact): given is readonly string[] => Array.isArray(given)
    return {
      ...rest,
      ...(inputs === undefined
        ? {}
        : { inputs: typeof inputs === 'string' ? inputs : inputs.filter((i) => known.has(i)) }),
      ...(redact === undefined
        ? {}
        : {
            redact: isList(redact)
              ? redact.filter((i) => known.has(i))
              : Object.fromEntries(Object.entries(redact).filter(([i]) => known.has(i))),
          }),
    }
  }
  const bufferOf = (one: ServedVersion | ServedChallenger): Promise<PredictionBuffer> => {
    const known = buffers.get(one)
    if (known) return known
    const made = opened(one)
    buffers.set(one, made)
    // Whoever asks next tries again.
    made.catch(() => buffers.delete(one))
    return made
  }
  const adding = new Set<Promise<void>>()
  const add = async ({ version, rows, challengers, requestId, predictedAt }: Predicted): Promise<void> => {
    const put = async (of: ServedVersion | ServedChallenger, all: Predicted['rows']): Promise<void> => {
      const buffer = await bufferOf(of)
      for (const { known: _, ...row } of all) buffer.add({ ...row, requestId, predictedAt })
    }
    const done = await Promise.allSettled([put(version, rows), ...challengers.map((c) => put(c.challenger, c.rows))])
    for (const one of done) if (one.status === 'rejected') throw one.reason
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

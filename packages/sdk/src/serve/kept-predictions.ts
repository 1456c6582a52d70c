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
 * asks again under the same id, as of the same instant, is not logged twice.
 *
 * Errors of `keep`: `model/not-trained` for a version that the registry does not have; `define/option` for a policy that names
 * what neither the model nor a challenger of it reads. Of `close`: those of writing what waits.
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
  const opened = async (one: ServedVersion | ServedChallenger, version: ServedVersion): Promise<PredictionBuffer> => {
    // Of the shape alone: where questions bring something, there is no asking for everybody.
    const asked = { spine: 'sample' as const, ...(directory === undefined ? {} : { directory }) }
    const isShadow = !('served' in one)
    const { record } = one
    const model = isShadow ? one.model : one.served.model
    const { shape, views } = await loggedPrediction(store.db, model, record, asked, policyFor(one, version))
    const { hashKey } = options
    const about = { model: record.name, version: record.version, shape, views, isShadow }
    const log = await openPredictionLog(store, { ...about, ...(hashKey === undefined ? {} : { hashKey }) })
    return predictionBuffer(store, log, onError === undefined ? {} : { onError })
  }
  /** A name that another of them reads is no slip of the pen: what is a secret there may be no input here. */
  const policyFor = (one: ServedVersion | ServedChallenger, version: ServedVersion): InputPolicy => {
    const own = namesOf([one])
    const all = namesOf([version, ...(version.challenged?.challengers ?? []), ...version.refused])
    const isMeant = (name: string): boolean => own.has(name) || !all.has(name)
    const { inputs, redact, ...rest } = options
    const isList = (given: typeof redact): given is readonly string[] => Array.isArray(given)
    return {
      ...rest,
      ...(inputs === undefined ? {} : { inputs: typeof inputs === 'string' ? inputs : inputs.filter(isMeant) }),
      ...(redact === undefined
        ? {}
        : {
            redact: isList(redact)
              ? redact.filter(isMeant)
              : Object.fromEntries(Object.entries(redact).filter(([i]) => isMeant(i))),
          }),
    }
  }
  const bufferOf = (one: ServedVersion | ServedChallenger, version: ServedVersion): Promise<PredictionBuffer> => {
    const known = buffers.get(one)
    if (known) return known
    const made = opened(one, version)
    buffers.set(one, made)
    // Whoever asks next tries again.
    made.catch(() => buffers.delete(one))
    return made
  }
  const adding = new Set<Promise<void>>()
  const add = async ({ version, rows, challengers, requestId, predictedAt }: Predicted): Promise<void> => {
    const put = async (of: ServedVersion | ServedChallenger, all: Predicted['rows']): Promise<void> => {
      const buffer = await bufferOf(of, version)
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
      // One that cannot be written is no reason to lose what waits in the others.
      const closed = await Promise.allSettled(all.flatMap((b) => (b.status === 'fulfilled' ? [b.value.close()] : [])))
      for (const one of closed) if (one.status === 'rejected') throw one.reason
    },
  }
}

const namesOf = (some: readonly { readonly record: ModelRecord }[]): ReadonlySet<string> =>
  new Set(some.flatMap(({ record }) => record.inputs.map((i) => i.feature)))

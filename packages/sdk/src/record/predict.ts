import type { ModelDef, ModelRecord } from '@viewcast/compiler'
import type { Value } from '../database/database.ts'
import { type Prediction, predict } from '../predict/predict.ts'
import type { PredictOptions } from '../predict/queries.ts'
import { logBatch } from '../store/runs/batch.ts'
import { endRun, startRun } from '../store/runs/run.ts'
import type { Run } from '../store/runs/started.ts'
import type { Store } from '../store/store.ts'
import { recordModelUse } from './model-use.ts'
import { type LogOptions, loggedRows } from './predict-logged.ts'

/**
 * Predicts as {@link predict} does, as a run of the store: it ends with the last row, with how many there were. Neither keys
 * nor predictions are kept, unless `log` says so: then each batch of rows is in the prediction log before it is given out.
 *
 * Errors: those of {@link predict}; with `log`, those of `loggedPrediction` and `model/not-trained` for a version that the
 * registry does not have.
 */
export async function predictRecorded(
  store: Store,
  model: ModelDef,
  record: ModelRecord,
  options: PredictOptions & { readonly signal?: AbortSignal; readonly log?: LogOptions } = {},
): Promise<Prediction & { readonly run: Run }> {
  const { at, keys, limit } = options
  const run = await startRun(store, {
    kind: 'predict',
    name: model.name,
    job: `${model.name}.predict`,
    params: {
      model: model.name,
      version: record.version,
      ...(at === undefined ? {} : { at }),
      ...(keys === undefined ? {} : { keys: keys.length }),
      ...(limit === undefined ? {} : { limit }),
    },
  })
  try {
    await recordModelUse(store, run, record)
    const prediction = options.log
      ? await loggedRows(store, model, record, options, { ...options.log, run: run.id })
      : await predict(store.db, model, record, options)
    return { ...prediction, run, rows: counted(store, run, prediction.rows, options.signal) }
  } catch (e) {
    await endRun(store, run, options.signal?.aborted ? 'killed' : 'failed', e).catch(() => undefined)
    throw e
  }
}

async function* counted(
  store: Store,
  run: Run,
  batches: AsyncIterable<readonly (readonly Value[])[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly (readonly Value[])[]> {
  const started = performance.now()
  let rows = 0
  let failure: unknown
  try {
    for await (const batch of batches) {
      rows += batch.length
      yield batch
    }
  } catch (e) {
    failure = e
    throw e
  } finally {
    // Also when the reader has enough: what it did not want was not predicted.
    const seconds = (performance.now() - started) / 1000
    const metrics = [
      { name: 'rows.predicted', value: rows },
      { name: 'seconds', value: seconds },
    ]
    const end = async () => {
      await logBatch(store, run.id, { metrics })
      await endRun(store, run, failure === undefined ? 'finished' : signal?.aborted ? 'killed' : 'failed', failure)
    }
    await (failure === undefined ? end() : end().catch(() => undefined))
  }
}

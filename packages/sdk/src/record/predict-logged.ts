/** Predictions that are logged as they are made. */
import { fail, instant, type ModelDef, type ModelRecord, questionName } from '@viewcast/compiler'
import type { Database, Value } from '../database/database.ts'
import { type LoggedPrediction, loggedPrediction } from '../predict/logged-prediction.ts'
import type { Prediction } from '../predict/predict.ts'
import type { PredictOptions } from '../predict/queries.ts'
import { type Logged, logPredictions, type PredictedRow } from '../store/predictions/log-predictions.ts'
import type { InputPolicy } from '../store/predictions/log-shape.ts'
import { openPredictionLog } from '../store/predictions/open-log.ts'
import { logBatch } from '../store/runs/batch.ts'
import type { Run } from '../store/runs/started.ts'
import { withRun } from '../store/runs/with-run.ts'
import type { Store } from '../store/store.ts'
import { recordModelUse } from './model-use.ts'
import { signalOf } from './signal.ts'

export interface LogOptions extends InputPolicy {
  /** Tells these predictions from others of the same questions; by default those that are there already stay as they are. */
  readonly requestId?: string
  /** `schema.name` of the deployment they are of. */
  readonly deployment?: string
}

type Options = PredictOptions & { readonly signal?: AbortSignal }

/**
 * Predicts and logs within the database: no row leaves it.
 *
 * Errors: those of `predictionQuery`; `define/option` for a policy that names no input; `model/not-trained` for a version
 * that the registry does not have.
 *
 * @example
 * ```ts
 * await logPredicted(store, model, record, { at: '2001-02-01T12:00Z', log: { inputs: 'all' } }) // { rows: 300, logged: 300, run }
 * ```
 * ```sql
 * WITH … INSERT INTO viewcast.prediction (id, as_of, key, outputs, …) SELECT … FROM (WITH … SELECT …) AS r …
 * ```
 */
export async function logPredicted(
  store: Store,
  model: ModelDef,
  record: ModelRecord,
  options: Options & { readonly log?: LogOptions } = {},
): Promise<Logged & { readonly run: Run }> {
  const { log: policy = {} } = options
  return withRun(
    store,
    {
      kind: 'predict',
      name: model.name,
      job: `${model.name}.predict`,
      params: { model: model.name, version: record.version, ...(options.at === undefined ? {} : { at: options.at }) },
      ...signalOf(options),
    },
    async (run) => {
      await recordModelUse(store, run, record)
      const { asked, logged, log } = await opened(store, model, record, options, { ...policy, run: run.id })
      const done = await logPredictions(store, log, {
        query: logged.sql,
        ...(asked.at === undefined ? {} : { at: asked.at }),
        ...(policy.requestId === undefined ? {} : { requestId: policy.requestId }),
        ...signalOf(options),
      })
      await logBatch(store, run.id, {
        metrics: [
          { name: 'rows.predicted', value: done.rows },
          { name: 'rows.logged', value: done.logged },
        ],
      })
      return { ...done, run }
    },
  )
}

/** As `predict` does, and each batch is logged before it is given out. */
export async function loggedRows(
  store: Store,
  model: ModelDef,
  record: ModelRecord,
  options: Options,
  policy: LogOptions & { readonly run?: string },
): Promise<Prediction> {
  const { asked, logged, log, startedAt } = await opened(store, model, record, options, policy)
  const { sql, columns } = logged.plain
  const asRow = predictedRow(logged)
  const requestId = policy.requestId === undefined ? {} : { requestId: policy.requestId }
  const others = { asOf: asked.at ?? startedAt, predictedAt: startedAt, ...requestId }
  const shown = columns.map((c) => logged.columns.findIndex((l) => l.name === c.name))
  async function* rows() {
    for await (const batch of logged.rows(options.signal)) {
      await logPredictions(store, log, { rows: batch.map((values) => ({ ...others, ...asRow(values) })) })
      yield batch.map((values) => shown.map((i) => values[i]))
    }
  }
  return { sql, columns, warnings: logged.warnings, rows: rows() }
}

/** A row of the query as the log takes it. */
function predictedRow({ columns, shape }: LoggedPrediction): (values: readonly Value[]) => Omit<PredictedRow, 'asOf'> {
  const place = new Map(columns.map((c, i) => [c.name, i]))
  const some = (
    wanted: readonly { readonly name: string }[],
    values: readonly Value[],
    named = (name: string, _: number) => name,
  ) => Object.fromEntries(wanted.map((c, i) => [c.name, values[place.get(named(c.name, i)) ?? -1]]))
  const inputs = shape.inputs.filter((i) => i.kept !== 'absent')
  return (values) => ({
    key: some(shape.keys, values),
    question: some(shape.questions, values, (_, i) => questionName(i)),
    inputs: some(inputs, values),
    outputs: some(shape.outputs, values),
    ...(shape.hasAsOf ? { asOf: String(values[place.get('as_of') ?? -1]) } : {}),
  })
}

/** With the instant written out: what is logged as of an instant was asked as of the same. */
async function opened(
  store: Store,
  model: ModelDef,
  record: ModelRecord,
  options: Options,
  policy: LogOptions & { readonly run?: string },
) {
  const startedAt = await now(store.db)
  const at = options.at ?? (options.spine === 'sample' ? undefined : startedAt)
  const asked: Options = at === undefined ? options : { ...options, at }
  const logged = await loggedPrediction(store.db, model, record, asked, policy)
  const log = await openPredictionLog(store, {
    model: model.name,
    version: record.version,
    shape: logged.shape,
    views: logged.views,
    ...(policy.deployment === undefined ? {} : { deployment: policy.deployment }),
    ...(policy.run === undefined ? {} : { run: policy.run }),
    ...(policy.hashKey === undefined ? {} : { hashKey: policy.hashKey }),
  })
  return { asked, logged, log, startedAt }
}

async function now(db: Database): Promise<string> {
  const [row] = await db.rows<{ at: string }>('SELECT clock_timestamp() AS at')
  return instant(row?.at ?? '') ?? fail('time/instant', { value: String(row?.at) })
}

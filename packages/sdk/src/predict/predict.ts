import {
  type Column,
  predictionQuery as compilePredictionQuery,
  type Diagnostic,
  type ModelDef,
  type ModelRecord,
} from '@viewcast/compiler'
import type { Database, Value } from '../database/database.ts'
import { rowsNamingFailedView } from '../project/failed-view.ts'
import { prepareModel } from '../project/prepare-model.ts'
import { runningPrediction } from '../project/running-query.ts'
import { type PredictOptions, predictionOptions } from './queries.ts'

export interface Prediction {
  readonly sql: string
  readonly columns: readonly Column[]
  readonly warnings: readonly Diagnostic[]
  /** Batches of rows, streamed; each row follows `columns`. */
  readonly rows: AsyncIterable<readonly (readonly Value[])[]>
}

/**
 * Predicts: compiles the prediction query and streams its rows.
 *
 * Errors: those of `predictionQuery`; while the rows are read, `view/failed` and `engine/interrupted`.
 *
 * @example
 * ```ts
 * const { rows } = await predict(db, model, record, { at: '2001-02-01T12:00Z', limit: 10 })
 * for await (const batch of rows) for (const [origin, destination, asOf, probability] of batch) …
 * ```
 */
export async function predict(
  db: Database,
  model: ModelDef,
  record: ModelRecord,
  options: PredictOptions & { readonly signal?: AbortSignal } = {},
): Promise<Prediction> {
  const prepared = await prepareModel(db, model, options.directory)
  const wanted = predictionOptions(options)
  const { sql, columns, warnings } = compilePredictionQuery(prepared.model, record, prepared.facts, wanted)
  const running = runningPrediction(prepared, record, wanted.spine, options.signal)
  const rows = db.stream(sql, options.signal ? { signal: options.signal } : {})
  return {
    sql,
    columns,
    warnings: [...prepared.warnings, ...warnings],
    rows: rowsNamingFailedView(db, running, rows),
  }
}

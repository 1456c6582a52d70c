import type { Column, Diagnostic, ModelDef, ModelRecord } from '@viewcast/compiler'
import type { Database, Value } from '../database/database.ts'
import { type PredictOptions, predictionQuery } from './queries.ts'

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
 * Errors: those of {@link predictionQuery}.
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
  const { sql, columns, warnings } = await predictionQuery(db, model, record, options)
  return { sql, columns, warnings, rows: db.stream(sql, options.signal ? { signal: options.signal } : {}) }
}

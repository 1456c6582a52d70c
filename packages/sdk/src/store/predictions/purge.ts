/** Old predictions, taken away for good. */
import { fail, instant } from '@viewcast/compiler'
import type { Store } from '../store.ts'

export interface PurgePredictionsOptions {
  /** ISO instant with a zone: predictions as of an instant before it go. */
  readonly before: string
  /** Counts only. */
  readonly dryRun?: boolean
}

/**
 * Takes away the predictions of all projects as of an instant before `before`, with their inputs and labels; returns how
 * many. Whole months go at once. One transaction; only the owner of the store may.
 *
 * Errors: `time/instant`.
 *
 * @example
 * ```ts
 * await purgePredictions(store, { before: '2024-01-01T00:00Z' }) // 1_204_332
 * ```
 * ```sql
 * SELECT viewcast.purge_predictions('2024-01-01 00:00:00+00')
 * ```
 */
export async function purgePredictions({ db }: Store, options: PurgePredictionsOptions): Promise<number> {
  const before = instant(options.before) ?? fail('time/instant', { value: options.before })
  const sql = options.dryRun
    ? 'SELECT count(*) AS n FROM viewcast.prediction WHERE as_of < $1'
    : 'SELECT viewcast.purge_predictions($1) AS n'
  const [row] = await db.rows<{ n: string }>(sql, [before])
  return Number(row?.n ?? 0)
}

/** What was deleted, taken away for good. */
import { fail } from '@viewcast/compiler'
import type { Store } from '../store.ts'

export interface PurgeOptions {
  /** Runs deleted at least so many days ago; default 30. */
  readonly olderThanDays?: number
  /** Counts only. */
  readonly dryRun?: boolean
}

/**
 * Takes away the runs that were deleted long ago, with their params, metrics, tags, files and checks; returns how many.
 * Versions of models and datasets stay, and name no run then. One transaction; only the owner of the store may.
 *
 * Errors: `define/option` for a negative number of days.
 *
 * @example
 * ```ts
 * await purgeRuns(store, { olderThanDays: 90 }) // 12
 * ```
 * ```sql
 * SELECT viewcast.purge_runs(clock_timestamp() + interval '1 microsecond' - interval '90 days')
 * ```
 */
export async function purgeRuns({ db }: Store, options: PurgeOptions = {}): Promise<number> {
  const days = options.olderThanDays ?? 30
  if (!(days >= 0 && days <= 36_500)) {
    fail('define/option', { option: 'olderThanDays', what: 'purgeRuns', detail: 'is not a number from 0 to 36500' })
  }
  // What was deleted at this instant of the clock is older than nothing, too.
  const before = `clock_timestamp() + interval '1 microsecond' - make_interval(secs => $1)`
  const sql = options.dryRun
    ? `SELECT count(*) AS n FROM viewcast.execution WHERE lifecycle = 'deleted' AND deleted_at < ${before}`
    : `SELECT viewcast.purge_runs(${before}) AS n`
  const [row] = await db.rows<{ n: string }>(sql, [days * 86_400])
  return Number(row?.n ?? 0)
}

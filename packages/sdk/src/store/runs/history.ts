/** The points of a metric, page by page. */
import { fail } from '@viewcast/compiler'
import { isId } from '../new-id.ts'
import type { Store } from '../store.ts'

export interface HistoryPoint {
  readonly step: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly value: number
}

export interface HistoryOptions {
  /** Points of a page, 1 to 100,000; default 1000. */
  readonly limit?: number
  /** Where the page before ended: its `next`. */
  readonly after?: HistoryPoint
}

export interface HistoryPage {
  readonly points: readonly HistoryPoint[]
  /** The last point, when there may be more. */
  readonly next: HistoryPoint | undefined
}

/**
 * Points of a metric of a run by step, time and value; none for a metric that was not logged. A page is a range of an index: the
 * last one costs as much as the first, and points that are added meanwhile move nothing.
 *
 * Errors: `run/value` for a limit out of its range.
 *
 * @example
 * ```ts
 * let page = await metricHistory(store, run.id, 'loss')
 * while (page.next) page = await metricHistory(store, run.id, 'loss', { after: page.next })
 * ```
 */
export async function metricHistory(
  { db }: Store,
  run: string,
  name: string,
  { limit = 1000, after }: HistoryOptions = {},
): Promise<HistoryPage> {
  if (!Number.isInteger(limit) || limit < 1 || limit > 100_000) {
    fail('run/value', { what: 'a page of points', detail: `its limit is ${limit}, and is to be 1 to 100,000` })
  }
  if (!isId(run)) return { points: [], next: undefined }
  const points = await db.rows<HistoryPoint>(
    `SELECT m.step::float8 AS step, m.ts_ms::float8 AS at, m.value FROM viewcast.metric m
     WHERE m.execution_id = $1 AND m.key_id = (SELECT id FROM viewcast.metric_key WHERE name = $2)
       ${after ? 'AND (m.step, m.ts_ms, m.value) > ($4::bigint, $5::bigint, $6::float8)' : ''}
     ORDER BY m.step, m.ts_ms, m.value LIMIT $3`,
    [run, name, limit + 1, ...(after ? [after.step, after.at, after.value] : [])],
  )
  const page = points.slice(0, limit)
  return { points: page, next: points.length > limit ? page.at(-1) : undefined }
}

/** `metrics/get-history…` */
import { z } from 'zod'
import { type HistoryPoint, metricHistory } from '../store/runs/history.ts'
import { invalid } from './failure.ts'
import { hexOf, uuidOf } from './ids.ts'
import { double, doubleJson, int64, type JsonObject, repeated, required, requiredId, text } from './proto-json.ts'
import { type Route, route } from './route.ts'
import { ofRun, runIdOf } from './runs.ts'

const pointJson = (key: string, { value, at, step }: HistoryPoint): JsonObject => ({
  key,
  value: doubleJson(value),
  timestamp: at,
  step,
})

/** The last point of a page, which is unique within a metric of a run. */
const pageToken = z.tuple([int64, int64, double])

function readToken(token: string): HistoryPoint {
  try {
    const [step, at, value] = pageToken.parse(JSON.parse(Buffer.from(token, 'base64url').toString()))
    return { step, at, value }
  } catch {
    return invalid('Invalid page token, could not base64-decode')
  }
}

const printToken = ({ step, at, value }: HistoryPoint): string =>
  Buffer.from(JSON.stringify([step, at, doubleJson(value)])).toString('base64url')

/** Points by step, where MLflow has them by time. A run that is not there has none, as with MLflow. */
const getHistory = route(
  'GET',
  'metrics/get-history',
  z.object({ ...ofRun, metric_key: required, page_token: text.optional(), max_results: int64.optional() }),
  async (store, request) => {
    const { metric_key: key, page_token, max_results } = request
    if (max_results !== undefined && max_results < 1) {
      invalid(`Invalid value ${max_results} for parameter 'max_results' supplied. It must be a positive integer`)
    }
    const run = uuidOf(runIdOf(request)) ?? ''
    const limit = Math.min(max_results ?? largest, largest)
    let { points, next } = await metricHistory(store, run, key, {
      limit,
      ...(page_token ? { after: readToken(page_token) } : {}),
    })
    // Without a size of the page all of it is asked for.
    while (next && max_results === undefined) {
      const page = await metricHistory(store, run, key, { limit, after: next })
      points = points.concat(page.points)
      next = page.next
    }
    return {
      metrics: points.map((p) => pointJson(key, p)),
      ...(next ? { next_page_token: printToken(next) } : {}),
    }
  },
)

const largest = 100_000

const most = { runs: 100, perRun: 2500 }

/** Histories of several runs, thinned to the same steps for all of them, so that they can be drawn together. */
const bulkInterval = route(
  'GET',
  'metrics/get-history-bulk-interval',
  z.object({
    run_ids: repeated(requiredId),
    metric_key: required,
    start_step: int64.optional(),
    end_step: int64.optional(),
    max_results: int64.default(most.perRun),
  }),
  async ({ db }, { run_ids, metric_key, start_step, end_step, max_results }) => {
    if (run_ids.length === 0) {
      invalid(
        "Missing value for required parameter 'run_ids'. See the API docs for more information about request parameters.",
      )
    }
    if (run_ids.length > most.runs) {
      invalid(
        `GetMetricHistoryBulkInterval request must specify at most ${most.runs} run_ids. Received ${run_ids.length} run_ids.`,
      )
    }
    if (max_results < 1 || max_results > most.perRun) invalid(`max_results must be between 1 and ${most.perRun}.`)
    if ((start_step === undefined) !== (end_step === undefined)) {
      invalid('If either start step or end step are specified, both must be specified.')
    }
    if (start_step !== undefined && end_step !== undefined && start_step > end_step) {
      invalid(`end_step must be greater than start_step. Found start_step=${start_step} and end_step=${end_step}.`)
    }
    const runs = run_ids.flatMap((id) => uuidOf(id) ?? [])
    // Evenly spread over the distinct steps of all runs, with the last; the first and last of each run are always there.
    const points = await db.rows<HistoryPoint & { readonly run: string }>(
      `WITH mine AS (
         SELECT m.execution_id, m.step, m.ts_ms, m.value
         FROM viewcast.metric m JOIN viewcast.metric_key k ON k.id = m.key_id
         WHERE m.execution_id = ANY ($1::uuid[]) AND k.name = $2
           AND ($3::bigint IS NULL OR m.step BETWEEN $3::bigint AND $4::bigint)
       ), steps AS (
         SELECT step, row_number() OVER (ORDER BY step) - 1 AS i, count(*) OVER () AS n FROM (SELECT DISTINCT step FROM mine) d
       ), kept AS (
         SELECT step FROM steps
         WHERE n <= $5 OR i = n - 1 OR floor(i * $5::float8 / n) <> floor((i - 1) * $5::float8 / n)
         UNION SELECT min(step) FROM mine GROUP BY execution_id
         UNION SELECT max(step) FROM mine GROUP BY execution_id
       )
       SELECT execution_id AS run, value, ts_ms::float8 AS at, step::float8 AS step
       FROM (SELECT mine.*, row_number() OVER (PARTITION BY execution_id ORDER BY step, ts_ms, value) AS nth
             FROM mine WHERE step IN (SELECT step FROM kept)) p
       WHERE nth <= $6 ORDER BY array_position($1::uuid[], execution_id), p.step, ts_ms, value`,
      [runs, metric_key, start_step ?? null, end_step ?? null, max_results, most.perRun],
    )
    return { metrics: points.map((p) => ({ ...pointJson(metric_key, p), run_id: hexOf(p.run) })) }
  },
)

export const metricRoutes: readonly Route[] = [getHistory, bulkInterval]

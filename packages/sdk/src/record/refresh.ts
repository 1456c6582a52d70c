/** Refreshes of a deployed table as a run of the store. */
import { fail, instant } from '@viewcast/compiler'
import { type ObjectName, objectName } from '../deploy/object-name.ts'
import { type Refreshed, type RefreshOptions, refreshBy } from '../deploy/refresh.ts'
import { liveDeployment } from '../deploy/state.ts'
import { recordEvent } from '../store/graph/artifacts.ts'
import { modelVersion } from '../store/registry/model-versions.ts'
import type { Run } from '../store/runs/started.ts'
import { withRun } from '../store/runs/with-run.ts'
import { atomically, type Store } from '../store/store.ts'
import { type KeepRefreshed, keepRefreshed, withInputs } from './keep-refreshed.ts'
import { recordModelUse } from './model-use.ts'
import { signalOf } from './signal.ts'

/** Instants from the first to the last, both included where the steps meet it; steps count in UTC. */
export interface InstantSeries {
  /** ISO instant with a zone. */
  readonly from: string
  readonly to: string
  /** As PostgreSQL reads an interval: `1 day`, `1 month`. */
  readonly every: string
}

export interface RefreshSeriesOptions extends Omit<RefreshOptions, 'run'> {
  /** Schema of a name without one; default the first of the search path. */
  readonly schema?: string
  /** Refreshes once for each instant, each committed by itself. */
  readonly series?: InstantSeries
  /** Also instants that the live version has made already. Default false: a series goes on where it was broken off. */
  readonly again?: boolean
  /** Keeps what is refreshed in the prediction log, in the same transaction. */
  readonly keep?: KeepRefreshed
  readonly onProgress?: (done: Refreshed, of: number) => void
}

export interface RefreshedSeries {
  readonly run: Run
  readonly refreshed: readonly Refreshed[]
  /** Instants that were done before. */
  readonly skipped: number
  /** Predictions that are new to the prediction log. */
  readonly logged: number
}

/**
 * Refreshes a table as {@link refreshTable} does, as a run of the store: with the version it reads, rows and seconds as
 * metrics, one step for each instant of a series. What is committed stays when it is interrupted, and the same call goes on from there.
 *
 * @param table name of the object, with its schema if it is in another one.
 *
 * Errors: those of {@link refreshTable}; `time/instant`, `refresh/instant` for a series; those of {@link keepRefreshed}.
 *
 * @example
 * ```ts
 * await refreshRecorded(store, 'delay15_daily', {
 *   series: { from: '2001-01-01T00:00Z', to: '2001-01-31T00:00Z', every: '1 day' },
 * })
 * ```
 */
export async function refreshRecorded(
  store: Store,
  table: string | ObjectName,
  options: RefreshSeriesOptions = {},
): Promise<RefreshedSeries> {
  const object = typeof table === 'string' ? await objectName(store.db, table, options.schema) : table
  const { all, left } = await instants(store, object, options)
  const params = {
    table: `${object.schema}.${object.name}`,
    ...(options.at === undefined ? {} : { at: options.at }),
    ...options.series,
  }
  const { signal, keep } = options
  return withRun(
    store,
    { kind: 'refresh', name: object.name, job: `${params.table}.refresh`, params, ...signalOf(options) },
    async (run) => {
      const refreshed: Refreshed[] = []
      let logged = 0
      for (const at of left) {
        signal?.throwIfAborted()
        const { done, kept } = await atomically(store, async (inside) => {
          const wanted = { ...options, ...(at === undefined ? {} : { at }), run: run.id }
          const done = await refreshBy(inside, object, wanted, keep && withInputs(object, keep))
          return { done, kept: keep ? await keepRefreshed(inside, done, keep, run.id) : 0 }
        })
        logged += kept
        const { inserted, updated, deleted, seconds } = done
        run.log(
          {
            'rows.inserted': inserted,
            'rows.updated': updated,
            'rows.deleted': deleted,
            ...(keep ? { 'rows.logged': kept } : {}),
            seconds,
          },
          refreshed.length,
        )
        if (refreshed.length === 0) await use(store, run, object, done)
        refreshed.push(done)
        options.onProgress?.(done, left.length)
      }
      return { run, refreshed, skipped: all - left.length, logged }
    },
  )
}

async function use(store: Store, run: Run, object: ObjectName, { model, version }: Refreshed): Promise<void> {
  await recordModelUse(store, run, (await modelVersion(store, model, version)).record)
  const live = await liveDeployment(store, object)
  if (live) await recordEvent(store, run.id, live.artifact, 'out', 'deployment')
}

/** Those of a series that are left to do, oldest first; one refresh at the instant asked for where there is none. */
async function instants(
  { db }: Store,
  object: ObjectName,
  { at, series, again }: RefreshSeriesOptions,
): Promise<{ all: number; left: readonly (string | undefined)[] }> {
  if (series === undefined) return { all: 1, left: [at] }
  const refuse = (detail: string, hint: string): never => fail('refresh/instant', { table: object.name, detail, hint })
  if (at !== undefined) refuse('was asked for one instant and for a series', 'Leave one of them out.')
  const [from, to] = [series.from, series.to].map((text) => instant(text) ?? fail('time/instant', { value: text }))
  const [step] = await db
    .rows<{ forward: boolean }>(
      `SELECT timestamptz '2001-01-01Z' + $1::interval > timestamptz '2001-01-01Z' AS forward`,
      [series.every],
    )
    .catch(() => [])
  if (!step?.forward) refuse(`cannot go in steps of "${series.every}"`, "Write an interval such as '1 day'.")
  const rows = await db.rows<{ at: string; isDone: boolean }>(
    `SELECT g.at::text AS at, EXISTS (
       SELECT FROM viewcast.refresh r JOIN viewcast.deployment d ON d.asset_id = r.asset_id AND d.artifact_id = r.artifact_id
       JOIN viewcast.asset a ON a.id = d.asset_id
       WHERE a.kind = 'deployment' AND a.name = $4 AND r.as_of = g.at) AS "isDone"
     FROM generate_series($1::timestamptz, $2::timestamptz, $3::interval) AS g(at) ORDER BY g.at`,
    [from, to, series.every, `${object.schema}.${object.name}`],
  )
  if (rows.length === 0) refuse(`has no instants from ${from} to ${to}`, 'Let --from be before --to.')
  const left = rows.filter((r) => again || !r.isDone)
  return { all: rows.length, left: left.map((r) => r.at) }
}

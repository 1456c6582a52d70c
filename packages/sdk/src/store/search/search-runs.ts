/** Finds runs. */
import type { RunState } from '../runs/started.ts'
import type { Store } from '../store.ts'
import { type LoggedMetric, logged } from './logged.ts'
import { runSubjects } from './run-subject.ts'
import { type Page, type PageOptions, searchPage } from './search.ts'

export interface SearchRunsOptions extends PageOptions {
  /** Names of experiments; runs of any when absent, none when empty. One that is not there has no runs. */
  readonly experiments?: readonly string[]
  /** The same by id. */
  readonly experimentIds?: readonly string[]
  /** Such as `train` or `run`; of any kind when absent. */
  readonly kinds?: readonly string[]
  /** Default `active`. */
  readonly lifecycle?: 'active' | 'deleted' | 'all'
  /** Whose names attributes have: ours with MLflow's, or MLflow's alone. Default `viewcast`. */
  readonly words?: 'viewcast' | 'mlflow'
}

export interface FoundRun {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly state: RunState
  readonly experiment: string | null
  readonly experimentId: string | null
  /** The number that clients of MLflow know the experiment by. */
  readonly experimentSeq: number | null
  readonly job: string | null
  readonly parentId: string | null
  readonly user: string | null
  /** Instants are the server's text, in UTC, to the microsecond. */
  readonly startedAt: string
  readonly endedAt: string | null
  readonly commit: string | null
  readonly isDirty: boolean | null
  readonly note: string | null
  readonly error: { readonly message: string; readonly codes?: readonly string[] } | null
  readonly lifecycle: 'active' | 'deleted'
  /** By key, in order of the keys. */
  readonly metrics: Readonly<Record<string, LoggedMetric>>
  readonly params: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

const columns = `r.id, r.kind, r.name, r.state, x.name AS experiment, x.id AS "experimentId", x.seq::float8 AS "experimentSeq",
  j.name AS job, r.parent_id AS "parentId", r.user_name AS "user", r.started_at AS "startedAt", r.ended_at AS "endedAt",
  r.source_version AS commit, r.source_dirty AS "isDirty", r.note, r.error, r.lifecycle`

/**
 * Finds runs by what was logged of them.
 *
 * The filter is MLflow's language with OR, NOT, parentheses, BETWEEN and IS NULL. What a run does not have matches no
 * comparison, and no NOT of one. A param is compared as a number with a number, as a text with a quoted text. NaN is
 * neither less nor greater than anything. Sorted by start, newest first, unless asked otherwise; NaN and then runs
 * without a value come last in either direction. Paging goes by the keys of the last row: what is added meanwhile
 * neither repeats a run nor leaves one out.
 *
 * Costs four statements, however many runs; the history of metrics is not read.
 *
 * Errors: `search/filter`, `search/field`, `search/value`, `search/order`, `search/limit`, `search/page-token`.
 *
 * @example
 * ```ts
 * const { items, nextPageToken } = await searchRuns(store, {
 *   experiments: ['delays'],
 *   filter: `metrics."test.auc" > 0.7 and (params.lambda <= 0.1 or tags.team = 'ops')`,
 *   orderBy: ['metrics.test.auc DESC'],
 * })
 * ```
 * ```sql
 * SELECT … FROM viewcast.execution r LEFT JOIN viewcast.metric_latest j0 ON … WHERE … (j0.value > $3 AND j0.value <> 'NaN') …
 * ```
 */
export async function searchRuns({ db }: Store, options: SearchRunsOptions = {}): Promise<Page<FoundRun>> {
  const { experiments, experimentIds, kinds, lifecycle = 'active', words = 'viewcast' } = options
  const { items, ...rest } = await searchPage<Omit<FoundRun, 'metrics' | 'params' | 'tags'>>(db, {
    ...options,
    subject: runSubjects[words],
    columns,
    defaultOrder: 'attributes.start_time DESC',
    asked: [experiments, experimentIds, kinds, lifecycle],
    scope: ({ bind }) => [
      ...(lifecycle === 'all' ? [] : [`r.lifecycle = ${bind(lifecycle, 'text')}`]),
      ...(kinds ? [`r.kind = ANY (${bind(kinds, 'text[]')})`] : []),
      ...(experiments
        ? [
            `r.experiment_id IN (SELECT id FROM viewcast.context WHERE kind = 'experiment' AND name = ANY (${bind(experiments, 'text[]')}))`,
          ]
        : []),
      ...(experimentIds ? [`r.experiment_id = ANY (${bind(experimentIds, 'uuid[]')})`] : []),
    ],
  })
  const ids = items.map((run) => run.id)
  const all = await logged(db, ids)
  return { ...rest, items: items.map((run) => ({ ...run, ...all(run.id) })) }
}

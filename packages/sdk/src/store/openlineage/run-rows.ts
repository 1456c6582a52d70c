/** What the store knows of one run, as rows. */
import type { AssetKind } from '../graph/assets.ts'
import type { RunState } from '../runs/started.ts'
import type { Store } from '../store.ts'

interface JobRow {
  readonly job: string | null
  readonly experiment: string | null
  readonly kind: string
}

export interface RunRow extends JobRow {
  readonly id: string
  readonly name: string
  readonly state: RunState
  readonly started: string
  readonly ended: string | null
  readonly nominal: string | null
  readonly error: { readonly message?: unknown; readonly codes?: unknown } | null
  readonly note: string | null
  readonly user_name: string | null
  readonly source_uri: string | null
  readonly source_version: string | null
  readonly source_dirty: boolean | null
  readonly params: readonly { readonly key: string; readonly value: string; readonly number: number | null }[]
  readonly tags: readonly { readonly key: string; readonly value: string }[]
  /** Numbers that JSON has none for come as text: `NaN`, `Infinity`. */
  readonly metrics: readonly Readonly<Record<string, unknown>>[]
  /** Parent, its parent, …; a name that it was announced under wins. */
  readonly ancestors: readonly (JobRow & { readonly id: string; readonly namespace: string | null })[]
}

export interface VersionRow {
  readonly asset_id: string
  readonly kind: AssetKind
  readonly artifact_id: string
  readonly direction: 'in' | 'out'
  readonly role: string
  readonly version: number
  readonly digest: string | null
  readonly props: Readonly<Record<string, unknown>>
  /** Whether this run made it, rather than found equal content. */
  readonly is_new: boolean
  readonly rows: string | null
  readonly columns: readonly { readonly name: string; readonly type?: unknown; readonly nulls?: unknown }[] | null
  /** Of the newest file that its rows are in. */
  readonly bytes: string | null
  readonly query: string | null
  readonly training_sql: string | null
  readonly prediction_sql: string | null
  readonly model: Readonly<Record<string, unknown>> | null
}

export interface CheckRow {
  readonly asset_id: string
  readonly kind: AssetKind
  readonly asset: string
  readonly name: string
  readonly column_name: string
  readonly severity: string
  readonly passed: boolean
  readonly detail: Readonly<Record<string, unknown>>
}

/** Text that JSON Schema calls `date-time`, whatever the session's settings. */
const instant = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** One run with all that hangs on it but data; undefined when there is none. */
export async function runRow({ db }: Store, run: string): Promise<RunRow | undefined> {
  const [row] = await db.rows<RunRow>(
    `WITH RECURSIVE up(id, depth) AS (
       SELECT parent_id, 1 FROM viewcast.execution WHERE id = $1 AND parent_id IS NOT NULL
       UNION ALL
       SELECT e.parent_id, up.depth + 1 FROM up JOIN viewcast.execution e ON e.id = up.id
       WHERE e.parent_id IS NOT NULL AND up.depth < 100
     )
     SELECT e.id, e.kind, e.name, e.state, j.name AS job, x.name AS experiment,
       ${instant('e.started_at')} AS started, ${instant('e.ended_at')} AS ended, ${instant('e.nominal_at')} AS nominal,
       e.error, e.note, e.user_name, e.source_uri, e.source_version, e.source_dirty,
       coalesce((SELECT jsonb_agg(jsonb_build_object('key', p.key, 'value', p.value, 'number', p.num) ORDER BY p.key)
                 FROM viewcast.param p WHERE p.execution_id = e.id), '[]') AS params,
       coalesce((SELECT jsonb_agg(jsonb_build_object('key', t.key, 'value', t.value) ORDER BY t.key)
                 FROM viewcast.run_tag t WHERE t.execution_id = e.id), '[]') AS tags,
       coalesce((SELECT jsonb_agg(jsonb_build_object('name', k.name, 'value', m.value, 'min', m.min, 'max', m.max,
                                                     'points', m.n, 'step', m.step) ORDER BY k.name)
                 FROM viewcast.metric_latest m JOIN viewcast.metric_key k ON k.id = m.key_id
                 WHERE m.execution_id = e.id), '[]') AS metrics,
       coalesce((SELECT jsonb_agg(jsonb_build_object('id', a.id, 'kind', a.kind, 'job', coalesce(n.job, aj.name),
                                                     'experiment', ax.name, 'namespace', n.namespace) ORDER BY up.depth)
                 FROM up JOIN viewcast.execution a ON a.id = up.id
                 LEFT JOIN viewcast.job aj ON aj.id = a.job_id
                 LEFT JOIN viewcast.context ax ON ax.id = a.experiment_id
                 LEFT JOIN viewcast.announced n ON n.execution_id = a.id), '[]') AS ancestors
     FROM viewcast.execution e
     LEFT JOIN viewcast.job j ON j.id = e.job_id
     LEFT JOIN viewcast.context x ON x.id = e.experiment_id
     WHERE e.id = $1`,
    [run],
  )
  return row
}

/** The versions that a run read and wrote, with what is known of each. */
export const versionRows = ({ db }: Store, run: string): Promise<VersionRow[]> =>
  db.rows<VersionRow>(
    `SELECT a.asset_id, s.kind, v.artifact_id, v.direction, v.role, a.version, a.digest, a.props,
       a.created_at >= e.started_at AS is_new, d.rows, d.columns, coalesce(u.query, d.query) AS query,
       (SELECT c.size FROM viewcast.dataset_copy c WHERE c.artifact_id = a.id AND c.path IS NOT NULL AND c.dropped_at IS NULL
        ORDER BY c.created_at DESC LIMIT 1) AS bytes,
       m.training_sql, m.prediction_sql,
       CASE WHEN v.direction = 'out' AND m.record IS NOT NULL THEN jsonb_build_object(
         'family', m.record::jsonb -> 'family', 'link', m.record::jsonb -> 'link', 'label', m.record::jsonb -> 'label',
         'trees', jsonb_array_length(nullif(m.record::jsonb #> '{trees,trees}', 'null')),
         'coefficients', m.record::jsonb -> 'coefficients') END AS model
     FROM viewcast.event v
     JOIN viewcast.execution e ON e.id = v.execution_id
     JOIN viewcast.artifact a ON a.id = v.artifact_id
     JOIN viewcast.asset s ON s.id = a.asset_id
     LEFT JOIN viewcast.dataset_version d ON d.artifact_id = a.id
     LEFT JOIN viewcast.dataset_use u ON (u.artifact_id, u.execution_id) = (a.id, e.id)
     LEFT JOIN viewcast.model_version m ON m.artifact_id = a.id
     WHERE v.execution_id = $1 ORDER BY v.direction, s.kind, s.name, a.version, v.role`,
    [run],
  )

/** What the checks of a run found. */
export const checkRows = ({ db }: Store, run: string): Promise<CheckRow[]> =>
  db.rows<CheckRow>(
    `SELECT c.asset_id, a.kind, a.name AS asset, c.name, c.column_name, c.severity, c.passed, c.detail
     FROM viewcast.check_result c JOIN viewcast.asset a ON a.id = c.asset_id
     WHERE c.execution_id = $1 ORDER BY a.kind, a.name, c.name, c.column_name`,
    [run],
  )

/** Versions of datasets as the store has them. */
import { fail, nearParameter } from '@viewcast/compiler'
import { selected } from '../registry/model-selector.ts'
import type { Store } from '../store.ts'
import type { ColumnDigest } from './digest.ts'

/** A dataset with its newest version. */
export interface DatasetSummary {
  readonly dataset: string
  readonly versions: number
  /** The newest. */
  readonly version: number
  readonly rows: number
  readonly columns: number
  readonly digest: string
  /** Tag → version. */
  readonly tags: Readonly<Record<string, number>>
  /** When the newest was registered first; the server's text, UTC. */
  readonly createdAt: string
}

/** A copy of the rows of a version. */
export interface DatasetCopy {
  readonly id: string
  readonly kind: 'table' | 'parquet' | 'csv'
  /** `schema.table`, or the file's path. */
  readonly where: string
  readonly md5: string | null
  readonly size: number | null
  readonly createdAt: string
  readonly createdBy: string | null
}

/** A run that read a version, and what of models came of it. */
export interface DatasetReader {
  readonly run: string
  readonly kind: string
  readonly name: string
  readonly role: string
  readonly models: readonly string[]
}

export interface DatasetVersionDetails {
  readonly dataset: string
  readonly id: string
  readonly version: number
  readonly rows: number
  readonly digest: string
  readonly method: string
  readonly query: string
  readonly queryHash: string
  readonly parameters: Readonly<Record<string, unknown>>
  /** Hash of the definition of each view by name. */
  readonly views: Readonly<Record<string, string>>
  readonly columns: readonly ColumnDigest[]
  readonly sample: { readonly rate: number; readonly seed: string | number } | null
  readonly tags: readonly string[]
  readonly copies: readonly DatasetCopy[]
  readonly readBy: readonly DatasetReader[]
  readonly createdAt: string
  readonly createdBy: string | null
}

/** All datasets of the project, in order of their names. One statement. */
export async function listDatasets({ db, project }: Store): Promise<readonly DatasetSummary[]> {
  return db.rows<DatasetSummary & Record<string, unknown>>(
    `SELECT DISTINCT ON (dataset) dataset, count(*) OVER one::integer AS versions, version, rows::float8 AS rows, columns, digest,
       coalesce((SELECT jsonb_object_agg(t, o.version) FROM viewcast.dataset_versions o, unnest(o.tags) AS t
                 WHERE (o.project, o.dataset) = (v.project, v.dataset)), '{}') AS tags, created_at AS "createdAt"
     FROM viewcast.dataset_versions v WHERE project = $1
     WINDOW one AS (PARTITION BY dataset) ORDER BY dataset, version DESC`,
    [project],
  )
}

/**
 * A version of a dataset by its number or a tag; the newest without either.
 *
 * Errors: `dataset/unknown-version`, `model/selector`.
 *
 * @example
 * ```ts
 * const { rows, columns, copies } = await datasetVersion(store, 'departures', 'golden')
 * ```
 */
export async function datasetVersion(
  store: Store,
  dataset: string,
  selector?: number | string,
): Promise<DatasetVersionDetails> {
  const wanted = selected(selector)
  const [found] = await store.db.rows<DatasetVersionDetails & Record<string, unknown>>(
    `SELECT v.dataset, v.artifact_id AS id, v.version, v.rows::float8 AS rows, v.digest, v.method, d.query,
       d.query_hash AS "queryHash", d.parameters, d.views, d.columns, d.sample, coalesce(to_jsonb(v.tags), '[]') AS tags,
       coalesce((SELECT jsonb_agg(jsonb_build_object('id', c.id, 'kind', c.kind, 'md5', c.md5, 'size', c.size,
           'where', coalesce(c.path, c.table_schema || '.' || c.table_name), 'createdAt', c.created_at::text, 'createdBy', c.created_by)
           ORDER BY c.created_at, c.id)
         FROM viewcast.dataset_copy c WHERE c.artifact_id = v.artifact_id AND c.dropped_at IS NULL), '[]') AS copies,
       coalesce((SELECT jsonb_agg(jsonb_build_object('run', x.id, 'kind', x.kind, 'name', x.name, 'role', e.role, 'models', m.models)
           ORDER BY x.started_at, x.id)
         FROM viewcast.event e JOIN viewcast.execution x ON x.id = e.execution_id AND x.lifecycle = 'active'
         CROSS JOIN LATERAL (
           SELECT coalesce(jsonb_agg(s.name || '@' || a.version ORDER BY s.name, a.version), '[]') AS models
           FROM viewcast.event o JOIN viewcast.artifact a ON a.id = o.artifact_id
           JOIN viewcast.asset s ON s.id = a.asset_id AND s.kind = 'model'
           WHERE o.execution_id = x.id AND o.direction = 'out') m
         WHERE e.artifact_id = v.artifact_id AND e.direction = 'in'), '[]') AS "readBy",
       v.created_at AS "createdAt", v.created_by AS "createdBy"
     FROM viewcast.dataset_versions v JOIN viewcast.dataset_version d USING (artifact_id)
     WHERE (v.project, v.dataset) = ($1, $2) AND ($3::integer IS NULL OR v.version = $3) AND ($4::text IS NULL OR $4 = ANY(v.tags))
     ORDER BY v.version DESC LIMIT 1`,
    [store.project, dataset, typeof wanted === 'number' ? wanted : null, typeof wanted === 'string' ? wanted : null],
  )
  return found ?? unknownVersion(store, dataset, wanted)
}

async function unknownVersion(store: Store, dataset: string, selector: number | string | undefined): Promise<never> {
  const all = await listDatasets(store)
  const own = all.find((d) => d.dataset === dataset)
  if (own === undefined) {
    return fail('dataset/unknown-version', {
      dataset,
      ...nearParameter(
        dataset,
        all.map((d) => d.dataset),
      ),
    })
  }
  const known = [`1 to ${own.versions}`, ...Object.keys(own.tags)].join(', ')
  return fail('dataset/unknown-version', { dataset, selector: String(selector), known })
}

/** Every version of a dataset, newest first. Errors: `dataset/unknown-version`. */
export async function datasetHistory(
  store: Store,
  dataset: string,
): Promise<
  readonly {
    version: number
    rows: number
    digest: string
    tags: readonly string[]
    createdAt: string
    createdBy: string | null
  }[]
> {
  const rows = await store.db.rows<{
    version: number
    rows: number
    digest: string
    tags: string[]
    createdAt: string
    createdBy: string | null
  }>(
    `SELECT version, rows::float8 AS rows, digest, coalesce(to_jsonb(tags), '[]') AS tags, created_at AS "createdAt", created_by AS "createdBy"
     FROM viewcast.dataset_versions WHERE (project, dataset) = ($1, $2) ORDER BY version DESC`,
    [store.project, dataset],
  )
  return rows.length === 0 ? unknownVersion(store, dataset, undefined) : rows
}

/** What the registry knows of models and their versions. */
import { fail, type ModelRecord, parseModelRecord } from '@viewcast/compiler'
import type { Store } from '../store.ts'
import type { ModelSignature } from './model-signature.ts'

export interface RegisteredName {
  readonly model: string
  readonly state: 'active' | 'deprecated' | 'deleted'
  /** Versions that are not deleted, ascending. */
  readonly versions: readonly number[]
  readonly aliases: Readonly<Record<string, number>>
  /** As the catalog has it. */
  readonly description: string | null
}

export interface VersionSummary {
  /** Id of the artifact. */
  readonly id: string
  readonly version: number
  readonly state: 'pending' | 'live' | 'deleted'
  readonly aliases: readonly string[]
  readonly description: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly metrics: ModelRecord['metrics']
  readonly createdAt: string
  readonly createdBy: string | null
  /** Id of the run that made it. */
  readonly run: string | null
  /** Version of the dataset it was trained on. */
  readonly dataset: { readonly name: string; readonly version: number; readonly digest: string | null } | null
}

export interface RegisteredVersion extends VersionSummary {
  /** Of what it says; null for an adopted version that says what another says. */
  readonly digest: string | null
  readonly signature: ModelSignature
  readonly record: ModelRecord
  readonly trainingSql: string | null
  /** SHA-256 of the text. */
  readonly trainingHash: string | null
  readonly predictionSql: string | null
  readonly predictionHash: string | null
}

/** The models of the project by name, deleted ones too. One statement. */
export async function listModels({ db, project }: Store): Promise<readonly RegisteredName[]> {
  return db.rows<RegisteredName & Record<string, unknown>>(
    `SELECT m.name AS model, m.lifecycle AS state, viewcast.told(m.declared, m.edited, m.commented) ->> 'description' AS description,
       coalesce((SELECT jsonb_agg(a.version ORDER BY a.version) FROM viewcast.artifact a
                 WHERE a.asset_id = m.id AND a.state <> 'deleted'), '[]') AS versions,
       coalesce((SELECT jsonb_object_agg(l.alias, a.version) FROM viewcast.alias l
                 JOIN viewcast.artifact a ON a.id = l.artifact_id WHERE l.asset_id = m.id), '{}') AS aliases
     FROM viewcast.asset m WHERE m.kind = 'model' AND m.namespace = $1 AND m.last_version > 0 ORDER BY m.name`,
    [project],
  )
}

/**
 * The versions of a model, newest first, deleted ones too. One statement; the records are not read.
 *
 * Errors: `model/not-trained` when the registry has none.
 */
export async function listModelVersions(store: Store, model: string): Promise<readonly VersionSummary[]> {
  const rows = await versionRows(store, model, '', [])
  return rows.length === 0 ? fail('model/not-trained', { model }) : rows
}

/**
 * Everything the registry keeps of a version, deleted or not. One statement.
 *
 * Errors: `model/not-trained`.
 *
 * @example
 * ```ts
 * const { record, signature, predictionSql, run } = await modelVersion(store, 'delay15', 3)
 * ```
 */
export async function modelVersion(store: Store, model: string, version: number): Promise<RegisteredVersion> {
  const columns = `, a.digest, v.signature, v.record, v.training_sql AS "trainingSql", v.training_hash AS "trainingHash",
    v.prediction_sql AS "predictionSql", v.prediction_hash AS "predictionHash"`
  const [row] = await versionRows(store, model, columns, [version])
  if (row === undefined) return fail('model/not-trained', { model, version: String(version) })
  const { record, ...rest } = row as Omit<RegisteredVersion, 'record'> & { readonly record: string }
  // A model may have been renamed since.
  const parsed = parseModelRecord(record, `version ${version} of model ${model} in the store`)
  return { ...rest, record: { ...parsed, name: model } }
}

async function versionRows(
  { db, project }: Store,
  model: string,
  columns: string,
  version: readonly number[],
): Promise<VersionSummary[]> {
  return db.rows<VersionSummary & Record<string, unknown>>(
    `SELECT a.id, a.version, a.state, a.description, a.tags, v.metrics, a.created_at AS "createdAt", a.created_by AS "createdBy",
       v.execution_id AS run,
       coalesce((SELECT jsonb_agg(l.alias ORDER BY l.alias) FROM viewcast.alias l WHERE l.artifact_id = a.id), '[]') AS aliases,
       (SELECT jsonb_build_object('name', s.name, 'version', d.version, 'digest', d.digest)
        FROM viewcast.artifact d JOIN viewcast.asset s ON s.id = d.asset_id WHERE d.id = v.dataset_artifact_id) AS dataset${columns}
     FROM viewcast.model_version v JOIN viewcast.artifact a ON a.id = v.artifact_id JOIN viewcast.asset m ON m.id = a.asset_id
     WHERE (m.kind, m.namespace, m.name) = ('model', $1, $2)${version.length === 0 ? '' : ' AND a.version = $3'}
     ORDER BY a.version DESC`,
    [project, model, ...version],
  )
}

/** Registered models and their versions as MLflow shows them. */
import type { Store } from '../store/store.ts'
import { absent, invalid } from './failure.ts'
import { hexOf, milliseconds } from './ids.ts'
import type { JsonObject } from './proto-json.ts'
import { type Stage, stageOf } from './stages.ts'
import { versionSource } from './version-files.ts'

export interface ModelRow {
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly tags: Readonly<Record<string, string>> | null
  readonly created: string
  readonly updated: string
}

export interface VersionRow {
  readonly id: string
  readonly asset: string
  readonly name: string
  readonly version: number
  readonly description: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly uri: string | null
  readonly state: 'pending' | 'live' | 'deleted'
  readonly archived: boolean
  readonly run_link: string | null
  readonly foreign_run: string | null
  readonly actor: string | null
  readonly created: string
  readonly updated: string
  readonly is_ours: boolean
  readonly run: string | null
  readonly aliases: readonly string[]
}

/** The code's description wins, as in the catalog. */
const modelColumns = `s.id, s.name,
  coalesce(s.declared ->> 'description', s.edited ->> 'description', s.commented ->> 'description') AS description,
  s.props -> 'tags' AS tags, ${milliseconds('s.created_at')} AS created, ${milliseconds('s.updated_at')} AS updated`

/** The run that made a version. */
const versionRun = `coalesce(v.execution_id, (SELECT e.execution_id FROM viewcast.event e
    WHERE e.artifact_id = a.id AND e.direction = 'out' AND e.role = 'model' ORDER BY e.at LIMIT 1))`

export const versionColumns = `a.id, a.asset_id AS asset, s.name, a.version, a.description, a.tags, a.uri, a.state,
  coalesce(a.props ->> 'stage' = 'Archived', false) AS archived, a.props ->> 'runLink' AS run_link,
  a.props ->> 'runId' AS foreign_run, a.created_by AS actor, ${milliseconds('a.created_at')} AS created,
  ${milliseconds('a.updated_at')} AS updated, v.artifact_id IS NOT NULL AS is_ours,
  ${versionRun} AS run,
  coalesce((SELECT jsonb_agg(l.alias ORDER BY l.alias) FROM viewcast.alias l WHERE l.artifact_id = a.id), '[]') AS aliases`

export const versionTables = `viewcast.asset s JOIN viewcast.artifact a ON a.asset_id = s.id
  LEFT JOIN viewcast.model_version v ON v.artifact_id = a.id`

export async function modelOf({ db, project }: Store, name: string): Promise<ModelRow> {
  const [row] = await db.rows<ModelRow>(
    `SELECT ${modelColumns} FROM viewcast.asset s
     WHERE s.kind = 'model' AND s.namespace = $1 AND s.name = $2 AND s.lifecycle <> 'deleted'`,
    [project, name],
  )
  return row ?? absent(`Registered Model with name=${name} not found`)
}

export async function versionOf({ db, project }: Store, name: string, version: string): Promise<VersionRow> {
  if (!/^\d{1,9}$/.test(version)) invalid(`Model version must be an integer, got '${version}'`)
  const [row] = await db.rows<VersionRow>(
    `SELECT ${versionColumns} FROM ${versionTables}
     WHERE s.kind = 'model' AND s.namespace = $1 AND s.name = $2 AND s.lifecycle <> 'deleted'
       AND a.version = $3 AND a.state <> 'deleted'`,
    [project, name, Number(version)],
  )
  return row ?? absent(`Model Version (name=${name}, version=${version}) not found`)
}

/** Models in the order of their ids. */
export const modelsById = ({ db }: Store, ids: readonly string[]): Promise<ModelRow[]> =>
  db.rows<ModelRow>(
    `SELECT ${modelColumns} FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, at)
     JOIN viewcast.asset s ON s.id = wanted.id ORDER BY wanted.at`,
    [ids],
  )

/** Versions in the order of their ids. */
export const versionsById = ({ db }: Store, ids: readonly string[]): Promise<VersionRow[]> =>
  db.rows<VersionRow>(
    `SELECT ${versionColumns} FROM ${versionTables} JOIN unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, at) ON wanted.id = a.id
     ORDER BY wanted.at`,
    [ids],
  )

export const versionJson = (row: VersionRow): JsonObject => {
  const run = row.run === null ? row.foreign_run : hexOf(row.run)
  return {
    name: row.name,
    version: String(row.version),
    creation_timestamp: Number(row.created),
    last_updated_timestamp: Number(row.updated),
    ...(row.actor === null ? {} : { user_id: row.actor }),
    current_stage: stageOf(row),
    description: row.description ?? '',
    source: row.uri ?? (row.is_ours ? versionSource(row.id) : ''),
    run_id: run ?? '',
    status: row.state === 'pending' ? 'PENDING_REGISTRATION' : 'READY',
    tags: pairs(row.tags),
    run_link: row.run_link ?? '',
    aliases: row.aliases,
  }
}

const pairs = (tags: Readonly<Record<string, string>> | null): JsonObject[] =>
  Object.entries(tags ?? {}).map(([key, value]) => ({ key, value: String(value) }))

/** Models with the newest version of each stage and their aliases, many at a time. */
export async function modelsJson({ db }: Store, models: readonly ModelRow[]): Promise<JsonObject[]> {
  const ids = models.map((m) => m.id)
  const versions = await db.rows<VersionRow>(
    `SELECT ${versionColumns} FROM ${versionTables}
     WHERE s.id = ANY ($1::uuid[]) AND a.state <> 'deleted'
       AND (a.version = (SELECT max(o.version) FROM viewcast.artifact o WHERE o.asset_id = s.id AND o.state <> 'deleted')
         OR a.props ->> 'stage' = 'Archived' OR EXISTS (SELECT FROM viewcast.alias l WHERE l.artifact_id = a.id)
         OR a.version = (SELECT max(o.version) FROM viewcast.artifact o WHERE o.asset_id = s.id AND o.state <> 'deleted'
              AND o.props ->> 'stage' IS DISTINCT FROM 'Archived'
              AND NOT EXISTS (SELECT FROM viewcast.alias l WHERE l.artifact_id = o.id AND l.alias IN ('production', 'staging'))))
     ORDER BY a.version`,
    [ids],
  )
  return models.map((model) => {
    const mine = versions.filter((v) => v.asset === model.id)
    const newest = new Map<Stage, VersionRow>(mine.map((v) => [stageOf(v), v]))
    return {
      name: model.name,
      creation_timestamp: Number(model.created),
      last_updated_timestamp: Number(model.updated),
      description: model.description ?? '',
      latest_versions: [...newest.values()].map(versionJson),
      tags: pairs(model.tags),
      aliases: mine
        .flatMap((v) => v.aliases.map((alias) => ({ alias, version: String(v.version) })))
        .sort((a, b) => (a.alias < b.alias ? -1 : 1)),
    }
  })
}

export async function modelJson(store: Store, name: string): Promise<JsonObject> {
  const [json] = await modelsJson(store, [await modelOf(store, name)])
  return json as JsonObject
}

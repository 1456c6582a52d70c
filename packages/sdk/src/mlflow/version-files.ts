/** What the store holds of a model version, as files to download: `viewcast/versions/<id>/…`. */
import type { Store } from '../store/store.ts'
import { absent } from './failure.ts'
import { hexOf, uuidOf } from './ids.ts'
import type { JsonObject } from './proto-json.ts'
import type { FileContent } from './run-files.ts'

const prefix = 'viewcast/versions/'

/** Where a version of ours is, for clients that have no other place of it; it stays when its model is renamed. */
export const versionSource = (artifact: string): string => `mlflow-artifacts:/${prefix}${hexOf(artifact)}`

interface VersionPlace {
  readonly artifact: string
  readonly file: string
}

export function versionPlace(path: string): VersionPlace | undefined {
  if (!path.startsWith(prefix)) return undefined
  const [digits = '', ...rest] = path.slice(prefix.length).split('/')
  const artifact = uuidOf(digits)
  return artifact === undefined ? undefined : { artifact, file: rest.join('/') }
}

interface Texts {
  readonly record: string
  readonly training_sql: string | null
  readonly prediction_sql: string | null
}

/** Texts of a version by the name of their file. */
export async function filesOfVersion({ db, project }: Store, artifact: string): Promise<ReadonlyMap<string, string>> {
  const [row] = await db.rows<Texts>(
    `SELECT v.record, v.training_sql, v.prediction_sql
     FROM viewcast.asset s JOIN viewcast.artifact a ON a.asset_id = s.id JOIN viewcast.model_version v ON v.artifact_id = a.id
     WHERE a.id = $1 AND s.namespace = $2 AND a.state <> 'deleted'`,
    [artifact, project],
  )
  if (!row) return absent('No such artifact: the model version is not there, or was deleted')
  const files = { 'record.json': row.record, 'training.sql': row.training_sql, 'prediction.sql': row.prediction_sql }
  return new Map(Object.entries(files).flatMap(([name, text]) => (text === null ? [] : [[name, text]])))
}

export async function listVersionFiles(store: Store, place: VersionPlace): Promise<JsonObject[]> {
  const files = await filesOfVersion(store, place.artifact)
  if (place.file !== '') return []
  return [...files].map(([path, text]) => ({ path, is_dir: false, file_size: Buffer.byteLength(text) }))
}

export async function readVersionFile(store: Store, place: VersionPlace): Promise<FileContent> {
  const text = (await filesOfVersion(store, place.artifact)).get(place.file)
  if (text === undefined) return absent(`No such artifact: '${place.file}'`)
  const mediaType = place.file.endsWith('.json') ? 'application/json' : 'application/sql'
  return { content: Buffer.from(text), mediaType }
}

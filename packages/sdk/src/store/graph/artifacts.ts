/** Versions of assets. */
import { newId } from '../new-id.ts'
import type { Store } from '../store.ts'

export interface Artifact {
  readonly id: string
  readonly version: number
  /** False when equal content was there already. */
  readonly isNew: boolean
}

export interface ArtifactContent {
  /** Hash of the content; registering it again gives the version that is there. */
  readonly digest?: string
  readonly uri?: string
  readonly props?: Readonly<Record<string, unknown>>
}

/**
 * Registers a version of an asset: 1, 2, 3 … without gaps, whoever else registers at the same time.
 *
 * The asset's row is held until the transaction ends, so the rest of the transaction should be short.
 */
export async function registerArtifact(store: Store, asset: string, content: ArtifactContent = {}): Promise<Artifact> {
  const [row] = await store.db.rows<{ artifact_id: string; artifact_version: number; is_new: boolean }>(
    'SELECT * FROM viewcast.register_artifact($1, $2, $3, $4, $5, $6)',
    [newId(), asset, content.digest ?? null, content.uri ?? null, JSON.stringify(content.props ?? {}), store.actor],
  )
  if (!row) throw new Error('register_artifact returned no row')
  return { id: row.artifact_id, version: row.artifact_version, isNew: row.is_new }
}

/**
 * Says that a run read (`in`) or wrote (`out`) a version, and as what. Saying it again changes nothing.
 *
 * @param tags what else is said of this use, by key.
 */
export async function recordEvent(
  store: Store,
  run: string,
  artifact: string,
  direction: 'in' | 'out',
  role = '',
  tags: Readonly<Record<string, string>> = {},
): Promise<void> {
  await store.db.query(
    `INSERT INTO viewcast.event (execution_id, artifact_id, direction, role, tags) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING`,
    [run, artifact, direction, role, JSON.stringify(tags)],
  )
}

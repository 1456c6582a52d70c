/** Names that point at versions of datasets; every change is kept. */
import { fail } from '@viewcast/compiler'
import { findAsset } from '../graph/assets.ts'
import { isAliasName } from '../registry/model-selector.ts'
import type { Store } from '../store.ts'
import { datasetVersion } from './versions.ts'

/** An interval of a tag's history. Instants are the server's, in UTC. */
export interface TagInterval {
  readonly tag: string
  readonly version: number
  readonly from: string
  /** Null while it lasts. */
  readonly to: string | null
  readonly actor: string | null
  readonly reason: string | null
}

/**
 * Points a tag of a dataset at a version; `undefined` takes it away. Returns the version it pointed at before, or null.
 *
 * Errors: `model/alias-name`, `dataset/unknown-version`.
 *
 * @example
 * ```ts
 * await tagDataset(store, 'departures', 'golden', 3, 'checked by hand')
 * ```
 * ```sql
 * SELECT * FROM viewcast.set_alias($1, 'golden', 3, NULL, 'me', 'checked by hand')
 * ```
 */
export async function tagDataset(
  store: Store,
  dataset: string,
  tag: string,
  version: number | undefined,
  reason?: string,
): Promise<number | null> {
  if (!isAliasName(tag)) fail('model/alias-name', { alias: tag })
  if (version !== undefined) await datasetVersion(store, dataset, version)
  const asset =
    (await findAsset(store, { kind: 'dataset', name: dataset })) ?? fail('dataset/unknown-version', { dataset })
  const [row] = await store.db.rows<{ outcome: string; version_before: number | null }>(
    version === undefined
      ? 'SELECT outcome, version_before FROM viewcast.remove_alias($1, $2, NULL, $3, $4)'
      : 'SELECT outcome, version_before FROM viewcast.set_alias($1, $2, $5, NULL, $3, $4)',
    [asset, tag, store.actor, reason ?? null, ...(version === undefined ? [] : [version])],
  )
  if (row?.outcome === 'unknown' || row?.outcome === 'deleted')
    fail('dataset/unknown-version', { dataset, selector: tag })
  return row?.version_before ?? null
}

/** Every tag a dataset ever had, newest first. One statement. */
export const tagHistory = ({ db, project }: Store, dataset: string): Promise<readonly TagInterval[]> =>
  db.rows<TagInterval & Record<string, unknown>>(
    `SELECT h.alias AS tag, a.version, h.valid_from AS "from", h.valid_to AS "to", h.actor, h.reason
     FROM viewcast.alias_history h JOIN viewcast.artifact a ON a.id = h.artifact_id JOIN viewcast.asset s ON s.id = h.asset_id
     WHERE (s.kind, s.namespace, s.name) = ('dataset', $1, $2) ORDER BY h.valid_from DESC, h.alias`,
    [project, dataset],
  )

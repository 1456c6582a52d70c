/** Deleting, which keeps: numbers, records and history stay, and it can be taken back. */
import { fail } from '@viewcast/compiler'
import { findAsset } from '../graph/assets.ts'
import { atomically, type Store } from '../store.ts'

export interface DeletedVersions {
  /** Versions that changed their state. */
  readonly versions: readonly number[]
}

/**
 * Deletes a version of a model, or all of them and the model with it: nothing loads them and no alias can point at them.
 * Their numbers are not given again. All or nothing.
 *
 * One statement per version, after one that finds the model.
 *
 * Errors: `model/aliased` while an alias points at it; `model/not-trained` when it is not there.
 *
 * @example
 * ```ts
 * await deleteModel(store, 'delay15', 3) // { versions: [3] }
 * ```
 * ```sql
 * SELECT * FROM viewcast.set_version_state($1, 3, 'deleted')
 * ```
 */
export const deleteModel = (store: Store, model: string, version?: number): Promise<DeletedVersions> =>
  changeState(store, model, version, 'deleted')

/** Takes {@link deleteModel} back: of a version, or of all. Errors: `model/not-trained`. */
export const restoreModel = (store: Store, model: string, version?: number): Promise<DeletedVersions> =>
  changeState(store, model, version, 'live')

async function changeState(
  store: Store,
  model: string,
  version: number | undefined,
  state: 'live' | 'deleted',
): Promise<DeletedVersions> {
  return atomically(store, async (inside) => {
    const asset = (await findAsset(inside, { kind: 'model', name: model })) ?? fail('model/not-trained', { model })
    const wanted = version === undefined ? await versionsOf(inside, asset) : [version]
    const versions: number[] = []
    for (const each of wanted) {
      const [row] = await inside.db.rows<{ outcome: string; aliases: string | null }>(
        'SELECT * FROM viewcast.set_version_state($1, $2, $3)',
        [asset, each, state],
      )
      if (row?.outcome === 'unknown') fail('model/not-trained', { model, version: String(each) })
      if (row?.outcome === 'aliased') {
        fail('model/aliased', { model, version: String(each), aliases: row.aliases ?? '' })
      }
      if (row?.outcome === 'set') versions.push(each)
    }
    // A model is there as long as one version is.
    await inside.db.query(
      `UPDATE viewcast.asset SET lifecycle = CASE lifecycle WHEN 'deleted' THEN 'active' ELSE 'deleted' END,
         updated_at = clock_timestamp()
       WHERE id = $1
         AND (lifecycle = 'deleted') = EXISTS (SELECT FROM viewcast.artifact WHERE asset_id = $1 AND state <> 'deleted')`,
      [asset],
    )
    return { versions }
  })
}

async function versionsOf({ db }: Store, asset: string): Promise<number[]> {
  const rows = await db.rows<{ version: number }>(
    'SELECT version FROM viewcast.artifact WHERE asset_id = $1 ORDER BY 1',
    [asset],
  )
  return rows.map((r) => r.version)
}

/** Record files that the registry does not know: of a project older than its store, or of a clone. */
import { type Diagnostic, isViewcastError, type ModelRecord } from '@viewcast/compiler'
import { isDatabaseError } from '../../database/database-error.ts'
import { listVersions, loadRecord } from '../files/records.ts'
import { ensureAsset } from '../graph/assets.ts'
import { newId } from '../new-id.ts'
import { atomically, type Store } from '../store.ts'
import { contentDigest } from './content-digest.ts'
import { keepVersion } from './keep-version.ts'

export interface AdoptedRecords {
  /** Versions that the registry has from now on. */
  readonly adopted: readonly number[]
  /** `model/record` of files that could not be read; they are left out. */
  readonly damaged: readonly Diagnostic[]
}

/**
 * Registers the record files of a model whose numbers the registry does not have, under these numbers. Versions that are
 * registered stay as they are, deleted ones too, whatever their files say. All or nothing.
 *
 * One statement when there is nothing to adopt, three per file otherwise.
 *
 * @param directory folder of the project's state, with `models/<model>/<version>.json`.
 *
 * @example
 * ```ts
 * const { adopted } = await adoptRecords(store, '.viewcast', 'delay15') // [1, 2, 3], and [] the second time
 * ```
 */
export async function adoptRecords(store: Store, directory: string, model: string): Promise<AdoptedRecords> {
  const files = await listVersions(directory, model)
  if (files.length === 0) return { adopted: [], damaged: [] }
  return atomically(store, async (inside) => {
    const asset = await ensureAsset(inside, { kind: 'model', name: model })
    return adoptInto(inside, asset, directory, model)
  })
}

/** {@link adoptRecords} where the role may write, and nothing where it may not. */
export async function adoptRecordsIfAllowed(store: Store, directory: string, model: string): Promise<AdoptedRecords> {
  try {
    return await adoptRecords(store, directory, model)
  } catch (e) {
    // insufficient_privilege; read_only_sql_transaction
    if (isDatabaseError(e) && (e.sqlState === '42501' || e.sqlState === '25006')) return { adopted: [], damaged: [] }
    throw e
  }
}

/** {@link adoptRecords} of an asset, in the caller's transaction. */
export async function adoptInto(
  inside: Store,
  asset: string,
  directory: string,
  model: string,
): Promise<AdoptedRecords> {
  const known = new Set(await registeredNumbers(inside, asset))
  const unknown = (await listVersions(directory, model)).filter((version) => !known.has(version))
  const adopted: number[] = []
  const damaged: Diagnostic[] = []
  for (const version of unknown) {
    const record = await readable(directory, model, version, damaged)
    if (record !== undefined && (await adopt(inside, asset, record))) adopted.push(version)
  }
  return { adopted, damaged }
}

async function registeredNumbers({ db }: Store, asset: string): Promise<number[]> {
  const rows = await db.rows<{ version: number }>('SELECT version FROM viewcast.artifact WHERE asset_id = $1', [asset])
  return rows.map((r) => r.version)
}

async function readable(
  directory: string,
  model: string,
  version: number,
  damaged: Diagnostic[],
): Promise<ModelRecord | undefined> {
  try {
    // The name of the file counts: a copied file says the number it was copied from.
    return { ...(await loadRecord(directory, model, version)), name: model, version }
  } catch (e) {
    if (!isViewcastError(e)) throw e
    damaged.push(...e.diagnostics)
    return undefined
  }
}

async function adopt(inside: Store, asset: string, record: ModelRecord): Promise<boolean> {
  const id = newId()
  const [row] = await inside.db.rows<{ is_new: boolean }>(
    'SELECT viewcast.adopt_artifact($1, $2, $3, $4, $5) AS is_new',
    [id, asset, record.version, contentDigest(record), inside.actor],
  )
  if (!row?.is_new) return false
  await keepVersion(inside, id, record)
  return true
}

/** Model records as versions in the registry. */
import {
  type Facts,
  isViewcastError,
  type ModelDef,
  type ModelRecord,
  parseModelRecord,
  predictionQuery,
} from '@viewcast/compiler'
import { recordEvent, registerArtifact } from '../graph/artifacts.ts'
import { ensureAsset } from '../graph/assets.ts'
import { atomically, type Store } from '../store.ts'
import { adoptInto } from './adopt-records.ts'
import { contentDigest } from './content-digest.ts'
import { type KnownOfVersion, keepVersion } from './keep-version.ts'
import { modelSignature } from './model-signature.ts'

export interface ModelVersion {
  /** Id of the artifact. */
  readonly id: string
  readonly version: number
}

export interface RegisterModelOptions extends KnownOfVersion {
  /** Folder of the record files: versions there that the registry does not know are adopted first, with their numbers. */
  readonly directory?: string
  /**
   * The model as it is declared, with its facts, as `prepareModel` gives them: signature and prediction query are of it,
   * where they are not given.
   */
  readonly declared?: Declared
}

export interface RegisteredModel extends ModelVersion {
  /** The record as it is kept, with its version in it. */
  readonly record: ModelRecord
  /** False when a version said the same already. */
  readonly isNew: boolean
}

/**
 * Registers a model record as the next version of its model: 1, 2, 3 … without gaps, whoever else registers at the same
 * time. A record that says what a version said already, but for its time, is that version; what was not known of it (run,
 * dataset, SQL, keys) is added, and a deleted one is there again.
 *
 * Four statements, five with a run; the model is held until the transaction ends, so the rest of it should be short.
 *
 * @example
 * ```ts
 * const { version, isNew } = await registerModel(store, record, { run: run.id, trainingSql, predictionSql })
 * ```
 * ```sql
 * SELECT * FROM viewcast.register_artifact(…); SELECT viewcast.keep_model_version(…)
 * ```
 */
export async function registerModel(
  store: Store,
  record: ModelRecord,
  options: RegisterModelOptions = {},
): Promise<RegisteredModel> {
  return atomically(store, async (inside) => {
    const asset = await ensureAsset(inside, { kind: 'model', name: record.name })
    if (options.directory !== undefined) await adoptInto(inside, asset, options.directory, record.name)
    const { id, version, isNew } = await registerArtifact(inside, asset, { digest: contentDigest(record) })
    const kept = { ...record, version }
    await keepVersion(inside, id, kept, { ...knownOf(kept, options.declared), ...options })
    if (options.run !== undefined) await recordEvent(inside, options.run, id, 'out', 'model')
    return { id, version, isNew, record: isNew ? kept : await revived(inside, asset, id, kept) }
  })
}

interface Declared {
  readonly model: ModelDef
  readonly facts: Facts
}

function knownOf(record: ModelRecord, declared: Declared | undefined): KnownOfVersion {
  if (declared === undefined) return {}
  const predictionSql = queryOf(record, declared)
  return { signature: modelSignature(record, declared), ...(predictionSql === undefined ? {} : { predictionSql }) }
}

/** For every row of the entity, or the sample's rows where nobody says which entities there are. */
function queryOf(record: ModelRecord, { model, facts }: Declared): string | undefined {
  for (const kind of ['entities', 'sample'] as const) {
    try {
      return predictionQuery(model, record, facts, { spine: { kind } }).sql
    } catch (e) {
      // What cannot be predicted can still be kept: whoever predicts is told.
      if (!isViewcastError(e)) throw e
    }
  }
  return undefined
}

/** The record a version has, which is live from now on if it was not. */
async function revived({ db }: Store, asset: string, id: string, record: ModelRecord): Promise<ModelRecord> {
  await db.query(`SELECT viewcast.set_version_state($1, $2, 'live')`, [asset, record.version])
  await db.query(`UPDATE viewcast.asset SET lifecycle = 'active' WHERE id = $1 AND lifecycle = 'deleted'`, [asset])
  const [row] = await db.rows<{ record: string }>('SELECT record FROM viewcast.model_version WHERE artifact_id = $1', [
    id,
  ])
  return parseModelRecord(row?.record ?? '', `version ${record.version} of ${record.name} in the store`)
}

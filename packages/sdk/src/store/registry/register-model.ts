/** Model records as versions in the registry. */
import { createHash } from 'node:crypto'
import { type ModelRecord, printModelRecord } from '@viewcast/compiler'
import { registerArtifact } from '../graph/artifacts.ts'
import { ensureAsset } from '../graph/assets.ts'
import { atomically, type Store } from '../store.ts'

export interface ModelVersion {
  /** Id of the artifact. */
  readonly id: string
  readonly version: number
}

export interface RegisterModelOptions {
  readonly run?: string
  /** Id of the artifact that is the dataset it was trained on. */
  readonly dataset?: string
  readonly trainingSql?: string
  readonly predictionSql?: string
}

/**
 * Registers a model record as the next version of its model; the record kept has that version in it.
 */
export async function registerModel(
  store: Store,
  record: ModelRecord,
  options: RegisterModelOptions = {},
): Promise<ModelVersion & { readonly record: ModelRecord }> {
  return atomically(store, async (inside) => {
    const asset = await ensureAsset(inside, { kind: 'model', name: record.name })
    const { id, version } = await registerArtifact(inside, asset)
    const kept = { ...record, version }
    const text = printModelRecord(kept)
    await inside.db.query('UPDATE viewcast.artifact SET digest = $2 WHERE id = $1', [id, sha256(text)])
    await inside.db.query(
      `INSERT INTO viewcast.model_version
         (artifact_id, record, signature, metrics, dataset_artifact_id, execution_id,
          training_sql, training_hash, prediction_sql, prediction_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        id,
        text,
        JSON.stringify({ inputs: record.inputs.map((i) => i.feature) }),
        JSON.stringify(record.metrics),
        options.dataset ?? null,
        options.run ?? null,
        options.trainingSql ?? null,
        options.trainingSql === undefined ? null : sha256(options.trainingSql),
        options.predictionSql ?? null,
        options.predictionSql === undefined ? null : sha256(options.predictionSql),
      ],
    )
    return { id, version, record: kept }
  })
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

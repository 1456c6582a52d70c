/** The part of the log that predictions of one version share. */
import { fail } from '@viewcast/compiler'
import { ensureAsset, findAsset } from '../graph/assets.ts'
import { newId } from '../new-id.ts'
import { atomically, type Store } from '../store.ts'
import { hashKeyMark, hashPads, type LogShape } from './log-shape.ts'

export interface LogAbout {
  readonly model: string
  /** Trained version, as the registry numbers it. */
  readonly version: number
  readonly shape: LogShape
  /** `schema.name` of the deployment that was asked. */
  readonly deployment?: string
  /** Whether they were made beside others, which were answered. Default false. */
  readonly isShadow?: boolean
  /** Id of the run that predicts. */
  readonly run?: string
  /** Feature view → hash of what it is made of. */
  readonly views?: Readonly<Record<string, string>>
  /** Of the policy, where inputs are hashed. */
  readonly hashKey?: string
}

/** An open log; rows of one version go into it until it is forgotten. */
export interface PredictionLog {
  /** Of the batch its rows share. */
  readonly id: string
  readonly model: string
  readonly version: number
  readonly artifact: string
  readonly shape: LogShape
  readonly pads: readonly [inner: string, outer: string] | undefined
}

/**
 * Opens the log for predictions of one version: a server opens it once, a job for each of its runs.
 *
 * Errors: `model/not-trained` for a version that the registry does not have.
 */
export async function openPredictionLog(store: Store, about: LogAbout): Promise<PredictionLog> {
  const { model, version, shape, hashKey } = about
  return atomically(store, async (inside) => {
    const artifact = await versionId(inside, model, version)
    const id = newId()
    const deployment =
      about.deployment === undefined ? null : await ensureAsset(inside, { kind: 'deployment', name: about.deployment })
    await inside.db.query(
      `INSERT INTO viewcast.prediction_batch
         (id, artifact_id, deployment_id, execution_id, shape, views, hash_key, actor, is_shadow)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        id,
        artifact,
        deployment,
        about.run ?? null,
        JSON.stringify(shape),
        JSON.stringify(about.views ?? {}),
        hashKey === undefined ? null : hashKeyMark(hashKey),
        store.actor,
        about.isShadow ?? false,
      ],
    )
    return { id, model, version, artifact, shape, pads: hashKey === undefined ? undefined : hashPads(hashKey) }
  })
}

/** Id of a registered version. Errors: `model/not-trained`. */
export async function versionId(store: Store, model: string, version: number): Promise<string> {
  const asset = await findAsset(store, { kind: 'model', name: model })
  const [row] = await store.db.rows<{ id: string }>(
    `SELECT v.artifact_id AS id FROM viewcast.model_version v JOIN viewcast.artifact a ON a.id = v.artifact_id
     WHERE a.asset_id = $1 AND a.version = $2`,
    [asset ?? null, version],
  )
  return row?.id ?? fail('model/not-trained', { model, version: String(version) })
}

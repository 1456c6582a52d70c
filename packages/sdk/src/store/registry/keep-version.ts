/** What the registry keeps of a version beside its number. */
import { createHash } from 'node:crypto'
import { type ModelRecord, printModelRecord } from '@viewcast/compiler'
import type { Store } from '../store.ts'
import { type ModelSignature, modelSignature } from './model-signature.ts'

export interface KnownOfVersion {
  /** Id of the run that made it; its event is recorded. */
  readonly run?: string
  /** Id of the artifact that is the dataset it was trained on. */
  readonly dataset?: string
  readonly trainingSql?: string
  readonly predictionSql?: string
  /** Default what the record alone says; {@link modelSignature} of the declaration says more. */
  readonly signature?: ModelSignature
}

/** Writes what is known of a version; see `viewcast.keep_model_version`. */
export async function keepVersion(
  { db }: Store,
  artifact: string,
  record: ModelRecord,
  known: KnownOfVersion = {},
): Promise<void> {
  await db.query('SELECT viewcast.keep_model_version($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
    artifact,
    printModelRecord(record),
    JSON.stringify(known.signature ?? modelSignature(record)),
    JSON.stringify(record.metrics),
    known.dataset ?? null,
    known.run ?? null,
    known.trainingSql ?? null,
    known.trainingSql === undefined ? null : sha256(known.trainingSql),
    known.predictionSql ?? null,
    known.predictionSql === undefined ? null : sha256(known.predictionSql),
  ])
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** One version of a model, ready to answer: its statement, and what it takes and gives. */
import { fail, type ModelDef, type ModelRecord, type OutputChoice, outputs, withOutputs } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { Scored } from '../predict/prepared-together.ts'
import { checkVerificationRows } from '../predict/verify.ts'
import { prepareModel } from '../project/prepare-model.ts'
import { type Challenged, foundChallengers, type RefusedChallenger } from './challenged.ts'
import { type PreparedStatement, preparedStatement, tried } from './prepared-statement.ts'
import { type QuestionSchema, questionSchema } from './question-schema.ts'

/** What is served under a name. */
export interface ServedModel {
  /** In the paths. */
  readonly name: string
  readonly model: ModelDef
  /** The version to serve; asked every few seconds, and what it gives then is served from then on. */
  readonly version: () => Promise<ModelRecord>
  /** What it is asked for by, to be shown: an alias, a version, a deployment. */
  readonly follows?: string
  /** Output columns instead of those of the record. */
  readonly outputs?: readonly OutputChoice[]
  /**
   * Versions scored beside it by the same statement, by label; asked as often as `version`. Their answers are never given:
   * they are compared in the metrics, and handed to `onPredicted`.
   */
  readonly challengers?: () => Promise<Readonly<Record<string, Scored>>>
}

export interface ServedVersion extends PreparedStatement {
  readonly served: ServedModel
  readonly record: ModelRecord
  readonly schema: QuestionSchema
  readonly outputs: readonly { readonly name: string; readonly type: string; readonly description: string }[]
  readonly verification: string
  /** Its own statement with those of its challengers, where there are any. */
  readonly challenged: Challenged | undefined
  /** What tells the challengers that were looked for from others, and those of them that cannot be scored. */
  readonly wanted: string
  readonly refused: readonly RefusedChallenger[]
}

export interface ServedVersionOptions {
  readonly maxBatch: number
  /** What relative `.sql` paths are relative to. */
  readonly directory?: string
  readonly withFeatures: boolean
}

/**
 * Compiles the statement of a version, scores its verification rows on this engine, and runs the statement once; and so with
 * its challengers, as far as that goes.
 *
 * Errors: those of compiling it; `deploy/verification` when the engine gives other numbers than the record has.
 */
export async function servedVersion(
  db: Database,
  served: ServedModel,
  trained: ModelRecord,
  challengers: Readonly<Record<string, Scored>>,
  options: ServedVersionOptions,
): Promise<ServedVersion> {
  const record = withOutputs(trained, served.outputs)
  const own = preparedStatement(
    await prepareModel(db, served.model, options.directory),
    record,
    {},
    options.withFeatures,
  )
  const verification = await checkVerificationRows(db, record)
  if (!verification.ok) fail('deploy/verification', { rows: verification.detail })
  await tried(db, own)
  return {
    ...own,
    ...(await foundChallengers(db, served, record, challengers, options)),
    served,
    record,
    schema: questionSchema(own.query, options.maxBatch),
    outputs: outputs(record).map(({ name, type, description }) => ({ name, type, description })),
    verification: verification.detail,
  }
}

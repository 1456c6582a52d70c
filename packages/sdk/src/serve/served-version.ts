/** One version of a model, ready to answer: its statement, and what it takes and gives. */
import {
  servingQuery as compileServingQuery,
  digest,
  fail,
  type ModelDef,
  type ModelRecord,
  type OutputChoice,
  outputs,
  type ServingQuery,
  withOutputs,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { checkVerificationRows } from '../predict/verify.ts'
import { prepareModel } from '../project/prepare-model.ts'
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
}

export interface ServedVersion {
  readonly served: ServedModel
  readonly record: ModelRecord
  readonly query: ServingQuery
  /** What the statement is prepared as. */
  readonly statement: string
  readonly schema: QuestionSchema
  readonly outputs: readonly { readonly name: string; readonly type: string; readonly description: string }[]
  readonly verification: string
  /** Where the columns of the statement are. */
  readonly places: Places
}

interface Place {
  readonly name: string
  readonly type: string
  readonly at: number
}

interface Places {
  readonly keys: readonly Place[]
  readonly asOf: Place | undefined
  readonly outputs: readonly Place[]
  readonly features: readonly Place[]
  /** Whether the key is known. */
  readonly known: number | undefined
}

export interface ServedVersionOptions {
  readonly maxBatch: number
  /** What relative `.sql` paths are relative to. */
  readonly directory?: string
  readonly withFeatures: boolean
}

/**
 * Compiles the statement of a version, scores its verification rows on this engine, and runs the statement once.
 *
 * Errors: those of compiling it; `deploy/verification` when the engine gives other numbers than the record has.
 */
export async function servedVersion(
  db: Database,
  served: ServedModel,
  trained: ModelRecord,
  options: ServedVersionOptions,
): Promise<ServedVersion> {
  const record = withOutputs(trained, served.outputs)
  const { model, facts } = await prepareModel(db, served.model, options.directory)
  const query = compileServingQuery(model, record, facts, { withFeatures: options.withFeatures })
  const verification = await checkVerificationRows(db, record)
  if (!verification.ok) fail('deploy/verification', { rows: verification.detail })
  // No question: it plans, and so it runs.
  await db.query(
    query.sql,
    [...query.questions, ...(query.hasAsOf ? [0] : [])].map(() => []),
  )
  const given = outputs(record).map(({ name, type, description }) => ({ name, type, description }))
  return {
    served,
    record,
    query,
    statement: `viewcast_${digest(query.sql).slice(0, 32)}`,
    schema: questionSchema(query, options.maxBatch),
    outputs: given,
    places: placesOf(query, new Set(given.map((o) => o.name))),
    verification: verification.detail,
  }
}

function placesOf({ columns, keys, hasAsOf, tellsKnown }: ServingQuery, isOutput: ReadonlySet<string>): Places {
  const last = columns.length - 1
  const all = columns.map((c, at) => ({ name: c.name, type: c.type, at })).slice(1, tellsKnown ? last : undefined)
  const first = keys.length + (hasAsOf ? 1 : 0)
  return {
    keys: all.slice(0, keys.length),
    asOf: hasAsOf ? all[keys.length] : undefined,
    outputs: all.slice(first).filter((c) => isOutput.has(c.name)),
    features: all.slice(first).filter((c) => !isOutput.has(c.name)),
    known: tellsKnown ? last : undefined,
  }
}

/** Two versions of a model beside each other: records, datasets, SQL, and the scores of the same questions. */
import { type Diagnostic, isViewcastError, type ModelDef, type ModelRecord } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { predictionQuery } from '../predict/queries.ts'
import { type ScoreMovement, type ScoreMovementOptions, scoreMovement } from '../predict/score-movement.ts'
import { compareRecords, type RecordComparison } from '../store/registry/compare-records.ts'
import type { RegisteredVersion } from '../store/registry/model-versions.ts'
import { sqlDifference } from '../store/registry/sql-difference.ts'

/** A version as the registry has it, or a record alone. */
export interface ComparedVersion {
  readonly record: ModelRecord
  readonly trainingSql?: string | null
  readonly predictionSql?: string | null
  readonly dataset?: RegisteredVersion['dataset']
}

export interface CompareVersionsOptions extends ScoreMovementOptions {
  /** Whether both predict for a sample of questions. Default true. */
  readonly scores?: boolean
}

export interface VersionComparison extends RecordComparison {
  readonly model: string
  readonly before: number
  readonly after: number
  /** Unified diffs; empty when the texts are equal, null where one of them is not known. */
  readonly sql: { readonly training: string | null; readonly prediction: string | null }
  /** The versions of the dataset; null where it is not known. */
  readonly dataset: {
    readonly before: RegisteredVersion['dataset']
    readonly after: RegisteredVersion['dataset']
    /** Whether both were trained on equal rows; null where one digest is not known. */
    readonly same: boolean | null
  }
  readonly scores?: ScoreMovement
  /** Why a version cannot predict any more, as with an input that the declaration lost. */
  readonly notScored?: readonly Diagnostic[]
}

/**
 * Compares two versions of a model. A prediction query that was not kept is compiled from the declaration of today.
 *
 * Costs nothing but {@link scoreMovement}, unless `scores` is false.
 *
 * @example
 * ```ts
 * const [before, after] = [await modelVersion(store, 'delay15', 3), await modelVersion(store, 'delay15', 4)]
 * const { coefficients, sql, scores } = await compareVersions(db, model, before, after)
 * ```
 */
export async function compareVersions(
  db: Database,
  model: ModelDef,
  before: ComparedVersion,
  after: ComparedVersion,
  options: CompareVersionsOptions = {},
): Promise<VersionComparison> {
  const { name, version } = after.record
  const names = [`${name}@${before.record.version}`, `${name}@${version}`] as const
  const diff = (b: string | null | undefined, a: string | null | undefined): string | null =>
    b == null || a == null ? null : sqlDifference(b, a, names)
  const queries = [await queryOf(db, model, before, options), await queryOf(db, model, after, options)] as const
  const [b, a] = [before.dataset ?? null, after.dataset ?? null]
  return {
    model: name,
    before: before.record.version,
    after: version,
    ...compareRecords(before.record, after.record),
    sql: { training: diff(before.trainingSql, after.trainingSql), prediction: diff(...queries) },
    dataset: { before: b, after: a, same: b?.digest && a?.digest ? b.digest === a.digest : null },
    ...(options.scores === false ? {} : await scored(db, model, before.record, after.record, options)),
  }
}

async function queryOf(
  db: Database,
  model: ModelDef,
  { record, predictionSql }: ComparedVersion,
  { directory }: CompareVersionsOptions,
): Promise<string | null> {
  if (predictionSql != null) return predictionSql
  try {
    return (await predictionQuery(db, model, record, directory === undefined ? {} : { directory })).sql
  } catch (e) {
    if (isViewcastError(e)) return null
    throw e
  }
}

async function scored(
  db: Database,
  model: ModelDef,
  before: ModelRecord,
  after: ModelRecord,
  options: CompareVersionsOptions,
): Promise<Pick<VersionComparison, 'scores' | 'notScored'>> {
  try {
    return { scores: await scoreMovement(db, model, before, after, options) }
  } catch (e) {
    if (isViewcastError(e)) return { notScored: e.diagnostics }
    throw e
  }
}

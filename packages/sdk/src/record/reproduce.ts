/** Runs what a run was trained on again, and trains again: are the data and the coefficients the same? */
import { fail, isViewcastError, type ModelRecord, parseModelRecord, type ViewcastError } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { trainingQuery } from '../predict/queries.ts'
import { prepareModel } from '../project/prepare-model.ts'
import type { Project } from '../project/project.ts'
import { atSnapshot } from '../store/datasets/at-snapshot.ts'
import type { Precision } from '../store/datasets/canonical.ts'
import { changedViews, compareDigests, type DatasetDifference } from '../store/datasets/compare.ts'
import { type ColumnDigest, digestRows } from '../store/datasets/digest.ts'
import { sha256 } from '../store/datasets/sha256.ts'
import { viewHashes } from '../store/datasets/view-hashes.ts'
import { paramText } from '../store/runs/param-text.ts'
import { getRun, type RunDetails } from '../store/runs/run-details.ts'
import type { Store } from '../store/store.ts'
import { type TrainOptions, trainModel } from '../train/train.ts'
import { type CoefficientComparison, compareCoefficients } from './compare-coefficients.ts'
import { definitionTexts } from './definition-texts.ts'
import { type ParamDifference, paramDifferences, recordedModel } from './recorded-model.ts'
import { trainingParams } from './training-log.ts'

export interface ReproduceOptions extends Pick<TrainOptions, 'onProgress' | 'signal' | 'memoryBudgetBytes'> {
  /** Declares the model; without it only the data are compared. */
  readonly project?: Project
  /**
   * Whether the query and the declaration of the project are used as they are now, in place of those of the run. Default
   * false: the text and the params that the store has.
   */
  readonly current?: boolean
  /** How far coefficients may be apart, relative to themselves or to their standard error; default 1e-9. */
  readonly tolerance?: number
}

export interface ReproducedData {
  /** `unknown` where the run left no digest, as before there was a store. */
  readonly verdict: 'equal' | 'different' | 'unknown'
  readonly dataset: string
  readonly version: number | undefined
  readonly expected: string | undefined
  readonly found: string
  /** What differs, by column; undefined without a digest. */
  readonly difference: DatasetDifference | undefined
  /** Views of the database, and declared ones where a project is given, that are defined otherwise than they were. */
  readonly views: readonly string[]
}

export interface ReproducedModel {
  readonly model: string
  readonly version: number
  /** `not-trained` where it could not be, for a `reason`. */
  readonly verdict: CoefficientComparison['verdict'] | 'not-trained'
  readonly reason?: string
  readonly comparison?: CoefficientComparison
  readonly record?: ModelRecord
}

export interface Reproduction {
  readonly run: string
  /** True when the data are equal and the coefficients, where there are any, agree. */
  readonly agrees: boolean
  readonly query: {
    /** Which text was run. */
    readonly used: 'kept' | 'current'
    readonly hash: string
    /** Whether the project compiles the dataset to another text now; undefined where it was not asked. */
    readonly isOtherNow: boolean | undefined
  }
  readonly data: ReproducedData
  /** What the declaration says otherwise than the params of the run did. */
  readonly params: readonly ParamDifference[]
  /** Undefined for a run of other code, which left a dataset and no model. */
  readonly model: ReproducedModel | undefined
}

/**
 * Reads what a run read again, with the text the store kept, and trains again with the params of the run.
 *
 * Data are compared by digest, and a mismatch is told by column and by view; coefficients by value. Digest and training see
 * one snapshot. Nothing is written. Costs the training query twice and the fit.
 *
 * Errors: `run/not-active`; `dataset/unknown-version` for a run that read no dataset; those of the database when the query
 * no longer runs. A model that can no longer be trained is told in the result.
 *
 * @example
 * ```ts
 * const { agrees, data, model } = await reproduce(store, run, { project })
 * data.difference?.columns // [{ name: 'delay_7d', what: 'values', relative: 0.02, … }]
 * ```
 */
export async function reproduce(store: Store, run: string, options: ReproduceOptions = {}): Promise<Reproduction> {
  const details = await getRun(store, run)
  const kept = await keptOf(store, details)
  const declared = kept.model === undefined ? undefined : declaredModel(options.project, kept.model.name)
  const now = declared === undefined ? undefined : await currentQuery(store.db, declared, options)
  if (options.current && now === undefined) {
    fail('model/not-trained', { model: kept.model?.name ?? kept.dataset })
  }
  const text = options.current && now?.sql !== undefined ? now.sql : kept.query
  const params =
    declared === undefined
      ? []
      : paramDifferences(modelParams(details.params), textsOf(trainingParams(declared, askedOf(details.params))))
  const { data, model } = await atSnapshot(store.db, async (tx) => {
    const data = await compareData(tx, kept, text, now?.views, options)
    return { data, model: kept.model && (await again(tx, kept.model, text, details.params, options)) }
  })
  return {
    run,
    agrees: data.verdict !== 'different' && (model === undefined ? data.verdict === 'equal' : isFine(model)),
    query: {
      used: options.current ? 'current' : 'kept',
      hash: sha256(text),
      isOtherNow: now?.sql === undefined ? undefined : now.sql !== kept.query,
    },
    data,
    params,
    model,
  }
}

const isFine = ({ verdict }: ReproducedModel): boolean => verdict === 'equal' || verdict === 'within'

interface Kept {
  readonly dataset: string
  readonly version: number | undefined
  readonly query: string
  readonly views: Readonly<Record<string, string>>
  readonly digest: Parameters<typeof compareDigests>[0] | undefined
  readonly model: { readonly name: string; readonly version: number; readonly record: ModelRecord } | undefined
}

/** What the store has of what a run read and made. */
async function keptOf({ db }: Store, { id }: RunDetails): Promise<Kept> {
  const [use] = await db.rows<{
    dataset: string
    version: number
    query: string
    views: Record<string, string>
    digest: string
    method: string
    rows: number
    columns: readonly ColumnDigest[]
  }>(
    `SELECT v.dataset, v.version, u.query, u.views, v.digest, v.method, v.rows::float8 AS rows, d.columns
     FROM viewcast.dataset_use u JOIN viewcast.dataset_versions v USING (artifact_id)
     JOIN viewcast.dataset_version d USING (artifact_id)
     LEFT JOIN viewcast.event e ON e.execution_id = u.execution_id AND e.artifact_id = u.artifact_id AND e.direction = 'in'
     WHERE u.execution_id = $1 ORDER BY e.role = 'training' DESC NULLS LAST, v.dataset LIMIT 1`,
    [id],
  )
  const [made] = await db.rows<{ name: string; version: number; record: string; training_sql: string | null }>(
    `SELECT s.name, a.version, m.record, m.training_sql FROM viewcast.event e
     JOIN viewcast.model_version m USING (artifact_id) JOIN viewcast.artifact a ON a.id = m.artifact_id
     JOIN viewcast.asset s ON s.id = a.asset_id
     WHERE e.execution_id = $1 AND e.direction = 'out' ORDER BY a.version LIMIT 1`,
    [id],
  )
  const record = made && parseModelRecord(made.record, `version ${made.version} of ${made.name}`)
  const query = use?.query ?? made?.training_sql
  if (query === undefined || query === null) return fail('dataset/unknown-version', { dataset: `of run ${id}` })
  return {
    dataset: use?.dataset ?? record?.dataset.name ?? '',
    version: use?.version,
    query,
    views: use?.views ?? {},
    digest: use && { digest: use.digest, method: use.method, rows: use.rows, columns: use.columns },
    model: made && record && { name: made.name, version: made.version, record },
  }
}

function declaredModel(project: Project | undefined, name: string) {
  const found = project?.definitions.get(name)
  return found?.kind === 'model' ? found : undefined
}

interface Current {
  readonly sql?: string
  /** Hash of each declared view. */
  readonly views?: Readonly<Record<string, string>>
}

/** What the project compiles the dataset to now; nothing when it does not compile. */
async function currentQuery(
  db: Database,
  model: NonNullable<ReturnType<typeof declaredModel>>,
  { project, current }: ReproduceOptions,
): Promise<Current> {
  try {
    const directory = project?.directory
    const { sql } = await trainingQuery(db, model.dataset, directory === undefined ? {} : { directory })
    const texts = Object.entries(definitionTexts((await prepareModel(db, model, directory)).model))
    return { sql, views: Object.fromEntries(texts.map(([name, text]) => [name, sha256(text)])) }
  } catch (e) {
    if (current || !isViewcastError(e)) throw e
    return {}
  }
}

async function compareData(
  tx: Database,
  kept: Kept,
  text: string,
  declared: Current['views'],
  { signal }: ReproduceOptions,
): Promise<ReproducedData> {
  const precision = Object.fromEntries(
    (kept.digest?.columns ?? []).flatMap((c): [string, Precision][] => (c.precision ? [[c.name, c.precision]] : [])),
  )
  const found = await digestRows(tx, text, { title: kept.dataset, precision, ...(signal ? { signal } : {}) })
  const now = { ...(await viewHashes(tx, text, kept.dataset)), ...declared }
  // Declared views have no schema in their names; those of a run of other code are not known.
  const known = Object.entries(kept.views).filter(([name]) => name.includes('.') || declared !== undefined)
  const difference = kept.digest && compareDigests(kept.digest, found)
  const verdict =
    difference === undefined || difference.isOtherMethod ? 'unknown' : difference.isEqual ? 'equal' : 'different'
  return {
    verdict,
    dataset: kept.dataset,
    version: kept.version,
    expected: kept.digest?.digest,
    found: found.digest,
    difference,
    views: kept.digest === undefined ? [] : changedViews(Object.fromEntries(known), now),
  }
}

async function again(
  tx: Database,
  { name, version, record }: NonNullable<Kept['model']>,
  text: string,
  params: Readonly<Record<string, string>>,
  options: ReproduceOptions,
): Promise<ReproducedModel> {
  const declared = declaredModel(options.project, name)
  const without = (reason: string): ReproducedModel => ({ model: name, version, verdict: 'not-trained', reason })
  if (declared === undefined) return without(`the project declares no model "${name}"`)
  const model = options.current ? declared : recordedModel(declared, params, record)
  const { project, onProgress, signal, memoryBudgetBytes } = options
  try {
    const trained = await trainModel(tx, model, {
      ...trainAsked(params),
      query: text,
      trainedAt: record.trainedAt,
      version,
      ...(project ? { directory: project.directory } : {}),
      ...(onProgress ? { onProgress } : {}),
      ...(signal ? { signal } : {}),
      ...(memoryBudgetBytes === undefined ? {} : { memoryBudgetBytes }),
    })
    const comparison = compareCoefficients(record, trained.record, options.tolerance ?? 1e-9)
    return { model: name, version, verdict: comparison.verdict, comparison, record: trained.record }
  } catch (e) {
    if (!isViewcastError(e) || isInterrupted(e)) throw e
    return without(e.diagnostics.map((d) => d.message).join('; '))
  }
}

const isInterrupted = (e: ViewcastError): boolean => e.diagnostics.some((d) => d.code === 'engine/interrupted')

const asked = ['where', 'groupRows', 'exact'] as const

const askedOf = (params: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(asked.flatMap((key) => (params[key] === undefined ? [] : [[key, params[key]]])))

function trainAsked({ where, groupRows, exact }: Readonly<Record<string, string>>): TrainOptions {
  return {
    ...(where === undefined ? {} : { where: where as NonNullable<TrainOptions['where']> }),
    ...(groupRows === undefined ? {} : { groupRows: groupRows === 'true' }),
    ...(exact === 'true' ? { exact: true } : {}),
  }
}

const textsOf = (params: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(params).map(([key, value]) => [key, paramText(value)]))

/** Those of ours: a user may have logged others to the run. */
const modelParams = (params: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(params).filter(([key]) => isOurs(key)))

const ours = new Set([
  ...[
    'model',
    'dataset',
    'label',
    'family',
    'link',
    'solver',
    'penalty.l1',
    'penalty.l2',
    'threshold',
    'offset',
    'path',
  ],
  ...['calibrate', 'scorecard', 'thresholdRule', 'classWeights', 'interactions', 'split', ...asked],
])

const isOurs = (key: string): boolean => ours.has(key) || key.startsWith('input.')

/** The two queries of a project, compiled against a database. */
import {
  type CompiledQuery,
  type CompileOptions,
  predictionObject as compilePredictionObject,
  predictionQuery as compilePredictionQuery,
  selfTest as compileSelfTest,
  trainingQuery as compileTrainingQuery,
  type DatasetDef,
  type Literal,
  type ModelDef,
  type ModelRecord,
  type OutputChoice,
  type PredictionObject,
  type PredictionObjectOptions,
  type PredictionOptions,
  type SelfTest,
  type SpineBinding,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { prepareDataset } from '../project/facts.ts'
import { prepareModel } from '../project/prepare-model.ts'
import { preparedTogether, type Scored } from './prepared-together.ts'

/**
 * Compiles the training query of a dataset; nothing is run but catalog queries.
 *
 * Errors: everything wrong with the views, at once, each with its place.
 *
 * @example
 * ```ts
 * const { sql } = await trainingQuery(db, departures)
 * ```
 */
export async function trainingQuery(
  db: Database,
  dataset: DatasetDef,
  options: CompileOptions & { readonly directory?: string } = {},
): Promise<CompiledQuery> {
  const prepared = await prepareDataset(db, dataset, options.directory)
  const query = compileTrainingQuery(prepared.dataset, prepared.facts, options)
  return { ...query, warnings: [...prepared.warnings, ...query.warnings] }
}

export interface PredictOptions extends CompileOptions {
  /** ISO instant with a zone; default the start of the transaction that runs the query. */
  readonly at?: string
  /** Entity keys (and request columns) to predict for; default every row of the entity's relation. */
  readonly keys?: readonly Readonly<Record<string, unknown>>[]
  /** First rows only, in key order. */
  readonly limit?: number
  /** `sample` predicts for the sample's own rows and instants. Default `entities`. */
  readonly spine?: 'entities' | 'sample'
  /** Output columns instead of those the model was trained with: `['value', { reasons: 3 }]`. */
  readonly outputs?: readonly OutputChoice[]
  /** Also return the features. Default false. */
  readonly withFeatures?: boolean
  readonly directory?: string
}

/**
 * Compiles the prediction query of a trained model: one `WITH … SELECT` that any client can run.
 *
 * Errors: those of {@link trainingQuery}; `model/stale`, `time/instant`, `compile/no-anchor`, `compile/literal`.
 *
 * @example
 * ```ts
 * const { sql } = await predictionQuery(db, model, record, { at: '2001-02-01T12:00Z' })
 * ```
 */
export async function predictionQuery(
  db: Database,
  model: ModelDef,
  record: ModelRecord,
  options: PredictOptions = {},
): Promise<CompiledQuery> {
  const prepared = await prepareModel(db, model, options.directory)
  const query = compilePredictionQuery(prepared.model, record, prepared.facts, predictionOptions(options))
  return { ...query, warnings: [...prepared.warnings, ...query.warnings] }
}

/**
 * Writes the statements that keep a prediction in a database as a view or a function; nothing of it is run.
 *
 * Errors: those of {@link predictionQuery}; `compile/identifier`, `define/option`, `compile/challenger`.
 *
 * @example
 * ```ts
 * const { sql } = await predictionObject(db, model, record, { as: 'function', name: { schema: 'scoring', name: 'delay15' } })
 * ```
 * ```sql
 * CREATE OR REPLACE FUNCTION scoring.delay15 (p_origin text, p_as_of timestamptz DEFAULT now()) RETURNS TABLE (…) …;
 * COMMENT ON FUNCTION scoring.delay15 (text, timestamptz) IS 'viewcast: model delay15 version 3, …';
 * ```
 */
export async function predictionObject(
  db: Database,
  model: ModelDef,
  record: ModelRecord,
  options: ObjectOptions,
): Promise<PredictionObject> {
  const { challengers = {}, ...rest } = options
  const labels = Object.keys(challengers)
  const prepared = await preparedTogether(db, [{ model, record }, ...Object.values(challengers)], options.directory)
  const [own, ...others] = prepared.all
  const made = compilePredictionObject(own?.model ?? model, record, prepared.facts, {
    ...rest,
    challengers: others.map((other, i) => ({ ...other, label: labels[i] ?? '' })),
  })
  return { ...made, warnings: [...prepared.warnings, ...made.warnings] }
}

export interface ObjectOptions extends Omit<PredictionObjectOptions, 'challengers'> {
  /** Of a function: versions scored beside it, by the label that starts the names of their columns. */
  readonly challengers?: Readonly<Record<string, Scored>>
  /** What relative `.sql` paths are relative to. */
  readonly directory?: string
}

/**
 * Writes the prediction query together with its test: a query of checks and a statement that fails when one does.
 *
 * Errors: those of {@link predictionQuery}.
 *
 * @example
 * ```ts
 * await writeFile('delay15.sql', (await selfTest(db, model, record, { at: '2001-02-01T12:00Z' })).sql)
 * ```
 * ```sql
 * WITH … SELECT …;  WITH … SELECT "check", ok, expected, actual …;  DO $viewcast$ … RAISE EXCEPTION … $viewcast$;
 * ```
 */
export async function selfTest(
  db: Database,
  model: ModelDef,
  record: ModelRecord,
  options: PredictOptions = {},
): Promise<SelfTest> {
  const prepared = await prepareModel(db, model, options.directory)
  const query = compileSelfTest(prepared.model, record, prepared.facts, predictionOptions(options))
  return { ...query, warnings: [...prepared.warnings, ...query.warnings] }
}

/** The compiler's options from the caller's. */
export function predictionOptions(options: PredictOptions): PredictionOptions {
  const at = options.at === undefined ? {} : { at: options.at }
  const spine: SpineBinding =
    options.keys !== undefined
      ? { kind: 'keys', rows: options.keys as readonly Readonly<Record<string, Literal>>[], ...at }
      : options.spine === 'sample'
        ? { kind: 'sample' }
        : { kind: 'entities', ...at }
  return {
    spine,
    ...(options.withFeatures === undefined ? {} : { withFeatures: options.withFeatures }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.outputs === undefined ? {} : { outputs: options.outputs }),
    ...(options.dialect === undefined ? {} : { dialect: options.dialect }),
    ...(options.passes === undefined ? {} : { passes: options.passes }),
    ...(options.forms === undefined ? {} : { forms: options.forms }),
  }
}

/** Training end to end: facts → training query → stream → fit → model record with verification rows. */
import {
  type BoundInput,
  bindDataset,
  bindModel,
  type CompiledQuery,
  trainingQuery as compileTrainingQuery,
  type DatasetDef,
  type Diagnostic,
  diagnostic,
  foldKeyed,
  type ModelDef,
  type ModelRecord,
  throwIfErrors,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { duplicateKeys } from '../project/duplicate-keys.ts'
import { prepareDataset } from '../project/facts.ts'
import { namingFailedView, rowsNamingFailedView } from '../project/failed-view.ts'
import { runningTraining } from '../project/running-query.ts'
import { trainingColumns } from './collect/training-columns.ts'
import { type FitProgress, type FittedModel, fitModel } from './fit-model.ts'
import { chooseRoute, type Where } from './in-database/choose-route.ts'
import { fitInDatabase } from './in-database/fit-in-database.ts'
import { groupedRows } from './in-database/grouped-rows.ts'
import { modelRecordOf } from './model-record-of.ts'
import { type FoldChoice, foldKeyOf, withFoldKey } from './select/folds.ts'

export interface TrainOptions {
  readonly onProgress?: FitProgress
  /** Stops reading and fitting; nothing is kept. */
  readonly signal?: AbortSignal
  /** Version of the record; default 1. */
  readonly version?: number
  /** ISO instant written into the record; default the clock at the end of training. */
  readonly trainedAt?: string
  /** What relative `.sql` paths are relative to; default the working directory. */
  readonly directory?: string
  /**
   * Where the sums are made: `process` reads the rows, `database` reads aggregates only, `auto` (the default) reads the
   * rows unless they are more than 4 GiB of numbers and aggregates can fit the model; the record says why.
   */
  readonly where?: Where
  /**
   * Reads groups of equal rows, counted by the database, instead of rows: the same model, sooner where few rows differ. By
   * default it is done with `auto` where at least 20,000 rows are at most a tenth as many groups, and the record says so.
   * A model that needs rows one by one is refused with true: `train/not-grouped`.
   */
  readonly groupRows?: boolean
  /** Fits with the solver `exact`, whatever the model names: least squares without rounding. Default false. */
  readonly exact?: boolean
  /**
   * Text of an earlier training query, whose rows are read instead of those of the query compiled now. It has the inputs
   * and the label of the model, and what weighs and divides the rows.
   */
  readonly query?: string
  /** Bytes of training rows kept in memory before they are spooled to a temporary file; default 256 MiB. */
  readonly memoryBudgetBytes?: number
}

export interface TrainResult {
  readonly record: ModelRecord
  readonly warnings: readonly Diagnostic[]
  readonly trainingQuery: string
  readonly seconds: number
}

/**
 * Trains a model and returns its record: runs its training query once, streaming, and fits in process, or fits by
 * aggregates over it, so that no row leaves the database.
 *
 * The database is only read. Memory holds one batch of rows and the row store's budget, whatever the number of rows.
 *
 * Errors: what compiling the dataset finds; `model/…` for inputs and label; `train/…` for what the data does not allow
 * (one class, all NULL, no rows, separation, collinearity); `view/failed`; `engine/interrupted`.
 *
 * @example
 * ```ts
 * const { record } = await trainModel(db, model)
 * record.metrics.test.auc // 0.71
 * ```
 */
export async function trainModel(db: Database, model: ModelDef, options: TrainOptions = {}): Promise<TrainResult> {
  const started = performance.now()
  const { dataset, facts, warnings } = await prepareDataset(db, model.dataset, options.directory)
  const resolved: ModelDef = { ...model, dataset, ...(options.exact ? { solver: 'exact' as const } : {}) }
  const bound = bindDataset(dataset, facts)
  const inputs = bindModel(resolved, bound.value)
  const compiled = throwIfErrors([...bound.diagnostics, ...inputs.diagnostics])
  const declared = compileTrainingQuery(dataset, facts)
  const given = options.query === declared.sql ? undefined : options.query
  const query = given === undefined ? declared : await keptQuery(db, given, resolved, inputs.value, declared)
  const running = runningTraining(bound.value, facts, options.signal)
  const found = [...compiled, ...(await namingFailedView(db, running, () => duplicateKeys(db, dataset, facts)))]
  const complete = withInputs(resolved, inputs.value)
  const folds = needsFolds(model, dataset) ? usualFolds : undefined
  const foldKey = folds ? foldKeyOf(folds.folds) : undefined
  const read =
    foldKey === undefined
      ? query
      : given === undefined
        ? compileTrainingQuery(dataset, facts, { foldKey })
        : await describedAs(db, query, foldKeyed(given, foldKey, bound.value))
  const { wanted } = trainingColumns(folds ? withFoldKey(complete) : complete, read.columns)
  const fitOptions = {
    ...(folds === undefined ? {} : { folds }),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.memoryBudgetBytes === undefined ? {} : { memoryBudgetBytes: options.memoryBudgetBytes }),
  }
  const stop = options.signal ? { signal: options.signal } : {}
  const inProcess = (expected: number | undefined): Promise<FittedModel> => {
    const rows = db.streamNumbers(read.sql, wanted, stop)
    return fitModel(complete, [...read.columns], rowsNamingFailedView(db, running, rows), {
      ...fitOptions,
      ...(options.onProgress ? { onProgress: readingOf(expected, options.onProgress) } : {}),
    })
  }
  const inGroups = (): Promise<FittedModel> => {
    const { sql, columns, wanted } = groupedRows(complete, query)
    const groups = db.streamNumbers(sql, wanted, stop)
    return fitModel(complete, columns, rowsNamingFailedView(db, running, groups), { ...fitOptions, isGrouped: true })
  }
  const inDatabase = () => namingFailedView(db, running, () => fitInDatabase(db, complete, query, fitOptions))
  const { where, reason, rows, isGrouped } = await namingFailedView(db, running, () =>
    chooseRoute(db, complete, query, {
      where: options.where ?? 'auto',
      groupRows: options.groupRows,
      signal: options.signal,
    }),
  )
  const fitted = isGrouped
    ? sayingGroups(await inGroups())
    : because(reason, await (where === 'database' ? inDatabase() : inProcess(rows)))
  const record = modelRecordOf(model, dataset, query.sql, fitted, {
    ...(options.version === undefined ? {} : { version: options.version }),
    ...(options.trainedAt === undefined ? {} : { trainedAt: options.trainedAt }),
  })
  return {
    record,
    warnings: [...warnings, ...found, ...fitted.warnings],
    trainingQuery: query.sql,
    seconds: (performance.now() - started) / 1000,
  }
}

/** A text as a query of ours. Errors: `model/unknown-input`, `model/unknown-label` for what it does not return. */
async function keptQuery(
  db: Database,
  sql: string,
  { name: model, label }: ModelDef,
  inputs: readonly BoundInput[],
  declared: CompiledQuery,
): Promise<CompiledQuery> {
  const query = await describedAs(db, declared, sql)
  const names = new Set(query.columns.map((c) => c.name))
  const lacking = inputs.filter((i) => !names.has(i.feature))
  throwIfErrors([
    ...lacking.map((i) => diagnostic('model/unknown-input', { model, input: i.feature })),
    ...(names.has(label) ? [] : [diagnostic('model/unknown-label', { model, label })]),
  ])
  return query
}

const describedAs = async (db: Database, query: CompiledQuery, sql: string): Promise<CompiledQuery> => ({
  ...query,
  sql,
  columns: await db.describe(sql),
})

/**
 * A path of penalties is cross-validated; a rule for the threshold and a calibration need rows the model is not fitted on:
 * without a validation part, folds of the others.
 */
const needsFolds = ({ path, thresholdRule, calibrate }: ModelDef, dataset: DatasetDef): boolean =>
  path !== undefined || ((thresholdRule !== undefined || calibrate !== undefined) && !hasValidation(dataset))

const usualFolds: FoldChoice = {
  folds: { kind: 'hash', count: 5, repeats: 1 },
  gap: { seconds: 0, edge: '<' },
}

const hasValidation = ({ sample: { split } }: DatasetDef): boolean =>
  split.kind !== 'none' && split.validation !== undefined

/** The model with its inputs written out, so that fitting need not know what "all features" means. */
const withInputs = (model: ModelDef, inputs: ReturnType<typeof bindModel>['value']): ModelDef => ({
  ...model,
  inputs: Object.fromEntries(inputs.map((i) => [i.feature, i.encoder])),
})

/** Reading, told with the rows that the planner expects: the time left is worth a guess. */
const readingOf =
  (expected: number | undefined, tell: FitProgress): FitProgress =>
  (stage, done, total) => {
    const guess = stage === 'reading' && expected !== undefined ? Math.max(expected, done) : total
    return guess === undefined ? tell(stage, done) : tell(stage, done, guess)
  }

const sayingGroups = (fitted: FittedModel): FittedModel => {
  const { train, validation, test } = fitted.rows
  const [rows, groups] = [train + validation + test, fitted.groups ?? 0].map((n) => n.toLocaleString('en-US'))
  return because(`grouped: ${rows} rows are ${groups} groups`, fitted)
}

const because = (reason: string | undefined, fitted: FittedModel): FittedModel =>
  reason === undefined ? fitted : { ...fitted, fit: { ...fitted.fit, reason } }

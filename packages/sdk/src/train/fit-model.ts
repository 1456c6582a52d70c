import {
  type Calibration,
  type Coefficient,
  type Column,
  type Diagnostic,
  type LearnedInput,
  type ModelDef,
  type ModelRecord,
  type PathRecord,
  refuseScorecard,
} from '@viewcast/compiler'
import { calibrateFit } from './calibrate/calibrate-fit.ts'
import { type Batches, type Collected, collectRows, type LeftOut } from './collect/collect.ts'
import { type ExampleRow, exampleRows } from './collect/example-rows.ts'
import { createDesign } from './encode/design.ts'
import { learnEncoders } from './encode/encoders.ts'
import { withExactRows } from './exact/exact-rows.ts'
import { fitDesign } from './fit-design.ts'
import { contributionsOf } from './measure/contributions.ts'
import { evaluateFit } from './measure/evaluate-fit.ts'
import { coefficientsOf, covarianceOf, factsOf } from './measure/inference.ts'
import { chooseModelThreshold } from './select/choose-threshold.ts'
import { withInputsOnly } from './select/fold-view.ts'
import { type FoldChoice, withFoldKey } from './select/folds.ts'
import { conditionWarnings } from './solve/condition.ts'
import type { Design } from './solve/fit.ts'
import { endThreads } from './solve/pass-threads.ts'
import { eachBlock } from './solve/passes.ts'
import { solverOf } from './solve/solvers.ts'

/**
 * Called while a model is fitted: `reading` with the rows read and, where the database was asked, its guess of all, `fitting` with the iterations done, `evaluating` with
 * the rows evaluated and their total.
 */
export type FitProgress = (stage: 'reading' | 'fitting' | 'evaluating', done: number, total?: number) => void

export interface FitModelOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: FitProgress
  /** Bytes of rows kept in memory, and as many again of encoded rows; 256 MiB by default. */
  readonly memoryBudgetBytes?: number
  /** The rows come with the column `_fold_key`, of which these folds are made; a rule for the threshold uses them. */
  readonly folds?: FoldChoice
  /** Rows are groups of equal rows, and the last column is how many each is; see `grouped-rows.ts`. */
  readonly isGrouped?: boolean
}

/** What a model record holds of a fit. */
export interface FittedModel {
  readonly inputs: readonly LearnedInput[]
  /** The intercept, named `(intercept)`, comes first. */
  readonly coefficients: readonly Coefficient[]
  /** Covariance of the coefficients, packed, in their order; absent where a penalty makes it meaningless. */
  readonly covariance?: readonly number[]
  /** Of a label that has several, in order. */
  readonly classes?: readonly string[]
  /** Weighted mean of each encoded column. */
  readonly means?: readonly number[]
  /** How much each feature moves the scores of the training rows. */
  readonly contributions?: ModelRecord['contributions']
  readonly fit: ModelRecord['fit']
  /** How the penalty was chosen. */
  readonly path?: PathRecord
  readonly calibration?: Calibration
  readonly threshold: number
  readonly thresholdChoice?: ModelRecord['thresholdChoice']
  readonly rows: Collected['rows']
  /** Groups of equal rows that were read, where rows were not. */
  readonly groups?: number
  readonly leftOut: LeftOut
  /**
   * On the training rows, on the validation rows where there are any, on the test rows, and of predicting the mean label of the training rows for each test row
   * (each training row when there are no test rows).
   */
  readonly metrics: ModelRecord['metrics']
  readonly warnings: readonly Diagnostic[]
  /** Rows to check an engine with: ordinary, extreme, missing. */
  readonly exampleRows: readonly ExampleRow[]
}

/**
 * Fits a model to the rows of its training query, which are read once.
 *
 * `columns` and `batches` are the result of the training query: inputs and label by name, `_weight` and `_split` when
 * the sample has them. Memory holds at most twice `memoryBudgetBytes` of rows, whatever their number, and 40 bytes per
 * row while metrics are computed.
 *
 * p values are two-sided, normal for binomial and Student t for gaussian; with a penalty they and the standard errors
 * are null. Errors: those of {@link collectRows} and {@link learnEncoders}; `train/collinear`, `train/separation`,
 * `train/not-converged`, `train/unsupported`, `train/too-large`; `engine/interrupted`.
 *
 * @example
 * ```ts
 * const { coefficients } = await fitModel(model, query.columns, db.stream(query.sql), {})
 * ```
 */
export async function fitModel(
  model: ModelDef,
  columns: readonly Column[],
  batches: Batches,
  options: FitModelOptions,
): Promise<FittedModel> {
  const { signal, onProgress, memoryBudgetBytes } = options
  // Refused before rows are read.
  solverOf(model)
  const collected = await collectRows(options.folds === undefined ? model : withFoldKey(model), columns, batches, {
    signal,
    memoryBudgetBytes,
    isGrouped: options.isGrouped,
    onRows: (rows) => onProgress?.('reading', rows),
  })
  try {
    return await fitCollected(model, collected, options)
  } finally {
    collected.store.dispose()
  }
}

/** The same for rows that are read already; they stay with the caller. */
export async function fitCollected(
  declared: ModelDef,
  read: Collected,
  options: FitModelOptions,
): Promise<FittedModel> {
  const { signal, onProgress, memoryBudgetBytes } = options
  const collected = options.folds === undefined ? read : withInputsOnly(read, Object.keys(declared.inputs))
  const { inputs, warnings } = learnEncoders(declared.inputs, collected)
  const { interactions } = declared
  refuseScorecard(declared.name, declared.scorecard, inputs)
  // With the keys of the rows, where there are folds.
  const encoded = createDesign(read, inputs, 'train', { memoryBudgetBytes, interactions })
  const design = declared.solver === 'exact' ? withExactRows(encoded, collected, inputs) : encoded
  const fit = await fitDesign(declared, design, {
    signal,
    onIteration: (i) => onProgress?.('fitting', i),
    classes: collected.classes?.names,
  }).finally(() => endThreads(design))
  const testDesign = createDesign(collected, inputs, 'test', { memoryBudgetBytes: 0, interactions })
  const validationDesign = createDesign(collected, inputs, 'validation', { memoryBudgetBytes: 0, interactions })
  const held = { train: design, validation: validationDesign, test: testDesign }
  const calibrated = await calibrateFit(declared, fit, held, signal)
  const curved = { ...declared, ...(calibrated && { curve: calibrated.calibration.curve }) }
  const chosen = await chooseModelThreshold(curved, fit, { read, collected, inputs, design }, options)
  const model = { ...curved, threshold: chosen.threshold }

  const { rows } = collected
  const total = rows.train + rows.validation + rows.test
  onProgress?.('evaluating', 0, total)
  const { mean, means, offset } = await meansOf(design, signal)
  const contributions = contributionsOf(
    fit,
    design,
    inputs.filter((i) => i.feature !== collected.offset),
    {
      means,
      interactions,
      ...(collected.offset !== undefined && { offset: { feature: collected.offset, mean: offset } }),
    },
  )
  const train = await evaluateFit(model, fit, contributions.design, mean, signal)
  const sizes = contributions.sizes()
  onProgress?.('evaluating', rows.train, total)
  const test = await evaluateFit(model, fit, testDesign, mean, signal)
  onProgress?.('evaluating', rows.train + rows.test, total)
  const validation = rows.validation === 0 ? undefined : await evaluateFit(model, fit, validationDesign, mean, signal)
  onProgress?.('evaluating', total, total)
  return {
    inputs,
    coefficients: coefficientsOf(model, inputs, fit, collected.classes?.names),
    ...covarianceOf(model, inputs, fit),
    ...(collected.classes === undefined ? {} : { classes: collected.classes.names }),
    means,
    ...(sizes === undefined ? {} : { contributions: sizes }),
    fit: factsOf(model, fit),
    ...(fit.path === undefined ? {} : { path: fit.path }),
    ...(calibrated === undefined ? {} : { calibration: calibrated.calibration }),
    threshold: chosen.threshold,
    ...(chosen.choice === undefined ? {} : { thresholdChoice: chosen.choice }),
    rows,
    ...(collected.groups === undefined ? {} : { groups: collected.store.rows }),
    leftOut: collected.leftOut,
    metrics: {
      train: train.metrics,
      ...(validation === undefined ? {} : { validation: validation.metrics }),
      test: test.metrics,
      baseline: rows.test > 0 ? test.baseline : train.baseline,
    },
    warnings: [
      ...collected.warnings,
      ...warnings,
      ...conditionWarnings(fit.condition),
      ...(calibrated?.warnings ?? []),
      ...chosen.warnings,
    ],
    exampleRows: exampleRows(collected, inputs),
  }
}

/** Weighted means over the rows: of the label, of each column, and of the offset. */
async function meansOf(
  design: Design,
  signal: AbortSignal | undefined,
): Promise<{ readonly mean: number; readonly means: readonly number[]; readonly offset: number }> {
  const width = design.columns.length
  const sums = new Float64Array(width)
  let mean = 0
  let added = 0
  let total = 0
  await eachBlock(design, signal, ({ rows, x, y, weight, offset }) => {
    for (let r = 0; r < rows; r++) {
      const w = weight === undefined ? 1 : (weight[r] as number)
      total += w
      mean += (w / total) * ((y[r] as number) - mean)
      if (offset !== undefined) added += w * (offset[r] as number)
      for (let j = 0; j < width; j++) sums[j] = (sums[j] as number) + w * (x[r * width + j] as number)
    }
  })
  return { mean, means: Array.from(sums, (sum) => sum / total), offset: added / total }
}

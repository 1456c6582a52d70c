/** Measures a trained model on the rows of one part of its dataset. */
import {
  bindDataset,
  type Diagnostic,
  labelKind,
  type ModelDef,
  type ModelRecord,
  outputName,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { numberOf } from '../database/number-batch.ts'
import { namingFailedView } from '../project/failed-view.ts'
import { prepareModel } from '../project/prepare-model.ts'
import { runningTraining } from '../project/running-query.ts'
import { type ClassesEvaluation, type ClassRows, evaluateClasses } from './classes.ts'
import { type FeatureContribution, featureContributions } from './contributions.ts'
import { meanEstimate } from './estimate.ts'
import { evaluateNumber, type NumberEvaluation } from './number.ts'
import { evaluateOutcome, type OutcomeEvaluation, outcomeMetrics } from './outcome.ts'
import { type Measured, numberMetrics } from './residuals.ts'
import { type EvaluatedPart, readScoredRows, type ScoredRows } from './scored-rows.ts'
import { rowsOfSlice, type SliceColumn, sliceColumn } from './slices.ts'

export interface Slice {
  readonly name: string
  readonly rows: number
  readonly meanLabel: number
  readonly meanPrediction: number
  readonly metrics: readonly Measured[]
}

export interface SlicedFeature {
  readonly feature: string
  readonly slices: readonly Slice[]
}

/** What a model comes to on the rows of one part. */
export interface Evaluation {
  readonly model: string
  readonly version: number
  readonly part: EvaluatedPart
  readonly rows: number
  readonly unscored: number
  readonly isWeighted: boolean
  readonly result: OutcomeEvaluation | NumberEvaluation | ClassesEvaluation
  readonly contributions: readonly FeatureContribution[]
  readonly slices: readonly SlicedFeature[]
  /** The query that was run. */
  readonly sql: string
  readonly warnings: readonly Diagnostic[]
}

export interface EvaluateOptions {
  /** Default `test` where the dataset has one, else `train`. */
  readonly part?: EvaluatedPart
  /** Columns to slice by; default the four features that move the score most. */
  readonly slices?: readonly string[]
  readonly directory?: string
  readonly signal?: AbortSignal
  readonly onRows?: (rows: number) => void
}

const defaultSlices = 4
const leastRowsOfSlice = 10
const shownOfSlice: ReadonlySet<string> = new Set(['auc', 'logLoss', 'rmse', 'r2'])

/**
 * Measures a trained model: runs its training query with the model scored over it, in the database, and computes metrics
 * with 95 % confidence intervals, curves, residuals, feature contributions and slices.
 *
 * The database is only read. Memory: about 16 bytes per row and column kept (label, score, outputs, slices).
 *
 * Errors: what compiling the dataset finds; `train/no-rows`; `model/stale`; `view/unknown-column` for a slice; `view/failed`; `engine/interrupted`.
 *
 * @example
 * ```ts
 * const evaluation = await evaluateModel(db, model, record, { slices: ['carrier'] })
 * await writeFile('delay.html', await renderReport(record, evaluation))
 * ```
 * ```sql
 * WITH _score AS (SELECT f.late15, f._split, … AS _linear FROM (…) AS f OFFSET 0) SELECT s.late15, s._split, … FROM _score AS s
 * ```
 */
export async function evaluateModel(
  db: Database,
  model: ModelDef,
  given: ModelRecord,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const prepared = await prepareModel(db, model, options.directory)
  // What is measured does not depend on the outputs that were chosen to be shown.
  const record: ModelRecord = {
    ...given,
    outputs: given.family === 'multinomial' ? ['label', 'probabilities'] : ['value'],
  }
  const part = options.part ?? (record.dataset.testRows > 0 ? 'test' : 'train')
  const inputs = record.inputs.map((i) => i.feature)
  const features = options.slices ?? inputs
  const bound = bindDataset(prepared.model.dataset, prepared.facts).value
  const read = await namingFailedView(db, runningTraining(bound, prepared.facts, options.signal), () =>
    readScoredRows(db, prepared.model, record, prepared.facts, {
      part,
      features,
      signal: options.signal,
      onRows: options.onRows,
    }),
  )
  const classes = record.classes === undefined ? undefined : evaluateClasses(classRows(record.classes, read))
  const measured = numbersOf(record, read)
  const contributions = featureContributions(record, read.examples)
  const sliced = options.slices ?? contributions.slice(0, defaultSlices).map((c) => c.feature)
  return {
    model: record.name,
    version: record.version,
    part,
    rows: read.rows,
    unscored: read.unscored,
    isWeighted: read.weights !== undefined,
    result: classes ?? resultOf(record, measured),
    contributions,
    slices: (classes === undefined ? sliced : []).map((f) =>
      slicedBy(record, sliceColumn(f, read.features[f] ?? []), measured),
    ),
    sql: read.sql,
    warnings: prepared.warnings,
  }
}

function resultOf(record: ModelRecord, measured: Numbers): OutcomeEvaluation | NumberEvaluation {
  if (labelKind(record.family) === 'number') return evaluateNumber(measured)
  return record.family === 'svm'
    ? evaluateOutcome(measured, 0, false)
    : evaluateOutcome(measured, record.threshold, true)
}

function classRows(classes: readonly string[], read: ScoredRows): ClassRows {
  const place = new Map(classes.map((name, k) => [name, k]))
  const columns = Object.values(read.outputs).slice(1)
  const probabilities = new Float64Array(read.rows * classes.length)
  for (let r = 0; r < read.rows; r++) {
    for (let k = 0; k < classes.length; k++) probabilities[r * classes.length + k] = numberOf(columns[k]?.[r])
  }
  return {
    classes,
    label: Int32Array.from(read.labels, (v) => place.get(String(v)) ?? -1),
    probabilities,
    ...(read.weights === undefined ? {} : { weights: read.weights }),
  }
}

interface Numbers {
  readonly predicted: Float64Array
  readonly label: Float64Array
  readonly weights?: Float64Array
}

function numbersOf(record: ModelRecord, read: ScoredRows): Numbers {
  const predicted = Float64Array.from(read.outputs[outputName(record.family)] ?? [], numberOf)
  const label = Float64Array.from(read.labels, (v) => (typeof v === 'boolean' ? Number(v) : numberOf(v)))
  return { predicted, label, ...(read.weights === undefined ? {} : { weights: read.weights }) }
}

function slicedBy(record: ModelRecord, column: SliceColumn, data: Numbers): SlicedFeature {
  const slices = column.names.flatMap((name, i): Slice[] => {
    const rows = rowsOfSlice(column, i)
    if (rows.length < leastRowsOfSlice) return []
    const pick = (of: Float64Array): Float64Array => Float64Array.from(rows, (r) => of[r] as number)
    const weights = data.weights === undefined ? undefined : pick(data.weights)
    const own = { predicted: pick(data.predicted), label: pick(data.label), weights }
    return [
      {
        name,
        rows: rows.length,
        meanLabel: meanEstimate({ values: own.label, weights }).value,
        meanPrediction: meanEstimate({ values: own.predicted, weights }).value,
        metrics: (labelKind(record.family) === 'number'
          ? numberMetrics(own)
          : outcomeMetrics(own, record.family !== 'svm')
        ).filter((m) => shownOfSlice.has(m.name)),
      },
    ]
  })
  return { feature: column.feature, slices }
}

/** Predictions of a fit for the rows of a design, and how good they are. */
import { type CalibrationCurve, calibrationProbability, type Metrics, type ModelDef } from '@viewcast/compiler'
import { familyFunctions } from '../solve/families.ts'
import { type ClassFit, type Design, type Fit, scoresOf } from '../solve/fit.ts'
import { createWorkspace } from '../solve/kernels.ts'
import { eachBlock } from '../solve/passes.ts'
import { evaluateClasses } from './evaluate-classes.ts'
import { classificationMetrics, devianceMetrics, marginMetrics, regressionMetrics } from './metrics.ts'

export interface Evaluated {
  readonly metrics: Metrics
  /** The same metrics for one prediction for every row. */
  readonly baseline: Metrics
}

export interface Predictions {
  /** Means of the label, probabilities of outcome 1, or distances from the margin. */
  readonly predictions: Float64Array
  readonly labels: Float64Array
  readonly weights?: Float64Array
}

/** A model whose scores become probabilities by a curve, where it has one. */
export type Curved = Pick<ModelDef, 'family' | 'link'> & { readonly curve?: CalibrationCurve }

/** What a fit with one score predicts for the rows of a design. Memory: about 40 bytes per row. */
export async function predictionsOf(
  model: Curved,
  fit: Fit | ClassFit,
  design: Design,
  signal: AbortSignal | undefined,
): Promise<Predictions> {
  const width = design.columns.length
  const predictions = new Float64Array(design.rows)
  const labels = new Float64Array(design.rows)
  const weights = new Float64Array(design.rows)
  const workspace = createWorkspace(width, new Float64Array(width))
  workspace.theta.set(scoresOf(fit)[0] ?? [])
  let isWeighted = false
  let at = 0
  await eachBlock(design, signal, (block) => {
    for (let from = 0; from < block.rows; from += workspace.capacity) {
      const rows = Math.min(workspace.capacity, block.rows - from)
      workspace.load(block.x, from, rows)
      workspace.predict()
      predictions.set(workspace.predictor.subarray(0, rows), at + from)
      if (block.offset === undefined) continue
      for (let r = 0; r < rows; r++) {
        const i = at + from + r
        predictions[i] = (predictions[i] as number) + (block.offset[from + r] as number)
      }
    }
    labels.set(block.y.subarray(0, block.rows), at)
    if (block.weight !== undefined) {
      isWeighted = true
      weights.set(block.weight.subarray(0, block.rows), at)
    }
    at += block.rows
  })
  if (model.family !== 'svm') {
    const { mean } =
      model.curve === undefined
        ? familyFunctions(model.family, model.link)
        : { mean: calibrationProbability(model.curve) }
    for (let r = 0; r < predictions.length; r++) predictions[r] = mean(predictions[r] as number)
  }
  return { predictions, labels, ...(isWeighted ? { weights } : {}) }
}

/** `constant` is what the baseline predicts. Memory: about 40 bytes per row. */
export async function evaluateFit(
  model: Curved & Pick<ModelDef, 'threshold'>,
  fit: Fit | ClassFit,
  design: Design,
  constant: number,
  signal: AbortSignal | undefined,
): Promise<Evaluated> {
  if ('scores' in fit) return evaluateClasses(fit, design, signal)
  const { predictions, labels, weights: given } = await predictionsOf(model, fit, design, signal)
  const same = new Float64Array(design.rows).fill(constant)
  if (model.family === 'svm') {
    return {
      metrics: {
        ...marginMetrics(predictions, labels, given),
        ...curveMetrics(model.curve, predictions, labels, given),
      },
      baseline: marginMetrics(same.fill(constant >= 0.5 ? 1 : -1), labels, given),
    }
  }
  if (model.family !== 'gaussian' && model.family !== 'binomial') {
    return {
      metrics: devianceMetrics(model.family, predictions, labels, given),
      baseline: devianceMetrics(model.family, same, labels, given),
    }
  }
  if (model.family === 'gaussian') {
    return {
      metrics: regressionMetrics(predictions, labels, given),
      baseline: regressionMetrics(same, labels, given),
    }
  }
  return {
    metrics: classificationMetrics(predictions, labels, model.threshold, given),
    baseline: classificationMetrics(same, labels, model.threshold, given),
  }
}

/** Of the probabilities a curve makes of distances. */
function curveMetrics(
  curve: CalibrationCurve | undefined,
  distances: Float64Array,
  labels: Float64Array,
  weights: Float64Array | undefined,
): Metrics {
  if (curve === undefined || labels.length === 0) return {}
  const { logLoss = null, brier = null } = classificationMetrics(
    distances.map(calibrationProbability(curve)),
    labels,
    0.5,
    weights,
  )
  return { logLoss, brier }
}

/** Predictions of a fit for the rows of a design, and how good they are. */
import { type CalibrationCurve, calibrationProbability, type Metrics, type ModelDef } from '@viewcast/compiler'
import { familyFunctions } from '../solve/families.ts'
import type { ClassFit, Design, Fit } from '../solve/fit.ts'
import { evaluateClasses } from './evaluate-classes.ts'
import { classificationMetrics, devianceMetrics, marginMetrics, regressionMetrics } from './metrics.ts'
import { scoredRows } from './scored-rows.ts'

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
  const { scores: predictions, labels, weights } = await scoredRows(fit, design, signal)
  if (model.family !== 'svm') {
    const { mean } =
      model.curve === undefined
        ? familyFunctions(model.family, model.link)
        : { mean: calibrationProbability(model.curve) }
    for (let r = 0; r < predictions.length; r++) predictions[r] = mean(predictions[r] as number)
  }
  return { predictions, labels, ...(weights === undefined ? {} : { weights }) }
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

/** How well predictions fit labels, as plain records. Values that the rows do not define (R² of equal labels) are null. */
import type { Family, Metrics } from '@viewcast/compiler'
import { mean, weightedMean } from 'simple-statistics'
import { familyFunctions } from '../solve/families.ts'
import { auc } from './auc.ts'

/** Probabilities are held this far from 0 and 1 in the log loss, as one certain error would make it infinite. */
export const logLossClip = 1e-15

/**
 * Metrics of probabilities against labels 0 and 1; empty without rows.
 *
 * `auc` (see {@link auc}); `logLoss`, the mean of −ln of the probability given to what happened, probabilities clipped
 * at 1e-15; `brier`, the mean squared error of the probability; `accuracy` of `probability >= threshold`; `baseRate`,
 * the share of label 1. With `weights` all of them are weighted. Memory: 8 to 24 bytes per row beside the arguments.
 */
export function classificationMetrics(
  probabilities: Float64Array,
  labels: Float64Array,
  threshold: number,
  weights?: Float64Array,
): Metrics {
  if (labels.length === 0) return {}
  const average = (of: (p: number, y: number) => number): number | null =>
    averageOf(
      probabilities.map((p, r) => of(p, labels[r] as number)),
      weights,
    )
  return {
    auc: orNull(auc(probabilities, labels, weights)),
    logLoss: average((p, y) => -Math.log(clip(y === 1 ? p : 1 - p))),
    brier: average((p, y) => (p - y) ** 2),
    accuracy: average((p, y) => (Number.isNaN(p) ? p : p >= threshold === (y === 1) ? 1 : 0)),
    baseRate: averageOf(labels, weights),
  }
}

/**
 * Metrics of distances from a margin against labels 0 and 1; empty without rows.
 *
 * `auc` of the distance; `squaredHinge`, the mean of max(0, 1 − distance on the row's own side)²; `accuracy` of the side,
 * 0 being that of label 1; `baseRate`, the share of label 1. With `weights` all of them are weighted.
 */
export function marginMetrics(distances: Float64Array, labels: Float64Array, weights?: Float64Array): Metrics {
  if (labels.length === 0) return {}
  const average = (of: (d: number, y: number) => number): number | null =>
    averageOf(
      distances.map((d, r) => of(d, labels[r] as number)),
      weights,
    )
  return {
    auc: orNull(auc(distances, labels, weights)),
    squaredHinge: average((d, y) => Math.max(0, 1 - (y === 1 ? d : -d)) ** 2),
    accuracy: average((d, y) => (Number.isNaN(d) ? d : d >= 0 === (y === 1) ? 1 : 0)),
    baseRate: averageOf(labels, weights),
  }
}

/**
 * Metrics of predictions against numbers; empty without rows.
 *
 * `rmse`, the root of the mean squared error, and `mae`, the mean absolute error, in units of the label; `r2`, the
 * share of the labels' variance that is explained (below 0 when the mean of these labels would do better); `mean` of
 * the labels. With `weights` all of them are weighted.
 */
export function regressionMetrics(predictions: Float64Array, labels: Float64Array, weights?: Float64Array): Metrics {
  if (labels.length === 0) return {}
  const center = averageOf(labels, weights) as number
  const squared = averageOf(
    predictions.map((p, r) => (p - (labels[r] as number)) ** 2),
    weights,
  )
  const variance = averageOf(
    labels.map((y) => (y - center) ** 2),
    weights,
  )
  return {
    rmse: squared === null ? null : Math.sqrt(squared),
    mae: averageOf(
      predictions.map((p, r) => Math.abs(p - (labels[r] as number))),
      weights,
    ),
    r2: squared === null || !variance ? null : 1 - squared / variance,
    mean: center,
  }
}

/**
 * Metrics of means against labels of a family whose spread grows with its mean: those of {@link regressionMetrics}, without
 * `r2`, and `deviance`, the mean unit deviance (0 for a perfect prediction), and `devianceExplained`, the share of it that
 * one mean for all rows has and the predictions have not.
 */
export function devianceMetrics(
  family: Family,
  predictions: Float64Array,
  labels: Float64Array,
  weights?: Float64Array,
): Metrics {
  const { r2: _, ...others } = regressionMetrics(predictions, labels, weights)
  const center = others.mean
  if (typeof center !== 'number') return others
  // With the link identity the linear predictor is the mean, whatever the link of the model.
  const { row } = familyFunctions(family, 'identity')
  const facts = { loss: 0, score: 0, weight: 0 }
  const deviance = (of: (r: number) => number): number | null =>
    averageOf(
      labels.map((y, r) => {
        row(y, of(r), facts)
        return 2 * facts.loss
      }),
      weights,
    )
  const own = deviance((r) => predictions[r] as number)
  const shared = deviance(() => center)
  return { ...others, deviance: own, devianceExplained: own === null || !shared ? null : 1 - own / shared }
}

const clip = (p: number): number => Math.min(1 - logLossClip, Math.max(logLossClip, p))

const orNull = (v: number): number | null => (Number.isFinite(v) ? v : null)

/** The library's sums are compensated, so the mean of many rows keeps its digits. Its types ask for arrays only. */
export function averageOf(values: Float64Array, weights: Float64Array | undefined): number | null {
  const list = values as unknown as number[]
  return orNull(weights === undefined ? mean(list) : weightedMean(list, weights as unknown as number[]))
}

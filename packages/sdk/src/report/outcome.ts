/** Evaluation of a model whose label is one of two outcomes. */
import {
  type CalibrationBin,
  type CalibrationLine,
  calibrationBins,
  calibrationError,
  calibrationLine,
} from './calibration.ts'
import { effectiveCount, meanEstimate } from './estimate.ts'
import { type GainPoint, gainCurve, type LiftBin, liftBins } from './lift.ts'
import { type Outcomes, ranked, thinned } from './ranked.ts'
import { type HistogramBar, histogram, type Measured } from './residuals.ts'
import { aucEstimate, averagePrecision, type PrecisionPoint, precisionCurve, type RocPoint, rocCurve } from './roc.ts'
import { type Confusion, confusionAt, type Decision, decision } from './thresholds.ts'

export interface OutcomeEvaluation {
  readonly kind: 'outcome'
  readonly metrics: readonly Measured[]
  readonly roc: readonly RocPoint[]
  readonly precision: readonly PrecisionPoint[]
  readonly calibration: readonly CalibrationBin[]
  readonly calibrationLine?: CalibrationLine
  readonly gain: readonly GainPoint[]
  readonly lift: readonly LiftBin[]
  readonly confusion: Confusion
  readonly decision: Decision
  /** At thresholds from 0.05 to 0.95; none of a distance. */
  readonly decisions: readonly Decision[]
  /** Distribution of the probability among rows of either label. */
  readonly histograms: { readonly ones: readonly HistogramBar[]; readonly zeros: readonly HistogramBar[] }
}

/** Probabilities are held this far from 0 and 1 in the log loss, as one certain error would make it infinite. */
const clip = 1e-15

/** AUC, log loss, Brier score and share of label 1, with their intervals; without the losses where there is no probability. */
export function outcomeMetrics(data: Outcomes, isProbability = true): Measured[] {
  const { predicted, label, weights } = data
  const loss = predicted.map((p, r) => -Math.log(Math.min(1 - clip, Math.max(clip, label[r] === 1 ? p : 1 - p))))
  const brier = predicted.map((p, r) => (p - (label[r] as number)) ** 2)
  return [
    { name: 'auc', estimate: aucEstimate(data) },
    ...(isProbability
      ? [
          { name: 'logLoss', estimate: meanEstimate({ values: loss, weights }) },
          { name: 'brier', estimate: meanEstimate({ values: brier, weights }) },
        ]
      : []),
    { name: 'baseRate', estimate: meanEstimate({ values: label, weights }) },
  ]
}

/** `isProbability` is false for a distance from a margin: it can be ranked and decided by, and not calibrated. */
export function evaluateOutcome(data: Outcomes, threshold: number, isProbability: boolean): OutcomeEvaluation {
  const { predicted, label, weights } = data
  const ranks = ranked(data)
  const precision = precisionCurve(ranks)
  const perWeight = effectiveCount(weights, predicted.length) / (ranks.ones + ranks.zeros)
  const confusion = confusionAt(ranks, threshold)
  const at = decision(confusion, perWeight)
  const bins = isProbability ? calibrationBins(data) : []
  const line = isProbability ? calibrationLine(data) : undefined
  const of = (y: number): HistogramBar[] => histogram(predicted.filter((_, r) => label[r] === y))
  return {
    kind: 'outcome',
    metrics: [
      ...outcomeMetrics(data, isProbability),
      { name: 'averagePrecision', estimate: { value: averagePrecision(precision) } },
      { name: 'accuracy', estimate: at.accuracy },
      ...(isProbability ? [{ name: 'calibrationError', estimate: { value: calibrationError(bins) } }] : []),
      ...(line === undefined
        ? []
        : [
            { name: 'calibrationIntercept', estimate: line.intercept },
            { name: 'calibrationSlope', estimate: line.slope },
          ]),
    ],
    roc: thinned(rocCurve(ranks)),
    precision: thinned(precision),
    calibration: bins,
    ...(line === undefined ? {} : { calibrationLine: line }),
    gain: thinned(gainCurve(ranks)),
    lift: liftBins(ranks),
    confusion,
    decision: at,
    decisions: isProbability
      ? Array.from({ length: 19 }, (_, i) => decision(confusionAt(ranks, (i + 1) / 20), perWeight))
      : [],
    histograms: { ones: of(1), zeros: of(0) },
  }
}

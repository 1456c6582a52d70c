/** Evaluation of a model whose label is a number. */
import { probit } from 'simple-statistics'
import {
  type HistogramBar,
  histogram,
  type Measured,
  type Numbers,
  normalQuantiles,
  numberMetrics,
  type QuantilePoint,
  type ResidualBin,
  residualBins,
} from './residuals.ts'

export interface NumberEvaluation {
  readonly kind: 'number'
  readonly metrics: readonly Measured[]
  readonly bins: readonly ResidualBin[]
  readonly residuals: readonly HistogramBar[]
  readonly quantiles: readonly QuantilePoint[]
  /** Some rows, evenly spread: prediction and label. */
  readonly points: readonly (readonly [predicted: number, label: number])[]
}

const mostPoints = 1500

export function evaluateNumber(data: Numbers): NumberEvaluation {
  const { predicted, label } = data
  const every = Math.ceil(label.length / mostPoints)
  const points: [number, number][] = []
  for (let r = 0; r < label.length; r += every) points.push([predicted[r] as number, label[r] as number])
  return {
    kind: 'number',
    metrics: numberMetrics(data),
    bins: residualBins(data),
    residuals: histogram(label.map((y, r) => y - (predicted[r] as number))),
    quantiles: normalQuantiles(data, probit),
    points,
  }
}

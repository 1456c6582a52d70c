/** Residuals of a number's prediction: label less prediction. */
import { around, type Estimate, meanEstimate, meanOf, rootMeanEstimate, z95 } from './estimate.ts'

export interface Numbers {
  readonly predicted: Float64Array
  readonly label: Float64Array
  readonly weights?: Float64Array | undefined
}

export interface Measured {
  readonly name: string
  readonly estimate: Estimate
}

/**
 * Root mean squared error, mean absolute error, bias and R², the last by the delta method on its two means:
 * the influence of a row is e²/V − (E/V) (y − ȳ)²/V. Source: van der Vaart, Asymptotic Statistics (1998), chapter 3.
 */
export function numberMetrics({ predicted, label, weights }: Numbers): Measured[] {
  const residual = label.map((y, r) => y - (predicted[r] as number))
  const squares = residual.map((e) => e * e)
  const center = meanOf({ values: label, weights }).mean
  const spread = label.map((y) => (y - center) ** 2)
  const squared = meanOf({ values: squares, weights }).mean
  const variance = meanOf({ values: spread, weights }).mean
  const influence = squares.map((e2, r) => e2 / variance - ((squared / variance) * (spread[r] as number)) / variance)
  const r2 = around(1 - squared / variance, meanOf({ values: influence, weights }).error)
  return [
    { name: 'rmse', estimate: rootMeanEstimate({ values: squares, weights }) },
    { name: 'mae', estimate: meanEstimate({ values: residual.map(Math.abs), weights }) },
    { name: 'bias', estimate: meanEstimate({ values: residual.map((e) => -e), weights }) },
    ...(variance > 0 ? [{ name: 'r2', estimate: r2 }] : []),
  ]
}

export interface ResidualBin {
  readonly rows: number
  /** Mean prediction. */
  readonly predicted: number
  /** Mean residual, with its interval. */
  readonly residual: Estimate
  readonly low: number
  readonly median: number
  readonly high: number
}

/** Bins of equally many rows by prediction, with the 10 %, 50 % and 90 % quantiles of the residuals in each. */
export function residualBins({ predicted, label }: Numbers, bins = 20): ResidualBin[] {
  const order = Uint32Array.from({ length: predicted.length }, (_, r) => r)
  order.sort((a, b) => (predicted[a] as number) - (predicted[b] as number))
  const count = Math.min(bins, order.length)
  return Array.from({ length: count }, (_, i) => {
    const rows = order.subarray(Math.round((i * order.length) / count), Math.round(((i + 1) * order.length) / count))
    const values = Float64Array.from(rows, (r) => (label[r] as number) - (predicted[r] as number)).sort()
    const at = (q: number): number => values[Math.round(q * (values.length - 1))] as number
    return {
      rows: rows.length,
      predicted: meanOf({ values: Float64Array.from(rows, (r) => predicted[r] as number) }).mean,
      residual: meanEstimate({ values }),
      low: at(0.1),
      median: at(0.5),
      high: at(0.9),
    }
  })
}

export interface HistogramBar {
  readonly from: number
  readonly to: number
  readonly share: number
}

/** Bars of equal width between the 0.1 % and 99.9 % quantiles; what lies outside is in the first and the last. */
export function histogram(values: Float64Array, bars = 40): HistogramBar[] {
  if (values.length === 0) return []
  const sorted = values.slice().sort()
  const low = sorted[Math.floor(0.001 * (sorted.length - 1))] as number
  const high = sorted[Math.ceil(0.999 * (sorted.length - 1))] as number
  if (!(high > low)) return [{ from: low, to: low, share: 1 }]
  const width = (high - low) / bars
  const counts = new Float64Array(bars)
  for (const v of values) {
    const bar = Math.min(bars - 1, Math.max(0, Math.floor((v - low) / width)))
    counts[bar] = (counts[bar] as number) + 1
  }
  return Array.from(counts, (n, i) => ({ from: low + i * width, to: low + (i + 1) * width, share: n / values.length }))
}

export interface QuantilePoint {
  readonly normal: number
  readonly residual: number
}

/** Standardised residuals against normal quantiles, at `points` probabilities. */
export function normalQuantiles(
  { predicted, label }: Numbers,
  quantile: (p: number) => number,
  points = 101,
): QuantilePoint[] {
  const values = label.map((y, r) => y - (predicted[r] as number)).sort()
  const { mean, error } = meanOf({ values })
  const deviation = error * Math.sqrt(values.length)
  if (!(deviation > 0)) return []
  const most = Math.min(points, values.length)
  return Array.from({ length: most }, (_, i) => {
    const p = (i + 0.5) / most
    const v = values[Math.min(values.length - 1, Math.floor(p * values.length))] as number
    return { normal: quantile(p), residual: (v - mean) / deviation }
  }).filter((q) => Math.abs(q.normal) <= z95 * 2)
}

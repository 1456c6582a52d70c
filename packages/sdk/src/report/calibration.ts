/** Whether probabilities mean what they say. */
import { around, type Estimate, effectiveCount, shareEstimate } from './estimate.ts'
import type { Outcomes } from './ranked.ts'

export interface CalibrationBin {
  readonly rows: number
  /** Mean probability. */
  readonly predicted: number
  /** Share of label 1. */
  readonly observed: Estimate
}

/** Bins of equally many rows, by probability; rows of one probability stay together. */
export function calibrationBins(data: Outcomes, bins = 10): CalibrationBin[] {
  const { predicted, label, weights } = data
  const order = Uint32Array.from({ length: predicted.length }, (_, r) => r)
  order.sort((a, b) => (predicted[a] as number) - (predicted[b] as number))
  const out: CalibrationBin[] = []
  for (let from = 0, bin = 1; from < order.length; bin++) {
    let to = Math.max(from + 1, Math.round((bin * order.length) / bins))
    while (to < order.length && predicted[order[to] as number] === predicted[order[to - 1] as number]) to++
    out.push(binOf(order.subarray(from, to), predicted, label, weights))
    from = to
  }
  return out
}

function binOf(
  rows: Uint32Array,
  predicted: Float64Array,
  label: Float64Array,
  weights: Float64Array | undefined,
): CalibrationBin {
  const own = Float64Array.from(rows, (r) => (weights === undefined ? 1 : (weights[r] as number)))
  let total = 0
  let p = 0
  let y = 0
  rows.forEach((r, i) => {
    const w = own[i] as number
    total += w
    p += w * (predicted[r] as number)
    y += w * (label[r] as number)
  })
  const count = effectiveCount(weights === undefined ? undefined : own, rows.length)
  return { rows: rows.length, predicted: p / total, observed: shareEstimate(y / total, count) }
}

/** Mean distance between predicted and observed over the bins, by their rows. */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  const rows = bins.reduce((sum, b) => sum + b.rows, 0)
  return bins.reduce((sum, b) => sum + (b.rows / rows) * Math.abs(b.predicted - b.observed.value), 0)
}

export interface CalibrationLine {
  /** 0 where probabilities are right on the whole; above 0 where they are too low. */
  readonly intercept: Estimate
  /** 1 where probabilities spread as they should; below 1 where they are too extreme. */
  readonly slope: Estimate
}

/**
 * The logistic regression of the label on the log-odds of the probability. Probabilities of 0 and 1 are held 1e-12 away.
 * Undefined where it has no finite solution. Source: Cox, Two further applications of a model for binary regression,
 * Biometrika 45 (1958).
 */
export function calibrationLine({ predicted, label, weights }: Outcomes): CalibrationLine | undefined {
  const odds = predicted.map((p) => {
    const held = Math.min(1 - 1e-12, Math.max(1e-12, p))
    return Math.log(held / (1 - held))
  })
  let a = 0
  let b = 1
  for (let iteration = 0; iteration < 50; iteration++) {
    let g0 = 0
    let g1 = 0
    let h00 = 0
    let h01 = 0
    let h11 = 0
    for (let r = 0; r < odds.length; r++) {
      const x = odds[r] as number
      const w = weights === undefined ? 1 : (weights[r] as number)
      const p = 1 / (1 + Math.exp(-(a + b * x)))
      const e = w * ((label[r] as number) - p)
      const v = w * p * (1 - p)
      g0 += e
      g1 += e * x
      h00 += v
      h01 += v * x
      h11 += v * x * x
    }
    const determinant = h00 * h11 - h01 * h01
    if (!(determinant > 1e-12 * h00 * h11)) return undefined
    const da = (h11 * g0 - h01 * g1) / determinant
    const db = (h00 * g1 - h01 * g0) / determinant
    a += da
    b += db
    if (Math.abs(da) + Math.abs(db) < 1e-10) {
      return { intercept: around(a, Math.sqrt(h11 / determinant)), slope: around(b, Math.sqrt(h00 / determinant)) }
    }
  }
  return undefined
}

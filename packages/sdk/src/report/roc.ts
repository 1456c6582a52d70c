/** Receiver operating characteristic, precision and recall. */
import { boundedEstimate, type Estimate } from './estimate.ts'
import { type Outcomes, type Ranked, ranked } from './ranked.ts'

export interface RocPoint {
  readonly threshold: number
  readonly falsePositiveRate: number
  readonly truePositiveRate: number
}

export interface PrecisionPoint {
  readonly threshold: number
  readonly recall: number
  readonly precision: number
}

/** From (0, 0) to (1, 1), a point for each distinct prediction. */
export function rocCurve({ steps, ones, zeros }: Ranked): RocPoint[] {
  const points: RocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, falsePositiveRate: 0, truePositiveRate: 0 }]
  let above = 0
  let wrong = 0
  for (const s of steps) {
    above += s.ones
    wrong += s.zeros
    points.push({ threshold: s.at, falsePositiveRate: wrong / zeros, truePositiveRate: above / ones })
  }
  return points
}

/** From the highest prediction down. */
export function precisionCurve({ steps, ones }: Ranked): PrecisionPoint[] {
  let above = 0
  let all = 0
  return steps.map((s) => {
    above += s.ones
    all += s.ones + s.zeros
    return { threshold: s.at, recall: above / ones, precision: above / all }
  })
}

/**
 * Σ (recall − recall before) · precision, scikit-learn's average_precision_score. Source: Davis and Goadrich, The
 * relationship between precision-recall and ROC curves, ICML (2006), against linear interpolation.
 */
export function averagePrecision(points: readonly PrecisionPoint[]): number {
  let before = 0
  let sum = 0
  for (const { recall, precision } of points) {
    sum += (recall - before) * precision
    before = recall
  }
  return sum
}

/**
 * Area under the ROC curve with the interval of DeLong's variance, normal on the scale of the log-odds.
 *
 * Source: DeLong, DeLong and Clarke-Pearson, Comparing the areas under two or more correlated receiver operating
 * characteristic curves, Biometrics 44 (1988); computed from ranks as in Sun and Xu, IEEE Signal Processing Letters 21
 * (2014). Weights count as shares of the weight of their class.
 */
export function aucEstimate(data: Outcomes): Estimate {
  const { steps, ones, zeros } = ranked(data)
  if (!(ones > 0 && zeros > 0)) return { value: Number.NaN }
  // Share of the other class that a prediction beats, ties counting one half.
  const beaten = new Map<number, { readonly zeros: number; readonly ones: number }>()
  let onesAbove = 0
  let zerosAbove = 0
  let area = 0
  for (const s of steps) {
    const place = {
      zeros: (zeros - zerosAbove - s.zeros / 2) / zeros,
      ones: (onesAbove + s.ones / 2) / ones,
    }
    beaten.set(s.at, place)
    area += (s.ones / ones) * place.zeros
    onesAbove += s.ones
    zerosAbove += s.zeros
  }
  let fromOnes = 0
  let fromZeros = 0
  let countOnes = 0
  let countZeros = 0
  for (let r = 0; r < data.predicted.length; r++) {
    const w = data.weights === undefined ? 1 : (data.weights[r] as number)
    const place = beaten.get(data.predicted[r] as number)
    if (place === undefined) continue
    if (data.label[r] === 1) {
      countOnes++
      fromOnes += (w * (place.zeros - area)) ** 2
    } else {
      countZeros++
      fromZeros += (w * (place.ones - area)) ** 2
    }
  }
  const variance =
    (fromOnes * countOnes) / Math.max(1, countOnes - 1) / ones ** 2 +
    (fromZeros * countZeros) / Math.max(1, countZeros - 1) / zeros ** 2
  return countOnes < 2 || countZeros < 2 ? { value: area } : boundedEstimate(area, Math.sqrt(variance))
}

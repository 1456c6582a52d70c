/** Platt's scaling: a logistic curve through scores of rows the model was not fitted on. */
import type { CalibrationCurve } from '@viewcast/compiler'
import type { ScoredRows } from '../measure/scored-rows.ts'

const mostSteps = 100

/**
 * Fits intercept and slope by Newton's method to smoothed targets: a label counts as (n₁ + 1)/(n₁ + 2) or 1/(n₀ + 2), so
 * that scores which separate the labels still have a curve. n₁ and n₀ are the weights of the labels.
 *
 * Sources: Platt, Probabilistic outputs for support vector machines (1999); Lin, Lin and Weng, A note on Platt's
 * probabilistic outputs for support vector machines, Machine Learning 68 (2007).
 */
export function fitPlatt({ scores, labels, weights }: ScoredRows): CalibrationCurve {
  const rows = scores.length
  const weightOf = (r: number): number => weights?.[r] ?? 1
  let ones = 0
  let zeros = 0
  let center = 0
  for (let r = 0; r < rows; r++) {
    if (labels[r] === 1) ones += weightOf(r)
    else zeros += weightOf(r)
    center += (weightOf(r) / (ones + zeros)) * ((scores[r] as number) - center)
  }
  let spread = 0
  for (let r = 0; r < rows; r++) spread += weightOf(r) * ((scores[r] as number) - center) ** 2
  // On this scale the two parameters hardly depend on each other.
  const scale = Math.sqrt(spread / (ones + zeros)) || 1
  const targets = { one: (ones + 1) / (ones + 2), zero: 1 / (zeros + 2) }

  const look = (a: number, b: number, into: Float64Array): number => {
    into.fill(0)
    let loss = 0
    for (let r = 0; r < rows; r++) {
      const w = weightOf(r)
      const t = labels[r] === 1 ? targets.one : targets.zero
      const x = ((scores[r] as number) - center) / scale
      const z = a + b * x
      const e = Math.exp(-Math.abs(z))
      const p = z >= 0 ? 1 / (1 + e) : e / (1 + e)
      loss += w * (Math.max(z, 0) - t * z + Math.log1p(e))
      const g = w * (t - p)
      const h = (w * e) / ((1 + e) * (1 + e))
      into[0] = (into[0] as number) + g
      into[1] = (into[1] as number) + g * x
      into[2] = (into[2] as number) + h
      into[3] = (into[3] as number) + h * x
      into[4] = (into[4] as number) + h * x * x
    }
    return loss
  }
  const sums = new Float64Array(5)
  let a = Math.log((ones + 1) / (zeros + 1))
  let b = 0
  let loss = look(a, b, sums)
  for (let step = 0; step < mostSteps; step++) {
    const [g0, g1, h00, h01, h11] = sums as unknown as [number, number, number, number, number]
    const ridge = 1e-14 * (h00 + h11)
    const determinant = (h00 + ridge) * (h11 + ridge) - h01 * h01
    const da = ((h11 + ridge) * g0 - h01 * g1) / determinant
    const db = ((h00 + ridge) * g1 - h01 * g0) / determinant
    const promised = da * g0 + db * g1
    if (!(promised > 1e-24 * (1 + loss))) break
    let share = 1
    let next = look(a + da, b + db, sums)
    while (next > loss - 1e-4 * share * promised + 1e-14 * (1 + loss) && share > 1e-10) {
      share /= 2
      next = look(a + share * da, b + share * db, sums)
    }
    a += share * da
    b += share * db
    loss = next
  }
  const slope = b / scale
  return { kind: 'platt', intercept: a - slope * center, slope }
}

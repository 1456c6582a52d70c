const ranges = 10

/**
 * Expected calibration error: over ten equal ranges of the probability, the mean distance between the probability given
 * and the share that happened, by weight. Null without rows.
 *
 * Source: Naeini, Cooper and Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, AAAI (2015).
 */
export function expectedCalibrationError(
  probabilities: Float64Array,
  labels: Float64Array,
  weights?: Float64Array,
): number | null {
  if (labels.length === 0) return null
  const given = new Float64Array(ranges)
  const happened = new Float64Array(ranges)
  let total = 0
  for (let r = 0; r < labels.length; r++) {
    const p = probabilities[r] as number
    if (Number.isNaN(p)) return null
    const w = weights?.[r] ?? 1
    const at = Math.min(ranges - 1, Math.floor(p * ranges))
    given[at] = (given[at] as number) + w * p
    happened[at] = (happened[at] as number) + w * (labels[r] as number)
    total += w
  }
  return given.reduce((sum, g, i) => sum + Math.abs(g - (happened[i] as number)), 0) / total
}

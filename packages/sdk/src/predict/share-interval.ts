/** What a sample says of all: intervals that hold the true value in 95 of 100 samples. */

export interface Interval {
  readonly low: number
  readonly high: number
}

/** Of a normal distribution, what 95 % lie within. */
const z = 1.959963984540054

/**
 * Wilson's interval of a share, `found` of `rows`: it stays within 0 and 1, and is no point where none was found.
 * Rows drawn from few more than there are in the sample are known better than it says.
 *
 * @example
 * ```ts
 * shareInterval(0, 10_000) // { low: 0, high: 0.000384 }
 * ```
 */
export function shareInterval(found: number, rows: number): Interval {
  if (rows === 0) return { low: 0, high: 1 }
  const share = found / rows
  const scale = 1 + z ** 2 / rows
  const middle = (share + z ** 2 / (2 * rows)) / scale
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / rows + z ** 2 / (4 * rows ** 2))
  // Rounding must not take the ends off what was found.
  return { low: found === 0 ? 0 : Math.max(0, middle - half), high: found === rows ? 1 : Math.min(1, middle + half) }
}

/** Of a mean, by the standard deviation of the sample; undefined where that is not known. */
export function meanInterval(mean: number | null, deviation: number | null, rows: number): Interval | undefined {
  if (mean === null || deviation === null) return undefined
  const half = (z * deviation) / Math.sqrt(rows)
  return { low: mean - half, high: mean + half }
}

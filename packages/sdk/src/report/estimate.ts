/** A figure measured on some rows, with how far the rows leave it open. */

export interface Estimate {
  readonly value: number
  /** Ends of the confidence interval; absent where none is defined. */
  readonly interval?: readonly [lower: number, upper: number]
}

/** Two-sided 95 % quantile of the normal distribution. */
export const z95 = 1.959963984540054

/** Values with weights; all 1 where there are none. */
export interface Weighted {
  readonly values: Float64Array
  readonly weights?: Float64Array | undefined
}

interface Mean {
  readonly mean: number
  /** Standard error of the mean, the weights taken as given. */
  readonly error: number
}

/**
 * The weighted mean with its standard error, √(Σ w² (x − x̄)² · n / (n − 1)) / Σ w. Source: Cochran, Sampling Techniques,
 * 3rd edition (1977), 2.11, for a ratio of sums.
 */
export function meanOf({ values, weights }: Weighted): Mean {
  let total = 0
  let mean = 0
  for (let r = 0; r < values.length; r++) {
    const w = weights === undefined ? 1 : (weights[r] as number)
    if (w === 0) continue
    total += w
    mean += (w / total) * ((values[r] as number) - mean)
  }
  let squares = 0
  for (let r = 0; r < values.length; r++) {
    const w = weights === undefined ? 1 : (weights[r] as number)
    squares += (w * ((values[r] as number) - mean)) ** 2
  }
  const n = values.length
  return { mean: n === 0 ? Number.NaN : mean, error: n < 2 ? Number.NaN : Math.sqrt((squares * n) / (n - 1)) / total }
}

/** A mean with its normal interval. */
export function meanEstimate(data: Weighted): Estimate {
  const { mean, error } = meanOf(data)
  return around(mean, error)
}

export const around = (value: number, error: number): Estimate =>
  Number.isFinite(error) ? { value, interval: [value - z95 * error, value + z95 * error] } : { value }

/** The root of a mean, with the roots of the ends of its interval. */
export function rootMeanEstimate(data: Weighted): Estimate {
  const { value, interval } = meanEstimate(data)
  const root = (v: number): number => Math.sqrt(Math.max(0, v))
  return { value: root(value), ...(interval === undefined ? {} : { interval: [root(interval[0]), root(interval[1])] }) }
}

/**
 * A share with Wilson's interval; `count` is the number of rows, or Kish's effective number of weighted ones.
 * Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
 */
export function shareEstimate(share: number, count: number): Estimate {
  if (!(count > 0)) return { value: share }
  const z2 = z95 * z95
  const middle = (share + z2 / (2 * count)) / (1 + z2 / count)
  const half = (z95 / (1 + z2 / count)) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count * count))
  return { value: share, interval: [Math.max(0, middle - half), Math.min(1, middle + half)] }
}

/** A value between 0 and 1 with an interval that stays there: normal on the scale of the log-odds. */
export function boundedEstimate(value: number, error: number): Estimate {
  if (!(value > 0 && value < 1) || !Number.isFinite(error)) return { value }
  const odds = Math.log(value / (1 - value))
  const half = (z95 * error) / (value * (1 - value))
  const back = (x: number): number => 1 / (1 + Math.exp(-x))
  return { value, interval: [back(odds - half), back(odds + half)] }
}

/** Number of rows of weight 1 that tell as much. Source: Kish, Survey Sampling (1965), 11.7. */
export function effectiveCount(weights: Float64Array | undefined, rows: number): number {
  if (weights === undefined) return rows
  let sum = 0
  let squares = 0
  for (let r = 0; r < rows; r++) {
    const w = weights[r] as number
    sum += w
    squares += w * w
  }
  return squares === 0 ? 0 : (sum * sum) / squares
}

/** What is known of an input after one pass over the training rows. */

export interface NumericStatistics {
  readonly kind: 'numeric'
  /** Rows with a finite value. */
  readonly count: number
  /** NULL and NaN. */
  readonly missing: number
  readonly infinite: number
  readonly mean: number
  /** Population standard deviation (divided by n). */
  readonly deviation: number
  readonly min: number
  readonly max: number
}

export interface BooleanStatistics {
  readonly kind: 'boolean'
  readonly count: number
  readonly missing: number
  readonly trues: number
}

export interface CategoryStatistics {
  readonly kind: 'category'
  readonly count: number
  readonly missing: number
  /** By code; levels that only test rows have are here with 0 rows. */
  readonly levels: readonly { readonly level: string; readonly rows: number }[]
}

export type InputStatistics = NumericStatistics | BooleanStatistics | CategoryStatistics

/**
 * Mean and spread of a stream, exact to rounding whatever the scale.
 *
 * Source: Welford, Note on a method for calculating corrected sums of squares and products, Technometrics 4 (1962).
 */
export function createMoments(): { add(x: number): void; read(): NumericStatistics } {
  let count = 0
  let missing = 0
  let infinite = 0
  let mean = 0
  let squares = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  return {
    add(x) {
      const d = x - mean
      if (d - d !== 0) {
        if (Number.isNaN(x)) missing++
        else infinite++
        return
      }
      count++
      mean += d / count
      squares += d * (x - mean)
      if (x < min) min = x
      if (x > max) max = x
    },
    read: () => {
      const deviation = min === max ? 0 : Math.sqrt(squares / count)
      return { kind: 'numeric', count, missing, infinite, mean: min === max ? min : mean, deviation, min, max }
    },
  }
}

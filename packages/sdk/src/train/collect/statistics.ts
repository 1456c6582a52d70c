/** What is known of an input after one pass over the training rows. */

export interface NumericStatistics {
  readonly kind: 'numeric'
  /** Rows with a usable number. */
  readonly count: number
  /** Rows without one. */
  readonly missing: number
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

export interface Moments {
  add(x: number): void
  /** The same value `times` over. */
  addCopies(x: number, times: number): void
  /** The first `count` of the values. */
  addAll(values: Float64Array, count: number): void
  read(): NumericStatistics
}

/**
 * Mean and spread of a stream, exact to rounding whatever the scale.
 *
 * Sources: Welford, Note on a method for calculating corrected sums of squares and products, Technometrics 4 (1962);
 * Chan, Golub and LeVeque, Algorithms for computing the sample variance, The American Statistician 37 (1983), for many
 * values at a time, which takes no division for each.
 */
export function createMoments(): Moments {
  let count = 0
  let missing = 0
  /** The first value: distances from it keep the digits that a mean far from zero would lose. */
  let origin = 0
  /** Of the distances. */
  let mean = 0
  let squares = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  return {
    add(x) {
      if (x - x !== 0) {
        missing++
        return
      }
      if (count === 0) origin = x
      if (x < min) min = x
      if (x > max) max = x
      count++
      const d = x - origin - mean
      mean += d / count
      squares += d * (x - origin - mean)
    },
    addCopies(x, times) {
      if (x - x !== 0) {
        missing += times
        return
      }
      if (count === 0) origin = x
      if (x < min) min = x
      if (x > max) max = x
      const apart = x - origin - mean
      count += times
      squares += (apart * apart * times * (count - times)) / count
      mean += (apart * times) / count
    },
    addAll(values, length) {
      // In variables of its own: those around it are objects on the heap each time they are written.
      let low = min
      let high = max
      let n = 0
      let sum = 0
      let from = origin
      for (let i = 0; i < length; i++) {
        const x = values[i] as number
        if (x - x !== 0) {
          missing++
          continue
        }
        if (n === 0 && count === 0) from = x
        n++
        sum += x - from
        if (x < low) low = x
        if (x > high) high = x
      }
      if (n === 0) return
      const center = sum / n
      const middle = from + center
      let around = 0
      let left = 0
      for (let i = 0; i < length; i++) {
        const d = (values[i] as number) - middle
        if (d - d !== 0) continue
        around += d * d
        left += d
      }
      // `middle` is rounded; what that leaves is taken out again.
      const apart = center - mean
      origin = from
      min = low
      max = high
      count += n
      squares += around - (left * left) / n + (apart * apart * n * (count - n)) / count
      mean += (apart * n) / count
    },
    read: () => {
      const deviation = min === max ? 0 : Math.sqrt(squares / count)
      const center = min === max ? min : origin + mean
      return { kind: 'numeric', count, missing, mean: center, deviation, min, max }
    },
  }
}

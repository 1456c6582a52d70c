/** After failures in a row, how many chances go by before the next try. */

export interface Pauses {
  /** Whether it is to be tried now. */
  tries(): boolean
  answered(): void
  /** Returns whether it is the first in a row. */
  failed(): boolean
}

/** Of requests, not of time: a known share of them pays for what does not get better, however few or many there are. */
const longest = 1023

/** One chance goes by after the first failure, three after the second, seven, … up to {@link longest}. */
export function pauses(): Pauses {
  let failures = 0
  let left = 0
  return {
    tries() {
      if (left === 0) return true
      left--
      return false
    },
    answered() {
      failures = 0
      left = 0
    },
    failed() {
      failures++
      left = Math.min(2 ** failures - 1, longest)
      return failures === 1
    },
  }
}

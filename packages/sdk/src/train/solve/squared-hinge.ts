/**
 * The loss of a linear support vector machine: Σ w max(0, 1 − s η)², s = ±1 the side of the row. Its second derivative
 * jumps where a row crosses the margin; Newton's method converges all the same, as there are finitely many sides.
 *
 * Source: Keerthi and DeCoste, A modified finite Newton method for fast solution of large scale linear SVMs, Journal of
 * Machine Learning Research 6 (2005).
 */
import type { Design } from './fit.ts'
import { rowSums } from './glm-objective.ts'
import type { Loss } from './proximal-newton.ts'

/** Curvature of a row beyond the margin, where there is none, so that every column that varies has some. */
const beyond = 1e-6

/** `shift` is subtracted from the columns. */
export function squaredHinge(design: Design, shift: Float64Array, signal: AbortSignal | undefined): Loss {
  const sumsOf = rowSums(design, shift, signal)
  return async (theta, withInformation) => {
    let loss = 0
    const sums = await sumsOf(theta, withInformation, (y, eta, w, into) => {
      const side = y === 1 ? 1 : -1
      const short = Math.max(0, 1 - side * eta)
      loss += w * short * short
      into.vector = 2 * w * side * short
      into.weight = 2 * w * (short > 0 ? 1 : beyond)
    })
    return { loss, ...sums }
  }
}

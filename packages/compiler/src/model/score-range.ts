/** Between which numbers the linear predictors are, whatever a row holds: what makes a guard of the link unneeded. */
import type { ModelRecord } from '../ir/model-record.ts'
import { encodedRange } from './encoders/encoded-range.ts'
import { coefficientsByScore } from './score-columns.ts'

/** exp is far from both of its range errors within this. */
const harmless = 700

/** The largest magnitude each score can have; types of inputs are those of the columns that are read. */
function scoreBounds(record: ModelRecord): readonly number[] {
  if (record.trees !== undefined) return record.trees.base.map(() => Number.POSITIVE_INFINITY)
  const ranges = record.inputs.flatMap((input) => encodedRange(input))
  return coefficientsByScore(record).map((own) => {
    const [intercept, ...weights] = own
    // An interaction, or anything else that has no range, proves nothing.
    if (weights.length > ranges.length) return Number.POSITIVE_INFINITY
    const sides = [0, 1].map((side) =>
      weights.reduce((sum, { estimate: w }, i) => {
        const [low, high] = ranges[i] ?? [0, 0]
        return sum + (side === 0 ? Math.min(w * low, w * high) : Math.max(w * low, w * high))
      }, intercept?.estimate ?? 0),
    )
    return Math.max(...sides.map(Math.abs))
  })
}

/** Whether no row can have a score beyond ±700. */
export const isBounded = (record: ModelRecord): boolean => scoreBounds(record).every((b) => b <= harmless)

/**
 * The loss of a family and link over the rows of a design, as {@link Loss}: half the deviance times the dispersion; of svm the
 * squared hinge.
 */
import type { Family, Link } from '@viewcast/compiler'
import { familyFunctions } from './families.ts'
import type { Design } from './fit.ts'
import { glmObjective } from './glm-objective.ts'
import { logisticObjective } from './logistic-objective.ts'
import { eachBlock } from './passes.ts'
import type { Loss } from './proximal-newton.ts'
import { squaredHinge } from './squared-hinge.ts'

/** `shift` is subtracted from the columns. */
export function familyLoss(
  design: Design,
  family: Family,
  link: Link,
  shift: Float64Array,
  signal: AbortSignal | undefined,
): Loss {
  if (family === 'binomial' && link === 'logit' && !hasOffset(design)) {
    return logisticObjective(design, shift, new Float64Array(shift.length), signal)
  }
  if (family === 'svm') return squaredHinge(design, shift, signal)
  return glmObjective(design, familyFunctions(family, link), shift, 0, signal)
}

function hasOffset(design: Design): boolean {
  for (const block of design.blocks()) return block.offset !== undefined
  return false
}

export interface Labels {
  readonly weight: number
  readonly mean: number
  readonly least: number
  readonly most: number
}

export async function labelsOf(design: Design, signal: AbortSignal | undefined): Promise<Labels> {
  let weight = 0
  let mean = 0
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  await eachBlock(design, signal, (block) => {
    for (let r = 0; r < block.rows; r++) {
      const w = block.weight?.[r] ?? 1
      const y = block.y[r] as number
      weight += w
      mean += (w / weight) * (y - mean)
      least = Math.min(least, y)
      most = Math.max(most, y)
    }
  })
  return { weight, mean, least, most }
}

/** The loss of a family and link over the rows of a design, as {@link Loss}: half the deviance times the dispersion. */
import type { Family, Link } from '@viewcast/compiler'
import { familyFunctions, type RowFacts } from './families.ts'
import type { Design } from './fit.ts'
import { createWorkspace } from './kernels.ts'
import { logisticObjective } from './logistic-objective.ts'
import { eachBlock } from './passes.ts'
import type { Loss } from './proximal-newton.ts'

/** `shift` is subtracted from the columns. */
export function familyLoss(
  design: Design,
  family: Family,
  link: Link,
  shift: Float64Array,
  signal: AbortSignal | undefined,
): Loss {
  const width = design.columns.length
  if (family === 'binomial' && link === 'logit' && !hasOffset(design)) {
    return logisticObjective(design, shift, new Float64Array(width), signal)
  }
  const workspace = createWorkspace(width, shift)
  const { predictor, vector, weight } = workspace
  const { row } = familyFunctions(family, link)
  const facts: RowFacts = { loss: 0, score: 0, weight: 0 }
  return async (theta, withInformation) => {
    workspace.clear()
    workspace.theta.set(theta)
    let loss = 0
    await eachBlock(design, signal, (block) => {
      for (let from = 0; from < block.rows; from += workspace.capacity) {
        const rows = Math.min(workspace.capacity, block.rows - from)
        workspace.load(block.x, from, rows)
        workspace.predict()
        let sum = 0
        for (let r = 0; r < rows; r++) {
          const w = block.weight?.[from + r] ?? 1
          row(block.y[from + r] as number, (predictor[r] as number) + (block.offset?.[from + r] ?? 0), facts)
          sum += w * facts.loss
          vector[r] = w * facts.score
          weight[r] = w * facts.weight
        }
        loss += sum
        workspace.addVector()
        if (withInformation) workspace.addProducts()
      }
    })
    const gradient = workspace.vectorSum()
    return withInformation ? { loss, gradient, information: workspace.productSum() } : { loss, gradient }
  }
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

/** Predictions of a fit with a score for each class, and how good they are. */
import { type ClassFit, type Design, scoresOf } from '../solve/fit.ts'
import { createWorkspace } from '../solve/kernels.ts'
import { eachBlock } from '../solve/passes.ts'
import { classesMetrics } from './classes-metrics.ts'
import type { Evaluated } from './evaluate-fit.ts'

/** The baseline predicts the shares of the classes in the training rows. Memory: 8 bytes per row and class, and 24 per row. */
export async function evaluateClasses(
  fit: ClassFit,
  design: Design,
  signal: AbortSignal | undefined,
): Promise<Evaluated> {
  const width = design.columns.length
  const workspaces = scoresOf(fit).map((score) => {
    const workspace = createWorkspace(width, new Float64Array(width))
    workspace.theta.set(score ?? new Float64Array(width + 1))
    return workspace
  })
  const count = workspaces.length
  const capacity = workspaces[0]?.capacity ?? 1
  const probabilities = workspaces.map(() => new Float64Array(design.rows))
  const labels = new Float64Array(design.rows)
  const weights = new Float64Array(design.rows)
  let isWeighted = false
  let at = 0
  await eachBlock(design, signal, (block) => {
    for (let from = 0; from < block.rows; from += capacity) {
      const rows = Math.min(capacity, block.rows - from)
      for (const workspace of workspaces) {
        workspace.load(block.x, from, rows)
        workspace.predict()
      }
      for (let r = 0; r < rows; r++) {
        let most = Number.NEGATIVE_INFINITY
        for (const { predictor } of workspaces) most = Math.max(most, predictor[r] as number)
        let total = 0
        for (const { predictor } of workspaces) total += Math.exp((predictor[r] as number) - most)
        for (let c = 0; c < count; c++) {
          const { predictor } = workspaces[c] as (typeof workspaces)[number]
          ;(probabilities[c] as Float64Array)[at + from + r] = Math.exp((predictor[r] as number) - most) / total
        }
      }
    }
    labels.set(block.y.subarray(0, block.rows), at)
    if (block.weight !== undefined) {
      isWeighted = true
      weights.set(block.weight.subarray(0, block.rows), at)
    }
    at += block.rows
  })
  const given = isWeighted ? weights : undefined
  const same = fit.shares.map((share) => new Float64Array(design.rows).fill(share))
  return {
    metrics: classesMetrics(probabilities, labels, given),
    baseline: classesMetrics(same, labels, given),
  }
}

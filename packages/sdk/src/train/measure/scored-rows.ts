/** Scores of rows and what happened. */
import { type ClassFit, type Design, type Fit, scoresOf } from '../solve/fit.ts'
import { createWorkspace } from '../solve/kernels.ts'
import { eachBlock } from '../solve/passes.ts'

export interface ScoredRows {
  readonly scores: Float64Array
  /** 0 or 1. */
  readonly labels: Float64Array
  readonly weights?: Float64Array
}

/** The linear predictor of every row of a design, with its label. Memory: up to 24 bytes per row. */
export async function scoredRows(
  fit: Fit | ClassFit,
  design: Design,
  signal: AbortSignal | undefined,
): Promise<ScoredRows> {
  const width = design.columns.length
  const scores = new Float64Array(design.rows)
  const labels = new Float64Array(design.rows)
  const workspace = createWorkspace(width, new Float64Array(width))
  workspace.theta.set(scoresOf(fit)[0] ?? [])
  let weights: Float64Array | undefined
  let at = 0
  await eachBlock(design, signal, (block) => {
    for (let from = 0; from < block.rows; from += workspace.capacity) {
      const rows = Math.min(workspace.capacity, block.rows - from)
      workspace.load(block.x, from, rows)
      workspace.predict()
      scores.set(workspace.predictor.subarray(0, rows), at + from)
    }
    for (let r = 0; r < block.rows && block.offset !== undefined; r++) {
      scores[at + r] = (scores[at + r] as number) + (block.offset[r] as number)
    }
    labels.set(block.y.subarray(0, block.rows), at)
    if (block.weight !== undefined) {
      weights ??= new Float64Array(design.rows)
      weights.set(block.weight.subarray(0, block.rows), at)
    }
    at += block.rows
  })
  return { scores, labels, ...(weights === undefined ? {} : { weights }) }
}

/** The rows of several designs as one. */
export function joined(parts: readonly ScoredRows[]): ScoredRows {
  const all = (of: (p: ScoredRows) => Float64Array): Float64Array => {
    const total = new Float64Array(parts.reduce((n, p) => n + p.scores.length, 0))
    let at = 0
    for (const p of parts) {
      total.set(of(p), at)
      at += p.scores.length
    }
    return total
  }
  const isWeighted = parts.some((p) => p.weights !== undefined)
  return {
    scores: all((p) => p.scores),
    labels: all((p) => p.labels),
    ...(isWeighted ? { weights: all((p) => p.weights ?? new Float64Array(p.scores.length).fill(1)) } : {}),
  }
}

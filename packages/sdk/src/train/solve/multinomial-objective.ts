/** The penalised log-likelihood of a multinomial model: value, gradient and information in one pass over the design. */
import type { Design } from './fit.ts'
import { createWorkspace, packed, type Workspace } from './kernels.ts'
import type { Objective, Point } from './newton.ts'
import { eachBlock } from './passes.ts'

export interface MultinomialPoint extends Point {
  /** −log-likelihood, without the penalty. */
  readonly loss: number
  /** Least probability that a row's own class was not given: close to 0 where a row is certain. */
  readonly leastDoubt: number
}

/**
 * `theta` has the intercept and the coefficients of each score, one after another; the first `classes − scores` classes
 * have the score 0. `design.y` is the place of the row's class. Without such a class the intercepts are free to move
 * together; `anchor` is added to that direction of the information, which changes no step.
 */
export function multinomialObjective(
  design: Design,
  classes: number,
  scores: number,
  shift: Float64Array,
  penalty: number,
  signal: AbortSignal | undefined,
): Objective<MultinomialPoint> {
  const size = design.columns.length + 1
  const first = classes - scores
  const workspaceOf = (): Workspace => createWorkspace(size - 1, shift)
  const own = Array.from({ length: scores }, workspaceOf)
  /** Of two scores a > b, at packed(a − 1) + b. */
  const mixed = Array.from({ length: packed(scores - 1) }, workspaceOf)
  return async (theta, withInformation) => {
    for (const [a, workspace] of own.entries()) {
      workspace.clear()
      workspace.theta.set(theta.subarray(a * size, (a + 1) * size))
    }
    for (const workspace of mixed) workspace.clear()
    let loss = 0
    let leastDoubt = 1
    const p = new Float64Array(scores)
    await eachBlock(design, signal, (block) => {
      const capacity = (own[0] as Workspace).capacity
      for (let from = 0; from < block.rows; from += capacity) {
        const rows = Math.min(capacity, block.rows - from)
        for (const workspace of own) {
          workspace.load(block.x, from, rows)
          workspace.predict()
        }
        if (withInformation) for (const workspace of mixed) workspace.load(block.x, from, rows)
        for (let r = 0; r < rows; r++) {
          const w = block.weight === undefined ? 1 : (block.weight[from + r] as number)
          const place = (block.y[from + r] as number) - first
          // Relative to the largest score, so that no exponential overflows; the class without a score has 0.
          let most = first === 1 ? 0 : Number.NEGATIVE_INFINITY
          for (let a = 0; a < scores; a++) most = Math.max(most, (own[a] as Workspace).predictor[r] as number)
          let total = first === 1 ? Math.exp(-most) : 0
          let rest = first === 1 && place >= 0 ? total : 0
          for (let a = 0; a < scores; a++) {
            const e = Math.exp(((own[a] as Workspace).predictor[r] as number) - most)
            p[a] = e
            total += e
            if (a !== place) rest += e
          }
          const mine = place < 0 ? 0 : ((own[place] as Workspace).predictor[r] as number)
          // ln Σ e^(score − mine) is ln(1 + rest / e^mine), which keeps its digits where the row is nearly certain.
          const e = Math.exp(mine - most)
          loss += w * (e > 0.5 ? Math.log1p(rest / e) : Math.log(total) + most - mine)
          const doubt = rest / total
          if (doubt < leastDoubt) leastDoubt = doubt
          for (let a = 0; a < scores; a++) {
            const share = (p[a] as number) / total
            p[a] = share
            const workspace = own[a] as Workspace
            workspace.vector[r] = w * (a === place ? doubt : -share)
            workspace.weight[r] = w * share * (1 - share)
          }
          if (!withInformation) continue
          for (let a = 1, at = 0; a < scores; a++) {
            for (let b = 0; b < a; b++, at++) {
              ;(mixed[at] as Workspace).weight[r] = -w * (p[a] as number) * (p[b] as number)
            }
          }
        }
        for (const workspace of own) {
          workspace.addVector()
          if (withInformation) workspace.addProducts()
        }
        if (withInformation) for (const workspace of mixed) workspace.addProducts()
      }
    })
    const gradient = new Float64Array(scores * size)
    let penalised = loss
    for (const [a, workspace] of own.entries()) {
      gradient.set(workspace.vectorSum(), a * size)
      for (let j = a * size + 1; j < (a + 1) * size; j++) {
        const b = theta[j] as number
        penalised += 0.5 * penalty * b * b
        gradient[j] = (gradient[j] as number) - penalty * b
      }
    }
    if (!withInformation) return { loss, penalised, gradient, leastDoubt }
    const information = assembled(own, mixed, size)
    for (let j = 0; j < scores * size; j++) {
      if (j % size !== 0) information[packed(j) + j] = (information[packed(j) + j] as number) + penalty
    }
    if (first === 0) anchorIntercepts(information, scores, size)
    return { loss, penalised, gradient, leastDoubt, information }
  }
}

/** The blocks as one packed triangle. */
function assembled(own: readonly Workspace[], mixed: readonly Workspace[], size: number): Float64Array {
  const information = new Float64Array(packed(own.length * size))
  for (let a = 0, at = 0; a < own.length; a++) {
    for (let b = 0; b <= a; b++) {
      const block = (b === a ? (own[a] as Workspace) : (mixed[at++] as Workspace)).productSum()
      for (let i = 0; i < size; i++) {
        const last = b === a ? i : size - 1
        for (let j = 0; j <= last; j++) {
          const from = i >= j ? packed(i) + j : packed(j) + i
          information[packed(a * size + i) + b * size + j] = block[from] as number
        }
      }
    }
  }
  return information
}

/** The gradient has no part along equal intercepts, so what is added there changes no step but makes it unique. */
function anchorIntercepts(information: Float64Array, scores: number, size: number): void {
  const anchor = (information[0] as number) / scores
  for (let a = 0; a < scores; a++) {
    for (let b = 0; b <= a; b++) {
      const at = packed(a * size) + b * size
      information[at] = (information[at] as number) + anchor
    }
  }
}

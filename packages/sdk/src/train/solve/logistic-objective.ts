/** The penalised log-likelihood of a logistic model: value, gradient and information in one pass over the design. */
import type { Block, Design } from './fit.ts'
import { createWorkspace, packed, type Workspace } from './kernels.ts'
import { eachBlock } from './passes.ts'

export interface LogisticPoint {
  /** −log-likelihood, without the penalty. */
  readonly loss: number
  /** `loss + ½ Σ penaltyⱼ βⱼ²` */
  readonly penalised: number
  /** Gradient of −penalised; the intercept first. */
  readonly gradient: Float64Array
  /** Second derivative of penalised, packed; present when asked for. */
  readonly information?: Float64Array
  /** Largest |linear predictor|. */
  readonly furthest: number
  /** Sum of the case weights, and of those with label 1. */
  readonly weight: number
  readonly positive: number
}

/** Deviance of the model that gives every row the share of label 1. */
export function nullDeviance({ positive, weight }: Pick<LogisticPoint, 'positive' | 'weight'>): number {
  const share = positive / weight
  return -2 * (positive * Math.log(share) + (weight - positive) * Math.log1p(-share))
}

export type LogisticObjective = (theta: Float64Array, withInformation: boolean) => Promise<LogisticPoint>

/** `shift` is subtracted from the columns, `penalty` has a λ per column. */
export function logisticObjective(
  design: Design,
  shift: Float64Array,
  penalty: Float64Array,
  signal: AbortSignal | undefined,
): LogisticObjective {
  const width = design.columns.length
  const workspace = createWorkspace(width, shift)
  let weight = 0
  let positive = 0
  let isCounted = false
  const count = (block: Block): void => {
    for (let r = 0; r < block.rows; r++) {
      const w = block.weight === undefined ? 1 : (block.weight[r] as number)
      weight += w
      positive += w * (block.y[r] as number)
    }
  }
  return async (theta, withInformation) => {
    workspace.clear()
    workspace.theta.set(theta)
    let loss = 0
    let furthest = 0
    await eachBlock(design, signal, (block) => {
      if (!isCounted) count(block)
      for (let from = 0; from < block.rows; from += workspace.capacity) {
        const rows = Math.min(workspace.capacity, block.rows - from)
        workspace.load(block.x, from, rows)
        workspace.predict()
        workspace.label.set(block.y.subarray(from, from + rows))
        const part = workspace.logistic()
        if (!(part.furthest <= furthest)) furthest = part.furthest
        loss += block.weight === undefined ? part.loss : weighted(workspace, block.weight, from, rows)
        workspace.addVector()
        if (withInformation) workspace.addProducts()
      }
    })
    isCounted = true
    const gradient = workspace.vectorSum()
    const information = withInformation ? workspace.productSum() : undefined
    let penalised = loss
    for (let j = 1; j <= width; j++) {
      const b = theta[j] as number
      const p = penalty[j - 1] as number
      penalised += 0.5 * p * b * b
      gradient[j] = (gradient[j] as number) - p * b
      if (information === undefined) continue
      const diagonal = packed(j) + j
      information[diagonal] = (information[diagonal] as number) + p
    }
    return {
      loss,
      penalised,
      gradient,
      furthest,
      weight,
      positive,
      ...(information === undefined ? {} : { information }),
    }
  }
}

/** Applies case weights to what `logistic` left, and returns the weighted −log-likelihood. */
function weighted(workspace: Workspace, caseWeight: Float64Array, from: number, rows: number): number {
  const { predictor, label, vector, weight } = workspace
  let loss = 0
  for (let r = 0; r < rows; r++) {
    const e = predictor[r] as number
    const w = caseWeight[from + r] as number
    loss += w * (Math.max(e, 0) - (label[r] as number) * e + Math.log1p(Math.exp(-Math.abs(e))))
    vector[r] = w * (vector[r] as number)
    weight[r] = w * (weight[r] as number)
  }
  return loss
}

/** The penalised log-likelihood of a logistic model: value, gradient and information in one pass over the design. */
import { type DesignSums, designSums } from './design-sums.ts'
import type { Design } from './fit.ts'
import { packed } from './kernels.ts'
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
  let sums: DesignSums | undefined
  let counts: LabelCounts | undefined
  return async (theta, withInformation) => {
    counts ??= await labelCounts(design, signal)
    // Made after the first look at the blocks, which may be what encodes and keeps them.
    sums ??= designSums(design, 'logistic', shift, { signal })
    const { value: loss, furthest, vector: gradient, products: information } = await sums(theta, withInformation)
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
      ...counts,
      ...(information === undefined ? {} : { information }),
    }
  }
}

type LabelCounts = Pick<LogisticPoint, 'weight' | 'positive'>

async function labelCounts(design: Design, signal: AbortSignal | undefined): Promise<LabelCounts> {
  let weight = 0
  let positive = 0
  await eachBlock(design, signal, ({ rows, y, weight: weights }) => {
    for (let r = 0; r < rows; r++) {
      const w = weights === undefined ? 1 : (weights[r] as number)
      weight += w
      positive += w * (y[r] as number)
    }
  })
  return { weight, positive }
}

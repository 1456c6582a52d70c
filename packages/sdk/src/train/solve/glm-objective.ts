/** The penalised deviance of a generalised linear model: value, gradient and Fisher information in one pass. */
import { factorise, solve } from './cholesky.ts'
import type { FamilyFunctions, RowFacts } from './families.ts'
import type { Design } from './fit.ts'
import { createWorkspace, packed } from './kernels.ts'
import type { Objective, Point } from './newton.ts'
import { eachBlock } from './passes.ts'

export interface GlmPoint extends Point {
  /** Half the deviance; Infinity when a row is outside the domain of the link. */
  readonly loss: number
  /** Least weight of a row: close to 0 where its mean is at the edge of what it can be. */
  readonly leastWeight: number
}

/**
 * `shift` is subtracted from the columns, `penalty` is added to the second derivative of each coefficient. `isObserved`
 * makes the information the second derivative itself and not its expected value.
 */
export function glmObjective(
  design: Design,
  functions: FamilyFunctions,
  shift: Float64Array,
  penalty: number,
  signal: AbortSignal | undefined,
  isObserved = false,
): Objective<GlmPoint> {
  const facts: RowFacts = { loss: 0, score: 0, weight: 0 }
  const sumsOf = rowSums(design, shift, signal)
  return async (theta, withInformation) => {
    let loss = 0
    let leastWeight = Number.POSITIVE_INFINITY
    const { gradient, information } = await sumsOf(theta, withInformation, (y, eta, w, into) => {
      functions.row(y, eta, facts)
      loss += w * facts.loss
      if (facts.weight < leastWeight) leastWeight = facts.weight
      into.vector = w * facts.score
      into.weight = w * (isObserved && withInformation ? functions.observedWeight(y, eta) : facts.weight)
    })
    let penalised = loss
    for (let j = 1; j < theta.length; j++) {
      const b = theta[j] as number
      penalised += 0.5 * penalty * b * b
      gradient[j] = (gradient[j] as number) - penalty * b
      if (information === undefined) continue
      const diagonal = packed(j) + j
      information[diagonal] = (information[diagonal] as number) + penalty
    }
    return { loss, penalised, gradient, leastWeight, ...(information === undefined ? {} : { information }) }
  }
}

/**
 * The solution of the first step: the predictors of means near the labels, regressed on the columns with the weights
 * those means have. NaN where the link cannot give such a mean.
 */
export async function regressedStart(
  design: Design,
  { startingMean, predictor, slope, variance }: FamilyFunctions,
  shift: Float64Array,
  penalty: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const size = design.columns.length + 1
  const sumsOf = rowSums(design, shift, signal)
  const { gradient, information } = await sumsOf(new Float64Array(size), true, (y, offset, w, into) => {
    const mean = startingMean(y)
    const eta = predictor(mean)
    const d = slope(eta)
    into.weight = (w * d * d) / variance(mean)
    into.vector = into.weight * (eta - offset)
  })
  const equations = information as Float64Array
  for (let j = 1; j < size; j++) equations[packed(j) + j] = (equations[packed(j) + j] as number) + penalty
  return solve(factorise(equations, size, 1e-14), gradient)
}

interface RowSums {
  /** Xᵀ vector, intercept first. */
  readonly gradient: Float64Array
  /** Xᵀ diag(weight) X, packed. */
  readonly information?: Float64Array
}

type Visit = (y: number, eta: number, weight: number, into: { vector: number; weight: number }) => void

/** Sums over all rows of what `visit` makes of each; with `theta` 0 the predictor it sees is the offset. */
export function rowSums(
  design: Design,
  shift: Float64Array,
  signal: AbortSignal | undefined,
): (theta: Float64Array, withInformation: boolean, visit: Visit) => Promise<RowSums> {
  const workspace = createWorkspace(design.columns.length, shift)
  const { predictor, vector, weight } = workspace
  const into = { vector: 0, weight: 0 }
  return async (theta, withInformation, visit) => {
    workspace.clear()
    workspace.theta.set(theta)
    await eachBlock(design, signal, (block) => {
      for (let from = 0; from < block.rows; from += workspace.capacity) {
        const rows = Math.min(workspace.capacity, block.rows - from)
        workspace.load(block.x, from, rows)
        workspace.predict()
        for (let r = 0; r < rows; r++) {
          const offset = block.offset === undefined ? 0 : (block.offset[from + r] as number)
          const w = block.weight === undefined ? 1 : (block.weight[from + r] as number)
          visit(block.y[from + r] as number, (predictor[r] as number) + offset, w, into)
          vector[r] = into.vector
          weight[r] = into.weight
        }
        workspace.addVector()
        if (withInformation) workspace.addProducts()
      }
    })
    return {
      gradient: workspace.vectorSum(),
      ...(withInformation ? { information: workspace.productSum() } : {}),
    }
  }
}

/** Fits a model to encoded rows, as it declares: solver, penalties, class weights. */
import { fail, type ModelDef } from '@viewcast/compiler'
import { classFactors, outcomeClasses, weighedDesign, withoutPrior } from './collect/class-weights.ts'
import { type ClassFit, type Design, type Fit, scoresOf } from './solve/fit.ts'
import { solverOf } from './solve/solvers.ts'

export interface FitDesignOptions {
  readonly signal?: AbortSignal | undefined
  readonly onIteration?: (iteration: number) => void
  /** Classes of a label that is neither a number nor an outcome, in order. */
  readonly classes?: readonly string[] | undefined
}

/**
 * Errors: those of the solver; `train/not-converged`, `train/unsupported`, `train/class-weights`, `engine/interrupted`.
 */
export async function fitDesign(
  model: ModelDef,
  design: Design,
  { signal, onIteration, classes }: FitDesignOptions,
): Promise<Fit | ClassFit> {
  const { classWeights, penalty, path, label } = model
  const fitWith = solverOf(model)
  const factors = classWeights && (await classFactors(classWeights, classes ?? outcomeClasses, label, design, signal))
  const fit = await fitWith(factors === undefined ? design : weighedDesign(design, factors), {
    penalty: penalty.l2,
    l1: penalty.l1,
    ...(path === undefined ? {} : { path }),
    ...(classes === undefined ? {} : { classes }),
    ...(signal === undefined ? {} : { signal }),
    ...(onIteration === undefined ? {} : { onIteration }),
  })
  if (!fit.converged || !scoresOf(fit).every((s) => s === null || s.every(Number.isFinite))) {
    fail('train/not-converged', { solver: fit.solver, iterations: String(fit.iterations) })
  }
  return factors !== undefined && classWeights?.priorCorrection === true ? withoutPrior(fit, factors) : fit
}

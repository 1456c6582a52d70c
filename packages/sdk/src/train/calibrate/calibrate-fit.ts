/** Calibrates a fit, on the validation part or on rows left out in turn. */
import type { ModelDef } from '@viewcast/compiler'
import { fitDesign } from '../fit-design.ts'
import { joined, type ScoredRows, scoredRows } from '../measure/scored-rows.ts'
import { familyFunctions } from '../solve/families.ts'
import type { ClassFit, Design, Fit } from '../solve/fit.ts'
import { foldDesign, refuseFolds } from '../solve/folds.ts'
import { type Calibrated, calibrate } from './calibrate.ts'

/** Fits for rows left out in turn. */
const folds = 5

export interface CalibrationParts {
  readonly train: Design
  readonly validation: Design
  readonly test: Design
}

/** Undefined for a model that is not to be calibrated. Errors: `train/calibration`, `train/folds`, those of the solver. */
export async function calibrateFit(
  model: ModelDef,
  fit: Fit | ClassFit,
  parts: CalibrationParts,
  signal: AbortSignal | undefined,
): Promise<Calibrated | undefined> {
  const { calibrate: method } = model
  if (method === undefined) return undefined
  const test = await scoredRows(fit, parts.test, signal)
  const mean = model.family === 'svm' ? undefined : familyFunctions(model.family, model.link).mean
  if (parts.validation.rows > 0) {
    const held = await scoredRows(fit, parts.validation, signal)
    return calibrate(method, held, { on: 'validation' }, test, mean)
  }
  const held: ScoredRows[] = []
  const inside = Array.from({ length: folds }, (_, k) => foldDesign(parts.train, folds, k, 'in'))
  refuseFolds(inside.map((d) => d.rows))
  for (const [k, own] of inside.entries()) {
    const others = foldDesign(parts.train, folds, k, 'out')
    // A penalty is of a sum over rows, so fewer rows take less of it.
    const refitted = await fitDesign(withPenalty(model, fit, others.rows / parts.train.rows), others, { signal })
    held.push(await scoredRows(refitted, own, signal))
  }
  return calibrate(method, joined(held), { on: 'cross-fit', folds }, test, mean)
}

/** The model with the penalty its fit has, which a path may have chosen, times a share. */
function withPenalty({ path: _, ...model }: ModelDef, fit: Fit | ClassFit, share: number): ModelDef {
  const { l1, l2 } = fit.penalty ?? model.penalty
  return { ...model, penalty: { l1: l1 * share, l2: l2 * share } }
}

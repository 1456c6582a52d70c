/** Which solver fits a model. */
import { type Family, fail, familyTitle, type ModelDef } from '@viewcast/compiler'
import { fitExactly } from '../exact/fit-exactly.ts'
import type { ClassFit, Design, Fit, FitOptions } from './fit.ts'
import { glmSolver } from './glm.ts'
import { fitGradientDescent } from './gradient-descent.ts'
import { fitLinear } from './linear.ts'
import { fitLogistic } from './logistic.ts'
import { multinomialSolver } from './multinomial.ts'
import { fitPenalised } from './penalised.ts'

/** Fits a design. Options that a model has and a solver cannot take are refused before it starts. */
export type Solve = (design: Design, options: FitOptions) => Promise<Fit | ClassFit>

/**
 * The solver of a model. Errors: `train/unsupported`, naming one that can.
 *
 * @example
 * ```ts
 * const fit = await solverOf(model)(design, { penalty: model.penalty.l2 })
 * ```
 */
export function solverOf(model: Pick<ModelDef, 'family' | 'link' | 'solver' | 'penalty' | 'path' | 'offset'>): Solve {
  const { family, link, solver } = model
  if (solver === 'coordinate-descent' && family !== 'multinomial') return fitPenalised(family, link)
  if (model.penalty.l1 > 0 || model.path !== undefined) {
    const penalised = model.path === undefined ? 'apply an L1 penalty' : 'follow a path of penalties'
    const isClasses = family === 'multinomial'
    fail('train/unsupported', {
      solver,
      what: isClasses ? `${penalised} to a score for each class` : penalised,
      instead: isClasses ? 'irls' : 'coordinate-descent',
    })
  }
  if (family === 'multinomial' && solver === 'irls') {
    return (design, options) => multinomialSolver(options.classes ?? [])(design, options)
  }
  const isLinear = family === 'gaussian' && link === 'identity'
  const isLogistic = family === 'binomial' && link === 'logit'
  if (solver === 'newton' && family === 'svm') return fitPenalised(family, link)
  if (solver === 'cholesky' && isLinear) return fitLinear
  if (solver === 'exact' && isLinear) return fitExactly
  if (solver === 'ml-logistic-regression' && isLogistic) {
    if (model.offset !== undefined) fail('train/unsupported', { solver, what: 'add an offset', instead: 'irls' })
    return fitGradientDescent
  }
  if (solver === 'irls' && isGlm.has(family))
    return isLogistic && model.offset === undefined ? fitLogistic : glmSolver(family, link)
  const what = `fit a ${familyTitle(family, link)} model`
  return fail('train/unsupported', {
    solver,
    what,
    instead: isLinear ? 'cholesky' : family === 'svm' ? 'newton' : 'irls',
  })
}

const isGlm: ReadonlySet<Family> = new Set(['gaussian', 'binomial', 'poisson', 'gamma', 'inverse-gaussian'])

import { fail } from '@viewcast/compiler'
import { dependenceThreshold, factorise, hasDependence } from './cholesky.ts'
import { columnList } from './column-list.ts'
import { type Design, type Fit, type FitOptions, observationsOf } from './fit.ts'
import { covariance, isConstant, refuseDependence, standardErrors, unshiftedIntercept } from './information.ts'
import { type LogisticPoint, logisticObjective, nullDeviance } from './logistic-objective.ts'
import { type NewtonStep, newton } from './newton.ts'
import { isSeparating, separatingColumns } from './separation.ts'
import { survey } from './survey.ts'
import { samplingStep, warmStart } from './warm-start.ts'

/** Linear predictors beyond this (p within 3e-7 of 0 or 1) raise the question of separation. */
const suspicious = 15

/**
 * Fits a logistic regression by Newton's method (iteratively reweighted least squares): maximises
 * Σ w (y η − ln(1 + e^η)) − λ/2 ‖β‖², the intercept unpenalised, which is scikit-learn's objective with C = 1/λ.
 *
 * `design.y` is 0 or 1; `options.penalty` is λ on the scale of the design's columns; `maxIterations` counts passes over
 * the rows (100 by default); `tolerance` is the fall of the deviance still to come, relative to it (1e-26 by default,
 * which leaves coefficients right to about 12 digits). Standard errors are those of the inverse information, and null
 * with a penalty. Columns that do not vary keep the coefficient 0 and the standard error NaN.
 *
 * Errors: `train/collinear`, `train/separation` (without a penalty), `engine/interrupted`. A fit that has not converged
 * is returned with `converged: false`.
 *
 * @example
 * ```ts
 * const fit = await fitLogistic(arrayDesign(['distance'], x, y), { penalty: 0 })
 * fit.coefficients[0] // change of the log-odds per unit of distance
 * ```
 *
 * Source: McCullagh and Nelder, Generalized Linear Models, 2nd edition (1989), 2.5 and 4.4.
 */
export async function fitLogistic(design: Design, options: FitOptions): Promise<Fit> {
  const { penalty, signal } = options
  const width = design.columns.length
  const surveyed = await survey(design, samplingStep(design), signal)
  const { shift } = surveyed
  const objective = logisticObjective(design, shift, new Float64Array(width).fill(penalty), signal)
  const start = await warmStart(design, surveyed, penalty, signal)

  const onStep = async ({ iteration, step, point, renewed }: NewtonStep<LogisticPoint>): Promise<void> => {
    options.onIteration?.(iteration, 2 * point.loss)
    if (penalty > 0) return
    if (renewed !== undefined && hasDependence(renewed)) {
      // Weights close to 0 can hide a column; at equal weights only a true dependence is left.
      const { information } = await objective(new Float64Array(width + 1), true)
      refuseDependence(factorise(information as Float64Array, width + 1), design.columns)
    }
    if (point.furthest > suspicious && (await isSeparating(design, shift, step, signal))) {
      const names = await separatingColumns(design, shift, step, signal)
      fail('train/separation', { columns: names.length > 0 ? columnList(names) : 'the intercept' })
    }
  }
  const { theta, point, iterations, converged } = await newton(objective, start.theta, {
    maxIterations: options.maxIterations ?? 100,
    tolerance: options.tolerance ?? 1e-26,
    threshold: penalty > 0 ? 1e-14 : dependenceThreshold,
    factor: start.factor,
    onStep,
  })

  const end = penalty > 0 ? point : await objective(theta, true)
  const factor = end.information === undefined ? undefined : factorise(end.information, width + 1)
  if (factor !== undefined && converged) refuseDependence(factor, design.columns)
  let used = width + 1
  if (factor !== undefined) for (let i = 0; i <= width; i++) if (isConstant(factor, i)) used--
  return {
    solver: 'irls',
    intercept: unshiftedIntercept(theta, shift),
    coefficients: theta.slice(1),
    standardErrors: factor === undefined ? null : standardErrors(factor, shift),
    covariance: factor === undefined ? null : covariance(factor, shift, 1),
    residualDegrees: observationsOf(design) - used,
    nullDegrees: observationsOf(design) - 1,
    iterations,
    converged,
    deviance: 2 * end.loss,
    nullDeviance: nullDeviance(end),
    dispersion: 1,
    logLikelihood: penalty > 0 ? null : -end.loss,
  }
}

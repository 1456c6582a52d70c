import { fail } from '@viewcast/compiler'
import { dependenceThreshold, factorise, hasDependence } from './cholesky.ts'
import { columnList } from './column-list.ts'
import { familyFunctions } from './families.ts'
import { type ClassFit, type Design, type FitOptions, observationsOf } from './fit.ts'
import { glmObjective } from './glm-objective.ts'
import { covariance, isConstant, refuseDependence, standardErrors, unshiftedIntercept } from './information.ts'
import { type MultinomialPoint, multinomialObjective } from './multinomial-objective.ts'
import { type NewtonStep, newton } from './newton.ts'
import { eachBlock } from './passes.ts'
import { separatedClasses } from './separation.ts'
import { survey } from './survey.ts'

/** Estimates whose second derivative is still factorised in seconds. */
const mostEstimates = 3000

/** Rows that are certain of their class to this raise the question of separation. */
const suspicious = 1e-6
const late = 12

/**
 * Fits a multinomial (softmax) regression by Newton's method with the whole second derivative: minimises
 * −log-likelihood + λ/2 ‖β‖², the intercepts unpenalised.
 *
 * `design.y` is the place of a row's class among `classes`, all of which occur. Without a penalty the first class has no
 * coefficients and the others are compared with it. With a penalty every class has its own, which the penalty makes unique,
 * and the intercepts add up to 0; that is scikit-learn's multinomial logistic regression with C = 1/λ. `maxIterations` is
 * 100 by default; `tolerance` as in {@link fitLogistic}.
 *
 * Errors: `train/many-estimates` beyond {@link mostEstimates}; `train/collinear`; `train/separation` (without a penalty);
 * `engine/interrupted`.
 *
 * @example
 * ```ts
 * const fit = await multinomialSolver(['bus', 'car', 'train'])(arrayDesign(['distance'], x, places), { penalty: 0 })
 * fit.scores[1] // intercept and slope of the log-odds of car over bus
 * ```
 *
 * Source: Böhning, Multinomial logistic regression algorithm, Annals of the Institute of Statistical Mathematics 44 (1992).
 */
export function multinomialSolver(
  classes: readonly string[],
): (design: Design, options: FitOptions) => Promise<ClassFit> {
  return async (design, options) => {
    const { penalty, signal } = options
    const width = design.columns.length
    const size = width + 1
    const scores = penalty > 0 ? classes.length : classes.length - 1
    if (scores * size > mostEstimates) {
      const sizes = { scores: String(scores), columns: String(size), limit: String(mostEstimates) }
      fail('train/many-estimates', sizes)
    }
    const { shift } = await survey(design, 1, signal)
    const objective = multinomialObjective(design, classes.length, scores, shift, penalty, signal)
    const counts = await classWeights(design, classes.length, signal)
    const absent = counts.indexOf(0)
    // As in a fold that has no row of it: its intercept would fall without end.
    if (absent >= 0)
      fail('train/separation', { columns: 'the intercept', classes: columnList([classes[absent] as string]) })
    const start = new Float64Array(scores * size)
    const logs = counts.map(Math.log)
    const middle = penalty > 0 ? logs.reduce((s, v) => s + v, 0) / logs.length : (logs[0] as number)
    for (let a = 0; a < scores; a++) start[a * size] = (logs[a + classes.length - scores] as number) - middle

    const onStep = async ({ iteration, step, point, renewed }: NewtonStep<MultinomialPoint>): Promise<void> => {
      options.onIteration?.(iteration, 2 * point.loss)
      if (penalty > 0) return
      if (renewed !== undefined && hasDependence(renewed)) await refuseUnweighted(design, shift, signal)
      if (point.leastDoubt > suspicious && iteration < late) return
      const separated = await separatedClasses(design, shift, step, classes.length, signal)
      if (separated === undefined) return
      const names = separated.classes.map((c) => classes[c] as string)
      fail('train/separation', {
        columns: separated.columns.length > 0 ? columnList(separated.columns) : 'the intercept',
        classes: columnList(names),
      })
    }
    const threshold = penalty > 0 ? 1e-14 : dependenceThreshold
    const { theta, iterations, converged } = await newton(objective, start, {
      maxIterations: options.maxIterations ?? 100,
      tolerance: options.tolerance ?? 1e-26,
      threshold,
      onStep,
    })

    const end = await objective(theta, true)
    const factor = factorise(end.information as Float64Array, scores * size, threshold)
    if (penalty === 0 && converged && hasDependence(factor)) await refuseUnweighted(design, shift, signal)
    let constant = 0
    for (let j = 0; j < size; j++) if (isConstant(factor, j)) constant++
    const isInferred = penalty === 0
    const total = counts.reduce((s, c) => s + c, 0)
    return {
      solver: 'irls',
      scores: classes.map((_, c) => {
        const a = c - (classes.length - scores)
        if (a < 0) return null
        const own = theta.slice(a * size, (a + 1) * size)
        own[0] = unshiftedIntercept(own, shift)
        return own
      }),
      shares: counts.map((c) => c / total),
      standardErrors: isInferred ? standardErrors(factor, shift, scores) : null,
      covariance: isInferred ? covariance(factor, shift, 1, scores) : null,
      residualDegrees: (observationsOf(design) - size + constant) * (classes.length - 1),
      nullDegrees: (observationsOf(design) - 1) * (classes.length - 1),
      iterations,
      converged,
      deviance: 2 * end.loss,
      nullDeviance: -2 * counts.reduce((s, c) => s + c * Math.log(c / total), 0),
      dispersion: 1,
      logLikelihood: penalty > 0 ? null : -end.loss,
    }
  }
}

async function classWeights(design: Design, classes: number, signal: AbortSignal | undefined): Promise<number[]> {
  const counts = new Array<number>(classes).fill(0)
  await eachBlock(design, signal, ({ rows, y, weight }) => {
    for (let r = 0; r < rows; r++) {
      const c = y[r] as number
      counts[c] = (counts[c] as number) + (weight === undefined ? 1 : (weight[r] as number))
    }
  })
  return counts
}

/** Dependence of the columns themselves: at the probabilities of a fit it may only seem so. */
async function refuseUnweighted(design: Design, shift: Float64Array, signal: AbortSignal | undefined): Promise<void> {
  const even = glmObjective(design, familyFunctions('gaussian', 'identity'), shift, 0, signal)
  const { information } = await even(new Float64Array(design.columns.length + 1), true)
  refuseDependence(factorise(information as Float64Array, design.columns.length + 1), design.columns)
}

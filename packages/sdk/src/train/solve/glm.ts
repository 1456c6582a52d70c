import { type Family, fail, type Link } from '@viewcast/compiler'
import { dependenceThreshold, factorise, hasDependence } from './cholesky.ts'
import { columnList } from './column-list.ts'
import { type FamilyFunctions, familyFunctions } from './families.ts'
import { type Design, type Fit, type FitOptions, observationsOf } from './fit.ts'
import { type GlmPoint, glmObjective, regressedStart } from './glm-objective.ts'
import { goodnessOf } from './goodness.ts'
import { covariance, isConstant, refuseDependence, standardErrors, unshiftedIntercept } from './information.ts'
import { type NewtonOptions, type NewtonResult, type NewtonStep, newton, type Objective } from './newton.ts'
import { eachBlock } from './passes.ts'
import { isSeparating, type SideOf, separatingColumns } from './separation.ts'
import { type Survey, survey } from './survey.ts'

/** Weights of rows below this, in the extreme a mean at the edge of what it can be, raise the question of separation. */
const suspicious = 1e-6

/** From this iteration on a fit that has not converged is asked in any case. */
const late = 12

/** Fall of the deviance still to come, relative to it, from which Newton's own steps are safe. */
const nearlyThere = 1e-9

/**
 * The solver of a family with a link by iteratively reweighted least squares (Fisher's scoring): minimises
 * half the deviance + λ/2 ‖β‖², the intercept unpenalised. For binomial and poisson half the deviance is −log-likelihood,
 * up to what does not depend on the coefficients.
 *
 * `design.y` holds labels of the family (binomial: from 0 to 1, a share of `weight` trials); offsets are added to the
 * linear predictor. A step that leaves the domain of the link, or does not lower the deviance, is halved. `maxIterations`
 * counts passes (200 by default); `tolerance` is as in {@link fitLogistic}. The dispersion is Pearson's statistic over the
 * residual degrees for gaussian, gamma and inverse gaussian. Standard errors are Fisher's, null with a penalty.
 *
 * Errors: `train/collinear`; `train/separation` without a penalty; `train/no-start` when no linear predictor within the
 * domain of the link is found; `train/not-converged` where the best fit is at the edge of that domain;
 * `engine/interrupted`. With other links a fit that has not converged is returned with `converged: false`.
 *
 * @example
 * ```ts
 * const fit = await glmSolver('poisson', 'log')(arrayDesign(['distance'], x, counts), { penalty: 0 })
 * Math.exp(fit.coefficients[0]) // factor on the expected count per unit of distance
 * ```
 *
 * Source: McCullagh and Nelder, Generalized Linear Models, 2nd edition (1989), 2.5.
 */
export function glmSolver(family: Family, link: Link): (design: Design, options: FitOptions) => Promise<Fit> {
  const functions = familyFunctions(family, link)
  const side = sideOf(family, link)
  return async (design, options) => {
    const { penalty, signal } = options
    const width = design.columns.length
    const surveyed = await survey(design, 1, signal)
    const { shift } = surveyed
    const objective = glmObjective(design, functions, shift, penalty, signal)
    const { theta: start, loss: startLoss } = await startOf(design, functions, surveyed, penalty, signal, family, link)

    const onStep = async ({ iteration, step, point, renewed }: NewtonStep<GlmPoint>): Promise<void> => {
      options.onIteration?.(iteration, 2 * point.loss)
      if (penalty > 0) return
      if (renewed !== undefined && hasDependence(renewed)) await refuseUnweightedDependence(design, shift, signal)
      if (side === undefined || (point.leastWeight > suspicious && iteration < late)) return
      if (await isSeparating(design, shift, step, signal, side)) {
        const names = await separatingColumns(design, shift, step, signal)
        fail('train/separation', { columns: names.length > 0 ? columnList(names) : 'the intercept' })
      }
    }
    const tolerance = options.tolerance ?? 1e-29
    const common = {
      maxIterations: options.maxIterations ?? 200,
      threshold: penalty > 0 ? 1e-14 : dependenceThreshold,
      floor: 1e-6 * startLoss,
    }
    const scored = await newton(objective, start, {
      ...common,
      tolerance: functions.isCanonical ? tolerance : Math.max(tolerance, nearlyThere),
      onStep,
    })
    const polished =
      functions.isCanonical || !scored.converged
        ? scored
        : await polish([objective, glmObjective(design, functions, shift, penalty, signal, true)], scored, {
            ...common,
            tolerance,
            onStep,
          })
    const { theta, iterations, converged } = polished
    if (!converged) refuseEdge(family, link, iterations)
    const end = await objective(theta, true)
    const factor = factorise(end.information as Float64Array, width + 1, penalty > 0 ? 1e-14 : dependenceThreshold)
    if (penalty === 0 && converged) refuseDependence(factor, design.columns)
    let used = width + 1
    for (let i = 0; i <= width; i++) if (isConstant(factor, i)) used--
    const degrees = observationsOf(design) - used
    const deviance = 2 * end.loss
    const { pearson, logLikelihood } = await goodnessOf(design, family, functions, shift, theta, deviance, signal)
    const dispersion = functions.isDispersed ? (degrees > 0 ? pearson / degrees : null) : 1
    const isInferred = penalty === 0 && dispersion !== null
    return {
      solver: 'irls',
      intercept: unshiftedIntercept(theta, shift),
      coefficients: theta.slice(1),
      standardErrors: isInferred ? standardErrors(factor, shift).map((e) => e * Math.sqrt(dispersion)) : null,
      covariance: isInferred ? covariance(factor, shift, dispersion) : null,
      residualDegrees: degrees,
      nullDegrees: observationsOf(design) - 1,
      iterations,
      converged,
      deviance,
      nullDeviance: await nullDeviance(design, functions, signal),
      dispersion,
      logLikelihood: penalty > 0 ? null : logLikelihood,
    }
  }
}

/**
 * Newton's steps with the second derivative itself, which double the digits, where Fisher's scoring adds a few at a time.
 * Far from the solution that derivative need not be positive; so it may turn out here, and then scoring goes on.
 */
async function polish(
  [objective, observed]: readonly [Objective<GlmPoint>, Objective<GlmPoint>],
  { theta, iterations }: NewtonResult<GlmPoint>,
  options: NewtonOptions<GlmPoint>,
): Promise<NewtonResult<GlmPoint>> {
  const { information } = await observed(theta, true)
  const isPositive = !hasDependence(factorise(information as Float64Array, theta.length, options.threshold))
  const more = await newton(isPositive ? observed : objective, theta, options)
  return { ...more, iterations: iterations + more.iterations }
}

/**
 * The better of two starts: one mean for all rows, and a regression on predictors of means near the labels. The
 * first keeps to the domain of every link, the second is nearer where the labels differ by orders of magnitude.
 */
async function startOf(
  design: Design,
  functions: FamilyFunctions,
  { shift }: Survey,
  penalty: number,
  signal: AbortSignal | undefined,
  family: Family,
  link: Link,
): Promise<{ readonly theta: Float64Array; readonly loss: number }> {
  const objective = glmObjective(design, functions, shift, penalty, signal)
  const same = new Float64Array(design.columns.length + 1)
  same[0] = await sharedPredictor(design, functions, signal)
  const regressed = await regressedStart(design, functions, shift, penalty, signal)
  const candidates = []
  for (const theta of [same, regressed]) {
    if (!theta.every(Number.isFinite)) continue
    const { loss, penalised } = await objective(theta, false)
    if (Number.isFinite(penalised)) candidates.push({ theta, loss, penalised })
  }
  const [best] = candidates.sort((a, b) => a.penalised - b.penalised)
  return best ?? fail('train/no-start', { family, link })
}

/** The predictor of the mean label less the mean offset, moved until no row is below the domain of the link. */
async function sharedPredictor(
  design: Design,
  { predictor, mean, startingMean }: FamilyFunctions,
  signal: AbortSignal | undefined,
): Promise<number> {
  let weights = 0
  let labels = 0
  let offsets = 0
  let leastOffset = 0
  await eachBlock(design, signal, ({ rows, y, weight, offset }) => {
    for (let r = 0; r < rows; r++) {
      const w = weight === undefined ? 1 : (weight[r] as number)
      weights += w
      labels += (w / weights) * ((y[r] as number) - labels)
      const o = offset === undefined ? 0 : (offset[r] as number)
      offsets += (w / weights) * (o - offsets)
      if (o < leastOffset) leastOffset = o
    }
  })
  const direct = predictor(labels)
  const eta = Number.isFinite(direct) ? direct : predictor(startingMean(Math.abs(labels)))
  const moved = eta - offsets
  return Number.isNaN(mean(moved + leastOffset)) ? eta - leastOffset : moved
}

/** Deviance of the model that has an intercept and the offsets only; NaN when the link cannot give it. */
async function nullDeviance(
  design: Design,
  functions: FamilyFunctions,
  signal: AbortSignal | undefined,
): Promise<number> {
  const bare = withoutColumns(design)
  const objective = glmObjective(bare, functions, new Float64Array(0), 0, signal)
  const start = Float64Array.of(await sharedPredictor(design, functions, signal))
  const { loss } = await objective(start, false)
  if (!Number.isFinite(loss)) return Number.NaN
  // Without offsets the mean label is the solution already, and the first step finds nothing left to do.
  const { theta } = await newton(objective, start, {
    maxIterations: 100,
    tolerance: 1e-20,
    threshold: 0,
    floor: 1e-6 * loss,
  })
  return 2 * (await objective(theta, false)).loss
}

const withoutColumns = (design: Design): Design => ({
  columns: [],
  rows: design.rows,
  *blocks() {
    for (const block of design.blocks()) yield { ...block, x: new Float64Array(0) }
  },
})

/** Weights close to 0 can hide a column; at equal weights only a true dependence is left. */
async function refuseUnweightedDependence(
  design: Design,
  shift: Float64Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const even = glmObjective(design, familyFunctions('gaussian', 'identity'), shift, 0, signal)
  const { information } = await even(new Float64Array(design.columns.length + 1), true)
  refuseDependence(factorise(information as Float64Array, design.columns.length + 1), design.columns)
}

/** A fit that ends without a solution at the edge of the domain of its link. Errors: `train/not-converged`. */
export function refuseEdge(family: Family, link: Link, iterations: number): void {
  if (!isBounded(family, link)) return
  const hint = `The means that fit best are at the edge of what the link "${link}" can give: use the link "log".`
  fail('train/not-converged', { solver: 'irls', iterations: String(iterations), hint })
}

/** Whether a linear predictor can be outside the domain of the link. */
const isBounded = (family: Family, link: Link): boolean =>
  family !== 'gaussian' && family !== 'binomial' && link !== 'log'

/** Labels whose loss has no least value, so that their predictor may move without end; undefined when there are none. */
function sideOf(family: Family, link: Link): SideOf | undefined {
  if (family === 'binomial') return (y) => (y === 1 ? 1 : y === 0 ? -1 : 0)
  if (link !== 'log') return undefined
  if (family === 'poisson') return (y) => (y === 0 ? -1 : 0)
  return family === 'gaussian' ? (y) => (y <= 0 ? -1 : 0) : undefined
}

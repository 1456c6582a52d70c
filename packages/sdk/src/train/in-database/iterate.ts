import { type Family, fail, goodnessSums, type Link, type MovingLabels, separationQuery } from '@viewcast/compiler'
import { dependenceThreshold, factorise, hasDependence } from '../solve/cholesky.ts'
import { columnList } from '../solve/column-list.ts'
import { familyFunctions } from '../solve/families.ts'
import type { Fit, FitOptions } from '../solve/fit.ts'
import { refuseEdge } from '../solve/glm.ts'
import { logLikelihood } from '../solve/goodness.ts'
import { isConstant, refuseDependence } from '../solve/information.ts'
import { packed } from '../solve/kernels.ts'
import { type NewtonStep, newton, type Point } from '../solve/newton.ts'
import { askNumbers } from './ask.ts'
import { inferenceOf } from './inference-of.ts'
import { flushed, type RemoteDesign, remoteSums, unscaled } from './remote-design.ts'

interface RemotePoint extends Point {
  /** Half the deviance, without the penalty. */
  readonly loss: number
  readonly leastWeight: number
}

/** Weights of rows below this, in the extreme a mean at the edge of what it can be, raise the question of separation. */
const suspicious = Math.exp(-15)

/** From this iteration on a fit that has not converged is asked in any case. */
const late = 12

/** A first guess with coefficients beyond this is none. */
const farOut = 15

/** Rows from which a first guess from one row in sixteen saves more than it costs. */
const manyRows = 100_000
const sampleStep = 16

/**
 * Iteratively reweighted least squares over rows that stay in the database: one aggregate per step, Fisher's information
 * only where renewing it pays, steps halved until the deviance does not grow, ended by the Newton decrement.
 *
 * Errors: `train/collinear`, `train/separation`, `train/no-start`; `train/not-converged` at the edge of the domain of a link;
 * those of the database. Otherwise a fit that has not converged says so.
 */
export async function iterateRemotely(
  design: RemoteDesign,
  family: Family,
  link: Link,
  options: FitOptions,
): Promise<Fit> {
  const { penalty } = options
  const { labelMean } = design
  const size = design.columns.length + 1
  const penalties = Float64Array.from({ length: size }, (_, i) =>
    i === 0 ? 0 : penalty / (design.scale[i - 1] as number) ** 2,
  )
  const objective =
    (every: number) =>
    async (theta: Float64Array, withInformation: boolean): Promise<RemotePoint> => {
      const sums = await remoteSums(design, family, link, theta, withInformation, every)
      const share = sums.rows / design.rows
      let penalised = sums.loss
      const gradient = sums.gradient.map((g, i) => {
        const p = share * (penalties[i] as number)
        penalised += 0.5 * p * (theta[i] as number) ** 2
        return g - p * (theta[i] as number)
      })
      const information = sums.products
      if (information !== undefined) {
        for (let j = 1; j < size; j++) {
          const diagonal = packed(j) + j
          information[diagonal] = (information[diagonal] as number) + share * (penalties[j] as number)
        }
      }
      const facts = { loss: sums.loss, penalised, gradient, leastWeight: sums.leastWeight }
      return { ...facts, ...(information === undefined ? {} : { information }) }
    }
  const whole = objective(1)
  const moving = movingLabels(family, link)

  const onStep = async ({ iteration, step, point, renewed }: NewtonStep<RemotePoint>): Promise<void> => {
    options.onIteration?.(iteration, 2 * point.loss)
    if (penalty > 0) return
    if (renewed !== undefined && hasDependence(renewed)) {
      // Weights close to 0 can hide a column; at equal weights only a true dependence is left.
      const equal = await remoteSums(design, 'gaussian', 'identity', new Float64Array(size), true)
      refuseDependence(factorise(equal.products as Float64Array, size), design.columns)
    }
    if (moving === undefined || (point.leastWeight > suspicious && iteration < late)) return
    await refuseSeparation(design, step, moving)
  }
  const first = new Float64Array(size)
  const functions = familyFunctions(family, link)
  first[0] = functions.predictor(family === 'binomial' ? labelMean : functions.startingMean(labelMean))
  const { start, loss } =
    family === 'binomial'
      ? { start: design.rows >= manyRows ? await sampled(objective(sampleStep), first) : first }
      : await startOf(design, objective, first)
  if (loss === Number.POSITIVE_INFINITY) fail('train/no-start', { family, link })
  const { theta, point, iterations, converged } = await newton(whole, start, {
    maxIterations: options.maxIterations ?? 100,
    tolerance: options.tolerance ?? 1e-26,
    ...(loss === undefined ? {} : { floor: 1e-6 * loss }),
    threshold: penalty > 0 ? 1e-14 : dependenceThreshold,
    onStep,
  })

  if (!converged) refuseEdge(family, link, iterations)
  const end = penalty > 0 ? point : await whole(theta, true)
  const factor = end.information === undefined ? undefined : factorise(end.information, size)
  if (factor !== undefined && converged) refuseDependence(factor, design.columns)
  let used = size
  if (factor !== undefined) for (let i = 0; i < size; i++) if (isConstant(factor, i)) used--
  const nothing = new Float64Array(size)
  nothing[0] = functions.predictor(labelMean)
  const empty = await remoteSums(design, family, link, nothing, false)
  const residualDegrees = design.rows - used
  const deviance = 2 * end.loss
  const request = { family, link, theta: flushed(theta), scaling: design.scaling }
  const [weights = 0, pearson = 0, saturated = 0] =
    family === 'binomial' ? [] : await askNumbers(design.ask, [goodnessSums(design.design, request)])
  const dispersion = functions.isDispersed ? (residualDegrees > 0 ? pearson / residualDegrees : null) : 1
  const inferred =
    factor === undefined || penalty > 0 || dispersion === null ? undefined : inferenceOf(design, factor, dispersion)
  const [intercept = 0, ...coefficients] = unscaled(design, theta)
  return {
    solver: 'irls',
    intercept,
    coefficients: Float64Array.from(coefficients),
    standardErrors: inferred?.standardErrors ?? null,
    covariance: inferred?.covariance ?? null,
    residualDegrees,
    nullDegrees: design.rows - 1,
    iterations,
    converged,
    deviance,
    nullDeviance: 2 * empty.loss,
    dispersion,
    logLikelihood: penalty > 0 ? null : logLikelihood(family, { deviance, saturated, weights, rows: design.rows }),
  }
}

/** Labels that no solution may have an end for; undefined when there are none. */
function movingLabels(family: Family, link: Link): MovingLabels | undefined {
  if (family === 'binomial') return 'outcomes'
  return link === 'log' && (family === 'poisson' || family === 'gaussian') ? 'amounts' : undefined
}

type RemoteObjective = (theta: Float64Array, withInformation: boolean) => Promise<RemotePoint>

/** The solution of a sample where there are many rows and it is better than one mean for all, beside the loss of that mean. */
async function startOf(
  { rows }: RemoteDesign,
  objective: (every: number) => RemoteObjective,
  first: Float64Array,
): Promise<{ readonly start: Float64Array; readonly loss: number }> {
  const { loss, penalised } = await objective(1)(first, false)
  if (rows < manyRows || !Number.isFinite(penalised)) return { start: first, loss }
  const start = await sampled(objective(sampleStep), first)
  // What fits the sample can be outside the domain of the link in another row.
  const isBetter = start !== first && (await objective(1)(start, false)).penalised <= penalised
  return { start: isBetter ? start : first, loss }
}

/** The solution for the sample; `first` where it has none. */
async function sampled(objective: RemoteObjective, first: Float64Array): Promise<Float64Array> {
  const { theta, converged } = await newton(objective, first, { maxIterations: 12, tolerance: 1e-6, threshold: 1e-9 })
  return converged && theta.every((v) => Math.abs(v) < farOut) ? theta : first
}

/** A row may move to the wrong side by this part of the largest move: what rounding and unfinished steps leave. */
const tolerance = 1e-5

/** Source: Albert and Anderson, On the existence of maximum likelihood estimates in logistic regression models, Biometrika 71 (1984). */
async function refuseSeparation(
  { ask, design, scaling, columns }: RemoteDesign,
  step: Float64Array,
  moving: MovingLabels,
): Promise<void> {
  const largest = Math.max(...step.map(Math.abs))
  if (!(largest > 0 && largest < Number.POSITIVE_INFINITY)) return
  const direction = step.map((v) => (Math.abs(v) < largest * 1e-12 ? 0 : v / largest))
  const [wrong = 0, furthest = 0, ...reach] = await askNumbers(ask, [
    separationQuery(design, scaling, direction, moving),
  ])
  if (!(furthest > 0 && wrong <= tolerance * furthest)) return
  const most = Math.max(...reach)
  const names = columns
    .map((name, j) => ({ name, reach: reach[j] as number }))
    .filter((c) => c.reach > 0 && c.reach >= most / 10)
    .sort((a, b) => b.reach - a.reach)
    .map((c) => c.name)
  fail('train/separation', { columns: names.length > 0 ? columnList(names) : 'the intercept' })
}

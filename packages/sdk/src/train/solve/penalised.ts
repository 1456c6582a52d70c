/** Fits with an L1 penalty, and with a penalty that a path chooses. */
import { type Family, fail, type Link, type Penalty } from '@viewcast/compiler'
import { fitElasticNet, gaussianProblem, gaussianRows, type PenalisedFit } from './elastic-net.ts'
import { familyFunctions } from './families.ts'
import { familyLoss, labelsOf } from './family-loss.ts'
import type { Design, Fit, FitOptions } from './fit.ts'
import { foldDesign, refuseFolds } from './folds.ts'
import { unshiftedIntercept } from './information.ts'
import { followPath, type PathFitter, type PathProblem, penaltyAt } from './path.ts'
import { type Located, type Loss, locate, lossAt, proximalNewton } from './proximal-newton.ts'
import { survey } from './survey.ts'

/**
 * Promised falls of the loss at which a fit ends. The last step squares what is left, or divides it
 * by some tens where the link is not the family's own: a path has about nine digits, the model all it can have.
 */
const tolerance = { path: 1e-9, model: 1e-22 }
const mostIterations = 100

/** A penalty under which every coefficient is 0. */
const everything: Penalty = { l1: 1e300, l2: 0 }

/**
 * The solver of a family for λ₁ ‖β‖₁ + λ₂/2 ‖β‖², the intercept free, added to Σ w loss: half the deviance times the
 * dispersion, which is ½ Σ w e² for gaussian and −log-likelihood for binomial; of svm it is Σ w max(0, 1 ∓ η)², so that λ₂ is
 * 1/C of scikit-learn's LinearSVC, whose intercept is penalised too unless `intercept_scaling` is large. Its deviance is twice
 * the loss.
 *
 * Least squares is fitted by coordinate descent on its cross-products, every other family by Newton's steps with the same
 * inside. Residual degrees count the coefficients that are not 0; there are no standard errors.
 *
 * Errors: `train/folds`, `engine/interrupted`.
 *
 * @example
 * ```ts
 * const fit = await fitPenalised('binomial', 'logit')(design, { l1: 3, penalty: 0 })
 * ```
 */
export const fitPenalised =
  (family: Family, link: Link) =>
  async (design: Design, options: FitOptions): Promise<Fit> => {
    const penalty: Penalty = { l1: options.l1 ?? 0, l2: options.penalty }
    const isGaussian = family === 'gaussian' && link === 'identity'
    const fit = isGaussian
      ? await fitGaussian(design, penalty, options)
      : await fitFamily(design, family, link, penalty, options)
    const nonZero = fit.coefficients.reduce((n, b) => (b === 0 ? n : n + 1), 0)
    const residualDegrees = design.rows - 1 - nonZero
    return {
      ...fit,
      solver: family === 'svm' && options.path === undefined && penalty.l1 === 0 ? 'newton' : 'coordinate-descent',
      standardErrors: null,
      covariance: null,
      residualDegrees,
      nullDegrees: design.rows - 1,
      // The coefficients are shrunk, so an estimate of their residuals would say too much.
      dispersion: family === 'binomial' || family === 'poisson' ? 1 : null,
      logLikelihood: null,
    }
  }

type Chosen = PenalisedFit & Pick<Fit, 'penalty' | 'path'>

async function fitGaussian(design: Design, penalty: Penalty, options: FitOptions): Promise<Chosen> {
  const { path: spec, signal, onIteration } = options
  const rows = await gaussianRows(design, spec?.folds ?? 1, signal)
  if (spec === undefined) return fitElasticNet(design, rows, penalty, { signal, onIteration })
  const path = await followPath(gaussianProblem(rows), spec, (done) => onIteration?.(done, 0))
  const chosen = penaltyAt(path.steps[path.chosen]?.lambda as number, spec.l1Ratio)
  return { ...(await fitElasticNet(design, rows, chosen, { signal })), penalty: chosen, path }
}

async function fitFamily(
  design: Design,
  family: Family,
  link: Link,
  penalty: Penalty,
  options: FitOptions,
): Promise<Chosen> {
  const { path: spec, signal, onIteration } = options
  const { shift } = await survey(design, 1, signal)
  const whole = await startOf(design, family, link, shift, signal)
  const finish = async (chosen: Penalty): Promise<PenalisedFit> => {
    const settings = {
      tolerance: options.tolerance ?? tolerance.model,
      maxIterations: options.maxIterations ?? mostIterations,
    }
    const report = (i: number, loss: number) => onIteration?.(i, 2 * loss)
    const from = whole.nearest ?? whole.origin
    const { theta, iterations, converged } = await proximalNewton(whole.loss, chosen, from, {
      ...settings,
      onIteration: report,
    })
    const { loss } = await whole.loss(theta, false)
    return {
      intercept: unshiftedIntercept(theta, shift),
      coefficients: theta.slice(1),
      deviance: 2 * loss,
      nullDeviance: 2 * whole.origin.point.loss,
      iterations,
      converged,
    }
  }
  if (spec === undefined) return finish(penalty)

  const problem = await pathProblem(design, family, link, shift, whole, spec.folds, signal)
  const path = await followPath(problem, spec, (done) => onIteration?.(done, 0))
  const chosen = penaltyAt(path.steps[path.chosen]?.lambda as number, spec.l1Ratio)
  return { ...(await finish(chosen)), penalty: chosen, path }
}

interface Start {
  readonly loss: Loss
  /** The fit without columns. */
  readonly origin: Located
  /** The last point a path looked at. */
  nearest?: Located
}

async function startOf(
  design: Design,
  family: Family,
  link: Link,
  shift: Float64Array,
  signal: AbortSignal | undefined,
): Promise<Start> {
  const loss = familyLoss(design, family, link, shift, signal)
  const { mean } = await labelsOf(design, signal)
  const theta = new Float64Array(design.columns.length + 1)
  theta[0] = family === 'svm' ? 0 : familyFunctions(family, link).predictor(mean)
  const from = await locate(loss, theta)
  const { theta: best } = await proximalNewton(loss, everything, from, {
    tolerance: 1e-15,
    maxIterations: mostIterations,
  })
  return { loss, origin: await locate(loss, best) }
}

async function pathProblem(
  design: Design,
  family: Family,
  link: Link,
  shift: Float64Array,
  whole: Start,
  folds: number,
  signal: AbortSignal | undefined,
): Promise<PathProblem> {
  const inside = Array.from({ length: folds }, (_, k) => foldDesign(design, folds, k, 'in'))
  refuseFolds(inside.map((d) => d.rows))
  const all = await labelsOf(design, signal)
  const { gradient } = whole.origin.point
  return {
    columns: design.columns.length,
    rows: design.rows,
    nullDeviance: 2 * whole.origin.point.loss,
    steepest: gradient.reduce((most, g, j) => (j === 0 ? most : Math.max(most, Math.abs(g))), 0),
    fit: fitter(whole),
    folds: await Promise.all(
      inside.map(async (own, k) => {
        const others = foldDesign(design, folds, k, 'out')
        const fitted = await labelsOf(others, signal)
        if (fitted.least === fitted.most) {
          fail('train/folds', { fold: String(k + 1), folds: String(folds), detail: 'has the only rows of a class' })
        }
        const heldOut = familyLoss(own, family, link, shift, signal)
        let start: PathFitter | undefined
        return {
          // Made when its turn comes, so that only one fold's first fit is held at a time.
          fit: async (penalty) => {
            start ??= fitter(await startOf(others, family, link, shift, signal))
            return start(penalty)
          },
          share: fitted.weight / all.weight,
          weight: all.weight - fitted.weight,
          deviance: async (theta) => 2 * (await heldOut(theta, false)).loss,
        }
      }),
    ),
  }
}

function fitter(start: Start): PathFitter {
  return async (penalty) => {
    const from = start.nearest ?? start.origin
    const result = await proximalNewton(start.loss, penalty, from, {
      tolerance: tolerance.path,
      maxIterations: mostIterations,
    })
    start.nearest = result.last
    const { theta, iterations, converged } = result
    return { theta, deviance: 2 * lossAt(result.last, theta), iterations, converged }
  }
}

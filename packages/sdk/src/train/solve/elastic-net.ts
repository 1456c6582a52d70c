/** Least squares with an L1 and an L2 penalty, for one penalty or a path of them. */
import type { Penalty } from '@viewcast/compiler'
import { minimise, quadraticAt } from './coordinate-descent.ts'
import { type CrossProducts, crossProducts, type Origin, squaredError, together } from './cross-products.ts'
import type { Design } from './fit.ts'
import { refuseFolds } from './folds.ts'
import { unshiftedIntercept } from './information.ts'
import { createWorkspace } from './kernels.ts'
import { eachBlock } from './passes.ts'
import type { PathFitter, PathProblem } from './path.ts'
import { survey } from './survey.ts'

/** What a fit with a penalty has to tell; the intercept is of the columns as they are. */
export interface PenalisedFit {
  readonly intercept: number
  readonly coefficients: Float64Array
  readonly deviance: number
  readonly nullDeviance: number
  readonly iterations: number
  readonly converged: boolean
}

/** A corrected solution whose correction is not smaller than this part of the one before is as good as it gets. */
const stall = 0.1
const mostCorrections = 8

/** Cross-products of the rows, and what shifted them. */
export interface GaussianRows {
  readonly origin: Origin
  readonly sets: readonly CrossProducts[]
}

/** Reads the rows twice: for where they lie, and for their cross-products, a set for each fold. */
export async function gaussianRows(
  design: Design,
  folds: number,
  signal: AbortSignal | undefined,
): Promise<GaussianRows> {
  const origin = await survey(design, 1, signal)
  return { origin, sets: await crossProducts(design, origin, folds, signal) }
}

/**
 * Minimises ½ Σ w (y − η)² + λ₁ ‖β‖₁ + λ₂/2 ‖β‖², the intercept free.
 *
 * The cross-products give the solution to about as many digits as their condition leaves; the gradient at it, computed
 * from the rows, gives the others.
 */
export async function fitElasticNet(
  design: Design,
  { origin, sets }: GaussianRows,
  penalty: Penalty,
  options: {
    readonly signal?: AbortSignal | undefined
    readonly onIteration?: ((iteration: number, deviance: number) => void) | undefined
  },
): Promise<PenalisedFit> {
  const all = together(sets)
  const width = design.columns.length
  let theta = new Float64Array(width + 1)
  let gradient = all.vector
  let deviance = all.squares
  let last = Number.POSITIVE_INFINITY
  let iterations = 1
  let converged = false
  for (; iterations <= mostCorrections; iterations++) {
    const quadratic = quadraticAt(theta, gradient, all.products)
    const best = minimise(quadratic, penalty, theta.slice(1))
    const next = Float64Array.of(quadratic.interceptOf(best.coefficients), ...best.coefficients)
    const length = squaredError({ ...all, vector: new Float64Array(width + 1), squares: 0 }, difference(next, theta))
    converged = best.converged
    if (!converged || length === 0 || length >= stall * last) break
    last = length
    theta = next
    ;({ gradient, deviance } = await residuals(design, origin, theta, options.signal))
    options.onIteration?.(iterations, deviance)
  }
  return {
    intercept: unshiftedIntercept(theta, origin.shift) + origin.labelMean,
    coefficients: theta.slice(1),
    deviance,
    nullDeviance: nullDeviance(all),
    iterations,
    converged,
  }
}

/** Least squares as a problem of paths; it needs no rows any more. */
export function gaussianProblem({ sets }: GaussianRows): PathProblem {
  refuseFolds(sets.map((s) => s.rows))
  const all = together(sets)
  const width = all.vector.length - 1
  const weight = all.products[0] as number
  const { linear, scale } = quadraticOf(all)
  return {
    columns: width,
    rows: all.rows,
    nullDeviance: nullDeviance(all),
    steepest: linear.reduce((most, c, j) => Math.max(most, Math.abs(c) * (scale[j] as number)), 0),
    fit: fitter(all),
    folds:
      sets.length < 2
        ? []
        : sets.map((own, k) => {
            const others = together(sets.filter((_, i) => i !== k))
            return {
              fit: fitter(others),
              share: (others.products[0] as number) / weight,
              weight: own.products[0] as number,
              deviance: async (theta) => squaredError(own, theta),
            }
          }),
  }
}

const quadraticOf = ({ vector, products }: CrossProducts) =>
  quadraticAt(new Float64Array(vector.length), vector, products)

function fitter(rows: CrossProducts): PathFitter {
  const quadratic = quadraticOf(rows)
  let start: Float64Array = new Float64Array(quadratic.width)
  return async (penalty) => {
    const { coefficients, sweeps, converged } = minimise(quadratic, penalty, start)
    start = coefficients
    const theta = Float64Array.of(quadratic.interceptOf(coefficients), ...coefficients)
    return { theta, deviance: squaredError(rows, theta), iterations: sweeps, converged }
  }
}

const nullDeviance = ({ squares, vector, products }: CrossProducts): number =>
  squares - (vector[0] as number) ** 2 / (products[0] as number)

const difference = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v - (b[i] as number))

/** Σ w (y − η)² and Xᵀ w (y − η), from the rows. */
async function residuals(
  design: Design,
  { shift, labelMean }: Origin,
  theta: Float64Array,
  signal: AbortSignal | undefined,
): Promise<{ readonly deviance: number; readonly gradient: Float64Array }> {
  const workspace = createWorkspace(design.columns.length, shift)
  const { predictor, vector } = workspace
  workspace.theta.set(theta)
  let deviance = 0
  await eachBlock(design, signal, (block) => {
    for (let from = 0; from < block.rows; from += workspace.capacity) {
      const rows = Math.min(workspace.capacity, block.rows - from)
      workspace.load(block.x, from, rows)
      workspace.predict()
      for (let r = 0; r < rows; r++) {
        const w = block.weight?.[from + r] ?? 1
        const y = (block.y[from + r] as number) - (block.offset?.[from + r] ?? 0)
        const e = y - labelMean - (predictor[r] as number)
        deviance += w * e * e
        vector[r] = w * e
      }
      workspace.addVector()
    }
  })
  return { deviance, gradient: workspace.vectorSum() }
}

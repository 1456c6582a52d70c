/// <reference path="./ml-logistic-regression.d.ts" />
import { fail } from '@viewcast/compiler'
import LogisticRegression from 'ml-logistic-regression'
import { Matrix } from 'ml-matrix'
import { backward, type Cholesky, factorise, forward, hasDependence, solve } from './cholesky.ts'
import { columnList } from './column-list.ts'
import type { Design, Fit, FitOptions } from './fit.ts'
import { covariance, isConstant, refuseDependence, standardErrors, unshiftedIntercept } from './information.ts'
import { createWorkspace, packed } from './kernels.ts'
import { logisticObjective, nullDeviance } from './logistic-objective.ts'
import { eachBlock, stopIfAborted } from './passes.ts'
import { isSeparating, separatingColumns } from './separation.ts'

const solver = 'ml-logistic-regression'

/** Rows × columns beyond which a fit would take minutes to hours. */
const mostCells = 200_000

/** Squared distance from the solution, in standard errors, at which descent has arrived. */
const arrived = 1e-14
const firstSteps = 64

/**
 * Fits a logistic regression with the package `ml-logistic-regression` 2.0.0, made to converge.
 *
 * The package does plain gradient descent: a fixed rate times the summed gradient for a fixed number of steps, without
 * intercept, penalty, weights or stopping rule. So this wrapper centres and decorrelates the columns, which makes every
 * direction equally steep; adds a column of ones; sets the rate to 4/n, the largest that cannot overshoot; and trains
 * with 64 and 128 steps, then with as many as their progress says are needed (from zero each time: the package cannot
 * go on), until the coefficients are within 1e-7 standard errors of the solution. When that takes more than
 * `maxIterations`, 10,000 by default, it gives up early, with `converged: false`.
 *
 * Rows are held in memory, at most 200,000 numbers; between two slices of steps nothing can interrupt it. Errors:
 * `train/unsupported` (penalty, weights), `train/too-large`, `train/collinear`, `train/separation`, `engine/interrupted`.
 *
 * @example
 * ```ts
 * const fit = await fitGradientDescent(arrayDesign(['distance'], x, y), { penalty: 0 })
 * ```
 *
 * Source of the rate: Nesterov, Introductory Lectures on Convex Optimization (2004), 2.1.5, with p (1 − p) ≤ 1/4.
 */
export async function fitGradientDescent(design: Design, options: FitOptions): Promise<Fit> {
  const { signal } = options
  const width = design.columns.length
  if (options.penalty > 0) fail('train/unsupported', { solver, what: 'apply a penalty', instead: 'irls' })
  if (design.rows * width > mostCells) {
    const sizes = { limit: String(mostCells), rows: String(design.rows), columns: String(width) }
    fail('train/too-large', { solver, ...sizes })
  }
  const { x, y } = await gather(design, signal)
  const means = columnMeans(x, width)
  const factor = centredFactor(x, means, design.rows)
  refuseDependence(factor, design.columns)

  const features = decorrelated(x, means, factor, design.rows)
  const labels = Matrix.columnVector(y)
  const objective = logisticObjective(design, means, new Float64Array(width), signal)
  const most = options.maxIterations ?? 10_000
  const learningRate = 4 / design.rows
  let steps = Math.min(firstSteps, most)
  let last: Slice | undefined
  for (;;) {
    stopIfAborted(signal)
    const regression = new LogisticRegression({ numSteps: steps, learningRate })
    regression.train(features, labels)
    // The package trains one classifier per class, each with its own class as 0: the first one predicts label 1.
    const weights = regression.classifiers[0]?.weights.getRow(0) ?? []
    const theta = correlated(weights, factor, design.rows)
    const point = await objective(theta, true)
    const information = factorise(point.information as Float64Array, width + 1)
    const slice = { steps, remaining: remainingFall(information, point.gradient) }
    options.onIteration?.(steps, 2 * point.loss)
    const converged = slice.remaining <= arrived
    const wanted = last === undefined ? 2 * steps : stepsToArrive(last, slice)
    if (converged || steps >= most || wanted > most) {
      if (!converged && (await isSeparating(design, means, theta, signal))) {
        const names = await separatingColumns(design, means, theta, signal)
        fail('train/separation', { columns: columnList(names) })
      }
      let used = width + 1
      for (let i = 0; i <= width; i++) if (isConstant(factor, i)) used--
      return {
        solver,
        intercept: unshiftedIntercept(theta, means),
        coefficients: theta.slice(1),
        standardErrors: standardErrors(information, means),
        covariance: covariance(information, means, 1),
        residualDegrees: design.rows - used,
        nullDegrees: design.rows - 1,
        iterations: steps,
        converged,
        deviance: 2 * point.loss,
        nullDeviance: nullDeviance(point),
        dispersion: 1,
        logLikelihood: -point.loss,
      }
    }
    last = slice
    steps = Math.max(steps + firstSteps, wanted)
    await new Promise((resume) => setImmediate(resume))
  }
}

interface Slice {
  readonly steps: number
  readonly remaining: number
}

/** How far the deviance has still to fall, by Newton's estimate: the squared distance in standard errors. */
function remainingFall(information: Cholesky, gradient: Float64Array): number {
  if (hasDependence(information)) return Number.POSITIVE_INFINITY
  const step = solve(information, gradient)
  return step.reduce((s, v, i) => s + v * (gradient[i] as number), 0)
}

/** Steps after which descent will have arrived: what remains shrinks by about the same factor with each step. */
function stepsToArrive(a: Slice, b: Slice): number {
  const perStep = Math.log(b.remaining / a.remaining) / (b.steps - a.steps)
  if (!(perStep < 0)) return Number.POSITIVE_INFINITY
  return Math.ceil((b.steps + Math.log(arrived / b.remaining) / perStep) * 1.1)
}

async function gather(
  design: Design,
  signal: AbortSignal | undefined,
): Promise<{ readonly x: Float64Array; readonly y: Float64Array }> {
  const width = design.columns.length
  const x = new Float64Array(design.rows * width)
  const y = new Float64Array(design.rows)
  let at = 0
  await eachBlock(design, signal, (block) => {
    if (block.weight !== undefined) fail('train/unsupported', { solver, what: 'weigh rows', instead: 'irls' })
    x.set(block.x.subarray(0, block.rows * width), at * width)
    y.set(block.y.subarray(0, block.rows), at)
    at += block.rows
  })
  return { x, y }
}

function columnMeans(x: Float64Array, width: number): Float64Array {
  const rows = x.length / Math.max(1, width)
  // Relative to the first row, so that equal values give exactly their value.
  const means = new Float64Array(width)
  for (let i = 0; i < x.length; i++) {
    const j = i % width
    means[j] = (means[j] as number) + ((x[i] as number) - (x[j] as number)) / rows
  }
  return means.map((m, j) => m + (x[j] as number))
}

/** Factor of the summed products of the centred columns; index 0 stands for the column of ones. */
function centredFactor(x: Float64Array, means: Float64Array, rows: number): Cholesky {
  const workspace = createWorkspace(means.length, means)
  for (let from = 0; from < rows; from += workspace.capacity) {
    workspace.load(x, from, Math.min(workspace.capacity, rows - from))
    workspace.weight.fill(1)
    workspace.addProducts()
  }
  const products = workspace.productSum()
  for (let j = 1; j <= means.length; j++) products[packed(j)] = 0
  return factorise(products, means.length + 1)
}

/** A column of ones, and the columns made uncorrelated with variance 1; those that do not vary become 0. */
function decorrelated(x: Float64Array, means: Float64Array, factor: Cholesky, rows: number): Matrix {
  const width = means.length
  const features = new Matrix(rows, width + 1)
  const centred = new Float64Array(width + 1)
  const scale = Math.sqrt(rows)
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < width; j++) centred[j + 1] = (x[r * width + j] as number) - (means[j] as number)
    const row = forward(factor, centred)
    features.set(r, 0, 1)
    for (let j = 1; j <= width; j++) features.set(r, j, (row[j] as number) * scale)
  }
  return features
}

/** The coefficients of the centred columns: the inverse of what {@link decorrelated} did. */
function correlated(weights: readonly number[], factor: Cholesky, rows: number): Float64Array {
  const theta = backward(
    factor,
    Float64Array.from(weights, (w) => w * Math.sqrt(rows)),
  )
  // The factor scales its column of ones like any other; the intercept of centred columns is the weight as it is.
  theta[0] = weights[0] as number
  return theta
}

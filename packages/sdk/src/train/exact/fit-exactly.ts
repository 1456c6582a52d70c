import { fail } from '@viewcast/compiler'
import { type Design, type Fit, type FitOptions, mostCovariances } from '../solve/fit.ts'
import { stopIfAborted } from '../solve/passes.ts'
import { exactLeastSquares } from './exact-least-squares.ts'
import { designAsRows, type ExactRows } from './exact-rows.ts'
import { createExactSums, type ExactSums } from './exact-sums.ts'

/** Columns from which the integers of the solution take minutes. */
const mostColumns = 200

/** Rows between two turns of the event loop. */
const rowsPerTurn = 2000

/**
 * Least squares without rounding: sums of integers, a solution in rational numbers, each result the float8 nearest to the
 * true one for the rows as decimals. About 60 microseconds per row and 20 columns; for problems where rounding costs
 * digits that count.
 *
 * Errors: `train/unsupported` with a penalty or more than 200 columns; `train/collinear` for columns that depend on each
 * other exactly; `engine/interrupted`.
 *
 * @example
 * ```ts
 * const fit = await fitExactly(design, { penalty: 0 })
 * ```
 */
export async function fitExactly(
  design: Design & { readonly exact?: ExactRows },
  { penalty, signal, onIteration }: FitOptions,
): Promise<Fit> {
  refuseExact(penalty, design.columns.length)
  const { divisors, rows } = design.exact ?? designAsRows(design)
  const sums = createExactSums(design.columns.length)
  let logWeights = 0
  let read = 0
  for (const { columns, label, weight } of rows()) {
    if (++read % rowsPerTurn === 0) {
      await new Promise((resume) => setImmediate(resume))
      stopIfAborted(signal)
    }
    sums.add(columns, label, weight)
    if (weight.digits !== 1n || weight.places !== 0) {
      logWeights += Math.log(Number(weight.digits)) - weight.places * Math.LN10
    }
  }
  onIteration?.(1, 0)
  return exactFit(sums.read(), design.columns, divisors, logWeights)
}

/** Errors: `train/unsupported`. */
export function refuseExact(penalty: number, columns: number): void {
  const refuse = (what: string): never => fail('train/unsupported', { solver: 'exact', what, instead: 'cholesky' })
  if (penalty > 0) refuse('apply a penalty')
  if (columns > mostColumns) refuse(`take more than ${mostColumns} columns`)
}

/** The fit that exact sums give; `logWeights` is Σ ln w. */
export function exactFit(
  sums: ExactSums,
  columns: readonly string[],
  divisors: ExactRows['divisors'],
  logWeights: number,
): Fit {
  const fit = exactLeastSquares(sums, columns, divisors)
  const { rows } = sums
  const [intercept = 0, ...coefficients] = fit.coefficients
  return {
    solver: 'exact',
    intercept,
    coefficients: Float64Array.from(coefficients),
    standardErrors: fit.standardErrors,
    covariance: columns.length + 1 > mostCovariances ? null : fit.covariance,
    residualDegrees: fit.residualDegrees,
    nullDegrees: rows - 1,
    iterations: 1,
    converged: true,
    deviance: fit.deviance,
    nullDeviance: fit.nullDeviance,
    dispersion: fit.sigma === null ? null : fit.deviance / fit.residualDegrees,
    logLikelihood:
      fit.deviance > 0 ? (logWeights - rows * (Math.log((2 * Math.PI * fit.deviance) / rows) + 1)) / 2 : null,
  }
}

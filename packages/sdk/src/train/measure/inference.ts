/** What a fit says of its coefficients and of itself, as a model record keeps it. */
import {
  type Coefficient,
  encodedColumns,
  type LearnedInput,
  type ModelDef,
  type ModelRecord,
} from '@viewcast/compiler'
import { type ClassFit, type Fit, scoresOf } from '../solve/fit.ts'
import { fisherPValue, normalPValue, studentPValue, studentQuantile } from './distributions.ts'

/** Whether the dispersion is estimated, so that statistics are t and not z. */
const isDispersed = ({ family }: Pick<ModelDef, 'family'>): boolean =>
  family === 'gaussian' || family === 'gamma' || family === 'inverse-gaussian'

/** Share of intervals that hold the coefficient. */
const confidence = 0.95

/**
 * The coefficients of every score with Wald's statistics: p values two-sided and intervals of 95 %, by Student's t where
 * the dispersion is estimated, else by the normal distribution.
 *
 * A perfect fit has standard errors of 0, and a constant column and an offset have none: their statistics are null.
 */
export function coefficientsOf(
  model: Pick<ModelDef, 'family' | 'offset' | 'interactions'>,
  inputs: readonly LearnedInput[],
  fit: Fit | ClassFit,
  classes?: readonly string[],
): Coefficient[] {
  const names = [{ name: '(intercept)', feature: null }, ...encodedColumns(inputs, model.interactions)]
  const degrees = isDispersed(model) ? fit.residualDegrees : Number.POSITIVE_INFINITY
  const reach = degrees > 0 ? studentQuantile((1 + confidence) / 2, degrees) : Number.NaN
  let at = 0
  return scoresOf(fit).flatMap((score, s) => {
    if (score === null) return []
    const own = classes === undefined ? {} : { class: classes[s] as string }
    let next = 0
    return names.map(({ name, feature }) => {
      if (feature !== null && feature === model.offset) {
        return { name, feature, estimate: 1, standardError: null, statistic: null, pValue: null }
      }
      const estimate = score[next++] as number
      const standardError = fit.standardErrors?.[at++] ?? Number.NaN
      if (!(standardError > 0)) {
        return { name, feature, ...own, estimate, standardError: null, statistic: null, pValue: null }
      }
      const statistic = estimate / standardError
      const pValue = degrees < Number.POSITIVE_INFINITY ? studentPValue(statistic, degrees) : normalPValue(statistic)
      const interval: [number, number] = [estimate - reach * standardError, estimate + reach * standardError]
      return { name, feature, ...own, estimate, standardError, statistic, pValue, interval }
    })
  })
}

/** The covariance of {@link coefficientsOf}, if it is known; that of an offset, whose coefficient is fixed, is 0. */
export function covarianceOf(
  model: Pick<ModelDef, 'offset'>,
  inputs: readonly LearnedInput[],
  { covariance }: Fit | ClassFit,
): { readonly covariance?: readonly number[] } {
  if (covariance === null) return {}
  if (model.offset === undefined) return { covariance: [...covariance] }
  const at = 1 + encodedColumns(inputs).findIndex((c) => c.feature === model.offset)
  const triangle: number[] = []
  for (let i = 0, from = 0; from < covariance.length || i === at; i++) {
    const row = i === at ? new Float64Array(at) : covariance.subarray(from, from + (i < at ? i + 1 : i))
    if (i !== at) from += row.length
    triangle.push(...row.subarray(0, Math.min(at, row.length)))
    if (i >= at) triangle.push(0, ...row.subarray(at))
  }
  return { covariance: triangle }
}

/** What the float8 nearest to the true value has. */
const certifiedDigits = 15

/** The facts of a fit. AIC counts an estimated dispersion as a parameter, as R does. */
export function factsOf(model: Pick<ModelDef, 'family' | 'link' | 'penalty'>, fit: Fit | ClassFit): ModelRecord['fit'] {
  const { deviance, nullDeviance, residualDegrees, nullDegrees, logLikelihood } = fit
  const penalty = fit.penalty ?? model.penalty
  const { l1, l2 } = penalty
  const isLinear = model.family === 'gaussian' && model.link === 'identity' && l1 === 0 && l2 === 0
  const parameters = observations(fit) - residualDegrees + (isDispersed(model) ? 1 : 0)
  return {
    solver: fit.solver,
    where: 'process',
    penalty,
    iterations: fit.iterations,
    converged: fit.converged,
    deviance,
    nullDeviance,
    residualDegrees,
    nullDegrees,
    dispersion: fit.dispersion,
    ...(fit.condition === undefined ? {} : { condition: fit.condition }),
    ...(fit.solver === 'exact' ? { certifiedDigits } : {}),
    logLikelihood,
    aic: logLikelihood === null ? null : 2 * (parameters - logLikelihood),
    ...(isLinear ? varianceExplained(fit) : {}),
  }
}

/** Degrees of freedom before anything is estimated: rows, times the scores that are. */
const observations = (fit: Fit | ClassFit): number =>
  fit.nullDegrees + ('scores' in fit ? fit.scores.filter((s) => s !== null).length : 1)

/** R², the same adjusted for the columns, and the F test that they explain nothing. */
function varianceExplained({
  deviance,
  nullDeviance,
  residualDegrees,
  nullDegrees,
}: Fit | ClassFit): Pick<ModelRecord['fit'], 'rSquared' | 'adjustedRSquared' | 'fTest'> {
  const columns = nullDegrees - residualDegrees
  if (!(nullDeviance > 0)) return { rSquared: null, adjustedRSquared: null, fTest: null }
  const share = deviance / nullDeviance
  if (residualDegrees <= 0) return { rSquared: 1 - share, adjustedRSquared: null, fTest: null }
  const statistic = (nullDeviance - deviance) / columns / (deviance / residualDegrees)
  return {
    rSquared: 1 - share,
    adjustedRSquared: 1 - (share * nullDegrees) / residualDegrees,
    fTest:
      columns > 0 && deviance > 0
        ? { statistic, degrees: [columns, residualDegrees], pValue: fisherPValue(statistic, columns, residualDegrees) }
        : null,
  }
}

/** What a statistics package prints of a fit: its coefficients, class by class, and how well it fits. */
import type { ModelRecord } from '@viewcast/sdk'
import { significant } from './number.ts'
import type { Colors } from './palette.ts'
import { renderTable } from './table.ts'

const isDispersed = ({ family }: ModelRecord): boolean =>
  family === 'gaussian' || family === 'gamma' || family === 'inverse-gaussian'

/** One row per coefficient; a score's class is told in its first row. */
export function coefficientTable(record: ModelRecord, colors: Colors): string {
  const inferred = record.coefficients.some((c) => c.standardError !== null)
  const isMultiple = record.classes !== undefined
  const numbers = inferred
    ? ['estimate', 'std. error', isDispersed(record) ? 't' : 'z', 'p', 'from', 'to']
    : ['estimate']
  const columns = [
    ...(isMultiple ? [{ name: 'class' }] : []),
    { name: 'coefficient' },
    ...numbers.map((name) => ({ name, type: 'float8' })),
  ]
  let shown: string | undefined
  const rows = record.coefficients.map((c) => {
    const own = c.class === shown ? '' : (c.class ?? '')
    shown = c.class
    return [
      ...(isMultiple ? [own] : []),
      c.feature !== null && c.feature === record.offset ? `${c.name} (offset)` : c.name,
      significant(c.estimate),
      ...(inferred
        ? [
            significant(c.standardError),
            significant(c.statistic, 3),
            pValue(c.pValue),
            significant(c.interval?.[0] ?? null, 4),
            significant(c.interval?.[1] ?? null, 4),
          ]
        : []),
    ]
  })
  return renderTable(columns, rows, { colors })
}

/** Lines for the head of a report: deviance, likelihood, dispersion, and the variance explained, as far as they are known. */
export function fitStatistics({ fit, ...record }: ModelRecord): [string, string][] {
  const { deviance, nullDeviance, residualDegrees, nullDegrees, dispersion, aic, logLikelihood } = fit
  const on = (degrees: number | null): string => (degrees === null ? '' : ` on ${degrees} degrees of freedom`)
  const lines: [string, string][] = []
  if (record.classes !== undefined && record.coefficients.every((c) => c.class !== record.classes?.[0])) {
    lines.push(['compared', `every class with ${record.classes[0]}`])
  }
  if (deviance !== null) {
    const before = nullDeviance === null ? '' : `, ${significant(nullDeviance)}${on(nullDegrees)} without inputs`
    lines.push(['deviance', `${significant(deviance)}${on(residualDegrees)}${before}`])
  }
  const likelihood = [
    ...(aic === null ? [] : [`AIC ${significant(aic, 6)}`]),
    ...(logLikelihood === null ? [] : [`log-likelihood ${significant(logLikelihood, 6)}`]),
    ...(dispersion === null || dispersion === 1 ? [] : [`dispersion ${significant(dispersion)}`]),
  ]
  if (likelihood.length > 0) lines.push(['likelihood', likelihood.join(', ')])
  const explained = [
    ...(fit.rSquared == null ? [] : [`R² ${significant(fit.rSquared, 4)}`]),
    ...(fit.adjustedRSquared == null ? [] : [`adjusted ${significant(fit.adjustedRSquared, 4)}`]),
    ...(fit.fTest == null ? [] : [`F ${significant(fit.fTest.statistic, 4)} on ${fit.fTest.degrees.join(' and ')}`]),
    ...(fit.fTest == null ? [] : [`p ${pValue(fit.fTest.pValue)}`]),
  ]
  if (explained.length > 0) lines.push(['explained', explained.join(', ')])
  return lines
}

const pValue = (p: number | null): string => (p === null ? '' : p < 0.0001 ? '<0.0001' : p.toFixed(4))

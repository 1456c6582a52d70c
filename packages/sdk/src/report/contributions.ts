/** How much each feature moves the score. */
import {
  ArithmeticError,
  coefficientsByScore,
  contribution,
  encodedColumns,
  evaluate,
  expr,
  type ModelRecord,
  type Row,
} from '@viewcast/compiler'

export interface FeatureContribution {
  readonly feature: string
  /** Mean distance of the feature's share of the score from its own mean, in units of the score. */
  readonly meanAbsolute: number
  /** Share of the sum over all features. */
  readonly share: number
  /** 10 % and 90 % quantiles of that distance. */
  readonly low: number
  readonly high: number
}

/** Over example rows, of the first score that has coefficients; the largest first. */
export function featureContributions(record: ModelRecord, rows: readonly Row[]): FeatureContribution[] {
  const coefficients = coefficientsByScore(record).find((c) => c.length > 0)
  if (coefficients === undefined || rows.length === 0) return []
  let next = 1
  const all = record.inputs.map((input) => {
    const count = encodedColumns([input]).length
    const betas = coefficients.slice(next, next + count).map((c) => c.estimate)
    next += count
    const part = contribution(input, betas, expr.column('f', input.feature))
    const values = Float64Array.from(rows, (row) => shareOf(() => evaluate(part.expr, { row }) as number | null))
    const mean = values.reduce((sum, v) => sum + v / values.length, 0)
    const moved = values.map((v) => v - mean).sort()
    return {
      feature: input.feature,
      meanAbsolute: moved.reduce((sum, v) => sum + Math.abs(v) / moved.length, 0),
      low: moved[Math.floor(0.1 * (moved.length - 1))] as number,
      high: moved[Math.ceil(0.9 * (moved.length - 1))] as number,
    }
  })
  const total = all.reduce((sum, c) => sum + c.meanAbsolute, 0)
  return all
    .map((c) => ({ ...c, share: total > 0 ? c.meanAbsolute / total : 0 }))
    .sort((a, b) => b.meanAbsolute - a.meanAbsolute)
}

/** A row the database would raise for has no share. */
function shareOf(f: () => number | null): number {
  try {
    return f() ?? 0
  } catch (e) {
    if (e instanceof ArithmeticError) return 0
    throw e
  }
}

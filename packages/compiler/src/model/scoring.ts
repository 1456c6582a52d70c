/** A model record as expressions over the feature stage. */
import { fail } from '../diagnostics/diagnostic.ts'
import { type Expr, expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { type Contribution, contribution, encodedColumns } from './encoders.ts'

/** From this many guarded inputs on, rows without missing values take a sum without guards. */
const manyInputs = 8

/**
 * The linear predictor over columns of `alias`: one sum, constants gathered into its first term.
 *
 * Guards against missing values cost as much as the sum itself (50 inputs, 1 million rows: 1.7 times the bare sum). With many
 * inputs the bare sum is computed first; it is NULL or NaN exactly when some input is, and only then the guarded one runs:
 * `coalesce(nullif(bare, 'NaN'), guarded)`. Both add in the same order, so no row changes by a bit.
 */
export function linearPredictor(record: ModelRecord, alias: string): Expr {
  const parts: Contribution[] = []
  let constant = record.coefficients[0]?.estimate ?? 0
  let next = 1
  for (const input of record.inputs) {
    const count = encodedColumns([input]).length
    const betas = record.coefficients.slice(next, next + count).map((c) => c.estimate)
    next += count
    const part = contribution(input, betas, expr.column(alias, input.feature))
    constant += part.constant
    parts.push(part)
  }
  if (next !== record.coefficients.length) {
    const detail = `${record.coefficients.length} coefficients for ${next} encoded columns`
    fail('model/record', { file: `model "${record.name}"`, detail })
  }
  const guarded = expr.sum([expr.float(constant), ...parts.map((p) => p.expr)])
  if (parts.filter((p) => p.plain).length < manyInputs) return guarded
  const bare = expr.sum([expr.float(constant), ...parts.map((p) => p.plain ?? p.expr)])
  return expr.call('coalesce', [expr.call('nullif', [bare, expr.float(Number.NaN)]), guarded])
}

export interface Output {
  readonly name: string
  readonly type: 'float8' | 'bool'
  readonly description: string
  readonly expr: Expr
}

/** Output columns over the score stage, which carries the linear predictor once. */
export function outputs(record: ModelRecord, linear: Expr): Output[] {
  if (record.family === 'linear') {
    return [{ name: 'prediction', type: 'float8', description: `expected ${record.label}`, expr: linear }]
  }
  const probability = expr.sigmoid(linear)
  return [
    { name: 'probability', type: 'float8', description: `probability of ${record.label}, 0 to 1`, expr: probability },
  ]
}

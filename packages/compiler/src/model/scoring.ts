/** A model record as expressions over the feature stage. */
import { fail } from '../diagnostics/diagnostic.ts'
import { type Expr, expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { contribution, encodedColumns } from './encoders.ts'

/** The linear predictor over columns of `alias`: one sum, constants gathered into its first term. */
export function linearPredictor(record: ModelRecord, alias: string): Expr {
  const terms: Expr[] = []
  let constant = record.coefficients[0]?.estimate ?? 0
  let next = 1
  for (const input of record.inputs) {
    const count = encodedColumns([input]).length
    const betas = record.coefficients.slice(next, next + count).map((c) => c.estimate)
    next += count
    const part = contribution(input, betas, expr.column(alias, input.feature))
    constant += part.constant
    terms.push(part.expr)
  }
  if (next !== record.coefficients.length) {
    const detail = `${record.coefficients.length} coefficients for ${next} encoded columns`
    fail('model/record', { file: `model "${record.name}"`, detail })
  }
  return expr.sum([expr.float(constant), ...terms])
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

/** The label over the probability: NULL when the probability is NULL or NaN. */
export const labelOf = (record: ModelRecord, probability: Expr): Expr =>
  expr.case(
    [{ when: expr.compare('=', probability, expr.float(Number.NaN)), value: expr.literal('bool', null) }],
    expr.compare('>=', probability, expr.float(record.threshold)),
  )

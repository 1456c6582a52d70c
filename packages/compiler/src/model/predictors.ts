/** Each score as an intercept and a part per input: what the linear predictor adds up, and what contributions tell apart. */
import { fail } from '../diagnostics/diagnostic.ts'
import { expr } from '../ir/expression.ts'
import type { Coefficient, ModelRecord } from '../ir/model-record.ts'
import { encodedColumns } from './encoders/columns.ts'
import { type Contribution, contribution } from './encoders/contribution.ts'
import { interactionContribution, interactionsOf } from './encoders/interaction.ts'
import { coefficientsByScore } from './score-columns.ts'

export interface PredictorPart extends Contribution {
  /** Estimates of its encoded columns, and what they add to the predictor of the mean row; 0 where no means are kept. */
  readonly atMeans: number
}

export interface Predictor {
  readonly intercept: number
  /** Empty for the class the others are compared with. */
  readonly parts: readonly PredictorPart[]
}

/** What a score is the sum of: the inputs, then the interactions by the names of their inputs, `a:b`. */
export const partNames = (record: ModelRecord): readonly string[] => [
  ...record.inputs.map((i) => i.feature),
  ...interactionsOf(record).map((i) => i.name),
]

/** The predictors of a record over columns of `alias`, one for each score. Errors: `model/record`. */
export const predictorsOf = (record: ModelRecord, alias: string): readonly Predictor[] =>
  coefficientsByScore(record).map((own) => predictorOf(record, own, alias))

function predictorOf(record: ModelRecord, coefficients: readonly Coefficient[], alias: string): Predictor {
  if (coefficients.length === 0) return { intercept: 0, parts: [] }
  let next = 1
  const take = (count: number): { readonly betas: readonly number[]; readonly atMeans: number } => {
    const from = next
    next += count
    const betas = coefficients.slice(from, next).map((c) => c.estimate)
    return { betas, atMeans: betas.reduce((sum, beta, i) => sum + beta * (record.means?.[from - 1 + i] ?? 0), 0) }
  }
  const own = record.inputs.map((input): PredictorPart => {
    const { betas, atMeans } = take(encodedColumns([input]).length)
    return { ...contribution(input, betas, expr.column(alias, input.feature)), atMeans }
  })
  const multiplied = interactionsOf(record).map(({ name, inputs }): PredictorPart => {
    const { betas, atMeans } = take(inputs.reduce((width, input) => width * encodedColumns([input]).length, 1))
    const product = interactionContribution(inputs, betas, (feature) => expr.column(alias, feature))
    return { feature: name, expr: product, constant: 0, atMeans }
  })
  const parts = [...own, ...multiplied]
  if (next !== coefficients.length) {
    const detail = `${coefficients.length} coefficients for ${next} encoded columns`
    fail('model/record', { file: `model "${record.name}"`, detail })
  }
  return { intercept: coefficients[0]?.estimate ?? 0, parts }
}

/** What a query asks of an engine, for a person: its text, its stages, the model in it. */
import type { QueryPlan } from '@viewcast/sdk'
import { grouped, renderPairs } from './table.ts'

/** A line for each CTE. */
export const renderStages = (stages: QueryPlan['stages']): string =>
  renderPairs(stages.map((s) => [s.name, `${grouped(s.bytes)} bytes`]))

/** The size of the text, and of the model with what scoring a row costs. */
export function renderSize(bytes: number | undefined, model: QueryPlan['model']): string {
  const text = bytes === undefined ? '' : `${grouped(bytes)} bytes\n`
  if (model === undefined) return text
  const size = `${model.inputs} inputs, ${model.coefficients} coefficients, ${model.depth} of ${model.depthLimit} levels deep\n`
  return `${text}${size}${scoringLine(model)}`
}

function scoringLine({ scoring, unguarded }: NonNullable<QueryPlan['model']>): string {
  const parts = [
    `${grouped(scoring.operations)} operations`,
    `${grouped(scoring.guards)} tests`,
    `${grouped(scoring.functions)} functions`,
    `${grouped(scoring.lookups)} lookups`,
    `${grouped(scoring.stages)} stages`,
    `${grouped(scoring.bytes)} bytes`,
  ]
  const link = unguarded ? 'link: without a guard, as the score is bounded\n' : ''
  return `scoring: ${parts.join(', ')}; about ${scoring.microseconds} µs of processor time a row\n${link}`
}

/** A model alone, or with others that are scored beside it: what a form of the prediction is written around. */
import type { Facts } from '../analyse/bind.ts'
import type { ModelDef } from '../ir/definition.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { outputs } from '../model/outputs.ts'
import { type Challenger, type CompiledComparison, compiledComparison } from './comparison-query.ts'
import type { PredictionForm } from './prediction-header.ts'
import { type CompiledPrediction, compiledPrediction, type PredictionOptions } from './prediction-query.ts'

export type CompiledForm = Omit<CompiledPrediction, 'questions'> &
  Pick<CompiledComparison, 'outputs' | 'inputs' | 'lines'>

/** @param record with the outputs that are wanted */
export function withChallengers(
  model: ModelDef,
  record: ModelRecord,
  challengers: readonly Challenger[],
  facts: Facts,
  options: PredictionOptions,
  form: PredictionForm,
): CompiledForm {
  if (challengers.length > 0) return compiledComparison({ model, record }, challengers, facts, options, form)
  const made = compiledPrediction(model, record, facts, options, form)
  const own = outputs(record).map(({ name, type }) => ({ output: name, column: name, type }))
  const types = new Map(made.columns.map((c) => [c.name, c.type]))
  const inputs = record.inputs.map(({ feature }) => ({ feature, column: feature, type: types.get(feature) ?? 'text' }))
  return { ...made, outputs: [own], inputs: options.withFeatures ? [inputs] : [[]], lines: [] }
}

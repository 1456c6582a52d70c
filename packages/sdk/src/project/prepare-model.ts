import type { Diagnostic, Facts, ModelDef } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { prepareDataset } from './facts.ts'

/**
 * A model with its files read, and the facts of its dataset: what predicting and deploying start from. Warnings are those of
 * the feature views: a prediction does not ask the target, and training has told of it and of the sample.
 */
export async function prepareModel(
  db: Database,
  model: ModelDef,
  directory?: string,
): Promise<{ model: ModelDef; facts: Facts; warnings: readonly Diagnostic[] }> {
  const { dataset, facts, warningsOf } = await prepareDataset(db, model.dataset, directory)
  const warnings = warningsOf(dataset.features.map((use) => use.view))
  return { model: { ...model, dataset }, facts, warnings }
}

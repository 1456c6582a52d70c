import type { Diagnostic, Facts, ModelDef } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { prepareDataset } from './facts.ts'

/** A model with its files read, and the facts of its dataset: what predicting and deploying start from. */
export async function prepareModel(
  db: Database,
  model: ModelDef,
  directory?: string,
): Promise<{ model: ModelDef; facts: Facts; warnings: readonly Diagnostic[] }> {
  const { dataset, facts, warnings } = await prepareDataset(db, model.dataset, directory)
  return { model: { ...model, dataset }, facts, warnings }
}

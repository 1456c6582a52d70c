/** A trained model with everything that is known about it, as a version: one transaction, prepared before it. */
import type { Diagnostic, ModelDef, ModelRecord } from '@viewcast/compiler'
import { featureDefinitions } from '../project/feature-definitions.ts'
import { prepareModel } from '../project/prepare-model.ts'
import { keepPredictionColumns } from '../store/catalog/keep-columns.ts'
import type { DatasetDigest } from '../store/datasets/digest.ts'
import { registerDataset } from '../store/datasets/register-dataset.ts'
import { keepFeatureDefinitions } from '../store/registry/feature-definitions.ts'
import { registerModel } from '../store/registry/register-model.ts'
import { type Batch, logBatch } from '../store/runs/batch.ts'
import { endRun } from '../store/runs/run.ts'
import type { Run } from '../store/runs/started.ts'
import { atomically, type Store } from '../store/store.ts'
import { definitionTexts } from './definition-texts.ts'
import { keepLineage, surroundingsOf } from './surroundings.ts'

export interface TrainedModel {
  readonly record: ModelRecord
  readonly trainingQuery?: string
  /** Of the rows it was trained on; without it no version of the dataset is kept. */
  readonly digest?: DatasetDigest | undefined
  readonly metrics?: Batch['metrics']
  readonly tags?: Batch['tags']
}

export interface KeptVersion {
  readonly record: ModelRecord
  /** False when a version says the same already: the record is that version's. */
  readonly isNew: boolean
  readonly warnings: readonly Diagnostic[]
}

/**
 * Registers a trained model: dataset version, model version with its signature and both queries, lineage, metrics, and the
 * end of the run. What is slow comes before the transaction, as that holds the model against others.
 *
 * @param also is called in the same transaction, before the run ends.
 */
export async function keepTrained(
  store: Store,
  run: Run,
  model: ModelDef,
  { record, trainingQuery, digest, metrics, tags }: TrainedModel,
  directory: string | undefined,
  also: (inside: Store) => Promise<void> = async () => undefined,
): Promise<KeptVersion> {
  const declared = await prepareModel(store.db, model, directory)
  const inputs = record.inputs.map((i) => i.feature)
  const definitions = featureDefinitions(declared, inputs)
  const surroundings = await surroundingsOf(store, run.id, model, record, directory)
  const kept = await atomically(store, async (inside) => {
    await logBatch(inside, run.id, { ...(metrics ? { metrics } : {}), ...(tags ? { tags } : {}) })
    const dataset =
      digest && trainingQuery !== undefined
        ? await registerDataset(
            inside,
            { name: model.dataset.name, query: trainingQuery, digest, views: definitionTexts(declared.model) },
            { run: run.id },
          )
        : undefined
    const version = await registerModel(inside, record, {
      run: run.id,
      declared,
      ...(dataset ? { dataset: dataset.id } : {}),
      ...(trainingQuery === undefined ? {} : { trainingSql: trainingQuery }),
    })
    await keepFeatureDefinitions(inside, version.id, definitions)
    await keepPredictionColumns(inside, version.record)
    await keepLineage(inside, run.id, model, version.id, surroundings)
    await also(inside)
    await endRun(inside, run, 'finished')
    return version
  })
  return { record: kept.record, isNew: kept.isNew, warnings: surroundings.warnings }
}

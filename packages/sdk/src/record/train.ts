/** Training that leaves its whole trace: run, params, dataset version, metrics, model version, lineage and catalog. */
import type { ModelDef, ModelRecord } from '@viewcast/compiler'
import type { Project } from '../project/project.ts'
import { recordEvent } from '../store/graph/artifacts.ts'
import { registerModel } from '../store/registry/register-model.ts'
import { logBatch } from '../store/runs/batch.ts'
import { endRun } from '../store/runs/run.ts'
import type { Run } from '../store/runs/started.ts'
import { withRun } from '../store/runs/with-run.ts'
import { atomically, type Store } from '../store/store.ts'
import { type TrainOptions, type TrainResult, trainModel } from '../train/train.ts'
import { trainingMetrics, trainingParams } from './training-log.ts'

export interface RecordedTrainOptions extends TrainOptions {
  /** Experiment of the run; default `<project>/<model>`. */
  readonly experiment?: string
  /** What the model is part of; its lineage and catalog are kept then. */
  readonly project?: Project
  readonly tags?: Readonly<Record<string, string>>
}

export interface RecordedTraining extends TrainResult {
  readonly run: Run
}

/**
 * Trains a model as a run of the store and registers the result as the model's next version.
 *
 * The version, its metrics, its dataset, its lineage and the end of the run are one transaction: a process that dies leaves
 * a run that becomes `lost`, and no half of a version.
 *
 * Errors: those of {@link trainModel}, with the run ended as `failed`.
 *
 * @example
 * ```ts
 * const { record, run } = await trainRecorded(store, model, { project })
 * record.version // 4
 * ```
 */
export async function trainRecorded(
  store: Store,
  model: ModelDef,
  options: RecordedTrainOptions = {},
): Promise<RecordedTraining> {
  const asked = { where: options.where, groupRows: options.groupRows, exact: options.exact }
  return withRun(
    store,
    {
      kind: 'train',
      name: model.name,
      job: `${model.name}.train`,
      experiment: options.experiment ?? `${store.project}/${model.name}`,
      params: trainingParams(model, asked),
      ...(options.tags ? { tags: options.tags } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    },
    async (run) => {
      const trained = await trainModel(store.db, model, options)
      const record = await atomically(store, (inside) => keep(inside, run, trained))
      return { ...trained, record, run }
    },
  )
}

async function keep(inside: Store, run: Run, { record, trainingQuery, seconds }: TrainResult): Promise<ModelRecord> {
  await logBatch(inside, run.id, { metrics: trainingMetrics(record, seconds) })
  const version = await registerModel(inside, record, { run: run.id, trainingSql: trainingQuery })
  await recordEvent(inside, run.id, version.id, 'out', 'model')
  await endRun(inside, run, 'finished')
  return version.record
}

/** Training that leaves its whole trace: run, params, dataset version, metrics, model version, lineage and catalog. */
import type { ModelDef } from '@viewcast/compiler'
import { prepareModel } from '../project/prepare-model.ts'
import type { Project } from '../project/project.ts'
import { recordEvent } from '../store/graph/artifacts.ts'
import { type RegisteredModel, type RegisterModelOptions, registerModel } from '../store/registry/register-model.ts'
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
  /** False when it gave what a version says already: that version is it, and nothing was added but the run. */
  readonly isNew: boolean
}

/**
 * Trains a model as a run of the store and registers the result as the model's next version; what a version says already
 * is that version.
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
      const declared = await prepareModel(store.db, model, options.directory)
      const { record, isNew } = await atomically(store, (inside) => keep(inside, run, trained, declared))
      return { ...trained, record, isNew, run }
    },
  )
}

async function keep(
  inside: Store,
  run: Run,
  { record, trainingQuery, seconds }: TrainResult,
  declared: NonNullable<RegisterModelOptions['declared']>,
): Promise<RegisteredModel> {
  await logBatch(inside, run.id, { metrics: trainingMetrics(record, seconds) })
  const version = await registerModel(inside, record, { run: run.id, trainingSql: trainingQuery, declared })
  await recordEvent(inside, run.id, version.id, 'out', 'model')
  await endRun(inside, run, 'finished')
  return version
}

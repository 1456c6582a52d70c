/** Training that leaves its whole trace: run, params, dataset version, metrics, model version, lineage and catalog. */
import type { ModelDef } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { atSnapshot } from '../store/datasets/at-snapshot.ts'
import { type DatasetDigest, digestRows } from '../store/datasets/digest.ts'
import type { Run } from '../store/runs/started.ts'
import { withRun } from '../store/runs/with-run.ts'
import type { Store } from '../store/store.ts'
import { type TrainOptions, type TrainResult, trainModel } from '../train/train.ts'
import { keepTrained } from './keep-version.ts'
import { signalOf } from './signal.ts'
import { trainingMetrics, trainingParams } from './training-log.ts'

export interface RecordedTrainOptions extends Omit<TrainOptions, 'onProgress'> {
  /** Called as for a training, and with `digesting` while the database digests the rows. */
  readonly onProgress?: (
    stage: 'reading' | 'fitting' | 'evaluating' | 'digesting',
    done: number,
    total?: number,
  ) => void

  /** Experiment of the run; default `<project>/<model>`. */
  readonly experiment?: string
  /**
   * Digests the training rows in the database and keeps them as a version of the dataset; it runs the training query once
   * more, in the same snapshot. Default true.
   */
  readonly digest?: boolean
  readonly tags?: Readonly<Record<string, string>>
}

export interface RecordedTraining extends TrainResult {
  readonly run: Run
  /** False when what was learned is what a version has already; the record is that version's then. */
  readonly isNew: boolean
}

/**
 * Trains a model as a run of the store and registers the result as the model's next version; when the same was learned before,
 * the run points at that version.
 *
 * The version, its metrics, its dataset, its lineage and the end of the run are one transaction: a process that dies leaves
 * a run that becomes `lost`, and no half of a version.
 *
 * Errors: those of {@link trainModel}, with the run ended as `failed`; not to be called inside a transaction of a server, as it
 * takes a snapshot.
 *
 * @example
 * ```ts
 * const { record, run } = await trainRecorded(store, model)
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
      const { trained, digest } = await trainedWithDigest(store, model, options)
      const { record, isNew, warnings } = await keepTrained(
        store,
        run,
        model,
        { ...trained, digest, metrics: trainingMetrics(trained.record, trained.seconds) },
        options.directory,
      )
      return { ...trained, record, isNew, run, warnings: [...trained.warnings, ...warnings] }
    },
  )
}

/** What is trained on and what is digested are the same rows: one snapshot on a server, one session on the embedded engine. */
async function trainedWithDigest(
  { db }: Store,
  model: ModelDef,
  options: RecordedTrainOptions,
): Promise<{ readonly trained: TrainResult; readonly digest?: DatasetDigest }> {
  if (options.digest === false) return { trained: await trainModel(db, model, options) }
  const both = async (tx: Database) => {
    const trained = await trainModel(tx, model, options)
    options.onProgress?.('digesting', 0)
    const { name: title } = model.dataset
    return { trained, digest: await digestRows(tx, trained.trainingQuery, { title, ...signalOf(options) }) }
  }
  return db.engine === 'pglite' ? both(db) : atSnapshot(db, both)
}

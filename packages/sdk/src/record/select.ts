import type { ModelRecord } from '@viewcast/compiler'
import type { SelectionDef } from '../define/selection.ts'
import { prepareModel } from '../project/prepare-model.ts'
import { recordEvent } from '../store/graph/artifacts.ts'
import { type RegisterModelOptions, registerModel } from '../store/registry/register-model.ts'
import { logBatch } from '../store/runs/batch.ts'
import { endRun, startRun } from '../store/runs/run.ts'
import type { Run } from '../store/runs/started.ts'
import { withRun } from '../store/runs/with-run.ts'
import { atomically, type Store } from '../store/store.ts'
import type { ComparedCandidate } from '../train/select/choose.ts'
import { type SelectOptions, type SelectResult, selectModel } from '../train/select/select.ts'
import { signalOf } from './signal.ts'
import { trainingMetrics, trainingParams } from './training-log.ts'

/** Candidates with a run of their own: those that came first. */
const mostChildren = 200

/**
 * Selects a model as {@link selectModel} does, as a run of the store; each candidate, the first 200 of the comparison, is a
 * run below it with its params and metrics, and the chosen model is registered as the next version.
 */
export async function selectRecorded(
  store: Store,
  selection: SelectionDef,
  options: SelectOptions & { readonly experiment?: string } = {},
): Promise<SelectResult & { readonly run: Run }> {
  const { model } = selection
  const experiment = options.experiment ?? `${store.project}/${model.name}`
  return withRun(
    store,
    {
      kind: 'select',
      name: selection.name,
      job: `${selection.name}.select`,
      experiment,
      params: { ...trainingParams(model, {}), metric: selection.metric, folds: selection.folds },
      ...signalOf(options),
    },
    async (run) => {
      const result = await selectModel(store.db, selection, options)
      const declared = await prepareModel(store.db, model, options.directory)
      const record = await atomically(store, async (inside) => {
        for (const candidate of result.table.slice(0, mostChildren))
          await keepCandidate(inside, run, experiment, candidate)
        const kept = result.record && (await keepChosen(inside, run, result.record, result, declared))
        await endRun(inside, run, 'finished')
        return kept
      })
      return { ...result, ...(record === undefined ? {} : { record }), run }
    },
  )
}

async function keepCandidate(
  inside: Store,
  parent: Run,
  experiment: string,
  { candidate, key, state, folds, metrics }: ComparedCandidate,
): Promise<void> {
  const run = await startRun(inside, {
    kind: 'candidate',
    name: candidate,
    experiment,
    parent: parent.id,
    params: { candidate, key, folds },
    tags: { 'candidate.state': state },
  })
  const points = Object.entries(metrics).flatMap(([metric, { mean, standardError }]) =>
    Object.entries({ [`cv.${metric}`]: mean, [`cv.${metric}.standardError`]: standardError }).flatMap(
      ([name, value]) => (value === null ? [] : [{ name, value }]),
    ),
  )
  await logBatch(inside, run.id, { metrics: points })
  await endRun(inside, run, state === 'failed' ? 'failed' : 'finished')
}

async function keepChosen(
  inside: Store,
  run: Run,
  record: ModelRecord,
  result: SelectResult,
  declared: NonNullable<RegisterModelOptions['declared']>,
): Promise<ModelRecord> {
  await logBatch(inside, run.id, { metrics: trainingMetrics(record, result.seconds) })
  const version = await registerModel(inside, record, { run: run.id, trainingSql: result.trainingQuery, declared })
  await recordEvent(inside, run.id, version.id, 'out', 'model')
  return version.record
}

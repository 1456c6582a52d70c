import type { SelectionDef } from '../define/selection.ts'
import { logBatch } from '../store/runs/batch.ts'
import { endRun, startRun } from '../store/runs/run.ts'
import type { Run } from '../store/runs/started.ts'
import { withRun } from '../store/runs/with-run.ts'
import { atomically, type Store } from '../store/store.ts'
import type { ComparedCandidate } from '../train/select/choose.ts'
import { type SelectOptions, type SelectResult, selectModel } from '../train/select/select.ts'
import { keepTrained } from './keep-version.ts'
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
      const candidates = async (inside: Store) => {
        for (const candidate of result.table.slice(0, mostChildren))
          await keepCandidate(inside, run, experiment, candidate)
      }
      if (result.record === undefined) {
        await atomically(store, async (inside) => {
          await candidates(inside)
          await endRun(inside, run, 'finished')
        })
        return { ...result, run }
      }
      const trained = {
        record: result.record,
        trainingQuery: result.trainingQuery,
        metrics: trainingMetrics(result.record, result.seconds),
      }
      const kept = await keepTrained(store, run, model, trained, options.directory, candidates)
      return { ...result, record: kept.record, run, warnings: [...result.warnings, ...kept.warnings] }
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

import type { ModelDef, ModelRecord } from '@viewcast/compiler'
import { type EvaluateOptions, type Evaluation, evaluateModel } from '../report/evaluation.ts'
import { logBatch } from '../store/runs/batch.ts'
import { withRun } from '../store/runs/with-run.ts'
import type { Store } from '../store/store.ts'
import { recordModelUse } from './model-use.ts'
import { signalOf } from './signal.ts'

/** Measures a model as {@link evaluateModel} does, as a run of the store with its metrics: `test.auc`, `test.brier`, … */
export async function evaluateRecorded(
  store: Store,
  model: ModelDef,
  record: ModelRecord,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  return withRun(
    store,
    {
      kind: 'evaluate',
      name: model.name,
      job: `${model.name}.evaluate`,
      experiment: `${store.project}/${model.name}`,
      params: {
        model: model.name,
        version: record.version,
        ...(options.part === undefined ? {} : { part: options.part }),
      },
      ...signalOf(options),
    },
    async (run) => {
      await recordModelUse(store, run, record)
      const evaluation = await evaluateModel(store.db, model, record, options)
      const metrics = evaluation.result.metrics.map((m) => ({
        name: `${evaluation.part}.${m.name}`,
        value: m.estimate.value,
      }))
      await logBatch(store, run.id, {
        metrics: [...metrics, { name: `rows.${evaluation.part}`, value: evaluation.rows }],
      })
      return evaluation
    },
  )
}

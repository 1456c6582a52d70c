import type { DatasetDef, ModelDef, ModelRecord } from '@viewcast/compiler'
import { findLeaks, type LeakOptions, type LeakReport } from '../health/leak/leak.ts'
import type { PredictOptions } from '../predict/queries.ts'
import { type VerifyReport, verifyModel } from '../predict/verify.ts'
import { withRun } from '../store/runs/with-run.ts'
import { atomically, type Store } from '../store/store.ts'
import { recordChecks } from './checks.ts'
import { recordModelUse } from './model-use.ts'
import { signalOf } from './signal.ts'

/** Verifies a model as {@link verifyModel} does, as a run of the store with its results as checks of the model. */
export async function verifyRecorded(
  store: Store,
  model: ModelDef,
  record: ModelRecord,
  options: PredictOptions & { readonly signal?: AbortSignal } = {},
): Promise<VerifyReport> {
  const { at, limit } = options
  return withRun(
    store,
    {
      kind: 'verify',
      name: model.name,
      job: `${model.name}.verify`,
      params: {
        model: model.name,
        version: record.version,
        ...(at === undefined ? {} : { at }),
        ...(limit === undefined ? {} : { limit }),
      },
      ...signalOf(options),
    },
    async (run) => {
      const report = await verifyModel(store.db, model, record, options)
      await atomically(store, async (inside) => {
        await recordModelUse(inside, run, record)
        const checks = report.checks.map((c) => ({
          name: `verify/${c.name}`,
          passed: c.ok,
          detail: { text: c.detail },
        }))
        await recordChecks(inside, run, { kind: 'model', name: model.name }, checks)
      })
      return report
    },
  )
}

/** Looks for leaks as {@link findLeaks} does, as a run of the store with its results as checks of the dataset. */
export async function findLeaksRecorded(
  store: Store,
  dataset: DatasetDef,
  options: LeakOptions = {},
): Promise<LeakReport> {
  return withRun(
    store,
    { kind: 'leak', name: dataset.name, job: `${dataset.name}.leak`, ...signalOf(options) },
    async (run) => {
      const report = await findLeaks(store.db, dataset, options)
      const ran = report.checks.flatMap((c) =>
        c.ran ? [{ name: `leak/${c.name}`, passed: c.ok, detail: { text: c.detail } }] : [],
      )
      const found = report.findings.map((f) => ({
        name: `leak/${f.kind}`,
        column: `${f.view}.${f.column}`,
        passed: false,
        detail: { sources: f.sources },
      }))
      await recordChecks(store, run, { kind: 'dataset', name: dataset.name }, [...ran, ...found])
      return report
    },
  )
}

import type { ModelDef } from '@viewcast/compiler'
import { prepareModel } from '../project/prepare-model.ts'
import { recordEvent } from '../store/graph/artifacts.ts'
import { registerModel } from '../store/registry/register-model.ts'
import { logBatch } from '../store/runs/batch.ts'
import { endRun } from '../store/runs/run.ts'
import type { Run } from '../store/runs/started.ts'
import { withRun } from '../store/runs/with-run.ts'
import { atomically, type Store } from '../store/store.ts'
import { type ImportModelOptions, type ImportModelResult, importModel } from '../train/exchange/import-model.ts'

/** Imports a model as {@link importModel} does, as a run of the store, and registers it as the model's next version. */
export async function importModelRecorded(
  store: Store,
  model: ModelDef,
  content: string | Uint8Array,
  options: ImportModelOptions = {},
): Promise<ImportModelResult & { readonly run: Run }> {
  return withRun(
    store,
    {
      kind: 'import',
      name: model.name,
      job: `${model.name}.import`,
      experiment: `${store.project}/${model.name}`,
      params: { model: model.name, ...(options.file === undefined ? {} : { file: options.file }) },
    },
    async (run) => {
      const imported = await importModel(store.db, model, content, options)
      const declared = await prepareModel(store.db, model, options.directory)
      const record = await atomically(store, async (inside) => {
        const version = await registerModel(inside, imported.record, { run: run.id, declared })
        await recordEvent(inside, run.id, version.id, 'out', 'model')
        await logBatch(inside, run.id, { tags: { 'model.source': imported.source } })
        await endRun(inside, run, 'finished')
        return version.record
      })
      return { ...imported, record, run }
    },
  )
}

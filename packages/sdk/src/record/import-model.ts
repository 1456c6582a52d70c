import type { ModelDef } from '@viewcast/compiler'
import type { Run } from '../store/runs/started.ts'
import { withRun } from '../store/runs/with-run.ts'
import type { Store } from '../store/store.ts'
import { type ImportModelOptions, type ImportModelResult, importModel } from '../train/exchange/import-model.ts'
import { keepTrained } from './keep-version.ts'

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
      const { record } = await keepTrained(
        store,
        run,
        model,
        { record: imported.record, tags: { 'model.source': imported.source } },
        options.directory,
      )
      return { ...imported, record, run }
    },
  )
}

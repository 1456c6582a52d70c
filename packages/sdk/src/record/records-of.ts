import type { ApplyPlanOptions } from '../deploy/apply-plan.ts'
import { rememberedRecords } from '../deploy/remembered-records.ts'
import { loadModel } from '../store/registry/load-model.ts'
import type { Store } from '../store/store.ts'

export interface RecordsOptions {
  /** Folder of the project's state, with `models/<model>/<version>.json`; default `.viewcast`. */
  readonly models?: string
  /** Record of a version; default what the store or the folder has. */
  readonly record?: ApplyPlanOptions['record']
}

/** The records of versions, each loaded once. */
export const recordsOf = (store: Store, { models = '.viewcast', record }: RecordsOptions): ApplyPlanOptions['record'] =>
  rememberedRecords(record ?? (async (model, version) => (await loadModel(store, models, model, version)).record))

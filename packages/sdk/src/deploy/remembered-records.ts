/** Records that are asked for more than once, the later times inside a transaction that has the database to itself. */
import type { ModelRecord } from '@viewcast/compiler'
import type { ApplyPlanOptions } from './apply-plan.ts'

/** The same, asking once for each version. */
export function rememberedRecords(record: ApplyPlanOptions['record']): ApplyPlanOptions['record'] {
  const records = new Map<string, Promise<ModelRecord>>()
  return (model, version) => {
    const key = JSON.stringify([model, version])
    const known = records.get(key) ?? record(model, version)
    records.set(key, known)
    return known
  }
}

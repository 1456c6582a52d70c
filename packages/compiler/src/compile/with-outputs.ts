import { rowScorer } from '../evaluate/score-row.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { OutputChoice } from '../ir/output.ts'

/**
 * The record with other outputs, and its verification rows with what the interpreter gives for those that were not recorded.
 * Without `chosen` the record as it is. Errors: `model/output`.
 */
export function withOutputs(record: ModelRecord, chosen: readonly OutputChoice[] | undefined): ModelRecord {
  if (chosen === undefined) return record
  const other: ModelRecord = { ...record, outputs: [...chosen] }
  const { outputsOf } = rowScorer(other)
  const verification = record.verification.map((v) => {
    const found = Object.entries(outputsOf(v.scores, v.inputs))
    return { ...v, outputs: Object.fromEntries(found.map(([name, value]) => [name, v.outputs[name] ?? value])) }
  })
  return { ...other, verification }
}

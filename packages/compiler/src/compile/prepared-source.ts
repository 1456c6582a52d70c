import { expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Source } from '../ir/relation.ts'
import { preparedInputs } from '../model/trees/inputs.ts'

/**
 * What the scores are computed over: the rows as they are, or, for trees, the rows with their inputs made ready once, behind
 * a fence. A tree names an input at every split, and the planner would put its expression there each time.
 */
export function preparedSource(record: ModelRecord, source: Source, carried: readonly string[]): Source {
  if (record.trees === undefined) return source
  const { alias } = source
  return {
    alias,
    relation: {
      kind: 'select',
      from: source,
      joins: [],
      columns: [...carried.map((name) => ({ name, expr: expr.column(alias, name) })), ...preparedInputs(record, alias)],
      distinct: false,
      fence: true,
    },
  }
}

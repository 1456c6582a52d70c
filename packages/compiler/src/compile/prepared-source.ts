import { type Expr, expr, mapChildren } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Source } from '../ir/relation.ts'
import { preparedInputs } from '../model/trees/inputs.ts'

/**
 * What the scores are computed over: the rows as they are, or, for trees, the rows with their inputs made ready once, behind
 * a fence. A tree names an input at every split, and the planner would put its expression there each time.
 * `inputs` has the names their columns have in the source, where these are others.
 */
export function preparedSource(
  record: ModelRecord,
  source: Source,
  carried: readonly string[],
  inputs: ReadonlyMap<string, string> = new Map(),
): Source {
  if (record.trees === undefined) return source
  const { alias } = source
  const renamed = (e: Expr): Expr =>
    e.kind === 'column' ? expr.column(e.of, inputs.get(e.name) ?? e.name) : mapChildren(e, renamed)
  const prepared = preparedInputs(record, alias).map((c) => ({ name: c.name, expr: renamed(c.expr) }))
  return {
    alias,
    relation: {
      kind: 'select',
      from: source,
      joins: [],
      columns: [...carried.map((name) => ({ name, expr: expr.column(alias, name) })), ...prepared],
      distinct: false,
      fence: true,
    },
  }
}

/** Cutting unwanted columns out of a user's select list, by location. */
import type { SqlFacts } from './facts.ts'
import type { Node } from './parser.ts'
import type { Edit } from './splice.ts'
import { child, isSetOperation, list, nameParts, walk } from './tree.ts'

const aggregates = new Set([
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'array_agg',
  'string_agg',
  'bool_and',
  'bool_or',
  'every',
  'stddev',
  'variance',
  'stddev_pop',
  'stddev_samp',
  'var_pop',
  'var_samp',
  'corr',
  'percentile_cont',
  'percentile_disc',
  'mode',
  'json_agg',
  'jsonb_agg',
])

/**
 * Edits that remove the output columns not in `keep`; none where removing one could change the rows.
 *
 * Not safe, so left whole: DISTINCT (rows are compared on all columns), set operations, `*`, output names or ordinals used
 * by GROUP BY or ORDER BY, set-returning functions in the list, and a list that aggregates without GROUP BY.
 */
export function pruneEdits(facts: SqlFacts, keep: ReadonlySet<string>): Edit[] {
  const { select, outputs } = facts
  const drop = outputs.map((o) => o.name !== undefined && !keep.has(o.name))
  if (!drop.includes(true) || !drop.includes(false)) return []
  if (!canPrune(select, facts, keep)) return []
  const edits: Edit[] = []
  for (let i = 0; i < outputs.length; i++) {
    if (!drop[i]) continue
    // A run of dropped items goes with its comments: up to the next item, or from the item before when it ends the list.
    let last = i
    while (drop[last + 1]) last++
    const following = outputs[last + 1]
    const start = following ? outputs[i]?.start : outputs[i - 1]?.end
    const end = following ? following.start : outputs[last]?.next
    edits.push({ start: start ?? 0, end: end ?? facts.text.length, text: following ? '' : '\n' })
    i = last
  }
  return edits
}

function canPrune(select: Node, facts: SqlFacts, keep: ReadonlySet<string>): boolean {
  if (isSetOperation(select) || select.distinctClause !== undefined) return false
  if (facts.outputs.some((o) => o.name === undefined)) return false
  const dropped = new Set(facts.outputs.flatMap((o) => (o.name === undefined || keep.has(o.name) ? [] : [o.name])))
  const grouped = list(select, 'groupClause')
  for (const clause of [grouped, list(select, 'sortClause')]) {
    for (const item of clause) {
      if (item.GroupingSet !== undefined) return false
      const node = child(item, 'SortBy') ? child(child(item, 'SortBy'), 'node') : item
      if (child(node, 'A_Const')) return false
      const name = nameParts(list(child(node, 'ColumnRef'), 'fields'))
      if (name.length === 1 && dropped.has(name[0] ?? '')) return false
    }
  }
  let aggregate = false
  let setReturning = false
  for (const target of list(select, 'targetList')) {
    walk(target, (type, node) => {
      if (type === 'SelectStmt') return false
      if (type === 'FuncCall' && node.over === undefined) {
        const name = nameParts(list(node, 'funcname')).at(-1) ?? ''
        if (aggregates.has(name) || node.agg_filter !== undefined) aggregate = true
        else if (
          /^(unnest|generate_series|jsonb?_array_elements|jsonb?_each|regexp_(matches|split_to_table)|string_to_table)/.test(
            name,
          )
        )
          setReturning = true
      }
      return undefined
    })
  }
  if (setReturning) return false
  return !aggregate || grouped.length > 0
}

/** Cutting unwanted columns out of a user's select list, by location. */
import type { SqlFacts } from './facts.ts'
import { type FunctionFacts, isAggregate, maySet, volatility } from './functions.ts'
import type { Node } from './parser.ts'
import type { Edit } from './splice.ts'
import { child, isSetOperation, list, nameParts, walk } from './tree.ts'

/**
 * Edits that remove the output columns not in `keep`; none where removing one could change the rows.
 *
 * Not safe, so left whole: DISTINCT (rows are compared on all columns), set operations, `*`, output names or ordinals used
 * by GROUP BY or ORDER BY, and a list that may aggregate without GROUP BY. A column stays when it may return a set, which
 * makes rows, or calls something volatile, which does something.
 */
export function pruneEdits(facts: SqlFacts, keep: ReadonlySet<string>, functions?: FunctionFacts): Edit[] {
  const { select, outputs } = facts
  const values = list(select, 'targetList').map((t) => child(child(t, 'ResTarget'), 'val'))
  const drop = outputs.map((o, i) => o.name !== undefined && !keep.has(o.name) && !mustStay(values[i], functions))
  if (!drop.includes(true)) return []
  // A list without items is SQL, but no reader expects it.
  if (!drop.includes(false)) drop[0] = false
  if (!canPrune(select, facts, drop, values)) return []
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

/** Functions inside a subquery return to it; those outside return rows of this SELECT. */
function mustStay(value: Node | undefined, functions: FunctionFacts | undefined): boolean {
  let stays = false
  walk(value, (type, node) => {
    if (type === 'SelectStmt') {
      walk(node, (inner, call) => {
        if (inner === 'FuncCall' && volatility(call, functions)) stays = true
        return undefined
      })
      return false
    }
    if (type === 'FuncCall' && (maySet(node, functions) || volatility(node, functions))) stays = true
    return undefined
  })
  return stays
}

function canPrune(
  select: Node,
  facts: SqlFacts,
  drop: readonly boolean[],
  values: readonly (Node | undefined)[],
): boolean {
  if (isSetOperation(select) || select.distinctClause !== undefined) return false
  if (facts.outputs.some((o) => o.name === undefined)) return false
  const dropped = new Set(facts.outputs.flatMap((o, i) => (drop[i] && o.name !== undefined ? [o.name] : [])))
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
  if (grouped.length > 0 || select.havingClause !== undefined) return true
  // One row or one row per input row: what is kept must say which, as what is dropped may have done.
  return values.some((v, i) => !drop[i] && (readsColumn(v) || aggregates(v)))
}

/** A column outside any call: without GROUP BY the list then holds no aggregate at all. */
function readsColumn(value: Node | undefined): boolean {
  let found = false
  walk(value, (type) => {
    if (type === 'ColumnRef') found = true
    return type !== 'FuncCall' && type !== 'SelectStmt'
  })
  return found
}

function aggregates(value: Node | undefined): boolean {
  let found = false
  walk(value, (type, node) => {
    if (type === 'FuncCall' && isAggregate(node)) found = true
    return type !== 'SelectStmt'
  })
  return found
}

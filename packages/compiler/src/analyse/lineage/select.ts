/** What a SELECT returns, column by column, and what decides which rows it has. */

import { isAggregate, isAggregateName, maySet } from '../../front/sql/functions.ts'
import { outputName } from '../../front/sql/output-names.ts'
import type { Node } from '../../front/sql/parser.ts'
import { child, isSetOperation, list, nameParts, number, text, walk } from '../../front/sql/tree.ts'
import { withQueries } from './ctes.ts'
import { spread, traceExpression } from './expression.ts'
import { traceFrom } from './from.ts'
import { lost, merge, nothing, type Traced, through } from './influence.ts'
import { type Level, type Relation, relationNamed, resolveColumn } from './namespace.ts'
import { type Scope, within } from './tracer.ts'

type Columns = Relation['columns']

export function traceSelect(select: Node, outer: Scope): Relation {
  const scope: Scope = { ...outer, ctes: withQueries(child(select, 'withClause'), outer) }
  if (isSetOperation(select)) return traceSetOperation(select, scope)
  if (select['valuesLists'] !== undefined) return traceValues(select, scope)
  const from = traceFrom(list(select, 'fromClause'), scope)
  const windows = new Map(
    list(select, 'windowClause').map((w) => [text(child(w, 'WindowDef'), 'name') ?? '', child(w, 'WindowDef') as Node]),
  )
  const inner: Scope = { ...within(scope, from.level), windows }
  // Windows that nobody uses are read all the same.
  traceExpression(select['windowClause'], inner)
  const chosen = merge([from.rows, through('filter', traceExpression(select['whereClause'], inner))])
  const having = through('filter', traceExpression(select['havingClause'], inner))
  const targets = list(select, 'targetList').map((t) => child(t, 'ResTarget') ?? {})
  const oneRow = aggregatesAll(select, targets, from.level)
  const columns = targets.flatMap((t) => {
    const found = traceTarget(t, inner, from.level)
    // Without GROUP BY there is one row whatever is filtered; what was filtered decides about the aggregates.
    return oneRow && aggregatesAny(child(t, 'val'), from.level)
      ? found.map(([n, own]): [string, Traced] => [n, merge([own, chosen])])
      : found
  })
  const rows = [
    ...(oneRow && select['havingClause'] === undefined ? [] : [chosen]),
    having,
    ...list(select, 'groupClause').flatMap((item) => grouped(item, columns, inner)),
    ...targets.map((t) => multiplied(child(t, 'val'), inner)),
    ...distinct(select, columns, inner),
    ...sorted(select, columns, inner),
  ]
  const kept = select['groupClause'] === undefined && !oneRow ? from.level.order : undefined
  const order = orderOf(select, columns, inner) ?? kept
  return { columns, rows: merge(rows), ...(order === undefined ? {} : { order }) }
}

/** True for a SELECT that makes one row of all. */
const aggregatesAll = (select: Node, targets: readonly Node[], level: Level): boolean =>
  select['groupClause'] === undefined &&
  (select['havingClause'] !== undefined || targets.some((t) => aggregatesAny(child(t, 'val'), level)))

/** True when an aggregate of this SELECT is in the expression; one whose arguments are all from outside is not of it. */
function aggregatesAny(value: Node | undefined, level: Level): boolean {
  let found = false
  walk(value, (type, node) => {
    if (type === 'SelectStmt') return false
    const name = nameParts(list(node, 'funcname')).at(-1) ?? ''
    const call =
      type === 'FuncCall' && node['over'] === undefined && (isAggregate(node) || isAggregateName(name, false))
    if (call || type === 'JsonArrayAgg' || type === 'JsonObjectAgg') found ||= isOf(level, node)
    return undefined
  })
  return found
}

function isOf(level: Level, call: Node): boolean {
  let references = 0
  let own = false
  walk(call, (type, node) => {
    if (type !== 'ColumnRef') return undefined
    references++
    const fields = nameParts(list(node, 'fields')).filter((f) => f !== '*')
    own ||= resolveColumn(fields, [level]) !== undefined || relationNamed(fields, [level]) !== undefined
    return undefined
  })
  return own || references === 0
}

/** What a function that returns a set is given decides how often its row is there. */
function multiplied(value: Node | undefined, scope: Scope): Traced {
  const found: Traced[] = []
  walk(value, (type, node) => {
    if (type === 'SelectStmt') return false
    if (type === 'FuncCall' && node['over'] === undefined && maySet(node, scope.catalog))
      found.push(through('filter', traceExpression(node['args'], scope)))
    return undefined
  })
  return merge(found)
}

function traceSetOperation(select: Node, scope: Scope): Relation {
  const op = text(select, 'op')
  const arms = armsOf(select).map((arm) => traceSelect(arm, scope))
  const [left = nowhere, ...others] = arms
  const values = (): Traced => merge(arms.flatMap((arm) => arm.columns.map(([, t]) => t)))
  const columns: Columns =
    op === 'SETOP_EXCEPT'
      ? left.columns
      : left.columns.map(([name, t], i) => [name, merge([t, ...others.map((o) => o.columns[i]?.[1] ?? lost)])] as const)
  // Without ALL equal rows become one; EXCEPT and INTERSECT compare whole rows.
  const compared =
    op !== 'SETOP_UNION'
      ? through('filter', values())
      : select['all'] === true
        ? nothing
        : through('group by', values())
  const rows = merge([...arms.map((arm) => arm.rows), compared])
  const inner: Scope = { ...scope, levels: [] }
  const order = orderOf(select, columns, inner)
  return { columns, rows: merge([rows, ...sorted(select, columns, inner)]), ...(order === undefined ? {} : { order }) }
}

const nowhere: Relation = { columns: [], rows: lost }

/** The arms of a set operation; a long row of unions, which leans to the left, is one operation of many arms. */
function armsOf(select: Node): Node[] {
  const arms: Node[] = []
  const plain = ['withClause', 'sortClause', 'limitCount', 'limitOffset']
  let arm = select
  for (;;) {
    arms.push(child(arm, 'rarg') ?? {})
    const left = child(arm, 'larg') ?? {}
    const same = text(left, 'op') === 'SETOP_UNION' && text(select, 'op') === 'SETOP_UNION'
    if (!same || left['all'] !== select['all'] || plain.some((k) => left[k] !== undefined))
      return [...arms, left].reverse()
    arm = left
  }
}

function traceValues(select: Node, scope: Scope): Relation {
  const rows = list(select, 'valuesLists').map((row) => list(child(row, 'List'), 'items'))
  const columns = (rows[0] ?? []).map(
    (_, i) => [`column${i + 1}`, merge(rows.map((row) => traceExpression(row[i], scope)))] as const,
  )
  return { columns, rows: merge(sorted(select, columns, scope)) }
}

function traceTarget(target: Node, scope: Scope, from: Level): [string, Traced][] {
  const value = child(target, 'val')
  const fields = nameParts(list(child(value, 'ColumnRef'), 'fields'))
  const bare = fields.length === 1 && fields[0] === '*'
  const columns = bare ? from.columns : spread(value, scope)
  if (!columns) return [[outputName(target) ?? '?column?', traceExpression(value, scope)]]
  for (const [, t] of columns) scope.read(t)
  const known = columns.map(([name, t]): [string, Traced] => [name, t])
  // Of a function that does not say what it returns.
  return bare && from.open.length > 0 && known.length === 0 ? [['*', lost]] : known
}

/** An item of GROUP BY; grouping sets hold items of their own. */
function grouped(item: Node, columns: Columns, scope: Scope): Traced[] {
  const set = child(item, 'GroupingSet')
  const row = child(item, 'RowExpr')
  if (set) return list(set, 'content').flatMap((i) => grouped(i, columns, scope))
  if (row) return list(row, 'args').flatMap((i) => grouped(i, columns, scope))
  return [through('group by', traceItem(item, columns, scope, 'input'))]
}

/** An item of GROUP BY, DISTINCT ON or ORDER BY: a position, a name (of an input or an output first), or an expression. */
function traceItem(item: Node, columns: Columns, scope: Scope, first: 'input' | 'output'): Traced {
  const sort = child(item, 'SortBy')
  const node = sort ? (child(sort, 'node') ?? {}) : item
  const position = number(child(child(node, 'A_Const'), 'ival'), 'ival')
  if (position !== undefined) return columns[position - 1]?.[1] ?? lost
  const name = nameParts(list(child(node, 'ColumnRef'), 'fields'))
  const output = name.length === 1 ? columns.find(([n]) => n === name[0]) : undefined
  const isInput = output !== undefined && scope.levels.slice(0, 1).some((l) => resolveColumn(name, [l]) !== undefined)
  return output && (first === 'output' || !isInput) ? output[1] : traceExpression(node, scope)
}

function distinct(select: Node, columns: Columns, scope: Scope): Traced[] {
  const clause = list(select, 'distinctClause')
  if (clause.length === 0) return []
  const on = clause.filter((d) => Object.keys(d).length > 0)
  if (on.length === 0) return [through('group by', merge(columns.map(([, t]) => t)))]
  return on.map((item) => through('group by', traceItem(item, columns, scope, 'output')))
}

/** What ORDER BY names; undefined without one. */
function orderOf(select: Node, columns: Columns, scope: Scope): Traced | undefined {
  const clause = list(select, 'sortClause')
  return clause.length === 0 ? undefined : merge(clause.map((item) => traceItem(item, columns, scope, 'output')))
}

/**
 * Order decides about rows only where some are left out: LIMIT, OFFSET, DISTINCT ON. It is traced in any case, as it is
 * read. Without one of its own a query takes rows as they come from an ordered one.
 */
function sorted(select: Node, columns: Columns, scope: Scope): Traced[] {
  const order = orderOf(select, columns, scope) ?? scope.levels[0]?.order ?? nothing
  const limits = [traceExpression(select['limitCount'], scope), traceExpression(select['limitOffset'], scope)]
  const distinctOn = list(select, 'distinctClause').some((d) => Object.keys(d).length > 0)
  const decides = distinctOn || select['limitCount'] !== undefined || select['limitOffset'] !== undefined
  return decides ? [through('sort', order), ...limits.map((t) => through('filter', t))] : []
}

/** What the value of an expression is made of, and what decides about it. */

import { isAggregateName } from '../../front/sql/functions.ts'
import type { Node } from '../../front/sql/parser.ts'
import { child, list, nameParts, text } from '../../front/sql/tree.ts'
import { merge, nothing, type Traced, through } from './influence.ts'
import { columnOf, type Relation, relationNamed, resolve, resolveColumn, wholeRow } from './namespace.ts'
import type { Scope } from './tracer.ts'

/** Traces a node, wrapped (`{ FuncCall: {…} }`) or not, a list of them, or nothing. */
export function traceExpression(value: unknown, scope: Scope): Traced {
  if (value === undefined || value === null || typeof value !== 'object') return nothing
  if (Array.isArray(value)) return merge(value.map((v) => traceExpression(v, scope)))
  const [type, inner] = Object.entries(value)[0] ?? []
  if (type === undefined) return nothing
  if (!/^[A-Z]/.test(type)) return parts(value as Node, scope)
  if (inner === null || typeof inner !== 'object') return nothing
  const node = inner as Node
  const handler = handlers[type]
  return handler ? handler(node, scope) : through('transformation', parts(node, scope))
}

/** Everything below a node that has no rule of its own. */
const parts = (node: Node, scope: Scope): Traced =>
  merge(
    Object.values(node).flatMap((v): Traced[] => {
      if (v === null || typeof v !== 'object') return []
      if (Array.isArray(v)) return [traceExpression(v, scope)]
      const [key = ''] = Object.keys(v)
      // A field of a known type is the node itself; one of any type wraps it.
      return [/^[A-Z]/.test(key) ? traceExpression(v, scope) : parts(v as Node, scope)]
    }),
  )

const handlers: Readonly<Record<string, (node: Node, scope: Scope) => Traced>> = {
  ColumnRef: (node, scope) => {
    const fields = nameParts(list(node, 'fields'))
    // A whole row names no column: it is there with one column less, too.
    if (fields.at(-1) === '*') return wholeRow(relationNamed(fields.slice(0, -1), scope.levels))
    const column = resolveColumn(fields, scope.levels)
    if (column) scope.read(column)
    return column ?? resolve(fields, scope.levels)
  },
  RowExpr: (node, scope) => {
    // ROW(t.*) writes its columns out.
    for (const a of list(node, 'args')) for (const t of spread(a, scope) ?? []) scope.read(t[1])
    return through('transformation', traceExpression(node['args'], scope))
  },
  FuncCall: traceCall,
  CaseExpr: (node, scope) => {
    const arms = list(node, 'args').map((a) => child(a, 'CaseWhen'))
    const conditions = [node['arg'], ...arms.map((a) => a?.['expr'])].map((e) => traceExpression(e, scope))
    const values = [...arms.map((a) => a?.['result']), node['defresult']].map((e) => traceExpression(e, scope))
    return merge([through('transformation', merge(values)), through('condition', merge(conditions))])
  },
  CoalesceExpr: (node, scope) => {
    const values = list(node, 'args').map((a) => traceExpression(a, scope))
    // Each value but the last is tested for NULL before the next counts.
    return merge([through('transformation', merge(values)), through('condition', merge(values.slice(0, -1)))])
  },
  A_Expr: (node, scope) => {
    const both = [traceExpression(node['lexpr'], scope), traceExpression(node['rexpr'], scope)]
    if (text(node, 'kind') !== 'AEXPR_NULLIF') return through('transformation', merge(both))
    return merge([through('transformation', both[0] ?? nothing), through('condition', merge(both))])
  },
  SubLink: (node, scope) => {
    const select = child(child(node, 'subselect'), 'SelectStmt')
    const found = select ? scope.select(select, scope) : { columns: [], rows: nothing }
    const values = merge(found.columns.map(([, t]) => t))
    const kind = text(node, 'subLinkType')
    // Which columns there are does not matter, only whether there is a row.
    if (kind === 'EXISTS_SUBLINK') return found.rows
    const tested = through('transformation', traceExpression(node['testexpr'], scope))
    if (kind === 'ARRAY_SUBLINK')
      return merge([through('aggregation', values), through('sort', found.order ?? nothing), found.rows])
    return merge([tested, kind === 'EXPR_SUBLINK' ? values : through('transformation', values), found.rows])
  },
  A_Indirection: (node, scope) => {
    const fields = list(node, 'indirection')
    const field = fieldOf(node, scope)
    if (field) scope.read(field)
    const [first, ...others] = field ? [field, ...fields.slice(1)] : [undefined, ...fields]
    const parts = traceExpression(others, scope)
    if (first && others.length === 0) return first
    return through('transformation', merge([first ?? traceExpression(node['arg'], scope), parts]))
  },
  JsonArrayAgg: (node, scope) => traceAggregate(child(node, 'constructor'), node['arg'], scope),
  JsonObjectAgg: (node, scope) => traceAggregate(child(node, 'constructor'), node['arg'], scope),
  GroupingFunc: (node, scope) => through('group by', traceExpression(node['args'], scope)),
  SelectStmt: (node, scope) => {
    const { columns, rows } = scope.select(node, scope)
    return merge([...columns.map(([, t]) => through('transformation', t)), rows])
  },
}

/** Aggregates that keep the order in which rows arrive. */
const inOrder = new Set(
  'array_agg string_agg json_agg json_agg_strict jsonb_agg jsonb_agg_strict json_object_agg xmlagg'.split(' '),
)
const arrival = (scope: Scope): Traced => scope.levels[0]?.order ?? nothing

/** The columns of `t.*` and `(t).*`; undefined for everything else. */
export function spread(value: Node | undefined, scope: Scope): Relation['columns'] | undefined {
  const reference = nameParts(list(child(value, 'ColumnRef'), 'fields'))
  if (reference.length > 1 && reference.at(-1) === '*')
    return relationNamed(reference.slice(0, -1), scope.levels)?.columns
  const field = child(value, 'A_Indirection')
  const last = nameParts(list(field, 'indirection'))
  return last.length === 1 && last[0] === '*' ? rowOf(field, scope)?.columns : undefined
}

/** The relation `(t)` stands for, unless a column of that name hides it. */
function rowOf(field: Node | undefined, scope: Scope): Relation | undefined {
  const name = nameParts(list(child(child(field, 'arg'), 'ColumnRef'), 'fields'))
  return name.length === 0 || resolveColumn(name, scope.levels) ? undefined : relationNamed(name, scope.levels)
}

/** `(t).column` of a relation t; of a composite column it is a part of the column. */
function fieldOf(node: Node, scope: Scope): Traced | undefined {
  const [column] = nameParts(list(node, 'indirection').slice(0, 1))
  const owner = column === undefined || column === '*' ? undefined : rowOf(node, scope)
  return owner && column !== undefined ? columnOf(owner, column) : undefined
}

/** JSON_ARRAYAGG and JSON_OBJECTAGG, which are not calls in the grammar. */
function traceAggregate(options: Node | undefined, value: unknown, scope: Scope): Traced {
  const window = child(options, 'over')
  return merge([
    through('aggregation', traceExpression([value], scope)),
    through('condition', traceExpression(options?.['agg_filter'], scope)),
    through('sort', options?.['agg_order'] ? traceExpression(list(options, 'agg_order'), scope) : arrival(scope)),
    ...(window ? [through('window', traceWindow(window, scope, new Set()))] : []),
  ])
}

function traceCall(node: Node, scope: Scope): Traced {
  const name = nameParts(list(node, 'funcname')).at(-1) ?? ''
  const window = child(node, 'over')
  const ordered = traceExpression(list(node, 'agg_order'), scope)
  const withinGroup = node['agg_within_group'] === true
  const aggregates =
    isAggregateName(name, withinGroup) ||
    withinGroup ||
    node['agg_distinct'] === true ||
    node['agg_order'] !== undefined
  const values = [traceExpression(node['args'], scope), ...(withinGroup ? [ordered] : [])]
  return merge([
    through(aggregates ? 'aggregation' : 'transformation', merge(values)),
    through('condition', traceExpression(node['agg_filter'], scope)),
    withinGroup ? nothing : through('sort', ordered),
    node['agg_order'] === undefined && inOrder.has(name) ? through('sort', arrival(scope)) : nothing,
    ...(window ? [through('window', traceWindow(window, scope, new Set()))] : []),
  ])
}

/** Partition, order and frame of a window; `OVER w` and `OVER (w ORDER BY …)` name one of the WINDOW clause. */
function traceWindow(window: Node, scope: Scope, seen: Set<string>): Traced {
  const own = ['partitionClause', 'orderClause', 'startOffset', 'endOffset'].map((k) =>
    traceExpression(window[k], scope),
  )
  // In OVER a bare name stands for the window itself; in the WINDOW clause `name` is its own.
  const reference = text(window, 'refname') ?? (seen.size === 0 ? text(window, 'name') : undefined)
  const base = reference === undefined || seen.has(reference) ? undefined : scope.windows.get(reference)
  if (reference === undefined || base === undefined) return merge(own)
  return merge([...own, traceWindow(base, scope, new Set([...seen, reference]))])
}

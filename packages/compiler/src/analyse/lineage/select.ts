/** What a SELECT returns, column by column, and what decides which rows it has. */

import { outputName } from '../../front/sql/output-names.ts'
import type { Node } from '../../front/sql/parser.ts'
import { child, isSetOperation, list, nameParts, number, text } from '../../front/sql/tree.ts'
import { traceExpression } from './expression.ts'
import { traceFrom } from './from.ts'
import { lost, merge, type Traced, through } from './influence.ts'
import { type Level, namedAs, type Relation } from './namespace.ts'
import { type Scope, within } from './tracer.ts'

export function traceSelect(select: Node, outer: Scope): Relation {
  const scope: Scope = { ...outer, ctes: withQueries(child(select, 'withClause'), outer) }
  if (isSetOperation(select)) return traceSetOperation(select, scope)
  if (select['valuesLists'] !== undefined) return traceValues(select, scope)
  const from = traceFrom(list(select, 'fromClause'), scope)
  const windows = new Map(
    list(select, 'windowClause').map((w) => [text(child(w, 'WindowDef'), 'name') ?? '', child(w, 'WindowDef') as Node]),
  )
  const inner: Scope = { ...within(scope, from.level), windows }
  const columns = list(select, 'targetList').flatMap((t) => traceTarget(child(t, 'ResTarget') ?? {}, inner, from.level))
  const conditions = [
    through('filter', traceExpression(select['whereClause'], inner)),
    through('filter', traceExpression(select['havingClause'], inner)),
    ...list(select, 'groupClause').map((item) => through('group by', traceItem(item, columns, inner, 'input'))),
    ...distinct(select, columns, inner),
    ...sorted(select, columns, inner),
  ]
  return { columns, rows: merge([from.rows, ...conditions]) }
}

type Columns = Relation['columns']

function withQueries(clause: Node | undefined, outer: Scope): ReadonlyMap<string, Relation> {
  const ctes = new Map(outer.ctes)
  for (const item of list(clause, 'ctes')) {
    const cte = child(item, 'CommonTableExpr')
    const name = text(cte, 'ctename') ?? ''
    const query = child(child(cte, 'ctequery'), 'SelectStmt')
    const trace = (): Relation => {
      if (!query) return { columns: [], rows: lost, open: lost }
      const found = traceSelect(query, { ...outer, ctes: new Map(ctes) })
      const names = nameParts(list(cte, 'aliascolnames'))
      return { ...found, columns: found.columns.map(([n, t], i) => [names[i] ?? n, t]) }
    }
    if (clause?.['recursive'] === true && query && isSetOperation(query)) {
      ctes.set(
        name,
        fixpoint(
          query,
          (own) => {
            ctes.set(name, own)
            return trace()
          },
          { ...outer, ctes: new Map(ctes) },
        ),
      )
    } else ctes.set(name, trace())
  }
  return ctes
}

/** A recursive query reads itself: traced from its first arm on, until another round adds nothing. */
function fixpoint(query: Node, round: (own: Relation) => Relation, scope: Scope): Relation {
  let own = traceSelect(child(query, 'larg') ?? {}, scope)
  for (let size = -1; size !== sizeOf(own); ) {
    size = sizeOf(own)
    own = round(own)
  }
  return own
}

const sizeOf = (r: Relation): number => {
  const ways = (t: Traced) => [...t.sources.values()].reduce((sum, w) => sum + 1000 + w, 0)
  return ways(r.rows) + r.columns.reduce((sum, [, t]) => sum + ways(t), 0)
}

function traceSetOperation(select: Node, scope: Scope): Relation {
  const left = traceSelect(child(select, 'larg') ?? {}, scope)
  const right = traceSelect(child(select, 'rarg') ?? {}, scope)
  const op = text(select, 'op')
  const values = merge([...left.columns, ...right.columns].map(([, t]) => t))
  const columns: Columns =
    op === 'SETOP_EXCEPT'
      ? left.columns
      : left.columns.map(([name, t], i) => [name, merge([t, right.columns[i]?.[1] ?? lost])] as const)
  const inner: Scope = { ...scope, levels: [] }
  const rows = [
    left.rows,
    right.rows,
    // Without ALL equal rows become one; EXCEPT and INTERSECT compare whole rows.
    ...(op === 'SETOP_UNION'
      ? select['all'] === true
        ? []
        : [through('group by', values)]
      : [through('filter', values)]),
    ...sorted(select, columns, inner),
  ]
  return { columns, rows: merge(rows) }
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
  if (fields.at(-1) === '*') {
    const columns = fields.length > 1 ? namedAs(fields.at(-2) ?? '', [from])?.columns : from.columns
    const known = (columns ?? []).map(([name, t]): [string, Traced] => [name, t])
    for (const [, t] of known) scope.read(t)
    // Of a function that does not say what it returns.
    return from.open.length > 0 && known.length === 0 ? [['*', lost]] : known
  }
  return [[outputName(target) ?? '?column?', traceExpression(value, scope)]]
}

/** An item of GROUP BY, DISTINCT ON or ORDER BY: a position, a name (of an input or an output first), or an expression. */
function traceItem(item: Node, columns: Columns, scope: Scope, first: 'input' | 'output'): Traced {
  const sort = child(item, 'SortBy')
  const node = sort ? (child(sort, 'node') ?? {}) : item
  const position = number(child(child(node, 'A_Const'), 'ival'), 'ival')
  if (position !== undefined) return columns[position - 1]?.[1] ?? lost
  const name = nameParts(list(child(node, 'ColumnRef'), 'fields'))
  const output = name.length === 1 ? columns.find(([n]) => n === name[0]) : undefined
  const isInput = name.length === 1 && scope.levels[0]?.columns.some(([n]) => n === name[0]) === true
  return output && (first === 'output' || !isInput) ? output[1] : traceExpression(node, scope)
}

function distinct(select: Node, columns: Columns, scope: Scope): Traced[] {
  const clause = list(select, 'distinctClause')
  if (clause.length === 0) return []
  const on = clause.filter((d) => Object.keys(d).length > 0)
  if (on.length === 0) return [through('group by', merge(columns.map(([, t]) => t)))]
  return on.map((item) => through('group by', traceItem(item, columns, scope, 'output')))
}

/** Order decides about rows only where some are left out: LIMIT, OFFSET, DISTINCT ON. It is traced in any case, as it is read. */
function sorted(select: Node, columns: Columns, scope: Scope): Traced[] {
  const order = list(select, 'sortClause').map((item) => traceItem(item, columns, scope, 'output'))
  const limits = [traceExpression(select['limitCount'], scope), traceExpression(select['limitOffset'], scope)]
  const distinctOn = list(select, 'distinctClause').some((d) => Object.keys(d).length > 0)
  const decides = distinctOn || select['limitCount'] !== undefined || select['limitOffset'] !== undefined
  return decides ? [...order.map((t) => through('sort', t)), ...limits.map((t) => through('filter', t))] : []
}

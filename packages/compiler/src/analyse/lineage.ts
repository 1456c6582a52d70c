/**
 * Column lineage of a query, from its syntax tree and the catalog: for each output column the source columns it is made of
 * (direct) and those that decide which rows count (indirect: join, filter, group by). What cannot be resolved is said to be
 * unknown rather than guessed.
 */
import type { Node, Speaker } from '../front/sql/parser.ts'
import { parseSelect } from '../front/sql/parser.ts'
import { child, isSetOperation, list, nameParts, text, walk } from '../front/sql/tree.ts'
import { type Catalog, type CatalogRelation, findRelation } from '../ir/catalog.ts'

/** How a source column enters an output column. */
export type Influence = 'identity' | 'transformation' | 'aggregation' | 'join' | 'filter' | 'group by'

export interface SourceColumn {
  /** `public.flights`, or `spine` for what the question brings. */
  readonly relation: string
  readonly column: string
  readonly influence: Influence
}

export interface ColumnLineage {
  readonly column: string
  readonly sources: readonly SourceColumn[]
  /** True when some reference could not be resolved. */
  readonly unknown: boolean
}

type Columns = ReadonlyMap<string, Traced>

/** Lineage under construction: keyed so that the strongest influence of a column is kept. */
interface Traced {
  readonly sources: ReadonlyMap<string, SourceColumn>
  readonly unknown: boolean
}

interface Scope {
  readonly ctes: ReadonlyMap<string, Columns>
  /** Relations a column may come from, innermost first. */
  readonly levels: readonly ReadonlyMap<string, Columns>[]
  readonly catalog: Catalog
}

const nothing: Traced = { sources: new Map(), unknown: false }
const lost: Traced = { sources: new Map(), unknown: true }
const strength: readonly Influence[] = ['identity', 'transformation', 'aggregation', 'join', 'filter', 'group by']

/** Traces every output column of a query. `spine` lists the columns of the relation `spine`, when the query may read it. */
export function lineageOf(
  sql: string,
  speaker: Speaker,
  catalog: Catalog,
  spine: readonly string[] = [],
): ColumnLineage[] {
  const own: Columns = new Map(spine.map((c) => [c, source('spine', c)]))
  const ctes = spine.length > 0 ? new Map([['spine', own]]) : new Map<string, Columns>()
  const columns = traceSelect(parseSelect(sql, speaker), { ctes, levels: [], catalog })
  return [...columns].map(([column, t]) => ({ column, sources: [...t.sources.values()], unknown: t.unknown }))
}

const source = (relation: string, column: string, influence: Influence = 'identity'): Traced => ({
  sources: new Map([[`${relation}.${column}`, { relation, column, influence }]]),
  unknown: false,
})

function merge(parts: Iterable<Traced>): Traced {
  const sources = new Map<string, SourceColumn>()
  let unknown = false
  for (const p of parts) {
    unknown ||= p.unknown
    for (const [key, s] of p.sources) {
      const known = sources.get(key)
      if (!known || strength.indexOf(s.influence) < strength.indexOf(known.influence)) sources.set(key, s)
    }
  }
  return { sources, unknown }
}

/** The same sources, entering in a weaker way. */
const weakened = (t: Traced, influence: Influence): Traced => ({
  unknown: t.unknown,
  sources: new Map(
    [...t.sources].map(([k, s]) => [
      k,
      strength.indexOf(influence) > strength.indexOf(s.influence) ? { ...s, influence } : s,
    ]),
  ),
})

function traceSelect(select: Node, outer: Scope): Columns {
  const ctes = new Map(outer.ctes)
  for (const c of list(child(select, 'withClause'), 'ctes')) {
    const cte = child(c, 'CommonTableExpr')
    const query = child(child(cte, 'ctequery'), 'SelectStmt')
    if (query)
      ctes.set(text(cte, 'ctename') ?? '', renamed(traceSelect(query, { ...outer, ctes }), list(cte, 'aliascolnames')))
  }
  const scope: Scope = { ...outer, ctes }
  if (isSetOperation(select)) {
    const arms = ['larg', 'rarg'].map((k) => [...traceSelect(child(select, k) as Node, scope)])
    const [left = [], right = []] = arms
    return new Map(left.map(([name, t], i) => [name, merge([t, right[i]?.[1] ?? lost])]))
  }
  const from = new Map<string, Columns>()
  const conditions: Traced[] = []
  for (const item of list(select, 'fromClause')) traceFrom(item, scope, from, conditions)
  const inner: Scope = { ...scope, levels: [from, ...scope.levels] }
  conditions.push(weakened(traceExpression(select.whereClause, inner), 'filter'))
  conditions.push(weakened(traceExpression(select.havingClause, inner), 'filter'))
  const outputs = list(select, 'targetList').flatMap((t) => traceTarget(child(t, 'ResTarget') as Node, inner, from))
  for (const item of list(select, 'groupClause')) {
    const ordinal = child(child(child(item, 'A_Const'), 'ival') as Node, 'ival') as unknown as number | undefined
    const bare = ordinal === undefined ? traceExpression(item, inner) : (outputs[ordinal - 1]?.[1] ?? nothing)
    conditions.push(weakened(bare, 'group by'))
  }
  const rows = merge(conditions)
  return new Map(outputs.map(([name, t]) => [name, merge([t, rows])]))
}

function traceTarget(target: Node, scope: Scope, from: ReadonlyMap<string, Columns>): [string, Traced][] {
  const value = child(target, 'val')
  const fields = nameParts(list(child(value, 'ColumnRef'), 'fields'))
  if (fields.at(-1) === '*') {
    const wanted = fields.length > 1 ? [from.get(fields.at(-2) ?? '')] : [...from.values()]
    return wanted.flatMap((columns) => [...(columns ?? [])])
  }
  const name =
    text(target, 'name') ?? fields.at(-1) ?? nameParts(list(child(value, 'FuncCall'), 'funcname')).at(-1) ?? '?column?'
  const traced = traceExpression(value, scope)
  return [[name, fields.length > 0 ? traced : weakened(traced, isAggregate(value) ? 'aggregation' : 'transformation')]]
}

function isAggregate(value: Node | undefined): boolean {
  let found = false
  walk(value, (type, node) => {
    if (type === 'SelectStmt') return false
    const name = type === 'FuncCall' ? (nameParts(list(node, 'funcname')).at(-1) ?? '') : ''
    if (/^(count|sum|avg|min|max|stddev|var|array_agg|string_agg|bool_|every|corr|percentile|mode|regr_)/.test(name))
      found = true
    return undefined
  })
  return found
}

function traceFrom(item: Node, scope: Scope, from: Map<string, Columns>, conditions: Traced[]): void {
  const join = child(item, 'JoinExpr')
  if (join) {
    for (const side of ['larg', 'rarg']) traceFrom(child(join, side) as Node, scope, from, conditions)
    const inner: Scope = { ...scope, levels: [from, ...scope.levels] }
    conditions.push(weakened(traceExpression(join.quals, inner), 'join'))
    for (const column of nameParts(list(join, 'usingClause')))
      conditions.push(weakened(resolve([column], inner), 'join'))
    return
  }
  const range = child(item, 'RangeVar')
  const alias = child(range ?? child(item, 'RangeSubselect') ?? child(item, 'RangeFunction'), 'alias')
  const aliasName = text(alias, 'aliasname')
  if (range) {
    const name = text(range, 'relname') ?? ''
    const columns = relationColumns(name, text(range, 'schemaname'), scope)
    from.set(aliasName ?? name, renamed(columns, list(alias, 'colnames')))
    return
  }
  const sub = child(child(child(item, 'RangeSubselect'), 'subquery'), 'SelectStmt')
  // A LATERAL subquery sees what stands before it; others do not, and do not name it either.
  if (sub) {
    const columns = traceSelect(sub, { ...scope, levels: [from, ...scope.levels] })
    from.set(aliasName ?? `?${from.size}`, renamed(columns, list(alias, 'colnames')))
    return
  }
  const call = traceExpression(item, { ...scope, levels: [from, ...scope.levels] })
  const names = nameParts(list(alias, 'colnames'))
  const columns = names.length > 0 ? names : [aliasName ?? '?']
  from.set(aliasName ?? `?${from.size}`, new Map(columns.map((c) => [c, weakened(call, 'transformation')])))
}

const renamed = (columns: Columns, names: readonly Node[]): Columns => {
  const given = nameParts(names)
  return given.length === 0 ? columns : new Map([...columns].map(([name, t], i) => [given[i] ?? name, t]))
}

function relationColumns(name: string, schema: string | undefined, scope: Scope): Columns {
  const cte = schema === undefined ? scope.ctes.get(name) : undefined
  if (cte) return cte
  const relation = findRelation(scope.catalog, name, schema)
  if (!relation) return new Map()
  if (relation.kind === 'view' && relation.definition !== undefined) return viewColumns(relation, scope.catalog)
  return new Map(relation.columns.map((c) => [c.name, source(`${relation.schema}.${relation.name}`, c.name)]))
}

function viewColumns(view: CatalogRelation, catalog: Catalog): Columns {
  const speaker = { view: `view "${view.name}"`, file: view.name }
  const traced = [...traceSelect(parseSelect(view.definition ?? '', speaker), { ctes: new Map(), levels: [], catalog })]
  // A view may rename its columns; position is what holds.
  return new Map(view.columns.map((c, i) => [c.name, traced[i]?.[1] ?? lost]))
}

function traceExpression(value: unknown, scope: Scope): Traced {
  const parts: Traced[] = []
  walk(value === undefined ? [] : [value], (type, node) => {
    if (type === 'ColumnRef') {
      const fields = nameParts(list(node, 'fields'))
      if (fields.at(-1) !== '*') parts.push(resolve(fields, scope))
      return false
    }
    if (type === 'SelectStmt') {
      parts.push(...[...traceSelect(node, scope).values()].map((t) => weakened(t, 'transformation')))
      return false
    }
    return undefined
  })
  return merge(parts)
}

/** `[column]`, `[relation, column]` or `[schema, relation, column]`. */
function resolve(fields: readonly string[], scope: Scope): Traced {
  const column = fields.at(-1) ?? ''
  const relation = fields.length > 1 ? fields.at(-2) : undefined
  for (const level of scope.levels) {
    if (relation !== undefined) {
      const columns = level.get(relation)
      if (columns) return columns.get(column) ?? lost
      continue
    }
    const owners = [...level.values()].filter((columns) => columns.has(column))
    if (owners.length > 0) return merge(owners.map((o) => o.get(column) ?? lost))
    // A whole-row reference names the relation itself.
    const whole = level.get(column)
    if (whole) return merge(whole.values())
  }
  return lost
}

/**
 * Which columns of a query can be NULL, from its syntax tree and the catalog. A column is said never to be NULL by proof
 * alone: constraints of the tables, inner and outer joins, conditions that no row with a NULL meets, and functions and
 * aggregates that are known. Anything else can be NULL.
 */
import { sqlFacts } from '../front/sql/facts.ts'
import { outputName } from '../front/sql/output-names.ts'
import type { Node, Speaker } from '../front/sql/parser.ts'
import { child, isSetOperation, list, nameParts, text, walk } from '../front/sql/tree.ts'
import type { Catalog, CatalogRelation } from '../ir/catalog.ts'
import type { KeyColumn } from '../ir/definition.ts'
import { isKnownCall } from './nullability/calls.ts'
import { isOverloaded, mapColumns, narrowed } from './nullability/conditions.ts'
import { expressionNull } from './nullability/expression.ts'
import { fromClause } from './nullability/from.ts'
import {
  allNull,
  anyNull,
  type Columns,
  type From,
  familyOf,
  type Grouping,
  type Nullability,
  oneFamily,
  resolve,
  type Scope,
  standing,
} from './nullability/value.ts'
import { isTooDeep, viewReader } from './nullability/views.ts'

export type { Nullability } from './nullability/value.ts'

export interface ColumnNullability {
  readonly name: string
  readonly nullability: Nullability
  /** The result of an aggregate as it is: what query builders tend to type without null, whatever it is taken of. */
  readonly isAggregate?: true
}

/**
 * What is known of each output column of a query, in order; undefined when the text does not tell how many there are.
 *
 * `spine` lists the columns of the relation `spine` when the query may read it. Their values come from the questions, of
 * which nothing is promised. Call `loadParser()` before. Errors: `sql/…` for a text that is no query.
 *
 * ```sql
 * select a.iata, a.state, count(f.id) as n      -- iata: never, state: possible, n: never
 * from airports a left join flights f on f.origin = a.iata group by a.iata, a.state
 * ```
 */
export function columnNullability(
  sql: string,
  speaker: Speaker,
  catalog: Catalog,
  spine: readonly KeyColumn[] = [],
): readonly ColumnNullability[] | undefined {
  const questions: Columns = {
    columns: spine.map((k) => ({ name: k.name, null: 'unknown', family: familyOf(k.type) })),
    open: false,
  }
  const { select } = sqlFacts(sql, speaker)
  if (isTooDeep(select)) return undefined
  const ctes = new Map(spine.length > 0 ? [['spine', questions]] : [])
  const { columns, open } = queryColumns(select, { ...outermost(catalog), ctes })
  if (open) return undefined
  return columns.map(({ name, null: nullability, isAggregate }) => ({
    name,
    nullability,
    ...(isAggregate === true ? { isAggregate } : {}),
  }))
}

/**
 * What is known of each column of a relation: a table's constraints, or a view's definition. Errors: none; a definition
 * that cannot be read says nothing.
 */
export function relationNullability(relation: CatalogRelation, catalog: Catalog): readonly ColumnNullability[] {
  const stated = relation.columns.map((c): ColumnNullability => {
    if (c.nullable) return { name: c.name, nullability: relation.definition === undefined ? 'possible' : 'unknown' }
    // The server does not enforce what is declared of a foreign table.
    return { name: c.name, nullability: relation.kind === 'foreign' ? 'unknown' : 'never' }
  })
  if (relation.definition === undefined) return stated
  return viewColumns(relation, catalog).columns.map((c) => ({ name: c.name, nullability: c.null }))
}

const outermost = (catalog: Catalog): Scope => ({
  catalog,
  ctes: new Map(),
  levels: [],
  group: 'none',
  windows: new Map(),
  query: queryColumns,
})

const viewColumns = viewReader((select, catalog) => queryColumns(select, outermost(catalog)))

function queryColumns(select: Node, outer: Scope): Columns {
  const scope = withCtes(select, outer)
  if (isSetOperation(select)) return setOperation(select, scope)
  if (select['valuesLists'] !== undefined) return values(select, scope)
  const before = fromClause(list(select, 'fromClause'), { ...scope, group: 'none' }, (r) =>
    viewColumns(r, scope.catalog),
  )
  const levels = (from: From) => [from, ...scope.levels]
  const plain: Scope = { ...scope, levels: levels(before), group: 'groups' }
  const from = narrowed(before, child(select, 'whereClause'), 'true', plain)
  const group = grouping(select)
  // A set leaves out columns that others group by.
  const rows = group === 'sets' ? mapColumns(from, (c) => ({ ...c, null: 'possible' })) : from
  const inner: Scope = { ...scope, levels: levels(rows), rows, gathered: from, group, windows: windows(select) }
  let open = false
  const columns = list(select, 'targetList').flatMap((item) => {
    const target = child(item, 'ResTarget') as Node
    const value = child(target, 'val') ?? {}
    const fields = nameParts(list(child(value, 'ColumnRef'), 'fields'))
    const isStar = fields.at(-1) === '*' || lastIsStar(child(value, 'A_Indirection'))
    if (!isStar) {
      const name = outputName(target) ?? '?column?'
      const call = child(value, 'FuncCall')
      const isAggregate = call !== undefined && isKnownCall(call) === 'aggregate'
      return [{ name, ...expressionNull(value, inner), ...(isAggregate ? { isAggregate } : {}) }]
    }
    const starred = fields.length === 0 ? undefined : fields.length === 1 ? rows : tableOf(fields, rows)
    if (!starred || starred.open) open = true
    return (starred?.columns ?? []).map((c) => ({
      name: c.name,
      family: c.family,
      null: standing(c).null,
    }))
  })
  return { columns, open, oneRow: isOneRow(select, inner) }
}

const lastIsStar = (indirection: Node | undefined): boolean =>
  nameParts(list(indirection, 'indirection').slice(-1))[0] === '*'

function tableOf(fields: readonly string[], from: From): From['tables'][number] | undefined {
  const [name, schema] = [fields.at(-2), fields.at(-3)]
  const found = from.tables.filter((t) => t.name === name && (schema === undefined || t.schema === schema))
  return found.length === 1 ? found[0] : undefined
}

/** The query's own CTEs beside those around it; one that reads itself is read until nothing changes. */
function withCtes(select: Node, outer: Scope): Scope {
  const clause = child(select, 'withClause')
  if (!clause) return outer
  const ctes = new Map(outer.ctes)
  const scope: Scope = { ...outer, ctes }
  const all = list(clause, 'ctes').map((c) => child(c, 'CommonTableExpr') as Node)
  // Which of them reads a later one cannot be told from the names alone: nothing is known of those to come.
  if (clause['recursive'] === true) for (const c of all) ctes.set(text(c, 'ctename') ?? '', { columns: [], open: true })
  for (const cte of all) {
    const name = text(cte, 'ctename') ?? ''
    const query = child(child(cte, 'ctequery'), 'SelectStmt')
    const extended = cte['search_clause'] !== undefined || cte['cycle_clause'] !== undefined
    const columns =
      !query || extended
        ? lost
        : clause['recursive'] === true
          ? recursive(name, query, cte, scope, ctes)
          : queryColumns(query, scope)
    ctes.set(name, renamed(columns, cte))
  }
  return scope
}

const lost: Columns = { columns: [], open: true }

function renamed(given: Columns, cte: Node): Columns {
  const names = nameParts(list(cte, 'aliascolnames'))
  const columns = given.columns.map((c, i) => ({ ...c, name: names[i] ?? c.name }))
  return { columns, open: given.open }
}

/** Begins with what the part that does not read itself gives; each round can only add NULLs, so there is an end. */
function recursive(name: string, query: Node, cte: Node, scope: Scope, ctes: Map<string, Columns>): Columns {
  const first = child(query, 'larg')
  if (!isSetOperation(query) || !first) return queryColumns(query, scope)
  let known = queryColumns(first, withCtes(query, scope))
  for (;;) {
    ctes.set(name, renamed(known, cte))
    const next = queryColumns(query, scope)
    if (next.open || next.columns.length !== known.columns.length) return lost
    const columns = next.columns.map((c, i) => ({
      ...c,
      null: anyNull([c, known.columns[i] ?? c]),
      family: oneFamily([c, known.columns[i] ?? c]),
    }))
    if (columns.every((c, i) => c.null === known.columns[i]?.null && c.family === known.columns[i]?.family)) return next
    known = { columns, open: false }
  }
}

/** A row of a union is of either arm, of an intersection of both, and of a difference of the first. */
function setOperation(select: Node, scope: Scope): Columns {
  const left = queryColumns(child(select, 'larg') as Node, scope)
  const right = queryColumns(child(select, 'rarg') as Node, scope)
  if (left.open || right.open || left.columns.length !== right.columns.length) return lost
  const operation = text(select, 'op')
  const columns = left.columns.map((a, i) => {
    const b = right.columns[i] ?? a
    const nulls = operation === 'SETOP_EXCEPT' ? a.null : (operation === 'SETOP_UNION' ? anyNull : allNull)([a, b])
    return { name: a.name, null: nulls, family: oneFamily([a, b]) }
  })
  return { columns, open: false }
}

function values(select: Node, scope: Scope): Columns {
  const rows = list(select, 'valuesLists')
  const cells = rows.map((r) => list(child(r, 'List'), 'items').map((v) => expressionNull(v, scope)))
  const columns = (cells[0] ?? []).map((_, i) => {
    const column = cells.flatMap((row) => row[i] ?? [])
    return { name: `column${i + 1}`, null: anyNull(column), family: oneFamily(column) }
  })
  return { columns, open: false, oneRow: rows.length === 1 && !isCut(select) }
}

function grouping(select: Node): Grouping {
  const items = list(select, 'groupClause')
  if (items.some((i) => 'GroupingSet' in i)) return 'sets'
  return items.length > 0 ? 'groups' : 'none'
}

const windows = (select: Node): ReadonlyMap<string, Node> =>
  new Map(
    list(select, 'windowClause').map((w) => {
      const window = child(w, 'WindowDef') as Node
      return [text(window, 'name') ?? '', window]
    }),
  )

/**
 * Whether a query gives exactly one row whatever the data: no FROM and no WHERE, or aggregates over all there is. An
 * aggregate of an outer query's columns is the outer query's, so one of this query's own is asked for.
 */
function isOneRow(select: Node, scope: Scope): boolean {
  if (isCut(select)) return false
  const calls: Node[] = []
  walk(list(select, 'targetList'), (type, node) => {
    if (type === 'FuncCall') calls.push(node)
    return type === 'SelectStmt' ? false : undefined
  })
  // What is not known may return several rows, or none.
  if (calls.some((c) => isKnownCall(c) === undefined || returnsRows(c, scope))) return false
  if (select['fromClause'] === undefined) return select['whereClause'] === undefined
  return calls.some((c) => isKnownCall(c) === 'aggregate' && c['over'] === undefined && isOwn(c, scope))
}

// An order may call a function that returns no row.
const isCut = (select: Node): boolean =>
  ['limitCount', 'limitOffset', 'havingClause', 'groupClause', 'sortClause'].some((key) => select[key] !== undefined)

const returnsRows = (call: Node, scope: Scope): boolean => {
  const name = nameParts(list(call, 'funcname')).at(-1) ?? ''
  return name === 'generate_series' || isOverloaded(name, scope)
}

/** True when the arguments name no column, or one of this query's own. */
function isOwn(call: Node, scope: Scope): boolean {
  const names: string[][] = []
  walk(call, (type, node) => {
    if (type === 'ColumnRef') names.push(nameParts(list(node, 'fields')))
    return undefined
  })
  return names.length === 0 || names.some((n) => resolve(n, scope)?.level === 0)
}

/** The columns a FROM clause offers, and which of them its joins can make NULL. */
import type { Node } from '../../front/sql/parser.ts'
import { child, list, nameParts, text } from '../../front/sql/tree.ts'
import type { CatalogRelation } from '../../ir/catalog.ts'
import { builtin, isOverloaded, mapColumns, narrowed, provenNotNull } from './conditions.ts'
import { expressionNull } from './expression.ts'
import {
  anyNull,
  type Column,
  type Columns,
  emptyFrom,
  type From,
  oneFamily,
  relationColumns,
  type Scope,
  type Table,
} from './value.ts'

/** Reads a view by its definition. */
type Definition = (relation: CatalogRelation) => Columns

/** Items stand side by side; a LATERAL one sees those before it. */
export function fromClause(items: readonly Node[], scope: Scope, definition: Definition): From {
  return items.reduce((before, item) => beside(before, fromItem(item, before, scope, definition)), emptyFrom)
}

const beside = (a: From, b: From): From => ({
  tables: [...a.tables, ...b.tables],
  columns: [...a.columns, ...b.columns],
  open: a.open || b.open,
})

const seeing = (scope: Scope, from: From): Scope => ({ ...scope, levels: [from, ...scope.levels] })

function fromItem(item: Node, before: From, scope: Scope, definition: Definition): From {
  const [type, node] = Object.entries(item)[0] as [string, Node]
  const alias = child(node, 'alias')
  const name = text(alias, 'aliasname')
  switch (type) {
    case 'RangeVar': {
      const relation = text(node, 'relname') ?? ''
      const found = relationColumns(relation, text(node, 'schemaname'), scope, definition)
      return oneTable(found, name ?? relation, alias, name === undefined ? found.schema : undefined)
    }
    case 'RangeSubselect': {
      const select = child(child(node, 'subquery'), 'SelectStmt') as Node
      const inner = node['lateral'] === true ? seeing(scope, before) : scope
      return oneTable(scope.query(select, inner), name, alias)
    }
    case 'RangeFunction':
      return functionTable(node, alias, seeing(scope, before))
    case 'RangeTableSample':
      return fromItem(child(node, 'relation') as Node, before, scope, definition)
    case 'JoinExpr':
      return joined(node, before, scope, definition)
    default:
      return { tables: [{ name, columns: [], open: true }], columns: [], open: true }
  }
}

function oneTable(given: Columns, name: string | undefined, alias: Node | undefined, schema?: string): From {
  const names = nameParts(list(alias, 'colnames'))
  const columns = given.columns.map((c, i): Column => ({ ...c, name: names[i] ?? c.name, joins: [] }))
  const table: Table = { name, columns, open: given.open, ...(schema === undefined ? {} : { schema }) }
  return { tables: [table], columns, open: given.open }
}

/** Numbers and instants of `generate_series` are never NULL; other functions return what they like. */
function functionTable(node: Node, alias: Node | undefined, scope: Scope): From {
  const calls = list(node, 'functions').map((f) => child(list(child(f, 'List'), 'items')[0], 'FuncCall'))
  const [call] = calls
  const called = nameParts(list(call, 'funcname'))
  const function_ = called.at(-1) ?? ''
  const name = text(alias, 'aliasname') ?? function_
  const names = nameParts(list(alias, 'colnames'))
  const isSeries =
    calls.length === 1 &&
    builtin(called) === 'generate_series' &&
    !isOverloaded('generate_series', scope) &&
    node['ordinality'] !== true
  if (!isSeries) {
    const columns = names.map((n): Column => ({ name: n, null: 'unknown', family: undefined, joins: [] }))
    return { tables: [{ name, columns, open: true }], columns, open: true }
  }
  const family = oneFamily(list(call, 'args').map((a) => expressionNull(a, scope)))
  // A bound that is NULL gives no row.
  return oneTable({ columns: [{ name: names[0] ?? name, null: 'never', family }], open: false }, name, undefined)
}

function joined(node: Node, before: From, scope: Scope, definition: Definition): From {
  const left = fromItem(child(node, 'larg') as Node, before, scope, definition)
  const right = fromItem(child(node, 'rarg') as Node, beside(before, left), scope, definition)
  const kind = text(node, 'jointype') ?? 'JOIN_INNER'
  const shared = sharedNames(node, left, right)
  const pairs = shared.map((n) => [only(left, n), only(right, n)] as const)
  // Both sides as they are in rows that found a partner.
  const both = matched(left, right, pairs, child(node, 'quals'), scope)
  const [pairedLeft, pairedRight] = [take(both, left), take(both, right, left)]
  const result = joinedSides(kind, { left, right }, { left: pairedLeft, right: pairedRight })
  const merged = shared.map((n, i) => mergedColumn(kind, n, result, pairs[i]))
  const rest = (side: From) => side.columns.filter((c) => !shared.includes(c.name))
  const from: From = {
    tables: [...result.left.tables, ...result.right.tables],
    columns: [...merged, ...rest(result.left), ...rest(result.right)],
    open: left.open || right.open,
  }
  return aliased(from, child(node, 'alias'))
}

interface Sides {
  readonly left: From
  readonly right: From
}

/**
 * A side that is there only with a partner is as the condition found it. A FULL join keeps rows of both sides that found
 * none: the condition says nothing of a row that is there.
 */
function joinedSides(kind: string, plain: Sides, paired: Sides): Sides {
  switch (kind) {
    case 'JOIN_LEFT':
      return { left: plain.left, right: outer(paired.right) }
    case 'JOIN_RIGHT':
      return { left: outer(paired.left), right: plain.right }
    case 'JOIN_FULL':
      return { left: outer(plain.left), right: outer(plain.right) }
    default:
      return paired
  }
}

/** The columns of USING; those of NATURAL are the names both sides have. */
function sharedNames(node: Node, left: From, right: From): string[] {
  if (node['isNatural'] !== true) return nameParts(list(node, 'usingClause'))
  return left.columns.map((c) => c.name).filter((n) => right.columns.some((c) => c.name === n))
}

const only = (from: From, name: string): Column | undefined => {
  const found = from.columns.filter((c) => c.name === name)
  return found.length === 1 ? found[0] : undefined
}

/** Equal columns are not NULL; nor is what the condition is strict in. */
function matched(
  left: From,
  right: From,
  pairs: readonly (readonly [Column | undefined, Column | undefined])[],
  condition: Node | undefined,
  scope: Scope,
): From {
  const equal = scope.catalog.overloaded?.includes('=') === true ? [] : pairs.flat()
  const facts = new Set(equal.filter((c) => c !== undefined))
  const both = provenNotNull(beside(left, right), facts)
  return narrowed(both, condition, 'true', seeing(scope, both))
}

/** The part of a join's columns that one side brought, in the places they have there. */
function take(both: From, side: From, before?: From): From {
  const tables = before?.tables.length ?? 0
  const columns = before?.columns.length ?? 0
  return {
    tables: both.tables.slice(tables, tables + side.tables.length),
    columns: both.columns.slice(columns, columns + side.columns.length),
    open: side.open,
  }
}

/** The side an outer join keeps a row without. */
function outer(side: From): From {
  const join = Symbol('outer join')
  return mapColumns(side, (c) => ({ ...c, joins: [...c.joins, join] }))
}

/** One column for two: that of the side all rows have, or of a FULL join whichever there is. */
function mergedColumn(
  kind: string,
  name: string,
  sides: Sides,
  pair: readonly [Column | undefined, Column | undefined] | undefined,
): Column {
  const lost: Column = { name, null: 'unknown', family: undefined, joins: [] }
  if (kind === 'JOIN_RIGHT') return only(sides.right, name) ?? lost
  if (kind !== 'JOIN_FULL') return only(sides.left, name) ?? lost
  const [a, b] = pair ?? []
  if (!a || !b) return lost
  const standing = [a, b].map((c) => (c.joins.length === 0 ? c : { ...c, null: 'possible' as const }))
  return { name, null: anyNull(standing), family: oneFamily(standing), joins: [] }
}

/** An alias on a join hides the names inside. */
function aliased(from: From, alias: Node | undefined): From {
  const name = text(alias, 'aliasname')
  if (name === undefined) return from
  const names = nameParts(list(alias, 'colnames'))
  const columns = from.columns.map((c, i) => ({ ...c, name: names[i] ?? c.name }))
  return { tables: [{ name, columns, open: from.open }], columns, open: from.open }
}

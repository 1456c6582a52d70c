/** Whether an expression can be NULL. */
import type { Node } from '../../front/sql/parser.ts'
import { child, list, nameParts, text, walk } from '../../front/sql/tree.ts'
import { callNull, isKnownCall } from './calls.ts'
import { builtin, isOverloaded, narrowed, type Outcome } from './conditions.ts'
import { arithmetic, comparisons, plainTypes } from './functions.ts'
import {
  allNull,
  anyNull,
  emptyFrom,
  familyOf,
  never,
  of,
  oneFamily,
  possible,
  resolve,
  type Scope,
  standing,
  unknown,
  type Value,
} from './value.ts'

/**
 * Where grouping sets put NULL for what they leave out: any part without an aggregate may be what is grouped by. What
 * holds an aggregate is not.
 */
const isLeftOut = (value: Node, scope: Scope): boolean => scope.group === 'sets' && !containsAggregate(value)

function containsAggregate(value: Node): boolean {
  let found = false
  walk([value], (type, node) => {
    if (type === 'SelectStmt') return false
    if (type === 'GroupingFunc' || (type === 'FuncCall' && isKnownCall(node) === 'aggregate')) found = true
    return undefined
  })
  return found
}

export function expressionNull(value: Node | undefined, scope: Scope): Value {
  const [type, node] = (value === undefined ? [] : (Object.entries(value)[0] ?? [])) as [string?, Node?]
  if (value === undefined || node === undefined) return unknown
  if (isLeftOut(value, scope))
    return type === 'A_Const' ? constantNull(node) : type === 'ColumnRef' ? possible : unknown
  const inner = (key: string): Value => expressionNull(child(node, key), scope)
  const each = (key: string): Value[] => list(node, key).map((n) => expressionNull(n, scope))
  switch (type) {
    case 'ColumnRef': {
      const found = resolve(nameParts(list(node, 'fields')), scope)
      return found ? standing(found.column) : unknown
    }
    case 'A_Const':
      return constantNull(node)
    case 'TypeCast':
      return castNull(node, inner('arg'), scope)
    case 'CollateClause':
    case 'NamedArgExpr':
      return inner('arg')
    case 'FuncCall':
      return callNull(node, scope, expressionNull)
    case 'A_Expr':
      return operatorNull(node, scope)
    case 'BoolExpr':
      return { null: anyNull(each('args')), family: 'bool' }
    case 'NullTest':
    case 'BooleanTest':
      return of(never, 'bool')
    case 'CoalesceExpr':
    case 'MinMaxExpr': {
      const args = each('args')
      return { null: allNull(args), family: oneFamily(args) }
    }
    case 'CaseExpr':
      return caseNull(node, scope)
    case 'SubLink':
      return linkNull(node, scope)
    case 'SQLValueFunction':
      return valueFunctionNull(node)
    case 'GroupingFunc':
      return of(never, 'number')
    case 'A_ArrayExpr':
      return never
    default:
      return unknown
  }
}

function constantNull(node: Node): Value {
  if (node['isnull'] === true) return possible
  if ('boolval' in node) return of(never, 'bool')
  return of(never, 'ival' in node || 'fval' in node ? 'number' : 'text')
}

/** `CURRENT_SCHEMA` is NULL when the search path leads nowhere. */
function valueFunctionNull(node: Node): Value {
  const name = text(node, 'op') ?? ''
  if (name.includes('SCHEMA')) return unknown
  return of(never, /DATE|TIME/.test(name) ? 'time' : 'text')
}

/** Of an infinite instant, the time of day is NULL. */
const isTimeOfDay = (type: string): boolean => type === 'time' || type === 'timetz'

/** From jsonb, later servers cast its null to NULL; and casts between types of your own are functions of your own. */
function castNull(node: Node, arg: Value, scope: Scope): Value {
  const typeName = child(node, 'typeName')
  const names = nameParts(list(typeName, 'names'))
  const name = builtin(names) ?? ''
  const isArray = list(typeName, 'arrayBounds').length > 0
  const isEnum = scope.catalog.enums?.some((e) => e.name === names.at(-1)) ?? false
  const family = isArray ? undefined : familyOf(name, isEnum)
  if (arg.null !== 'never') return { null: arg.null, family }
  const constant = 'A_Const' in (child(node, 'arg') ?? {})
  const isPlain = isEnum || plainTypes.has(name) || name === 'json' || name === 'jsonb'
  const safe = isPlain && !(isTimeOfDay(name) && arg.family === 'time')
  return safe && (arg.family !== undefined || constant) ? { null: 'never', family } : { null: 'unknown', family }
}

function operatorNull(node: Node, scope: Scope): Value {
  const kind = text(node, 'kind') ?? ''
  if (kind === 'AEXPR_DISTINCT' || kind === 'AEXPR_NOT_DISTINCT') return of(never, 'bool')
  const sides = operandsNull(node, scope)
  if (kind === 'AEXPR_NULLIF') return { null: 'possible', family: sides[0]?.family }
  const all = anyNull(sides)
  const name = builtin(nameParts(list(node, 'name')))
  if (name === undefined || isOverloaded(name, scope)) return unknown
  if (/LIKE|SIMILAR|BETWEEN|AEXPR_IN/.test(kind)) return { null: all, family: 'bool' }
  // An array may hold NULL, and a comparison with it is NULL.
  if (kind === 'AEXPR_OP_ANY' || kind === 'AEXPR_OP_ALL')
    return { null: all === 'never' ? 'unknown' : all, family: 'bool' }
  if (comparisons.has(name)) return { null: all, family: 'bool' }
  if (arithmetic.has(name)) return { null: all, family: arithmeticFamily(sides) }
  if (name === '||') {
    // An array takes a NULL for an element, and another array for none.
    const isText = sides.some((s) => s.family === 'text')
    return isText || all === 'never' ? { null: all, family: isText ? 'text' : undefined } : unknown
  }
  return all === 'never' ? unknown : { null: all, family: undefined }
}

/** Operands one by one; a row is NULL to a comparison when one of its fields is. */
function operandsNull(node: Node, scope: Scope): Value[] {
  return ['lexpr', 'rexpr'].flatMap((key) => {
    const side = child(node, key)
    if (side === undefined) return []
    const items = 'List' in side ? list(child(side, 'List'), 'items') : [side]
    return items.flatMap((item) => fields(item)).map((item) => expressionNull(item, scope))
  })
}

const fields = (value: Node): readonly Node[] => {
  const row = child(value, 'RowExpr')
  return row ? list(row, 'args').flatMap(fields) : [value]
}

function arithmeticFamily(sides: readonly Value[]): 'number' | 'time' | undefined {
  if (sides.some((s) => s.family === 'time')) return 'time'
  return sides.every((s) => s.family === 'number') ? 'number' : undefined
}

/** Each arm is reached when its condition is true and those before it are not. */
function caseNull(node: Node, scope: Scope): Value {
  const simple = child(node, 'arg') !== undefined
  const [own = emptyFrom, ...outer] = scope.levels
  let from = own
  const after = (condition: Node | undefined, outcome: Outcome) =>
    simple || scope.levels.length === 0 ? from : narrowed(from, condition, outcome, scope)
  const within = (reached: typeof from): Scope =>
    scope.levels.length === 0 ? scope : { ...scope, levels: [reached, ...outer] }
  const results: Value[] = []
  for (const item of list(node, 'args')) {
    const arm = child(item, 'CaseWhen')
    const condition = child(arm, 'expr')
    results.push(expressionNull(child(arm, 'result'), within(after(condition, 'true'))))
    from = after(condition, 'not true')
  }
  const otherwise = child(node, 'defresult')
  results.push(otherwise === undefined ? possible : expressionNull(otherwise, within(from)))
  return { null: anyNull(results), family: oneFamily(results) }
}

function linkNull(node: Node, scope: Scope): Value {
  const kind = text(node, 'subLinkType')
  if (kind === 'EXISTS_SUBLINK') return of(never, 'bool')
  if (kind === 'ARRAY_SUBLINK') return never
  const select = child(child(node, 'subselect'), 'SelectStmt')
  if (!select) return unknown
  const { columns, open, oneRow } = scope.query(select, scope)
  if (kind === 'ANY_SUBLINK' || kind === 'ALL_SUBLINK') {
    const test = child(node, 'testexpr')
    const parts = [...(test ? fields(test) : []).map((n) => expressionNull(n, scope)), ...columns]
    return open ? unknown : { null: anyNull(parts), family: 'bool' }
  }
  const [first] = columns
  if (kind !== 'EXPR_SUBLINK' || open || !first) return unknown
  // Where no row is found, the value is NULL.
  return oneRow === true || first.null === 'possible' ? first : { null: 'unknown', family: first.family }
}

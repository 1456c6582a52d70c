/** What a condition says of the columns it reads, once it is known how it came out. */
import type { Node } from '../../front/sql/parser.ts'
import { child, list, nameParts, text } from '../../front/sql/tree.ts'
import { arithmetic, comparisons, plainTypes, strictFunctions } from './functions.ts'
import { type Column, type From, resolve, type Scope } from './value.ts'

/** True, false, or not true: false or NULL, which is what moves a CASE on to its next arm. */
export type Outcome = 'true' | 'false' | 'not true'

type Facts = ReadonlySet<Column>
const nothing: Facts = new Set()

/** The FROM clause with what the condition proves of its columns; `scope` has the clause as its innermost level. */
export function narrowed(from: From, condition: Node | undefined, outcome: Outcome, scope: Scope): From {
  if (condition === undefined) return from
  return provenNotNull(from, factsOf(condition, outcome, { ...scope, levels: [from, ...scope.levels.slice(1)] }))
}

/** A value that is not NULL comes from a row that is there: its outer joins found a partner, for all their columns. */
export function provenNotNull(from: From, facts: ReadonlySet<Column>): From {
  const matched = new Set([...facts].flatMap((c) => c.joins))
  if (facts.size === 0) return from
  const column = (c: Column): Column => {
    if (facts.has(c)) return { ...c, null: 'never', joins: [] }
    return c.joins.some((j) => matched.has(j)) ? { ...c, joins: c.joins.filter((j) => !matched.has(j)) } : c
  }
  return mapColumns(from, column)
}

/** Each column is one value however many places it stands in. */
export function mapColumns(from: From, change: (c: Column) => Column): From {
  const changed = new Map<Column, Column>()
  const each = (c: Column): Column => {
    const known = changed.get(c) ?? change(c)
    changed.set(c, known)
    return known
  }
  return {
    ...from,
    tables: from.tables.map((t) => ({ ...t, columns: t.columns.map(each) })),
    columns: from.columns.map(each),
  }
}

const union = (sets: readonly Facts[]): Facts => new Set(sets.flatMap((s) => [...s]))
const common = ([first = nothing, ...rest]: readonly Facts[]): Facts =>
  new Set([...first].filter((c) => rest.every((s) => s.has(c))))

function factsOf(condition: Node, outcome: Outcome, scope: Scope): Facts {
  const [type, node] = Object.entries(condition)[0] as [string, Node]
  switch (type) {
    case 'BoolExpr': {
      const args = list(node, 'args')
      const operator = text(node, 'boolop')
      if (operator === 'NOT_EXPR') {
        const [arg] = args
        // Not true is false or NULL, and so is its negation.
        return arg === undefined || outcome === 'not true'
          ? nothing
          : factsOf(arg, outcome === 'true' ? 'false' : 'true', scope)
      }
      const each = args.map((a) => factsOf(a, outcome, scope))
      return (operator === 'AND_EXPR') === (outcome === 'true') ? union(each) : common(each)
    }
    case 'NullTest': {
      const holdsFor = text(node, 'nulltesttype') === 'IS_NOT_NULL'
      const arg = child(node, 'arg')
      return arg && holdsFor === (outcome === 'true') ? notNull(arg, scope) : nothing
    }
    case 'BooleanTest':
      return testFacts(node, outcome === 'true', scope)
    case 'SubLink': {
      const test = child(node, 'testexpr')
      const isAny = text(node, 'subLinkType') === 'ANY_SUBLINK'
      const operator = node['operName'] === undefined ? '=' : operatorName(node, 'operName')
      return isAny && outcome === 'true' && test && isStrict(operator, scope) ? notNull(test, scope) : nothing
    }
    case 'A_Expr':
      // Some element is equal; of `false` nothing follows, because the array may be empty.
      if (text(node, 'kind') === 'AEXPR_OP_ANY') {
        return outcome === 'true' && isStrict(operatorName(node), scope) ? operands(node, scope) : nothing
      }
      if (text(node, 'kind') === 'AEXPR_BETWEEN' && outcome === 'true' && strictBounds(scope))
        return operands(node, scope)
      break
  }
  return outcome === 'not true' ? nothing : notNull(condition, scope)
}

const operatorName = (node: Node, key = 'name'): string => builtin(nameParts(list(node, key))) ?? ''

const isStrict = (operator: string, scope: Scope): boolean =>
  (comparisons.has(operator) || arithmetic.has(operator)) && !isOverloaded(operator, scope)

const strictBounds = (scope: Scope): boolean => ['<', '>', '<=', '>='].every((o) => isStrict(o, scope))

function testFacts(node: Node, holds: boolean, scope: Scope): Facts {
  const arg = child(node, 'arg')
  if (!arg) return nothing
  switch (`${text(node, 'booltesttype')} ${holds}`) {
    case 'IS_TRUE true':
    case 'IS_NOT_TRUE false':
      return factsOf(arg, 'true', scope)
    case 'IS_FALSE true':
    case 'IS_NOT_FALSE false':
      return factsOf(arg, 'false', scope)
    case 'IS_NOT_UNKNOWN true':
    case 'IS_UNKNOWN false':
      return notNull(arg, scope)
    case 'IS_TRUE false':
    case 'IS_NOT_TRUE true':
      return factsOf(arg, 'not true', scope)
    default:
      return nothing
  }
}

/** Strict in some of their arguments only. */
const takesNull = new Set(['array_to_string', 'string_to_array'])

/** Columns that are not NULL because an expression that would be NULL with them is not. */
function notNull(value: Node, scope: Scope): Facts {
  const [type, node] = Object.entries(value)[0] as [string, Node]
  switch (type) {
    case 'ColumnRef': {
      const found = resolve(nameParts(list(node, 'fields')), scope)
      return found?.level === 0 ? new Set([found.column]) : nothing
    }
    case 'TypeCast': {
      const target = builtin(nameParts(list(child(node, 'typeName'), 'names'))) ?? ''
      const arg = child(node, 'arg')
      return arg && plainTypes.has(target) ? notNull(arg, scope) : nothing
    }
    case 'CollateClause': {
      const arg = child(node, 'arg')
      return arg ? notNull(arg, scope) : nothing
    }
    case 'BoolExpr': {
      const [arg] = list(node, 'args')
      return text(node, 'boolop') === 'NOT_EXPR' && arg ? notNull(arg, scope) : nothing
    }
    case 'FuncCall': {
      const name = builtin(nameParts(list(node, 'funcname')))
      const strict = name !== undefined && strictFunctions.has(name) && !isOverloaded(name, scope)
      return strict && !takesNull.has(name) ? union(list(node, 'args').map((a) => notNull(a, scope))) : nothing
    }
    case 'A_Expr':
      return operatorFacts(node, scope)
    default:
      return nothing
  }
}

function operatorFacts(node: Node, scope: Scope): Facts {
  const name = operatorName(node)
  const left = child(node, 'lexpr')
  switch (text(node, 'kind')) {
    case 'AEXPR_OP':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return isStrict(name, scope) ? operands(node, scope) : nothing
    case 'AEXPR_IN':
      return left && isStrict(name, scope) ? notNull(left, scope) : nothing
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return left && strictBounds(scope) ? notNull(left, scope) : nothing
    default:
      return nothing
  }
}

/** Rows compare field by field: nothing follows for the fields, and none is read here. */
function operands(node: Node, scope: Scope): Facts {
  const right = child(node, 'rexpr')
  const bounds = right === undefined ? [] : 'List' in right ? list(child(right, 'List'), 'items') : [right]
  return union([child(node, 'lexpr'), ...bounds].flatMap((side) => (side ? [notNull(side, scope)] : [])))
}

/** The name of a function of PostgreSQL; undefined for one that is written with another schema. */
export function builtin(name: readonly string[]): string | undefined {
  return name.length === 1 || name[0] === 'pg_catalog' ? name.at(-1) : undefined
}

/** Whether the database has a function of its own by this name, or such an operator that is not strict. */
export const isOverloaded = (name: string, scope: Scope): boolean => scope.catalog.overloaded?.includes(name) ?? false

/**
 * A light resolution of types: what a column or a plain expression is, as far as the catalog and the text say it. Enough to
 * tell an instant from a local time; where it is not known for sure, nothing is said.
 */
import type { SqlType } from '../../ir/type.ts'
import { functionName } from './functions.ts'
import { isStar, outputName } from './output-names.ts'
import type { Node } from './parser.ts'
import { child, isSetOperation, list, nameParts, text, walk } from './tree.ts'

/** Columns of a relation outside the statement with their types; undefined when they are not known. */
export type TypesOf = (relation: {
  readonly schema?: string
  readonly name: string
}) => ReadonlyMap<string, SqlType> | undefined

export type TypeOf = (expression: Node | undefined) => SqlType | undefined

type Columns = ReadonlyMap<string, SqlType | undefined> | undefined
type Level = ReadonlyMap<string, Columns>
interface Scope {
  readonly ctes: ReadonlyMap<string, Columns>
  readonly levels: readonly Level[]
}

/** Calls `visit` for every node inside the expressions of a statement, with the types of the place it stands at. */
export function walkTyped(
  statement: Node,
  typesOf: TypesOf,
  visit: (type: string, node: Node, typeOf: TypeOf) => void,
): void {
  function select(node: Node, outer: Scope): Columns {
    const ctes = new Map(outer.ctes)
    const clause = child(node, 'withClause')
    const own = list(clause, 'ctes').map((c) => child(c, 'CommonTableExpr'))
    if (clause?.recursive === true) for (const cte of own) ctes.set(text(cte, 'ctename') ?? '', undefined)
    for (const cte of own) {
      const query = child(child(cte, 'ctequery'), 'SelectStmt')
      const columns = query ? select(query, { ctes, levels: outer.levels }) : undefined
      ctes.set(text(cte, 'ctename') ?? '', renamed(columns, list(cte, 'aliascolnames')))
    }
    const scope: Scope = { ctes, levels: outer.levels }
    if (isSetOperation(node)) {
      const arms: Node[] = []
      let arm: Node = node
      while (isSetOperation(arm) && (arm === node || !child(arm, 'withClause'))) {
        arms.push(child(arm, 'rarg') as Node)
        arm = child(arm, 'larg') as Node
      }
      const first = select(arm, scope)
      for (const a of arms) select(a, scope)
      return first
    }
    const level = new Map<string, Columns>()
    const inner: Scope = { ctes, levels: [level, ...outer.levels] }
    for (const item of list(node, 'fromClause')) from(item, inner, level)
    const { fromClause: _f, withClause: _w, ...rest } = node
    expressions(rest, inner)
    return outputs(node, level, typed(inner))
  }

  function from(item: Node, scope: Scope, level: Map<string, Columns>): void {
    const join = child(item, 'JoinExpr')
    if (join) {
      const inside = child(join, 'alias') ? new Map<string, Columns>() : level
      for (const side of ['larg', 'rarg']) from(child(join, side) as Node, scope, inside)
      expressions(join.quals, { ...scope, levels: [inside, ...scope.levels] })
      const alias = text(child(join, 'alias'), 'aliasname')
      if (alias !== undefined) level.set(alias, undefined)
      return
    }
    const range = child(child(child(item, 'RangeTableSample'), 'relation') ?? item, 'RangeVar')
    const sub = child(item, 'RangeSubselect')
    const alias = child(range ?? sub ?? child(item, 'RangeFunction'), 'alias')
    const name = text(alias, 'aliasname') ?? text(range, 'relname') ?? `?${level.size}`
    if (range) {
      const schema = text(range, 'schemaname')
      const relation = text(range, 'relname') ?? ''
      const cte = schema === undefined && scope.ctes.has(relation)
      const known = cte
        ? scope.ctes.get(relation)
        : typesOf({ ...(schema === undefined ? {} : { schema }), name: relation })
      level.set(name, renamed(known, list(alias, 'colnames')))
      return
    }
    const query = child(child(sub, 'subquery'), 'SelectStmt')
    const columns = query ? select(query, scope) : undefined
    if (!query) expressions(item, scope)
    level.set(name, renamed(columns, list(alias, 'colnames')))
  }

  function expressions(value: unknown, scope: Scope): void {
    const typeOf = typed(scope)
    walk(value, (type, node) => {
      if (type === 'SelectStmt') {
        select(node, scope)
        return false
      }
      visit(type, node, typeOf)
      return undefined
    })
  }
  select(statement, { ctes: new Map(), levels: [] })
}

function outputs(node: Node, level: Level, typeOf: TypeOf): Columns {
  const out = new Map<string, SqlType | undefined>()
  for (const item of list(node, 'targetList')) {
    const target = child(item, 'ResTarget') as Node
    const value = child(target, 'val')
    if (!isStar(value)) {
      out.set(outputName(target) ?? '', typeOf(value))
      continue
    }
    const fields = nameParts(list(child(value, 'ColumnRef'), 'fields'))
    for (const columns of fields.length > 1 ? [level.get(fields.at(-2) ?? '')] : level.values()) {
      if (!columns) return undefined
      for (const [name, type] of columns) out.set(name, type)
    }
  }
  return out
}

const renamed = (columns: Columns, names: readonly Node[]): Columns => {
  const given = nameParts(names)
  return given.length === 0 || !columns
    ? columns
    : new Map([...columns].map(([name, type], i) => [given[i] ?? name, type]))
}

const sameAsFirst = new Set([
  'min',
  'max',
  'lag',
  'lead',
  'first_value',
  'last_value',
  'nth_value',
  'any_value',
  'mode',
])
const clocks = new Set(['now', 'transaction_timestamp', 'statement_timestamp', 'clock_timestamp', 'to_timestamp'])
const instants = new Set(['timestamptz', 'timestamp'])
const valueFunctions: Readonly<Record<string, SqlType>> = {
  SVFOP_CURRENT_DATE: 'date',
  SVFOP_CURRENT_TIMESTAMP: 'timestamptz',
  SVFOP_CURRENT_TIMESTAMP_N: 'timestamptz',
  SVFOP_LOCALTIMESTAMP: 'timestamp',
  SVFOP_LOCALTIMESTAMP_N: 'timestamp',
}

function typed({ levels }: Scope): TypeOf {
  const column = (fields: readonly string[]): SqlType | undefined => {
    const name = fields.at(-1) ?? ''
    const relation = fields.length > 1 ? fields.at(-2) : undefined
    for (const level of levels) {
      if (relation !== undefined) {
        if (level.has(relation)) return level.get(relation)?.get(name)
        continue
      }
      const owners = [...level.values()]
      const types = new Set(owners.flatMap((c) => (c?.has(name) ? [c.get(name)] : [])))
      if (types.size > 0) return types.size === 1 ? [...types][0] : undefined
      if (owners.includes(undefined)) return undefined
    }
    return undefined
  }
  const typeOf: TypeOf = (expression) => {
    const [type = '', inner] = Object.entries(expression ?? {})[0] ?? []
    const n = inner as Node
    const first = (key: string) =>
      list(n, key)
        .map(typeOf)
        .find((t) => t !== undefined)
    switch (type) {
      case 'ColumnRef':
        return column(nameParts(list(n, 'fields')))
      case 'TypeCast':
        return list(child(n, 'typeName'), 'arrayBounds').length > 0
          ? undefined
          : nameParts(list(child(n, 'typeName'), 'names')).at(-1)
      case 'CoalesceExpr':
      case 'MinMaxExpr':
        return first('args')
      case 'CaseExpr':
        return typeOf(child(child(list(n, 'args')[0], 'CaseWhen'), 'result')) ?? typeOf(child(n, 'defresult'))
      case 'SQLValueFunction':
        return valueFunctions[text(n, 'op') ?? '']
      case 'A_Expr':
        return text(n, 'kind') === 'AEXPR_OP' ? sum(n, typeOf) : undefined
      case 'FuncCall': {
        const { name } = functionName(n)
        const args = list(n, 'args')
        if (clocks.has(name)) return 'timestamptz'
        if (sameAsFirst.has(name)) return typeOf(args[0])
        const moment = typeOf(args[1])
        if (name === 'date_trunc') return moment === 'date' ? 'timestamptz' : moment
        if (name === 'timezone') return moment === 'timestamptz' ? 'timestamp' : moment && 'timestamptz'
        return undefined
      }
      default:
        return undefined
    }
  }
  return typeOf
}

/** Instants move by intervals; two of them are an interval apart. */
function sum(n: Node, typeOf: TypeOf): SqlType | undefined {
  const operator = nameParts(list(n, 'name')).at(-1)
  if (operator !== '+' && operator !== '-') return undefined
  const left = typeOf(child(n, 'lexpr'))
  const right = typeOf(child(n, 'rexpr'))
  if (left !== undefined && instants.has(left)) return right !== undefined && instants.has(right) ? 'interval' : left
  return operator === '+' && right !== undefined && instants.has(right) ? right : undefined
}

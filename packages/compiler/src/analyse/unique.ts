/** Whether a query provably returns one row per key. A proof or nothing: "unknown" is answered with false. */

import { type SqlFacts, sqlFacts } from '../front/sql/facts.ts'
import { type FunctionFacts, maySet } from '../front/sql/functions.ts'
import type { Node, Speaker } from '../front/sql/parser.ts'
import { child, isSetOperation, list, nameParts, number, text, walk } from '../front/sql/tree.ts'
import { type Catalog, findRelation } from '../ir/catalog.ts'

const speaker: Speaker = { view: 'view', file: 'view' }

/** A query inside the statement, with the names it can see. */
interface Inner {
  readonly select: Node
  readonly scope: Scope
}

interface Scope {
  readonly catalog: Catalog
  readonly spineKeys: readonly string[] | undefined
  readonly ctes: ReadonlyMap<string, Inner | undefined>
}

/**
 * True when rows are unique on `keys` (output names): by GROUP BY or DISTINCT ON over them, or because the relation whose
 * rows come out once each is unique on them: by an index, by its own query, or by `row_number() = 1` per key. `spine`
 * counts as unique on `spineKeys`.
 */
export function isUniqueOn(
  facts: SqlFacts,
  keys: readonly string[],
  catalog: Catalog,
  spineKeys?: readonly string[],
): boolean {
  return selectUnique(facts.select, new Set(keys), { catalog, spineKeys, ctes: new Map() }, new Set())
}

/** @param first output columns that an outer query holds to 1, such as a row number */
function selectUnique(select: Node, wanted: ReadonlySet<string>, outer: Scope, first: ReadonlySet<string>): boolean {
  if (isSetOperation(select) || select.valuesLists !== undefined) return false
  const scope = withCtes(select, outer)
  const outputs = outputsOf(select)
  const covered = (items: readonly Node[], outputFirst: boolean): boolean =>
    items.length > 0 &&
    items.every((item) => wanted.has(outputOf(item, outputs, outputFirst, select, scope)?.name ?? ''))
  // DISTINCT ON works on the rows that functions in the select list have multiplied; GROUP BY before them.
  const distinctOn = list(select, 'distinctClause').filter((d) => Object.keys(d).length > 0)
  if (covered(distinctOn, true)) return true
  if (hasSetReturning(outputs, scope.catalog)) return false
  const grouped = list(select, 'groupClause')
  if (covered(grouped, false)) return true
  // Without GROUP BY, or with one the keys do not cover, only the source can be unique.
  if (grouped.length > 0) return false
  if (outputs.some((o) => first.has(o.name ?? '') && numbersWithin(o, outputs, wanted, select, scope))) return true
  const from = list(select, 'fromClause')
  const range = from.length === 1 ? preservedSide(from[0] as Node, scope) : undefined
  if (!range) return false
  const single = child(from[0], 'JoinExpr') === undefined
  const own = (o: Output): string[] => {
    const fields = nameParts(list(child(o.value, 'ColumnRef'), 'fields'))
    return fields.at(-2) === range.alias || (single && fields.length === 1) ? fields.slice(-1) : []
  }
  const columns = outputs.filter((o) => wanted.has(o.name ?? '')).flatMap(own)
  const star = outputs.some((o) => {
    const fields = nameParts(list(child(o.value, 'ColumnRef'), 'fields'))
    return fields.at(-1) === '*' && (fields.length === 1 || fields.at(-2) === range.alias)
  })
  const held = new Set(columnsHeldToOne(child(select, 'whereClause'), range.alias, single))
  return rangeUnique(range, new Set(star ? [...columns, ...wanted] : columns), scope, held)
}

/** True when a query gives one row at most for a `spine` of one row. */
export function isOneRow({ select }: SqlFacts, catalog: Catalog): boolean {
  if (isSetOperation(select) || select.valuesLists !== undefined || list(select, 'groupClause').length > 0) return false
  const from = list(select, 'fromClause')
  const scope = withCtes(select, { catalog, spineKeys: undefined, ctes: new Map() })
  const range = from.length === 1 ? preservedSide(from[0] as Node, scope) : undefined
  const isSpine = range?.name === 'spine' && range.schema === undefined && range.query === undefined
  return isSpine && !hasSetReturning(outputsOf(select), catalog)
}

function withCtes(select: Node, outer: Scope): Scope {
  const clause = child(select, 'withClause')
  const ctes = new Map(outer.ctes)
  for (const item of list(clause, 'ctes')) {
    const cte = child(item, 'CommonTableExpr')
    const query = child(child(cte, 'ctequery'), 'SelectStmt')
    const plain = query !== undefined && clause?.recursive !== true && list(cte, 'aliascolnames').length === 0
    ctes.set(
      text(cte, 'ctename') ?? '',
      plain ? { select: query, scope: { ...outer, ctes: new Map(ctes) } } : undefined,
    )
  }
  return { ...outer, ctes }
}

/** A relation or subquery in FROM. */
interface Range {
  readonly alias: string
  readonly name?: string
  readonly schema?: string | undefined
  readonly query?: Inner
}

function rangeOf(item: Node | undefined, scope: Scope): Range | undefined {
  const named = child(item, 'RangeVar')
  const sub = child(item, 'RangeSubselect')
  const alias = child(named ?? sub, 'alias')
  // Columns renamed in FROM are not followed.
  if (list(alias, 'colnames').length > 0) return undefined
  const query = child(child(sub, 'subquery'), 'SelectStmt')
  if (query) return { alias: text(alias, 'aliasname') ?? '', query: { select: query, scope } }
  const name = text(named, 'relname')
  if (name === undefined) return undefined
  const schema = text(named, 'schemaname')
  const own = { alias: text(alias, 'aliasname') ?? name, name, schema }
  if (schema !== undefined || !scope.ctes.has(name)) return own
  const cte = scope.ctes.get(name)
  return cte && { ...own, query: cte }
}

/** The relation whose rows come out once each at most: a lone one, or the left of joins that match one row at most. */
export function preservedSide(item: Node, scope: Scope): Range | undefined {
  const join = child(item, 'JoinExpr')
  if (!join) return rangeOf(item, scope)
  const kind = text(join, 'jointype')
  if ((kind !== 'JOIN_LEFT' && kind !== 'JOIN_INNER') || join.isNatural === true || join.alias !== undefined) {
    return undefined
  }
  const right = rangeOf(child(join, 'rarg'), scope)
  if (!right) return undefined
  const matched = [...nameParts(list(join, 'usingClause')), ...equalColumns(child(join, 'quals'), right.alias)]
  const held = columnsHeldToOne(child(join, 'quals'), right.alias, false)
  if (!rangeUnique(right, new Set(matched), scope, new Set(held))) return undefined
  return preservedSide(child(join, 'larg') as Node, scope)
}

/** Conditions at the top of a condition's ANDs. */
function conditions(condition: Node | undefined): readonly Node[] {
  const and = child(condition, 'BoolExpr')
  if (and) return text(and, 'boolop') === 'AND_EXPR' ? list(and, 'args').flatMap(conditions) : []
  const equal = child(condition, 'A_Expr')
  const operator = text(child(list(equal, 'name')[0], 'String'), 'sval')
  return equal && text(equal, 'kind') === 'AEXPR_OP' && operator === '=' ? [equal] : []
}

const columnName = (node: Node | undefined): string[] => nameParts(list(child(node, 'ColumnRef'), 'fields'))

/** Columns of `alias` that are set equal to a column of another relation. */
const equalColumns = (condition: Node | undefined, alias: string): string[] =>
  conditions(condition).flatMap((equal) => {
    const sides = [columnName(child(equal, 'lexpr')), columnName(child(equal, 'rexpr'))]
    return sides.flatMap((own, i) => {
      const other = sides[1 - i] ?? []
      return own.at(-2) === alias && other.length > 1 && other.at(-2) !== alias ? own.slice(-1) : []
    })
  })

/** Columns of `alias` that are set equal to 1; bare names count when nothing else is in FROM. */
const columnsHeldToOne = (condition: Node | undefined, alias: string, bare: boolean): string[] =>
  conditions(condition).flatMap((equal) => {
    const sides = [child(equal, 'lexpr'), child(equal, 'rexpr')]
    return sides.flatMap((side, i) => {
      const own = columnName(side)
      const value = number(child(child(sides[1 - i], 'A_Const'), 'ival'), 'ival')
      return value === 1 && (own.at(-2) === alias || (bare && own.length === 1)) ? own.slice(-1) : []
    })
  })

function rangeUnique(range: Range, columns: ReadonlySet<string>, scope: Scope, first: ReadonlySet<string>): boolean {
  if (range.query) return selectUnique(range.query.select, columns, range.query.scope, first)
  const within = (key: readonly string[]) => key.length > 0 && key.every((c) => columns.has(c))
  if (scope.spineKeys && range.name === 'spine' && range.schema === undefined) return within(scope.spineKeys)
  const relation = findRelation(scope.catalog, range.name ?? '', range.schema)
  if (relation?.kind === 'view' && relation.definition !== undefined) {
    const { select } = sqlFacts(relation.definition, speaker)
    // A view may rename its columns; position is what holds.
    const own = outputsOf(select).map((o) => o.name)
    const sameLength = own.length === relation.columns.length
    const inside = (name: string) =>
      (sameLength ? own[relation.columns.findIndex((c) => c.name === name)] : undefined) ?? name
    return selectUnique(
      select,
      new Set([...columns].map(inside)),
      { ...scope, spineKeys: undefined, ctes: new Map() },
      new Set([...first].map(inside)),
    )
  }
  return relation?.indexes.some((i) => i.unique && i.total && within(i.columns)) ?? false
}

interface Output {
  readonly name: string | undefined
  readonly value: Node | undefined
}

const outputsOf = (select: Node): Output[] =>
  list(select, 'targetList').map((t) => {
    const target = child(t, 'ResTarget')
    const value = child(target, 'val')
    const last = columnName(value).at(-1)
    return { name: text(target, 'name') ?? (last === '*' ? undefined : last), value }
  })

/**
 * The output a GROUP BY or DISTINCT ON item stands for: by ordinal, by being the same expression, or by its alias. A bare
 * name in GROUP BY is a column of FROM first and an alias only when there is none.
 */
function outputOf(
  item: Node,
  outputs: readonly Output[],
  outputFirst: boolean,
  select: Node,
  scope: Scope,
): Output | undefined {
  const ordinal = number(child(child(item, 'A_Const'), 'ival'), 'ival')
  if (ordinal !== undefined) return outputs[ordinal - 1]
  const fields = columnName(item)
  const aliased = fields.length === 1 ? outputs.find((o) => o.name === fields[0]) : undefined
  if (aliased && (outputFirst || !mayHaveColumn(select, scope, fields[0] ?? ''))) return aliased
  if (fields.length === 0) {
    const written = withoutPlaces(item)
    return outputs.find((o) => withoutPlaces(o.value) === written)
  }
  return outputs.find((o) => {
    const own = columnName(o.value)
    return (
      own.length > 0 &&
      own.at(-1) === fields.at(-1) &&
      (own.length === 1 || fields.length === 1 || own.join('.') === fields.join('.'))
    )
  })
}

const withoutPlaces = (node: Node | undefined): string =>
  JSON.stringify(node, (key, value: unknown) => (key === 'location' ? undefined : value))

/** False only when no relation in FROM has such a column. */
function mayHaveColumn(select: Node, scope: Scope, name: string): boolean {
  const has = (item: Node): boolean => {
    const join = child(item, 'JoinExpr')
    if (join) return has(child(join, 'larg') as Node) || has(child(join, 'rarg') as Node)
    const range = rangeOf(item, scope)
    if (!range) return true
    if (range.query) {
      const inner = range.query.select
      if (isSetOperation(inner) || inner.valuesLists !== undefined) return true
      const outputs = outputsOf(inner)
      if (outputs.some((o) => o.name === name)) return true
      const star = outputs.some((o) => columnName(o.value).at(-1) === '*')
      return star && mayHaveColumn(inner, withCtes(inner, range.query.scope), name)
    }
    if (range.name === 'spine' && scope.spineKeys) return scope.spineKeys.includes(name)
    const relation = findRelation(scope.catalog, range.name ?? '', range.schema)
    return relation?.columns.some((c) => c.name === name) ?? true
  }
  return list(select, 'fromClause').some(has)
}

/** Whether an output is `row_number() OVER (PARTITION BY …)` over outputs that are all wanted. */
function numbersWithin(
  output: Output,
  outputs: readonly Output[],
  wanted: ReadonlySet<string>,
  select: Node,
  scope: Scope,
): boolean {
  const call = child(output.value, 'FuncCall')
  const window = child(call, 'over')
  if (nameParts(list(call, 'funcname')).at(-1) !== 'row_number' || text(window, 'name') !== undefined) return false
  const parts = list(window, 'partitionClause')
  return (
    text(window, 'refname') === undefined &&
    parts.length > 0 &&
    parts.every((p) => {
      // An expression in a window clause is one over FROM, never an alias.
      const own = columnName(p).length === 0 || mayHaveColumn(select, scope, columnName(p).at(-1) ?? '')
      return own && wanted.has(outputOf(p, outputs, false, select, scope)?.name ?? passed(p, outputs, select) ?? '')
    })
  )
}

/** The name of a column that a `*` hands on: that of its own relation, or the bare one where nothing else is in FROM. */
function passed(item: Node, outputs: readonly Output[], select: Node): string | undefined {
  const fields = columnName(item)
  const from = list(select, 'fromClause')
  const single = from.length === 1 && child(from[0], 'JoinExpr') === undefined
  const star = outputs.map((o) => columnName(o.value)).find((own) => own.at(-1) === '*')
  const same = star !== undefined && (single || (star.length > 1 && star.at(-2) === fields.at(-2)))
  return same ? fields.at(-1) : undefined
}

export function hasSetReturning(outputs: readonly Output[], functions?: FunctionFacts): boolean {
  let found = false
  walk(
    outputs.map((o) => o.value),
    (type, node) => {
      if (type === 'SelectStmt' || type === 'SubLink') return false
      if (type === 'FuncCall' && maySet(node, functions)) found = true
      return undefined
    },
  )
  return found
}

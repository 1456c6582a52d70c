/**
 * `*` written out: the columns it means today, so that a column the table gets tomorrow changes no DISTINCT, no UNION, no
 * NATURAL JOIN and no name. Resolved like the server does it; where anything is not known for sure, the star stays.
 */
import { quoteIdentifier } from '../../emit/identifier.ts'
import type { SqlFacts } from './facts.ts'
import { isStar, outputName } from './output-names.ts'
import type { Node } from './parser.ts'
import type { Edit } from './splice.ts'
import { tokensOf } from './tokens.ts'
import { child, isSetOperation, list, nameParts, number, text, walk } from './tree.ts'

/** Column names of a relation outside the statement; undefined when it is not known. */
export type ColumnsOf = (relation: { readonly schema?: string; readonly name: string }) => readonly string[] | undefined

/** A column as a star gives it: its name, and the SQL that means it and nothing else. */
interface StarColumn {
  readonly name: string
  readonly sql: string
}
type Names = readonly string[] | undefined
type Scope = ReadonlyMap<string, Names>

/** What stands in FROM: what `*` gives, and what `alias.*` gives. */
interface From {
  readonly all: readonly StarColumn[] | undefined
  readonly parts: ReadonlyMap<string, readonly StarColumn[] | undefined>
}

/** Edits that write out each star of a statement, those of EXISTS aside. */
export function starEdits(facts: SqlFacts, columnsOf: ColumnsOf): Edit[] {
  if (!facts.text.includes('*')) return []
  const found: { location: number; columns: readonly StarColumn[] }[] = []
  resolver(columnsOf, (location, columns) => found.push({ location, columns })).statement(facts.select, new Map())
  if (found.length === 0) return []
  const tokens = tokensOf(facts.text)
  return found.flatMap(({ location, columns }) => {
    const first = tokens.startingAt(tokens.at(location))
    if (first < 0) return []
    let last = first
    while (tokens.all[last] && tokens.all[last]?.text !== '*') last++
    const sql = columns.map((c) => c.sql).join(', ')
    return [{ start: tokens.all[first]?.start ?? 0, end: tokens.all[last]?.end ?? 0, text: sql }]
  })
}

function resolver(columnsOf: ColumnsOf, onStar: (location: number, columns: readonly StarColumn[]) => void) {
  /** Names of the columns of a SELECT; stars inside it are told on the way. */
  function statement(select: Node, outer: Scope): Names {
    const scope = new Map(outer)
    const ctes = list(child(select, 'withClause'), 'ctes').map((c) => child(c, 'CommonTableExpr'))
    // With RECURSIVE a name may be used before its own columns are known.
    if (child(select, 'withClause')?.recursive === true)
      for (const cte of ctes) scope.set(text(cte, 'ctename') ?? '', undefined)
    for (const cte of ctes) {
      const query = child(child(cte, 'ctequery'), 'SelectStmt')
      const own = query ? statement(query, scope) : undefined
      const more = child(cte, 'search_clause') ?? child(cte, 'cycle_clause')
      scope.set(text(cte, 'ctename') ?? '', more ? undefined : renamed(own, nameParts(list(cte, 'aliascolnames'))))
    }
    if (isSetOperation(select)) {
      const arms: Node[] = []
      let arm: Node | undefined = select
      // Unions of thousands lean to the left.
      while (arm && isSetOperation(arm) && (arm === select || !child(arm, 'withClause'))) {
        arms.push(child(arm, 'rarg') as Node)
        arm = child(arm, 'larg')
      }
      const names = arm ? statement(arm, scope) : undefined
      for (const a of arms.reverse()) statement(a, scope)
      nested([select.sortClause, select.limitCount, select.limitOffset], scope)
      return names
    }
    const values = list(select, 'valuesLists')
    if (values.length > 0) {
      nested(values, scope)
      const width = list(child(values[0], 'List'), 'items').length
      return Array.from({ length: width }, (_, i) => `column${i + 1}`)
    }
    const items = list(select, 'fromClause')
    const from = together(items.map((item) => fromItem(item, scope, items.length === 1)))
    const { targetList: _t, fromClause: _f, withClause: _w, ...rest } = select
    nested(rest, scope)
    const names: (readonly string[] | undefined)[] = list(select, 'targetList').map((t) => {
      const target = child(t, 'ResTarget') as Node
      const value = child(target, 'val')
      if (!isStar(value)) {
        nested(value, scope)
        const name = outputName(target)
        return name === undefined ? undefined : [name]
      }
      const columns = starred(nameParts(list(child(value, 'ColumnRef'), 'fields')), from)
      const location = number(target, 'location') ?? -1
      if (columns && columns.length > 0 && location >= 0) onStar(location, columns)
      return columns?.map((c) => c.name)
    })
    return names.every((n) => n !== undefined) ? names.flat() : undefined
  }

  /** Subqueries inside expressions: of their columns nothing is asked, but stars in them are written out. */
  function nested(expression: unknown, scope: Scope): void {
    walk(expression, (type, node) => {
      if (type === 'SubLink' && text(node, 'subLinkType') === 'EXISTS_SUBLINK') {
        // What EXISTS selects does not matter; what it selects from may hold stars.
        nested(child(child(node, 'subselect'), 'SelectStmt')?.fromClause, scope)
        return false
      }
      if (type !== 'SelectStmt') return undefined
      statement(node, scope)
      return false
    })
  }

  function fromItem(item: Node, scope: Scope, alone: boolean): From {
    const join = child(item, 'JoinExpr')
    if (join) return joined(join, scope)
    const sample = child(child(item, 'RangeTableSample'), 'relation')
    const range = child(sample ?? item, 'RangeVar')
    if (range) {
      const schema = text(range, 'schemaname')
      const name = text(range, 'relname') ?? ''
      const known =
        schema === undefined && scope.has(name)
          ? scope.get(name)
          : columnsOf({ ...(schema === undefined ? {} : { schema }), name })
      const aliasName = text(child(range, 'alias'), 'aliasname') ?? name
      return named(aliasName, renamed(known, nameParts(list(child(range, 'alias'), 'colnames'))), alone)
    }
    const sub = child(item, 'RangeSubselect')
    if (sub) {
      const query = child(child(sub, 'subquery'), 'SelectStmt')
      const own = query ? statement(query, scope) : undefined
      const alias = child(sub, 'alias')
      return named(text(alias, 'aliasname'), renamed(own, nameParts(list(alias, 'colnames'))), alone)
    }
    nested(item, scope)
    return unknownFrom
  }

  function joined(join: Node, scope: Scope): From {
    const left = fromItem(child(join, 'larg') as Node, scope, false)
    const right = fromItem(child(join, 'rarg') as Node, scope, false)
    nested(join.quals, scope)
    const { parts, clash } = partsOf([left, right])
    const all = clash ? undefined : merged(join, left.all, right.all)
    const using = text(child(join, 'join_using_alias'), 'aliasname')
    // The merged columns under a name of their own; `*` does not give them twice.
    if (using !== undefined) parts.set(using, undefined)
    const alias = child(join, 'alias')
    const name = text(alias, 'aliasname')
    if (name === undefined) return { all, parts }
    const names = renamed(
      all?.map((c) => c.name),
      nameParts(list(alias, 'colnames')),
    )
    return named(name, names, false)
  }
  return { statement }
}

const unknownFrom: From = { all: undefined, parts: new Map() }

/** One name in FROM. Where it is the only one its columns need no name before them. */
function named(alias: string | undefined, names: Names, alone: boolean): From {
  // Two columns of one name inside one relation cannot be told apart from outside.
  const distinct = names && new Set(names).size === names.length ? names : undefined
  const before = alone || alias === undefined ? '' : `${quoteIdentifier(alias)}.`
  const columns = distinct?.map((name) => ({ name, sql: `${before}${quoteIdentifier(name)}` }))
  return { all: columns, parts: new Map(alias === undefined ? [] : [[alias, columns]]) }
}

/** JOIN … USING and NATURAL JOIN give the common columns once, first; other joins give all of both. */
function merged(
  join: Node,
  left: readonly StarColumn[] | undefined,
  right: readonly StarColumn[] | undefined,
): readonly StarColumn[] | undefined {
  if (!left || !right) return undefined
  const common =
    join.isNatural === true
      ? left.map((c) => c.name).filter((n) => right.some((c) => c.name === n))
      : nameParts(list(join, 'usingClause'))
  const rest = (side: readonly StarColumn[]) => side.filter((c) => !common.includes(c.name))
  return [...common.map((name) => ({ name, sql: quoteIdentifier(name) })), ...rest(left), ...rest(right)]
}

function together(items: readonly From[]): From {
  const { parts, clash } = partsOf(items)
  const known = items.map((f) => f.all)
  return { all: !clash && known.every((k) => k !== undefined) ? known.flat() : undefined, parts }
}

/** Two relations of one name are told apart by their schemas only; neither is written out. */
function partsOf(items: readonly From[]): { parts: Map<string, readonly StarColumn[] | undefined>; clash: boolean } {
  const parts = new Map<string, readonly StarColumn[] | undefined>()
  let clash = false
  for (const [alias, columns] of items.flatMap((f) => [...f.parts])) {
    if (parts.has(alias)) clash = true
    parts.set(alias, parts.has(alias) ? undefined : columns)
  }
  return { parts, clash }
}

function starred(fields: readonly string[], { all, parts }: From): readonly StarColumn[] | undefined {
  const columns = fields.length > 1 ? parts.get(fields.at(-2) ?? '') : all
  // A column without a relation's name before it must be the only one of its name.
  const bare = columns?.filter((c) => c.sql === quoteIdentifier(c.name)) ?? []
  if (bare.length === 0) return columns
  if (!all) return undefined
  const count = new Map<string, number>()
  for (const c of all) count.set(c.name, (count.get(c.name) ?? 0) + 1)
  return bare.every((c) => count.get(c.name) === 1) ? columns : undefined
}

const renamed = (names: Names, given: readonly string[]): Names =>
  given.length === 0 ? names : names?.map((n, i) => given[i] ?? n)

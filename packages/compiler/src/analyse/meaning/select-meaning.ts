/**
 * What some columns of a query say, as a value: equal for two texts that differ in layout, comments, aliases, in the names of
 * schemas that are found anyway, or in what only other columns need. Views are followed down to tables. It may differ for
 * texts that mean the same; it is never equal for those that do not.
 */
import { isStar, outputName } from '../../front/sql/output-names.ts'
import { type Node, parseSelect } from '../../front/sql/parser.ts'
import { child, isSetOperation, list, nameParts, number, text, walk } from '../../front/sql/tree.ts'
import { places } from '../../front/sql/tree-places.ts'
import { type Catalog, findRelation } from '../../ir/catalog.ts'
import { digest } from '../../ir/digest.ts'
import { isIdleJoin } from './idle-join.ts'
import { readReference, type Scopes, type Source } from './scope.ts'
import { aggregatesIn, makesRows } from './select-item.ts'

type Wanted = ReadonlySet<string> | 'all'

/** What a name in FROM stands for. */
interface Relation {
  readonly columns: readonly string[] | undefined
  readonly meaning: (wanted: Wanted) => unknown
  /** The query behind it, where there is one. */
  readonly select?: Node
  /** Sets of columns no two rows share. */
  readonly unique?: readonly (readonly string[])[]
}

interface Surroundings {
  readonly catalog: Catalog
  readonly named: ReadonlyMap<string, Relation>
  readonly scopes: Scopes
  /** What closed parts came to: a chain of queries that are each read twice would take for ever. */
  readonly known: Map<Node | string, Map<string, string>>
  /** Views that are being followed: one in a circle ends there. */
  readonly path: readonly string[]
}

/**
 * Asks one text about columns, several times.
 *
 * @param spine the columns of the relation `spine`.
 */
export function selectMeanings(
  sql: string,
  catalog: Catalog,
  spine: readonly string[],
): (wanted: ReadonlySet<string>) => string {
  const select = parseSelect(sql, { view: 'the view', file: 'view' })
  const named = new Map<string, Relation>([['spine', { columns: spine, meaning: () => 'spine' }]])
  const around: Surroundings = { catalog, named, scopes: [], known: new Map(), path: [] }
  return (wanted) => identity(meaningOf(select, wanted, around))
}

/** Sources are numbered as they appear, so that no name counts. */
function identity(meaning: unknown): string {
  const seen = new Map<symbol, number>()
  const numbered = JSON.stringify(meaning, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('source' in value)) return value
    const { source } = value as Source['id']
    if (!seen.has(source)) seen.set(source, seen.size)
    return { source: seen.get(source) }
  })
  return digest(numbered)
}

function meaningOf(select: Node, wanted: Wanted, outside: Surroundings): unknown {
  const around = withNamed(select, outside)
  if (isSetOperation(select)) return setOperation(select, wanted, around)
  if (list(select, 'valuesLists').length > 0) return tree(select, around)
  const from = list(select, 'fromClause').map((item) => fromItem(item, around))
  const own = from.flatMap(sourcesOf)
  const inside: Surroundings = { ...around, scopes: [own, ...around.scopes] }
  const targets = list(select, 'targetList').map((t) => child(t, 'ResTarget') ?? {})
  const isDistinct = list(select, 'distinctClause').some((d) => Object.keys(d).length === 0)
  const kept = wanted === 'all' || isDistinct ? targets : targets.filter((t) => isKept(t, wanted, around.catalog))
  const aggregates = targets.some((t) => aggregatesIn(child(t, 'val')))
  const columns = kept.map((t) => [outputName(t) ?? '*', tree(child(t, 'val'), inside)] as const)
  const byName = wanted === 'all' ? columns : columns.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const clauses = Object.fromEntries(
    [
      'whereClause',
      'havingClause',
      'windowClause',
      'limitOffset',
      'limitCount',
      'limitOption',
      'lockingClause',
    ].flatMap((key) => (select[key] === undefined ? [] : [[key, tree(select[key], inside)]])),
  )
  const ordered = (key: string) => list(select, key).map((item) => tree(pointed(item, key, targets, own), inside))
  const rest = {
    ...clauses,
    distinct: ordered('distinctClause'),
    group: ordered('groupClause'),
    order: ordered('sortClause'),
    isOneRow: aggregates && list(select, 'groupClause').length === 0,
  }
  // What comes later may read what comes before it, so that its readers are known when it is looked at.
  const sources = [...from].reverse().map((item) => joined(item, inside))
  return { columns: byName, ...rest, from: sources.reverse() }
}

const isKept = (target: Node, wanted: ReadonlySet<string>, catalog: Catalog): boolean => {
  const value = child(target, 'val')
  return isStar(value) || wanted.has(outputName(target) ?? '') || makesRows(value, catalog)
}

/** `GROUP BY 2` and `ORDER BY total` point at an item of the list, which is what they mean. */
function pointed(item: Node, clause: string, targets: readonly Node[], own: readonly Source[]): unknown {
  const sort = child(item, 'SortBy')
  const node = sort ? child(sort, 'node') : item
  const found = itemPointedAt(node, clause, targets, own)
  if (found === undefined) return item
  return sort ? { SortBy: { ...sort, node: found } } : found
}

function itemPointedAt(node: Node | undefined, clause: string, targets: readonly Node[], own: readonly Source[]) {
  const place = number(child(child(node, 'A_Const'), 'ival'), 'ival')
  if (place !== undefined) return child(targets[place - 1], 'val')
  const fields = nameParts(list(child(node, 'ColumnRef'), 'fields'))
  const [name] = fields
  if (fields.length !== 1 || name === undefined) return undefined
  // GROUP BY takes a column before an item of that name, the others the item.
  if (clause === 'groupClause' && own.some((s) => s.columns?.includes(name) ?? true)) return undefined
  const found = targets.find((t) => text(t, 'name') === name)
  return found && child(found, 'val')
}

function setOperation(select: Node, wanted: Wanted, around: Surroundings): unknown {
  const [left, right] = [child(select, 'larg') ?? {}, child(select, 'rarg') ?? {}]
  const names = outputNames(select)
  const isAll = select['all'] === true && text(select, 'op') === 'SETOP_UNION'
  const places = names?.flatMap((n, i) => (wanted === 'all' || wanted.has(n) ? [i] : []))
  const arm = (one: Node): unknown => {
    const own = outputNames(one)
    const some =
      isAll && places && own && new Set(own).size === own.length ? places.map((i) => own[i] ?? '') : undefined
    // Arms match by place, and places are told by names.
    return some ? [some, meaningOf(one, new Set(some), around)] : meaningOf(one, 'all', around)
  }
  const { larg: _, rarg: __, withClause: ___, ...rest } = select
  return { arms: [arm(left), arm(right)], names: isAll ? wantedOf(names, wanted) : names, rest: tree(rest, around) }
}

const wantedOf = (names: readonly string[] | undefined, wanted: Wanted) =>
  wanted === 'all' ? names : names?.filter((n) => wanted.has(n))

/** Undefined where a star was not written out, or two have one name. */
function outputNames(select: Node): readonly string[] | undefined {
  if (isSetOperation(select)) return outputNames(child(select, 'larg') ?? {})
  const values = list(select, 'valuesLists')
  if (values.length > 0) return list(child(values[0], 'List'), 'items').map((_, i) => `column${i + 1}`)
  const names = list(select, 'targetList').map((t) => outputName(child(t, 'ResTarget') ?? {}))
  return names.includes(undefined) ? undefined : (names as string[])
}

function withNamed(select: Node, outside: Surroundings): Surroundings {
  const clause = child(select, 'withClause')
  if (!clause) return outside
  const ctes = list(clause, 'ctes').map((item) => child(item, 'CommonTableExpr') ?? {})
  const named = new Map(outside.named)
  if (clause['recursive'] === true && isEntangled(ctes)) {
    const placeholder = (name: string): Relation => ({ columns: undefined, meaning: () => ['recursive', name] })
    const seen = new Map([...named, ...ctes.map((c) => [nameOf(c), placeholder(nameOf(c))] as const)])
    const whole = { ...outside, named: seen }
    for (const cte of ctes)
      named.set(nameOf(cte), { columns: undefined, meaning: () => [nameOf(cte), ctes.map((c) => tree(c, whole))] })
    return { ...outside, named }
  }
  let around: Surroundings = { ...outside, named }
  for (const cte of ctes) {
    const query = child(child(cte, 'ctequery'), 'SelectStmt')
    const within = { ...around, named: new Map(around.named) }
    const relation: Relation = query
      ? queried(query, within, nameParts(list(cte, 'aliascolnames')))
      : { columns: undefined, meaning: () => tree(cte, within) }
    const next = new Map(within.named)
    next.set(nameOf(cte), closed(relation, within, cte))
    around = { ...around, named: next }
  }
  return around
}

const nameOf = (cte: Node): string => text(cte, 'ctename') ?? ''

/** Whether one reads itself, or one that comes after it: then none can be told from the others. */
const isEntangled = (ctes: readonly Node[]): boolean =>
  ctes.some((cte, i) => ctes.slice(i).some((later) => reads(cte, nameOf(later))))

/** What nothing around it can be read from is looked at once for each set of columns. */
function closed(relation: Relation, { scopes, known, path }: Surroundings, what: Node | string): Relation {
  if (scopes.length > 0) return relation
  const own = known.get(what) ?? new Map<string, string>()
  known.set(what, own)
  const meaning = (wanted: Wanted): unknown => {
    const key = JSON.stringify([path, wanted === 'all' ? wanted : [...wanted].sort()])
    const found = own.get(key) ?? identity(relation.meaning(wanted))
    own.set(key, found)
    return ['query', found]
  }
  return { ...relation, meaning }
}

function reads(cte: Node, name: string): boolean {
  let found = false
  walk(cte['ctequery'], (type, node) => {
    if (type === 'RangeVar' && text(node, 'relname') === name && text(node, 'schemaname') === undefined) found = true
    return undefined
  })
  return found
}

/** A query under new names for its first columns. */
function queried(query: Node, around: Surroundings, renamed: readonly string[] = []): Relation {
  const own = outputNames(query)
  const columns = own?.map((name, i) => renamed[i] ?? name)
  const meaning = (wanted: Wanted): unknown => {
    if (renamed.length === 0) return meaningOf(query, wanted, around)
    if (wanted === 'all' || !own || !columns) return [renamed, meaningOf(query, 'all', around)]
    const some = columns.flatMap((c, i) => (wanted.has(c) ? [[c, own[i] ?? ''] as const] : [])).sort()
    return [some, meaningOf(query, new Set(some.map(([, name]) => name)), around)]
  }
  return { columns, meaning, select: query }
}

interface Item {
  readonly node: Node
  /** Of all but a join. */
  readonly source?: Source
  readonly relation?: Relation
  readonly left?: Item
  readonly right?: Item
}

const sourcesOf = (item: Item): Source[] => [
  ...(item.source ? [item.source] : []),
  ...(item.left ? sourcesOf(item.left) : []),
  ...(item.right ? sourcesOf(item.right) : []),
]

function fromItem(node: Node, around: Surroundings): Item {
  const join = child(node, 'JoinExpr')
  if (join) {
    const [left, right] = [fromItem(child(join, 'larg') ?? {}, around), fromItem(child(join, 'rarg') ?? {}, around)]
    const name = text(child(join, 'alias'), 'aliasname')
    // An alias of the join hides those inside; whoever uses it may mean any column.
    if (name === undefined) return { node: join, left, right }
    return { node: join, left, right, source: source(name, undefined) }
  }
  const [kind = '', inner] = Object.entries(node)[0] ?? []
  const item = (inner ?? {}) as Node
  const alias = text(child(item, 'alias'), 'aliasname')
  const renamed = nameParts(list(child(item, 'alias'), 'colnames'))
  if (kind === 'RangeVar') {
    const relation = relationOf(item, around)
    const columns = relation.columns?.map((c, i) => renamed[i] ?? c)
    const schema = alias === undefined ? text(item, 'schemaname') : undefined
    const under = renamed.length === 0 ? relation : { columns, meaning: () => [renamed, relation.meaning('all')] }
    return { node: item, source: source(alias ?? text(item, 'relname'), columns, schema), relation: under }
  }
  const query = kind === 'RangeSubselect' ? child(child(item, 'subquery'), 'SelectStmt') : undefined
  if (query) {
    const relation = queried(query, around, renamed)
    return { node: item, source: source(alias, relation.columns), relation }
  }
  return { node: item, source: source(alias, undefined) }
}

const source = (name: string | undefined, columns: readonly string[] | undefined, schema?: string): Source => ({
  id: { source: Symbol() },
  name,
  schema,
  columns,
  read: new Set(),
  isReadWhole: false,
})

function relationOf(range: Node, around: Surroundings): Relation {
  const [name, schema] = [text(range, 'relname') ?? '', text(range, 'schemaname')]
  const named = schema === undefined ? around.named.get(name) : undefined
  if (named) return named
  const { catalog, path } = around
  const found = findRelation(catalog, name, schema)
  const only = range['inh'] === true ? [] : ['only']
  if (!found) return { columns: undefined, meaning: () => ['relation', schema ?? null, name, ...only] }
  const columns = found.columns.map((c) => c.name)
  const id = `${found.schema}.${found.name}`
  if (found.kind === 'view' && found.definition !== undefined && !path.includes(id)) {
    const query = parseSelect(found.definition, { view: `view "${found.name}"`, file: found.name })
    const own = { ...around, named: new Map<string, Relation>(), scopes: [], path: [...path, id] }
    return closed(queried(query, own, columns), { ...own, path: [] }, id)
  }
  const unique = found.indexes.filter((i) => i.unique && i.total).map((i) => i.columns)
  return { columns, unique, meaning: () => ['table', found.schema, found.name, ...only] }
}

/** What an item gives, and how it is joined; a join that changes neither rows nor what is read is not there. */
function joined(item: Item, inside: Surroundings): unknown {
  const { node, left, right, relation, source: own } = item
  if (left && right) {
    const readAll = node['isNatural'] === true || own !== undefined
    for (const name of nameParts(list(node, 'usingClause')))
      for (const s of [...sourcesOf(left), ...sourcesOf(right)]) s.read.add(name)
    if (readAll) for (const s of [...sourcesOf(left), ...sourcesOf(right)]) s.isReadWhole = true
    const { source: beside, relation: behind } = right
    if (beside && behind && isIdleJoin(node, { ...behind, source: beside }, inside)) return joined(left, inside)
    const quals = tree(node['quals'], inside)
    const [after, before] = [joined(right, inside), joined(left, inside)]
    const how = {
      type: node['jointype'],
      natural: node['isNatural'] ?? false,
      using: nameParts(list(node, 'usingClause')),
    }
    return { how, quals, left: before, right: after, ...(own ? { id: own.id } : {}) }
  }
  if (!own) return tree(node, inside)
  const wanted: Wanted = own.isReadWhole ? 'all' : own.read
  if (!relation)
    return {
      id: own.id,
      range: tree(withoutAlias(node), inside),
      renamed: nameParts(list(child(node, 'alias'), 'colnames')),
    }
  const isLateral = node['lateral'] === true
  const query = isLateral ? child(child(node, 'subquery'), 'SelectStmt') : undefined
  const renamed = nameParts(list(child(node, 'alias'), 'colnames'))
  // What stands beside it can be read from within it.
  const meaning = query ? queried(query, inside, renamed).meaning(wanted) : relation.meaning(wanted)
  return { id: own.id, lateral: isLateral, relation: meaning }
}

const withoutAlias = ({ alias: _, ...node }: Node): Node => node

/** Any part of a tree, with references resolved, queries looked into, and without its places. */
function tree(value: unknown, around: Surroundings): unknown {
  if (Array.isArray(value)) return value.map((v) => tree(v, around))
  if (value === null || typeof value !== 'object') return value
  const node = value as Node
  const reference = child(node, 'ColumnRef')
  if (reference) return readReference(reference, around.scopes)
  const select = child(node, 'SelectStmt')
  if (select) return meaningOf(select, 'all', around)
  const range = child(node, 'RangeVar')
  if (range) return relationOf(range, around).meaning('all')
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, inner]) => {
      if (places.has(key)) return []
      if (key === 'names' || key === 'funcname') return [[key, withoutCatalog(inner as readonly Node[])]]
      return [[key, tree(inner, around)]]
    }),
  )
}

/** `pg_catalog.int4` is `int4`. */
const withoutCatalog = (names: readonly Node[]): readonly string[] => {
  const parts = nameParts(names)
  return parts.length > 1 && parts[0] === 'pg_catalog' ? parts.slice(1) : parts
}

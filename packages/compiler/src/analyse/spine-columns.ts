/** Which columns of `spine` a query reads, and of what type they must be: what a window view says of its entity. */
import type { SqlFacts } from '../front/sql/facts.ts'
import type { Node } from '../front/sql/parser.ts'
import { child, list, nameParts, text, walk } from '../front/sql/tree.ts'
import { type Catalog, columnType, findRelation } from '../ir/catalog.ts'
import type { SqlType } from '../ir/type.ts'

export interface SpineColumn {
  readonly name: string
  /** The type of the column it is compared with; undefined when nothing in the text tells. */
  readonly type?: SqlType
}

/** Columns of `spine` besides `as_of`, in the order they are read; undefined when the query does not read it. */
export function spineColumns(facts: SqlFacts, catalog: Catalog): SpineColumn[] | undefined {
  if (!facts.references.some((r) => r.name === 'spine' && r.schema === undefined)) return undefined
  const aliases = new Set<string>()
  const relations = new Map<string, Node>()
  const using = new Set<string>()
  walk(facts.select, (type, node) => {
    if (type === 'RangeVar') {
      const alias = text(child(node, 'alias'), 'aliasname') ?? text(node, 'relname') ?? ''
      if (node.relname === 'spine' && node.schemaname === undefined) aliases.add(alias)
      else relations.set(alias, node)
    }
    if (type === 'JoinExpr' && readsSpine(node)) for (const c of nameParts(list(node, 'usingClause'))) using.add(c)
    return undefined
  })
  const names = new Set<string>(using)
  const partners = new Map<string, string[][]>()
  walk(facts.select, (type, node) => {
    if (type === 'ColumnRef') {
      const own = fieldsOf(node)
      if (own.length > 1 && own.at(-1) !== '*' && aliases.has(own.at(-2) ?? '')) names.add(own.at(-1) ?? '')
    }
    if (type === 'A_Expr') {
      const sides = ['lexpr', 'rexpr'].map((k) => fieldsOf(child(child(node, k), 'ColumnRef')))
      for (const [i, own] of sides.entries()) {
        if (own.length < 2 || !aliases.has(own.at(-2) ?? '')) continue
        const key = own.at(-1) ?? ''
        partners.set(key, [...(partners.get(key) ?? []), sides[1 - i] ?? []])
      }
    }
    return undefined
  })
  walk({ SelectStmt: facts.select }, (type, node) => {
    if (type === 'SelectStmt' && readsOnlySpine(node)) for (const name of bareColumns(node)) names.add(name)
    return undefined
  })
  names.delete('as_of')
  return [...names].map((name) => {
    const type = typeOf(name, partners.get(name) ?? [], relations, catalog)
    return { name, ...(type === undefined ? {} : { type }) }
  })
}

const fieldsOf = (columnRef: Node | undefined): string[] => nameParts(list(columnRef, 'fields'))

function readsOnlySpine(select: Node): boolean {
  const from = list(select, 'fromClause')
  const range = child(from[0], 'RangeVar')
  return from.length === 1 && range?.relname === 'spine' && range.schemaname === undefined
}

/** Columns written without a relation, which can only be those of `spine`. */
function bareColumns(select: Node): string[] {
  const found: string[] = []
  walk([select.targetList, select.whereClause, select.groupClause], (type, node) => {
    if (type === 'SelectStmt') return false
    const fields = type === 'ColumnRef' ? fieldsOf(node) : []
    if (fields.length === 1 && fields[0] !== '*') found.push(fields[0] ?? '')
    return undefined
  })
  return found
}

function readsSpine(join: Node): boolean {
  return ['larg', 'rarg'].some((side) => {
    const inner = child(join, side)
    const nested = child(inner, 'JoinExpr')
    return nested ? readsSpine(nested) : text(child(inner, 'RangeVar'), 'relname') === 'spine'
  })
}

/** From the columns it is set against; otherwise from those of its own name, when they agree. */
function typeOf(
  name: string,
  partners: readonly (readonly string[])[],
  relations: ReadonlyMap<string, Node>,
  catalog: Catalog,
): SqlType | undefined {
  const typeIn = (range: Node | undefined, column: string): SqlType | undefined => {
    const relation = range && findRelation(catalog, text(range, 'relname') ?? '', text(range, 'schemaname'))
    return relation && columnType(relation, column)
  }
  for (const partner of partners) {
    const found = typeIn(relations.get(partner.at(-2) ?? ''), partner.at(-1) ?? '')
    if (found !== undefined) return found
  }
  const same = new Set([...relations.values()].flatMap((range) => typeIn(range, name) ?? []))
  return same.size === 1 ? [...same][0] : undefined
}

/**
 * The one relation whose rows a query hands on, row by row, so that an index of the relation serves conditions put on the
 * query. A proof or a reason: what is not understood is not simple.
 */
import { type SqlFacts, sqlFacts } from '../front/sql/facts.ts'
import type { Node } from '../front/sql/parser.ts'
import { child, isSetOperation, list, nameParts, text, walk } from '../front/sql/tree.ts'
import { unrepeatable } from '../front/sql/unrepeatable.ts'
import { type Catalog, type CatalogRelation, columnType, findRelation } from '../ir/catalog.ts'
import { hasSetReturning, preservedSide } from './unique.ts'

export interface SimpleSource {
  readonly relation: CatalogRelation
  /** Output column → column of the relation, for those handed on as they are. */
  readonly columns: ReadonlyMap<string, string>
}

/** The source, or why there is none, as the end of a sentence about the query: `it groups rows`. */
export function simpleSource(facts: SqlFacts, catalog: Catalog): SimpleSource | { readonly why: string } {
  const { select } = facts
  const why = notRowByRow(facts, catalog)
  if (why !== undefined) return { why }
  const from = list(select, 'fromClause')
  const scope = { catalog, spineKeys: undefined, ctes: new Map() }
  const range = from.length === 1 ? preservedSide(from[0] as Node, scope) : undefined
  if (!range) return { why: 'it reads more than one relation' }
  if (range.name === undefined) return { why: 'it reads a subquery' }
  const relation = findRelation(catalog, range.name, range.schema)
  if (!relation) return { why: `it reads ${range.name}, which is no relation of the database` }
  const alone = child(from[0], 'RangeVar') !== undefined
  const own = handedOn(select, relation, range.alias, alone)
  if (relation.kind !== 'view' || relation.definition === undefined) return { relation, columns: own }
  const view = `view "${relation.name}"`
  const below = simpleSource(sqlFacts(relation.definition, { view, file: view }), catalog)
  if ('why' in below) return below
  const through = [...own].flatMap(([output, column]) => {
    const base = below.columns.get(column)
    return base === undefined ? [] : [[output, base] as const]
  })
  return { relation: below.relation, columns: new Map(through) }
}

function notRowByRow(facts: SqlFacts, catalog: Catalog): string | undefined {
  const { select } = facts
  const has = (clause: string) => list(select, clause).length > 0
  if (isSetOperation(select)) return 'it is a set operation'
  if (select['valuesLists'] !== undefined) return 'it is a list of values'
  if (select['withClause'] !== undefined) return 'it has a WITH clause'
  if (has('groupClause') || select['havingClause'] !== undefined) return 'it groups rows'
  if (has('distinctClause')) return 'it is a SELECT DISTINCT'
  if (select['limitCount'] !== undefined || select['limitOffset'] !== undefined) return 'it limits its rows'
  if (has('windowClause') || hasWindowFunction(select)) return 'it computes window functions'
  if (
    hasSetReturning(
      list(select, 'targetList').map((t) => ({ name: '', value: child(child(t, 'ResTarget'), 'val') })),
      catalog,
    )
  )
    return 'it returns several rows for one'
  const [volatile] = unrepeatable(facts, { view: '', file: '' }, catalog).filter((d) => d.code === 'sql/volatile')
  return volatile === undefined ? undefined : 'it calls a volatile function'
}

function hasWindowFunction(select: Node): boolean {
  let found = false
  walk(list(select, 'targetList'), (type, node) => {
    if (type === 'SelectStmt') return false
    if (type === 'FuncCall' && node['over'] !== undefined) found = true
    return undefined
  })
  return found
}

/** Plain column references of the select list; a star when the relation is alone or named by it. */
function handedOn(select: Node, relation: CatalogRelation, alias: string, alone: boolean): Map<string, string> {
  const out = new Map<string, string>()
  for (const item of list(select, 'targetList')) {
    const target = child(item, 'ResTarget')
    const fields = nameParts(list(child(child(target, 'val'), 'ColumnRef'), 'fields'))
    const column = fields.at(-1)
    if (column === undefined) continue
    const qualifier = fields.at(-2)
    if (qualifier === undefined ? column === '*' && !alone : qualifier !== alias) continue
    if (column === '*') for (const c of relation.columns) out.set(c.name, c.name)
    else if (columnType(relation, column) !== undefined) out.set(text(target, 'name') ?? column, column)
  }
  return out
}

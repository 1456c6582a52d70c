/** What is remembered of a catalog while it is asked about: relations by name, and each view parsed and traced once. */
import { type Node, parseSelect } from '../../front/sql/parser.ts'
import { text, walk } from '../../front/sql/tree.ts'
import type { Catalog, CatalogRelation } from '../../ir/catalog.ts'
import type { Relation } from './namespace.ts'

interface Memory {
  /** `schema\0name` → relation: looking each name up in the list would be quadratic. */
  readonly byName: ReadonlyMap<string, CatalogRelation>
  readonly selects: Map<CatalogRelation, Node>
  /** Columns of views, down to tables; undefined while a view is being traced. */
  readonly traced: Map<CatalogRelation, Relation | undefined>
}
const memories = new WeakMap<Catalog, Memory>()

const key = (schema: string, name: string): string => `${schema}\0${name}`

export function memoryOf(catalog: Catalog): Memory {
  const known = memories.get(catalog)
  if (known) return known
  const byName = new Map(catalog.relations.map((r) => [key(r.schema, r.name), r]))
  const fresh: Memory = { byName, selects: new Map(), traced: new Map() }
  memories.set(catalog, fresh)
  return fresh
}

/** Finds a relation as the server does: by schema when given, along the search path otherwise. */
export function lookUp(catalog: Catalog, name: string, schema?: string): CatalogRelation | undefined {
  const { byName } = memoryOf(catalog)
  for (const s of schema === undefined ? catalog.searchPath : [schema]) {
    const found = byName.get(key(s, name))
    if (found) return found
  }
  return undefined
}

/** The parsed definition of a view. */
export function selectOf(catalog: Catalog, view: CatalogRelation): Node {
  const { selects } = memoryOf(catalog)
  const known = selects.get(view)
  if (known) return known
  const select = parseSelect(view.definition ?? '', { view: `view "${view.name}"`, file: view.name })
  selects.set(view, select)
  return select
}

/**
 * Views below a view, the lowest first, so that each finds those it reads done: a stack of a thousand views would
 * exhaust ours otherwise. Those that read themselves through others come in any order.
 */
export function viewsBelow(catalog: Catalog, top: CatalogRelation): CatalogRelation[] {
  const { traced } = memoryOf(catalog)
  const seen = new Set([top])
  const open: { readonly view: CatalogRelation; readonly below: CatalogRelation[] }[] = []
  const enter = (view: CatalogRelation): void => {
    seen.add(view)
    open.push({ view, below: viewsIn(catalog, view) })
  }
  const order: CatalogRelation[] = []
  enter(top)
  for (let last = open.at(-1); last; last = open.at(-1)) {
    const next = last.below.pop()
    if (next === undefined) {
      open.pop()
      if (last.view !== top) order.push(last.view)
    } else if (!seen.has(next) && !traced.has(next)) enter(next)
  }
  return order
}

/** Views whose names are in a definition; one that a WITH query hides is too many, and does no harm. */
function viewsIn(catalog: Catalog, view: CatalogRelation): CatalogRelation[] {
  const found = new Set<CatalogRelation>()
  walk({ SelectStmt: selectOf(catalog, view) }, (type, node) => {
    if (type !== 'RangeVar') return undefined
    const relation = lookUp(catalog, text(node, 'relname') ?? '', text(node, 'schemaname'))
    if (relation?.definition !== undefined) found.add(relation)
    return undefined
  })
  return [...found]
}

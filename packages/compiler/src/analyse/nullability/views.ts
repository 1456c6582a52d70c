/** The columns of views, each read once however many read it, and those it reads before it: a stack of views is no recursion. */
import { isViewcastError } from '../../diagnostics/diagnostic.ts'
import { type SqlFacts, sqlFacts } from '../../front/sql/facts.ts'
import type { Node } from '../../front/sql/parser.ts'
import { type Catalog, type CatalogRelation, findRelation } from '../../ir/catalog.ts'
import { type Columns, familyOf } from './value.ts'

const remembered = new WeakMap<Catalog['relations'], Map<CatalogRelation, Columns>>()

/** Reads views with `query`, which finds what they read among those read already. */
export function viewReader(query: (select: Node, catalog: Catalog) => Columns) {
  return (view: CatalogRelation, catalog: Catalog): Columns => {
    const known = remembered.get(catalog.relations) ?? new Map<CatalogRelation, Columns>()
    remembered.set(catalog.relations, known)
    // The server prints a definition with every schema but its own: a bare name is of pg_catalog.
    const printed: Catalog = { ...catalog, searchPath: [], overloaded: [] }
    const found = known.get(view)
    if (found) return found
    const pending = [view]
    for (let next = pending.at(-1); next !== undefined; next = pending.at(-1)) {
      const facts = known.has(next) ? undefined : factsOf(next)
      const first = facts ? readBy(facts, printed).filter((v) => !known.has(v) && !pending.includes(v)) : []
      pending.push(...first)
      if (first.length > 0) continue
      pending.pop()
      if (known.has(next)) continue
      // What reads itself finds itself unproven.
      known.set(next, unproven(next))
      if (facts && !isTooDeep(facts.select)) known.set(next, proven(next, query(facts.select, printed)))
    }
    return known.get(view) ?? unproven(view)
  }
}

function factsOf(view: CatalogRelation): SqlFacts | undefined {
  try {
    return sqlFacts(view.definition ?? '', { view: `view "${view.name}"`, file: view.name })
  } catch (e) {
    if (!isViewcastError(e)) throw e
    return undefined
  }
}

const readBy = (facts: SqlFacts, catalog: Catalog): CatalogRelation[] =>
  facts.references.flatMap((r) => {
    const relation = findRelation(catalog, r.name, r.schema)
    return relation?.definition === undefined ? [] : [relation]
  })

const unproven = (view: CatalogRelation): Columns => ({
  columns: view.columns.map((c) => ({ name: c.name, null: 'unknown', family: familyOf(c.type, c.isEnum) })),
  open: false,
})

/** A view may rename its columns; position is what holds. The catalog knows their types better than the text does. */
function proven(view: CatalogRelation, { columns, open }: Columns): Columns {
  const stated = unproven(view)
  if (open || columns.length !== stated.columns.length) return stated
  return { columns: stated.columns.map((c, i) => ({ ...c, null: columns[i]?.null ?? 'unknown' })), open: false }
}

/** Sums of a thousand terms are trees as deep, which functions that call themselves must not enter. */
export function isTooDeep(select: Node): boolean {
  const pending: (readonly [value: object, depth: number])[] = [[select, 0]]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [value, depth] = next
    if (depth > 1000) return true
    for (const inner of Object.values(value)) {
      if (inner !== null && typeof inner === 'object') pending.push([inner, depth + 1])
    }
  }
  return false
}

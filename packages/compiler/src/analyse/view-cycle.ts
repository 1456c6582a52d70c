/** Views of the database that read each other in a circle: CREATE OR REPLACE VIEW lets one make them. */
import { sqlFacts } from '../front/sql/facts.ts'
import { type Catalog, type CatalogRelation, findRelation } from '../ir/catalog.ts'

/** The first circle met from a text, such as `public.a → public.b → public.a`; undefined when there is none. */
export function viewCycle(text: string, catalog: Catalog): string | undefined {
  const done = new Set<CatalogRelation>()
  const below = (read: string, path: readonly CatalogRelation[]): string | undefined => {
    for (const r of sqlFacts(read, { view: 'view', file: 'view' }).references) {
      const relation = findRelation(catalog, r.name, r.schema)
      if (relation?.definition === undefined || done.has(relation)) continue
      const start = path.indexOf(relation)
      if (start >= 0) return [...path.slice(start), relation].map((v) => `${v.schema}.${v.name}`).join(' → ')
      const found = below(relation.definition, [...path, relation])
      if (found !== undefined) return found
      done.add(relation)
    }
    return undefined
  }
  return below(text, [])
}

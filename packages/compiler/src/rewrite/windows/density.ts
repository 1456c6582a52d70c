/** How many events there are of a key, about. */
import { type Catalog, type CatalogRelation, findRelation } from '../../ir/catalog.ts'
import type { AggregatesView } from '../../ir/definition.ts'

/** Undefined where the size of the events, or the number of the keys, is not known. */
export function eventsPerKey(
  view: AggregatesView,
  relation: CatalogRelation | undefined,
  catalog: Catalog,
): number | undefined {
  const rows = relation?.estimatedRows
  const { from } = view.entity
  const keys = from ? findRelation(catalog, from.name, from.schema)?.estimatedRows : undefined
  return rows === undefined || keys === undefined || keys < 1 ? undefined : Math.max(1, Math.round(rows / keys))
}

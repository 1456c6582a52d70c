/** Which views of the database stop working when a column goes. */
import type { Catalog, CatalogRelation } from '../ir/catalog.ts'
import { readsOfView } from './lineage.ts'

/**
 * Views that read a column, in whatever place, and the views on those: what `ALTER TABLE … DROP COLUMN` would name. Views
 * that only take the whole row are not among them, as they go on working.
 *
 * @param relation `schema.name` of a table or view.
 */
export function viewsReading(catalog: Catalog, relation: string, column: string): CatalogRelation[] {
  const { byColumn, byRelation } = readersOf(catalog)
  const broken = new Set(byColumn.get(`${relation}\0${column}`))
  // The set grows while it is gone through: that is the queue.
  for (const view of broken) for (const reader of byRelation.get(view) ?? []) broken.add(reader)
  return catalog.relations.filter((r) => broken.has(r))
}

interface Readers {
  readonly byColumn: ReadonlyMap<string, readonly CatalogRelation[]>
  readonly byRelation: ReadonlyMap<CatalogRelation, readonly CatalogRelation[]>
}

const remembered = new WeakMap<Catalog, Readers>()

function readersOf(catalog: Catalog): Readers {
  const known = remembered.get(catalog)
  if (known) return known
  const byColumn = new Map<string, CatalogRelation[]>()
  const byRelation = new Map<CatalogRelation, CatalogRelation[]>()
  const add = <K>(to: Map<K, CatalogRelation[]>, key: K, view: CatalogRelation): void => {
    const there = to.get(key)
    if (there) there.push(view)
    else to.set(key, [view])
  }
  for (const view of catalog.relations) {
    if (view.definition === undefined) continue
    const { columns, relations } = readsOfView(view, catalog)
    for (const c of columns) add(byColumn, `${c.relation}\0${c.column}`, view)
    for (const r of relations) add(byRelation, r, view)
  }
  const readers: Readers = { byColumn, byRelation }
  remembered.set(catalog, readers)
  return readers
}

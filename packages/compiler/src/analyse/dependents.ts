/** Which views of the database stop working when a column goes. */
import { sqlFacts } from '../front/sql/facts.ts'
import { type Catalog, type CatalogRelation, findRelation } from '../ir/catalog.ts'
import { columnsRead } from './lineage.ts'

/**
 * Views that read a column, in whatever place, and the views on those: what `ALTER TABLE … DROP COLUMN` would name.
 *
 * @param relation `schema.name` of a table or view.
 */
export function viewsReading(catalog: Catalog, relation: string, column: string): CatalogRelation[] {
  const views = catalog.relations.filter((r) => r.definition !== undefined)
  const readers = views.filter((v) =>
    columnsOf(v, catalog).some((read) => read.relation === relation && read.column === column),
  )
  const broken = new Set(readers)
  // Views only read what is older than they are, but the catalog does not list them in that order.
  for (let size = -1; size !== broken.size; ) {
    size = broken.size
    for (const view of views) if (relationsOf(view, catalog).some((r) => broken.has(r))) broken.add(view)
  }
  return views.filter((v) => broken.has(v))
}

interface Read {
  readonly columns: readonly { readonly relation: string; readonly column: string }[]
  readonly relations: readonly CatalogRelation[]
}

const remembered = new WeakMap<Catalog, Map<CatalogRelation, Read>>()

function readOf(view: CatalogRelation, catalog: Catalog): Read {
  const known = remembered.get(catalog) ?? new Map<CatalogRelation, Read>()
  remembered.set(catalog, known)
  const found = known.get(view)
  if (found) return found
  const text = view.definition ?? ''
  const speaker = { view: `view "${view.name}"`, file: view.name }
  const read: Read = {
    columns: columnsRead(text, speaker, catalog),
    relations: sqlFacts(text, speaker).references.flatMap((r) => findRelation(catalog, r.name, r.schema) ?? []),
  }
  known.set(view, read)
  return read
}

const columnsOf = (view: CatalogRelation, catalog: Catalog) => readOf(view, catalog).columns
const relationsOf = (view: CatalogRelation, catalog: Catalog) => readOf(view, catalog).relations

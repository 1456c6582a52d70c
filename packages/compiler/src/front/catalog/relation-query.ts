/** A relation that exists in the database, as a query: a view by its definition, a table by its columns. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { nearParameter } from '../../diagnostics/nearest.ts'
import { quoteIdentifier, quoteName } from '../../emit/identifier.ts'
import { type Catalog, type CatalogRelation, findRelation } from '../../ir/catalog.ts'
import type { Origin, RelationName } from '../../ir/definition.ts'

export interface SqlText {
  readonly text: string
  readonly origin: Origin
}

/** The text behind a relation name. Errors: `view/unknown-relation` with the nearest name. */
export function relationQuery(catalog: Catalog, name: RelationName, view: string): SqlText {
  const relation = findRelation(catalog, name.name, name.schema)
  if (!relation) {
    const known = catalog.relations.map((r) => r.name)
    fail('view/unknown-relation', { view, relation: quoteName(name), ...nearParameter(name.name, known) })
  }
  const origin: Origin = { kind: 'relation', relation: { schema: relation.schema, name: relation.name } }
  return { text: relation.kind === 'view' ? (relation.definition ?? '') : selectAll(relation), origin }
}

const selectAll = (r: CatalogRelation): string =>
  `SELECT ${r.columns.map((c) => quoteIdentifier(c.name)).join(', ')} FROM ${quoteName({ schema: r.schema, name: r.name })}`

/** Relations by name: a WITH query, a table, or a view, which is traced once per catalog. */
import { parseSelect } from '../../front/sql/parser.ts'
import { type Catalog, type CatalogRelation, findRelation } from '../../ir/catalog.ts'
import { lost, nothing, sourceOf } from './influence.ts'
import type { Relation } from './namespace.ts'
import type { Scope } from './tracer.ts'

const remembered = new WeakMap<Catalog, Map<CatalogRelation, Relation>>()

export function relationColumns(name: string, schema: string | undefined, scope: Scope): Relation {
  const cte = schema === undefined ? scope.ctes.get(name) : undefined
  if (cte) return cte
  const relation = findRelation(scope.catalog, name, schema)
  if (!relation) return { columns: [], rows: lost, open: lost }
  if (!scope.throughViews || relation.definition === undefined) {
    const id = `${relation.schema}.${relation.name}`
    return { columns: relation.columns.map((c) => [c.name, sourceOf(id, c.name)]), rows: nothing }
  }
  const known = remembered.get(scope.catalog) ?? new Map<CatalogRelation, Relation>()
  remembered.set(scope.catalog, known)
  const found = known.get(relation) ?? viewColumns(relation, relation.definition, scope)
  known.set(relation, found)
  return found
}

function viewColumns(view: CatalogRelation, definition: string, scope: Scope): Relation {
  const id = `${view.schema}.${view.name}`
  if (scope.path.includes(id)) return { columns: view.columns.map((c) => [c.name, lost]), rows: lost }
  const select = parseSelect(definition, { view: `view "${view.name}"`, file: view.name })
  const fresh: Scope = { ...scope, ctes: new Map(), levels: [], windows: new Map(), path: [...scope.path, id] }
  const { columns, rows } = scope.select(select, fresh)
  // A view may rename its columns; position is what holds.
  return { columns: view.columns.map((c, i) => [c.name, columns[i]?.[1] ?? lost]), rows }
}

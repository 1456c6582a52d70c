/** Relations by name: a WITH query, a table, or a view. */
import type { Catalog, CatalogRelation } from '../../ir/catalog.ts'
import { lookUp, memoryOf, selectOf, viewsBelow } from './catalog-memory.ts'
import { listed, lost, merge, nothing, sourceKey, sourceOf, type Traced } from './influence.ts'
import type { Relation } from './namespace.ts'
import type { Scope } from './tracer.ts'

export function relationColumns(name: string, schema: string | undefined, scope: Scope): Relation {
  const cte = schema === undefined ? scope.ctes.get(name) : undefined
  if (cte) return cte()
  const relation = lookUp(scope.catalog, name, schema)
  if (!relation) return { columns: [], rows: lost, open: lost }
  scope.readRelation(relation)
  const at = { schema: relation.schema, stored: relation.kind !== 'view' }
  const id = `${relation.schema}.${relation.name}`
  const own = relation.columns.map((c) => [c.name, sourceOf(id, c.name)] as const)
  if (scope.views === 'closed' || relation.definition === undefined) return { columns: own, rows: nothing, at }
  const through = traced(relation, scope)
  return scope.views === 'through' ? { ...through, at } : { columns: own, rows: sourceOf(id, ''), at }
}

function traced(view: CatalogRelation, scope: Scope): Relation {
  const memory = memoryOf(scope.catalog).traced
  if (!memory.has(view)) for (const v of [...viewsBelow(scope.catalog, view), view]) trace(v, scope)
  // A view that reads itself through others.
  return memory.get(view) ?? { columns: view.columns.map((c) => [c.name, lost]), rows: lost }
}

function trace(view: CatalogRelation, scope: Scope): void {
  const memory = memoryOf(scope.catalog).traced
  if (memory.has(view)) return
  memory.set(view, undefined)
  const { columns, ...others } = scope.select(selectOf(scope.catalog, view), {
    ...scope,
    ctes: new Map(),
    levels: [],
    windows: new Map(),
    views: 'through',
    read: () => {},
    readRelation: () => {},
  })
  // A view may rename its columns; position is what holds.
  memory.set(view, { ...others, columns: view.columns.map((c, i) => [c.name, columns[i]?.[1] ?? lost]) })
}

/**
 * Where a view is a source like a table, which rows it has is still decided further down. Its columns say so themselves; for a
 * column made of none of them this takes the place of the mark that the view has left.
 */
export function withRowsOfViews(t: Traced, views: ReadonlySet<CatalogRelation>, catalog: Catalog): Traced {
  const named = new Set<string>()
  for (const { relation, column } of listed(t)) if (column !== '') named.add(relation)
  const below = [...views].flatMap((view) => {
    const id = `${view.schema}.${view.name}`
    const rows = memoryOf(catalog).traced.get(view)?.rows
    return rows && !named.has(id) && t.sources.has(sourceKey(id, '')) ? [rows] : []
  })
  const marks = [...views].map((view) => sourceKey(`${view.schema}.${view.name}`, ''))
  const kept = new Map(t.sources)
  for (const mark of marks) kept.delete(mark)
  return merge([{ sources: kept, unknown: t.unknown }, ...below])
}

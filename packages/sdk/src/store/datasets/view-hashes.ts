/** Hashes of what a query is made of: when a digest differs, the view that changed can be named. */
import { type Catalog, columnsRead, findRelation, lineageOf, loadParser } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { sha256 } from './sha256.ts'

/**
 * Hashes of the definitions of the database's views that a query reads, directly or through others, by `schema.name`.
 *
 * Errors: `sql/syntax`, `sql/several-statements`, `sql/not-a-select`.
 */
export async function viewHashes(db: Database, query: string, title = 'query'): Promise<Record<string, string>> {
  const [catalog] = await Promise.all([db.introspect(), loadParser()])
  const found = new Map<string, string>()
  const waiting = [query]
  for (let text = waiting.pop(); text !== undefined; text = waiting.pop()) {
    for (const name of relationsRead(text, title, catalog)) {
      const dot = name.indexOf('.')
      const definition = findRelation(catalog, name.slice(dot + 1), name.slice(0, dot))?.definition
      if (definition === undefined || found.has(name)) continue
      found.set(name, sha256(definition))
      waiting.push(definition)
    }
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Those whose columns are named, and those that only their rows are counted of. */
function relationsRead(text: string, title: string, catalog: Catalog): ReadonlySet<string> {
  const speaker = { view: title, file: title }
  const traced = lineageOf(text, speaker, catalog, [], false).flatMap((c) => c.sources)
  return new Set([...columnsRead(text, speaker, catalog), ...traced].map((s) => s.relation))
}

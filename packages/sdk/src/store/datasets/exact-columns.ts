/** Which columns of a query are copies of stored numbers: those have no noise to be rounded away. */
import { isDirect, lineageOf, loadParser } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'

/**
 * For each column of a query whether it is a column of tables, unchanged on every way. An aggregate, a function or what
 * cannot be resolved is not.
 *
 * Errors: `sql/syntax`, `sql/several-statements`, `sql/not-a-select`.
 */
export async function copiedColumns(db: Database, query: string, title: string): Promise<readonly boolean[]> {
  const [catalog] = await Promise.all([db.introspect(), loadParser()])
  const tables = new Set(catalog.relations.filter((r) => r.kind === 'table').map((r) => `${r.schema}.${r.name}`))
  return lineageOf(query, { view: title, file: title }, catalog).map(({ sources, unknown }) => {
    const made = sources.filter((s) => isDirect(s.influence))
    return !unknown && made.length > 0 && made.every((s) => s.influence === 'identity' && tables.has(s.relation))
  })
}

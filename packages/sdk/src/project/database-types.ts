import { loadParser } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { generateTypes, type TypesOptions } from '../types/generate.ts'

/**
 * The text of `db.gen.ts`: an interface per relation of a database, and the `DB` interface Kysely takes.
 *
 * A column of a view is not null only where the view's definition proves it.
 *
 * ```ts
 * export interface Flights {
 *   delay: number | null
 *   departed_at: Date
 * }
 * ```
 */
export async function databaseTypes(db: Database, options: TypesOptions = {}): Promise<string> {
  const [catalog] = await Promise.all([db.introspect(), loadParser()])
  return generateTypes(catalog, options)
}

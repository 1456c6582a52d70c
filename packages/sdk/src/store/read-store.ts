import type { Database } from '../database/database.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'

/**
 * Opens the store of a database to read it, if there is one that its role may read; makes none. An older one of the
 * embedded engine is brought up to date.
 *
 * Errors: `store/older`, `store/newer`, `store/changed`.
 *
 * @example
 * ```ts
 * const { record } = await loadModel(await openStoreToRead(db, { project: 'flights' }), '.viewcast', 'delay15')
 * ```
 */
export async function openStoreToRead(
  db: Database,
  options: Omit<StoreOptions, 'migrate'>,
): Promise<Store | undefined> {
  const [row] = await db.rows<{ may: boolean }>(
    `SELECT has_schema_privilege(s.oid, 'USAGE') AND coalesce(bool_and(has_table_privilege(c.oid, 'SELECT')), false) AS may
     FROM pg_namespace s LEFT JOIN pg_class c
       ON c.relnamespace = s.oid AND c.relname IN ('migration', 'asset', 'artifact', 'model_version', 'model_versions', 'alias')
     WHERE s.nspname = 'viewcast' GROUP BY s.oid`,
  )
  return row?.may ? openStore(db, options) : undefined
}

/**
 * What a server does by itself and the embedded engine does not: it has no autovacuum, so a table that grew is planned for
 * as if it were empty, and indexes alone answer nothing.
 */
import type { Database } from '../database/database.ts'

/** Smaller tables are read whole, whatever is known of them. */
const fewPages = 64

/**
 * Vacuums and analyses tables of the store that are twice as large as when it was done last: seconds for millions of rows,
 * and once for each doubling. Nothing on a server, and nothing inside a transaction, where it is not possible.
 */
export async function tendStore(db: Database): Promise<void> {
  if (db.engine !== 'pglite') return
  const grown = await db.rows<{ name: string; transaction: string }>(
    `SELECT format('viewcast.%I', relname) AS name, pg_current_xact_id()::text AS transaction FROM pg_class
     WHERE relnamespace = 'viewcast'::regnamespace AND relkind = 'r'
       AND pg_relation_size(oid) / current_setting('block_size')::int > greatest(2 * relpages, ${fewPages})`,
  )
  if (grown.length === 0) return
  // Two statements with one number are inside of one transaction.
  const [next] = await db.rows<{ transaction: string }>('SELECT pg_current_xact_id()::text AS transaction')
  if (next?.transaction === grown[0]?.transaction) return
  await db.query(`VACUUM (ANALYZE) ${grown.map((table) => table.name).join(', ')}`)
}

/** What the engine itself says of a query before anything is changed. */
import { fail } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { PresentColumn } from './present.ts'

export interface DryRun {
  /** As a view of the query has them. */
  readonly columns: readonly PresentColumn[]
}

/** Makes a temporary view of a query, looks at it, and rolls back: only ACCESS SHARE on tables is taken. */
export async function dryRun(db: Database, query: string): Promise<DryRun> {
  const undo = Symbol('undo')
  let found: DryRun | undefined
  try {
    await db.transaction(async (tx) => {
      await tx.execute(`CREATE TEMPORARY VIEW viewcast_dry_run AS\n${query}`)
      const columns = await tx.rows<{ name: string; type: string }>(
        `SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a
         WHERE a.attrelid = 'pg_temp.viewcast_dry_run'::regclass AND a.attnum > 0 ORDER BY a.attnum`,
      )
      found = { columns }
      throw undo
    })
  } catch (e) {
    if (e !== undo) throw e
  }
  return found ?? fail('deploy/verification', { rows: 'the dry run gave nothing' })
}

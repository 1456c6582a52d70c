/** What the engine itself says of a query before anything is changed. */
import { fail } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { ReadColumn } from './plan-data.ts'
import type { PresentColumn } from './present.ts'

export interface DryRun {
  /** As a view of the query has them. */
  readonly columns: readonly PresentColumn[]
  readonly reads: readonly ReadColumn[]
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
      const reads = await tx.rows<{ relation: string; column: string; type: string }>(
        `SELECT DISTINCT format('%I.%I', n.nspname, c.relname) AS relation, a.attname::text AS "column",
                format_type(a.atttypid, a.atttypmod) AS type
         FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
         JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
         WHERE r.ev_class = 'pg_temp.viewcast_dry_run'::regclass AND c.oid <> r.ev_class AND d.refobjsubid > 0 ORDER BY 1, 2`,
      )
      found = { columns, reads }
      throw undo
    })
  } catch (e) {
    if (e !== undo) throw e
  }
  return found ?? fail('deploy/verification', { rows: 'the dry run gave nothing' })
}

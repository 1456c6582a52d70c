/** Which relations the views of a database read, as PostgreSQL has it: one statement, however many views. */
import type { Database } from '../../database/database.ts'

/** `schema.name` of a view → of what it reads itself, in order of name. */
export async function relationReads(db: Database): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await db.rows<{ view: string; reads: string }>(
    `SELECT vn.nspname || '.' || v.relname AS view, rn.nspname || '.' || r.relname AS reads
       FROM pg_catalog.pg_rewrite w
       JOIN pg_catalog.pg_class v ON v.oid = w.ev_class AND v.relkind IN ('v', 'm')
       JOIN pg_catalog.pg_namespace vn ON vn.oid = v.relnamespace
       JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
                                  AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> w.ev_class
       JOIN pg_catalog.pg_class r ON r.oid = d.refobjid AND r.relkind IN ('r', 'p', 'v', 'm', 'f')
       JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
      WHERE vn.nspname NOT IN ('pg_catalog', 'information_schema', 'viewcast')
        AND rn.nspname NOT IN ('pg_catalog', 'information_schema')
      GROUP BY 1, 2 ORDER BY 1, 2`,
  )
  const out = new Map<string, string[]>()
  for (const { view, reads } of rows) {
    const known = out.get(view)
    if (known) known.push(reads)
    else out.set(view, [reads])
  }
  return out
}

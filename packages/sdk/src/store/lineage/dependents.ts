/** What PostgreSQL itself refuses to drop a column or a relation for. */
import type { Database } from '../../database/database.ts'

/**
 * Objects of the database that depend on a relation, or on one of its columns, and on those that depend on it: `view
 * late_flights`, `materialized view totals`, `function f(integer)`, as the server names them. What it drops by itself, such as
 * an index of the column, is not among them.
 */
export async function dependentsOf(
  db: Database,
  { oid, column }: { readonly oid: string; readonly column?: number },
): Promise<readonly string[]> {
  // A rule depends on what its query names, and the view is what is lost with its rule; the same of a generated column and
  // its expression. What goes with its object ('a',
  // 'i') is not told of, but what depends on that is.
  const rows = await db.rows<{ object: string }>(
    `WITH RECURSIVE lost (classid, objid, objsubid, told) AS (
       SELECT 'pg_class'::regclass::oid, $1::oid, $2::integer, false
       UNION
       SELECT n.* FROM lost l CROSS JOIN LATERAL (
         SELECT d.classid, d.objid, d.objsubid, d.deptype = 'n' AS told
         FROM pg_depend d
         WHERE d.refclassid = l.classid AND d.refobjid = l.objid AND (l.objsubid = 0 OR d.refobjsubid = l.objsubid)
           AND d.deptype IN ('n', 'a', 'i')
         UNION ALL
         SELECT 'pg_class'::regclass::oid, r.ev_class, 0, true
         FROM pg_rewrite r WHERE l.classid = 'pg_rewrite'::regclass AND r.oid = l.objid AND r.rulename = '_RETURN'
         UNION ALL
         SELECT 'pg_class'::regclass::oid, f.adrelid, f.adnum, true
         FROM pg_attrdef f WHERE l.classid = 'pg_attrdef'::regclass AND f.oid = l.objid
       ) n
     )
     SELECT DISTINCT pg_describe_object(classid, objid, objsubid) AS object FROM lost
     WHERE told AND classid NOT IN ('pg_rewrite'::regclass, 'pg_attrdef'::regclass)
       AND (objid <> $1::oid OR (objsubid <> $2 AND objsubid <> 0 AND $2 <> 0))
     ORDER BY 1`,
    [oid, column ?? 0],
  )
  return rows.map((r) => r.object)
}

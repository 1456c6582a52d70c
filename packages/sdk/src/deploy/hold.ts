/** Keeps readers and everybody else away from objects that are about to change, for as short as it can be. */
import { quoteIdentifier } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { type ObjectName, quoted } from './object-name.ts'

/** An object that is there and has to be locked; a function has no lock of its own. */
export interface Holdable {
  readonly object: ObjectName
  readonly oid: string
  readonly kind: 'view' | 'table'
  readonly owner: string
}

/**
 * How long is waited for all locks after the first, in milliseconds. A reader that has the second object and asks for the
 * first would be in a deadlock with us: the server finds one after a second, and might end the reader. By then we are gone.
 */
const furtherLocks = 400

/** Locks the objects, one after the other by name, so that two who do the same do not wait for each other. */
export async function hold(
  db: Database,
  objects: readonly Holdable[],
  lockTimeout: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const each = Math.max(1, Math.min(lockTimeout, Math.floor(furtherLocks / Math.max(1, objects.length))))
  // Giving an object to its owner changes nothing; there is no other lock on a view alone: LOCK TABLE goes on to its tables.
  const [first, ...rest] = [...objects]
    .sort((a, b) => (quoted(a.object) < quoted(b.object) ? -1 : 1))
    .map(
      ({ object, kind, owner }) => `ALTER ${kind.toUpperCase()} ${quoted(object)} OWNER TO ${quoteIdentifier(owner)}`,
    )
  const further = `SET LOCAL lock_timeout = ${each}`
  if (first === undefined) return
  await db.execute(
    [`SET LOCAL lock_timeout = ${lockTimeout}`, first, further, ...rest].join(';\n'),
    signal ? { signal } : {},
  )
}

/** What changes when somebody changes one of the objects, or builds upon it; one query, for which readers wait. */
export async function marksOf(db: Database, objects: readonly Holdable[]): Promise<string> {
  const [row] = await db.rows<{ marks: string | null }>(
    `SELECT string_agg(concat_ws(' ', c.oid, c.xmin, c.relname, c.relnamespace,
              (SELECT string_agg(r.xmin::text, ' ' ORDER BY r.oid) FROM pg_rewrite r WHERE r.ev_class = c.oid), '/',
              (SELECT string_agg(a.xmin::text, ' ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid), '/',
              (SELECT string_agg(t.xmin::text, ' ' ORDER BY t.objsubid) FROM pg_description t
               WHERE t.classoid = 'pg_class'::regclass AND t.objoid = c.oid), '/',
              (SELECT count(*) FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid)), ';' ORDER BY c.oid) AS marks
     FROM pg_class c WHERE c.oid = ANY ($1::text[]::oid[])`,
    [objects.map((o) => o.oid)],
  )
  return row?.marks ?? ''
}

/** Access of roles to the store. */
import { fail } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'

/**
 * - `read`: everything may be read;
 * - `append`: runs, metrics, versions, lineage may be added, aliases and tags moved; nothing measured may be rewritten;
 * - `none`: what was granted is taken back.
 */
export type Access = 'read' | 'append' | 'none'

/**
 * Grants a role access to the store, and remembers it for what later migrations bring.
 *
 * Errors: `store/role` for a role that is not there, or when the caller does not own the store.
 *
 * @example
 * ```ts
 * await grantAccess(db, 'trainer', 'append')
 * ```
 * ```sql
 * GRANT SELECT, INSERT ON viewcast.metric TO trainer; GRANT UPDATE (state, ended_at, …) ON viewcast.execution TO trainer; …
 * ```
 */
export async function grantAccess(db: Database, role: string, access: Access): Promise<void> {
  const [row] = await db.rows<{ known: boolean; owner: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS known,
            coalesce((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'viewcast'), false) AS owner`,
    [role],
  )
  if (!row?.known) fail('store/role', { detail: `there is no role "${role}"` })
  if (!row.owner) fail('store/role', { detail: 'only the owner of the schema viewcast may grant access to it' })
  await db.query('SELECT viewcast.grant_access($1, $2)', [role, access])
}

/** Roles that were granted access, by name. */
export const listAccess = (db: Database): Promise<{ role: string; access: Access }[]> =>
  db.rows('SELECT role_name AS role, kind AS access FROM viewcast.access ORDER BY 1')

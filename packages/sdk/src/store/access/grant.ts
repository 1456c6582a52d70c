/** Access of roles to the store. */
import { fail } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'

/**
 * - `read`: everything may be read;
 * - `append`: runs, metrics, versions, lineage may be added, aliases and tags moved; nothing measured may be rewritten;
 * - `none`: what was granted is taken back.
 */
export type Access = 'read' | 'append' | 'none'

export interface AccessOptions {
  /** Whether it may read the inputs of logged predictions; it may add them without. Default true. */
  readonly inputs?: boolean
}

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
export async function grantAccess(
  db: Database,
  role: string,
  access: Access,
  options: AccessOptions = {},
): Promise<void> {
  const [row] = await db.rows<{ known: boolean; owner: boolean; logs: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS known,
            to_regclass('viewcast.prediction_input') IS NOT NULL AS logs,
            coalesce((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'viewcast'), false) AS owner`,
    [role],
  )
  if (!row?.known) fail('store/role', { detail: `there is no role "${role}"` })
  if (!row.owner) fail('store/role', { detail: 'only the owner of the schema viewcast may grant access to it' })
  await db.transaction(async (tx) => {
    await tx.query('SELECT viewcast.grant_access($1, $2)', [role, access])
    // A store that is not up to date yet has no inputs to keep from anybody.
    if (access === 'none' || !row.logs) return
    await tx.query('UPDATE viewcast.access SET sees_inputs = $2 WHERE role_name = $1', [role, options.inputs ?? true])
    await tx.query('SELECT viewcast.apply_access()')
  })
}

/** Roles that were granted access, by name. */
export const listAccess = (db: Database): Promise<{ role: string; access: Access; inputs: boolean }[]> =>
  db.rows(
    // A store that is not up to date yet has no such column.
    `SELECT role_name AS role, kind AS access, coalesce((to_jsonb(a) ->> 'sees_inputs')::boolean, true) AS inputs
     FROM viewcast.access a ORDER BY 1`,
  )

/** Brings the schema `viewcast` to the version of this package, in one transaction under an advisory lock. */
import { fail } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { type Migration, migrations } from './migrations.ts'

export interface StoreVersion {
  /** Migrations that the database has; 0 where there is no store. */
  readonly applied: number
  /** Migrations of this package. */
  readonly known: number
}

interface Applied {
  readonly version: number
  readonly name: string
  readonly hash: string
}

/**
 * What the database has and what this package knows.
 *
 * Errors: `store/changed` when a migration was applied with another text than this package has for it.
 */
export async function storeVersion(db: Database): Promise<StoreVersion> {
  const all = await migrations()
  return versionOf(await appliedTo(db), all)
}

/**
 * Creates the store, or brings it up to date; returns the migrations that were missing. Everything or nothing is done:
 * a process that dies leaves the version that was there. Several at once wait for each other.
 *
 * Errors: `store/newer` for a store of a later package, `store/changed`, `store/forbidden` without the right to create
 * it, or for a role that does not own it.
 *
 * @param options `to` stops at an earlier version; default the last.
 *
 * @example
 * ```ts
 * await migrateStore(db) // ['0001_graph', '0002_runs', …], and [] the second time
 * ```
 * ```sql
 * CREATE SCHEMA viewcast; CREATE TABLE viewcast.migration (…); CREATE TABLE viewcast.asset (…); …
 * ```
 */
export async function migrateStore(db: Database, options: { readonly to?: number } = {}): Promise<readonly string[]> {
  const shipped = await migrations()
  const all = shipped.slice(0, options.to ?? shipped.length)
  return db.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('viewcast store', 0))`)
    const before = await appliedTo(tx)
    const { applied, known } = versionOf(before, all)
    if (applied > known) fail('store/newer', { applied: String(applied), known: String(known) })
    if (applied === known) return []
    if (before.length === 0) await create(tx)
    else await refuseStranger(tx)
    const missing = all.slice(applied)
    for (const m of missing) {
      await tx.execute(m.sql)
      await tx.query('INSERT INTO viewcast.migration (version, name, hash) VALUES ($1, $2, $3)', [
        m.version,
        m.name,
        m.hash,
      ])
    }
    await grantAgain(tx)
    return missing.map((m) => `${String(m.version).padStart(4, '0')}_${m.name}`)
  })
}

async function create(tx: Database): Promise<void> {
  const [row] = await tx.rows<{ may: boolean; there: boolean; name: string }>(
    `SELECT has_database_privilege(current_database(), 'CREATE') AS may, current_database() AS name,
            EXISTS (SELECT FROM pg_namespace WHERE nspname = 'viewcast') AS there`,
  )
  if (!row?.there && !row?.may) fail('store/forbidden', { database: row?.name ?? '' })
  if (!row.there) await tx.execute('CREATE SCHEMA viewcast')
  await tx.execute(`CREATE TABLE viewcast.migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    hash text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
  )`)
}

/** Migrations alter what is there, as owners may, and make more of it. */
async function refuseStranger(tx: Database): Promise<void> {
  const [row] = await tx.rows<{ role: string; database: string; owner: string; statement: string }>(
    `SELECT current_user::text AS role, current_database()::text AS database, r.rolname::text AS owner,
            format('GRANT %I TO %I', r.rolname, current_user) AS statement
     FROM (
       SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'viewcast' AND NOT has_schema_privilege(n.oid, 'CREATE')
       UNION SELECT c.relowner FROM pg_class c WHERE c.relnamespace = 'viewcast'::regnamespace
       UNION SELECT p.proowner FROM pg_proc p WHERE p.pronamespace = 'viewcast'::regnamespace
     ) o (owner) JOIN pg_roles r ON r.oid = o.owner
     WHERE NOT pg_has_role(o.owner, 'USAGE') ORDER BY r.rolname LIMIT 1`,
  )
  if (row) fail('store/forbidden', { ...row, what: 'migrate' })
}

/** What a migration made is granted to the roles that had access before it. */
async function grantAgain(tx: Database): Promise<void> {
  const [there] = await tx.rows<{ there: boolean }>(`SELECT to_regproc('viewcast.apply_access') IS NOT NULL AS there`)
  if (there?.there) await tx.query('SELECT viewcast.apply_access()')
}

async function appliedTo(db: Database): Promise<readonly Applied[]> {
  // Of a schema that the role may not use, to_regclass is an error instead of NULL.
  const [found] = await db.rows<{ may: boolean; role: string; database: string }>(
    `SELECT has_schema_privilege(s.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS may,
            current_user::text AS role, current_database()::text AS database
     FROM pg_namespace s JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = 'migration' WHERE s.nspname = 'viewcast'`,
  )
  if (!found) return []
  if (!found.may) fail('store/forbidden', { database: found.database, role: found.role, what: 'read' })
  return db.rows<Applied>('SELECT version, name, hash FROM viewcast.migration ORDER BY version')
}

function versionOf(applied: readonly Applied[], all: readonly Migration[]): StoreVersion {
  for (const [i, a] of applied.entries()) {
    const ours = all[i]
    if (ours && (ours.version !== a.version || ours.hash !== a.hash)) {
      fail('store/changed', { migration: `${a.version} (${a.name})` })
    }
  }
  return { applied: applied.length, known: all.length }
}

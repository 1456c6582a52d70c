/** The store: experiments, registry, lineage and catalog in the schema `viewcast` of the database they are about. */
import { userInfo } from 'node:os'
import { fail } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { readOnlyRefusal } from '../database/read-only.ts'
import { migrateStore, storeVersion } from './migrate.ts'
import type { EventOptions } from './openlineage/naming.ts'
import { tendStore } from './tend.ts'

export interface Store {
  readonly db: Database
  /** The project whose declarations are meant; namespace of its views, datasets and models. */
  readonly project: string
  /** Who did it, as written beside runs, versions and aliases. */
  readonly actor: string
  /** Whether OpenLineage events are written of its runs, and under which names; absent: none are. */
  readonly events?: EventOptions
}

export interface StoreOptions {
  /** Name of the project. */
  readonly project: string
  /** Who does it; default the name of the operating system's user. */
  readonly actor?: string
  /**
   * Whether a store that is missing or older is brought up to date: `create` makes a missing one and brings the embedded
   * engine's up to date, `always` brings any up to date, `never` changes nothing. Default `create`.
   */
  readonly migrate?: 'create' | 'always' | 'never'
  /**
   * Writes OpenLineage events of every run into the outbox, from where {@link sendEvents} sends them; `{}` for the default
   * names. Default: none are written.
   */
  readonly events?: EventOptions
}

/**
 * Opens the store of a database, and creates it where there is none.
 *
 * Errors: `store/absent`, `store/older`, `store/newer`, `store/changed`, `store/forbidden`, `engine/read-only`.
 *
 * @example
 * ```ts
 * const store = await openStore(db, { project: 'flights' })
 * ```
 */
export async function openStore(db: Database, options: StoreOptions): Promise<Store> {
  const { applied, known } = await storeVersion(db)
  const how = options.migrate ?? 'create'
  if (applied > known) fail('store/newer', { applied: String(applied), known: String(known) })
  if (applied < known) {
    if (applied === 0 && how === 'never') fail('store/absent', { database: db.description })
    const may = how === 'always' || (how === 'create' && (applied === 0 || db.engine === 'pglite'))
    if (!may) fail('store/older', { applied: String(applied), known: String(known) })
    await migrateStore(db).catch(async (e: unknown) => {
      throw await readOnlyRefusal(db, e)
    })
  }
  await tendStore(db)
  return {
    db,
    project: options.project,
    actor: options.actor ?? loginName(),
    ...(options.events ? { events: options.events } : {}),
  }
}

/**
 * Opens the store of a database to write to it, if its role may; else says in words why it may not, so that work which
 * only needs to read goes on without a trace.
 *
 * Errors: `store/older`, `store/newer`, `store/changed`.
 */
export async function openStoreIfAllowed(
  db: Database,
  options: StoreOptions,
): Promise<{ readonly store: Store } | { readonly store: undefined; readonly reason: string }> {
  const refused = await whyNotWrite(db)
  return refused === undefined ? { store: await openStore(db, options) } : { store: undefined, reason: refused.reason }
}

/**
 * Opens the store of a database for work that has to be kept there, as a deployment has to; creates it where there is none.
 *
 * Errors: `store/forbidden` for a role that may not write to it, and for a session that may only read; `store/older`,
 * `store/newer`, `store/changed`.
 *
 * @example
 * ```ts
 * const store = await openStoreToWrite(db, { project: 'flights' })
 * ```
 */
export async function openStoreToWrite(db: Database, options: StoreOptions): Promise<Store> {
  const refused = await whyNotWrite(db)
  if (refused) fail('store/forbidden', refused.parameters)
  return openStore(db, options)
}

interface NotWritable {
  readonly reason: string
  /** Of `store/forbidden`. */
  readonly parameters: { readonly database: string; readonly [name: string]: string }
}

async function whyNotWrite(db: Database): Promise<NotWritable | undefined> {
  const [row] = await db.rows<{ readonly: boolean; there: boolean; may: boolean; name: string; role: string }>(
    `SELECT current_setting('transaction_read_only') = 'on' AS readonly, s.oid IS NOT NULL AS there, current_database() AS name,
            current_user::text AS role,
            CASE WHEN s.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
                 ELSE has_schema_privilege(s.oid, 'USAGE')
                  AND coalesce((SELECT has_table_privilege(c.oid, 'INSERT') FROM pg_class c
                                WHERE c.relnamespace = s.oid AND c.relname = 'execution'), true) END AS may
     FROM (SELECT 1) one LEFT JOIN pg_namespace s ON s.nspname = 'viewcast'`,
  )
  if (!row) return undefined
  const { name: database, role } = row
  const writing = { database, role, what: 'write to' }
  if (row.readonly) return { reason: 'the session may only read', parameters: { ...writing, session: 'reads' } }
  if (row.may) return undefined
  return row.there
    ? { reason: 'the role may not write to the schema viewcast', parameters: writing }
    : { reason: `the role may not create the schema viewcast in ${database}`, parameters: { database } }
}

/** Runs `body` on the store in one transaction: all of it or nothing. Inside another it is a savepoint. Errors: `engine/read-only`. */
export async function atomically<T>(store: Store, body: (store: Store) => Promise<T>): Promise<T> {
  const { db } = store
  try {
    return await db.transaction((tx) => body({ ...store, db: tx }))
  } catch (e) {
    throw db.isTransaction ? e : await readOnlyRefusal(db, e)
  }
}

function loginName(): string {
  try {
    return userInfo().username
  } catch {
    // A process of a user that the system has no entry for, as in a container.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

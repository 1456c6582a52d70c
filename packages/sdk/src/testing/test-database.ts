import { connect } from '../database/connect.ts'
import type { Database } from '../database/database.ts'
import { quoteName } from '../database/names.ts'
import { sessionSettings } from '../database/wire-lease.ts'

/** Databases that were closed and can be handed out again: starting one takes most of a second, emptying it does not. */
const idle: Database[] = []

/**
 * An empty embedded database for tests, on a temporary directory. Closing it keeps the engine running for the next
 * caller in this process; the engine and its directory go with the process.
 *
 * @example
 * const db = await openTestDatabase()
 * await db.execute('CREATE TABLE t (a int)')
 * await db.close()
 */
export async function openTestDatabase(): Promise<Database> {
  const db = idle.pop() ?? (await connect('memory:'))
  let closed = false
  return {
    ...db,
    async close() {
      if (closed) return
      closed = true
      await empty(db)
      idle.push(db)
    },
  }
}

/**
 * Runs `body` with an empty embedded database that is emptied again afterwards.
 *
 * @example
 * await withDatabase(async (db) => {
 *   expect(await db.rows('SELECT 1 AS n')).toEqual([{ n: 1 }])
 * })
 */
export async function withDatabase<T>(body: (db: Database) => Promise<T>): Promise<T> {
  const db = await openTestDatabase()
  try {
    return await body(db)
  } finally {
    await db.close()
  }
}

async function empty(db: Database): Promise<void> {
  const schemas = await db.rows<{ name: string }>(
    "SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
  )
  const drops = schemas.map((s) => `DROP SCHEMA ${quoteName(s.name)} CASCADE;`)
  // As a new database has it: everybody may look into it.
  await db.execute(`${drops.join(' ')} CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC`)
  const roles = await db.rows<{ name: string }>(
    "SELECT rolname AS name FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> current_user",
  )
  for (const { name } of roles) await db.execute(`DROP OWNED BY ${quoteName(name)}; DROP ROLE ${quoteName(name)}`)
  // Not inside the transaction that several statements make.
  await db.execute('DISCARD ALL')
  await db.execute(sessionSettings)
}

/** Who deploys waits for who deploys: one at a time in a database, until the transaction ends. */
import type { Database } from '../database/database.ts'

/** The key of the lock, as SQL writes it. */
export const deployKey = `hashtextextended('viewcast deploy', 0)`

export async function oneDeployer(db: Database, signal?: AbortSignal): Promise<void> {
  const lock = `SELECT pg_advisory_xact_lock(${deployKey})`
  await db.query(lock, [], signal ? { signal } : {})
}

/** Who deploys waits for who deploys: one at a time in a database, until the transaction ends. */
import type { Database } from '../database/database.ts'

export async function oneDeployer(db: Database, signal?: AbortSignal): Promise<void> {
  const lock = `SELECT pg_advisory_xact_lock(hashtextextended('viewcast deploy', 0))`
  await db.query(lock, [], signal ? { signal } : {})
}

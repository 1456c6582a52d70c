import type { Database } from '../database/database.ts'

/**
 * Has the server look every second whether its client is still there, to the end of the transaction. By itself it only finds
 * out when it next speaks to it: a deployer that was killed would keep its locks, and its place in the queue for one, which
 * readers stand behind, until its statement ends.
 */
export async function noticeLostClient(db: Database): Promise<void> {
  if (db.engine !== 'postgres') return
  // Servers on some systems cannot look, and refuse to try.
  await db.transaction((tx) => tx.execute('SET LOCAL client_connection_check_interval = 1000')).catch(() => undefined)
}

import type { Database } from '../../database/database.ts'

/**
 * Runs `body` on one snapshot of the database: what it reads twice is the same twice, whatever others commit meanwhile.
 *
 * On a server it is a transaction of isolation REPEATABLE READ. It locks nothing that writers need, and holds back the
 * removal of dead rows for as long as it lasts. The embedded engine has one session, so nobody else writes. What is found is
 * kept after it, in a transaction of its own: versions of assets are counted in rows that others change meanwhile, which is
 * refused within a snapshot.
 *
 * Inside a transaction the server refuses it: its snapshots are chosen already.
 *
 * @example
 * ```ts
 * const { digest, trained } = await atSnapshot(db, async (tx) => ({
 *   digest: await digestRows(tx, query),
 *   trained: await trainModel(tx, model),
 * }))
 * ```
 * ```sql
 * BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; …; COMMIT
 * ```
 */
export async function atSnapshot<T>(db: Database, body: (tx: Database) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    return body(tx)
  })
}

/** Names and keys that only one may have. */
import { fail } from '@viewcast/compiler'
import { isDatabaseError } from '../../database/database-error.ts'
import { atomically, type Store } from '../store.ts'

/** What `body` gives, or `taken` when a unique index refused it; the transaction it was in goes on. */
export async function unlessTaken<T>(store: Store, body: (store: Store) => Promise<T>): Promise<T | 'taken'> {
  try {
    return await atomically(store, body)
  } catch (e) {
    if (isDatabaseError(e) && e.sqlState === '23505') return 'taken'
    throw e
  }
}

/** Brings deleted runs back. Errors: `run/key` when the key of one is that of another run by now. */
export async function bringBack(store: Store, ids: readonly string[]): Promise<void> {
  const back = await unlessTaken(store, ({ db }) =>
    db.query(`UPDATE viewcast.execution SET lifecycle = 'active', deleted_at = NULL WHERE id = ANY ($1::uuid[])`, [
      ids,
    ]),
  )
  if (back !== 'taken') return
  const [row] = await store.db.rows<{ key: string; run: string; state: string }>(
    `SELECT a.idem_key AS key, a.id AS run, a.state
     FROM viewcast.execution d JOIN viewcast.execution a ON a.idem_key = d.idem_key AND a.lifecycle = 'active'
     WHERE d.id = ANY ($1::uuid[]) AND d.lifecycle = 'deleted' ORDER BY 1 LIMIT 1`,
    [ids],
  )
  fail('run/key', { key: row?.key ?? '', run: row?.run ?? '', state: row?.state ?? '' })
}

import type { Database } from '../database/database.ts'
import { openStoreToWrite, type Store, type StoreOptions } from './store.ts'

/**
 * Gives `body` a new store that is taken back when it ends, with everything else that was done: for questions to a database
 * that has none and is to be left as it is.
 *
 * Errors: `store/forbidden` without the right to create, and for a session that may only read; those of `body`.
 *
 * @example
 * ```ts
 * const plan = await withPassingStore(db, { project: 'flights' }, (store) => planProject(store, project))
 * ```
 */
export async function withPassingStore<T>(
  db: Database,
  options: Omit<StoreOptions, 'migrate'>,
  body: (store: Store) => Promise<T>,
): Promise<T> {
  const over = new Error('Rolled back, as all of it was a question')
  let answer: { readonly value: T } | undefined
  try {
    await db.transaction(async (tx) => {
      answer = { value: await body(await openStoreToWrite(tx, options)) }
      throw over
    })
  } catch (e) {
    if (e !== over || answer === undefined) throw e
  }
  return (answer as { readonly value: T }).value
}

import type { Store } from '@viewcast/sdk'
import type { Invocation } from '../../command.ts'
import { loadSettings } from '../../config/load.ts'
import type { Settings } from '../../config/resolve.ts'
import { withDatabase } from '../../open.ts'

/** The store of the database as it is; the definitions of the project are not needed. Errors: those of `openStore`. */
export async function withOutbox<T>(
  invocation: Pick<Invocation, 'globals' | 'io' | 'output'>,
  body: (store: Store, settings: Settings) => Promise<T>,
): Promise<T> {
  const settings = await loadSettings(invocation.globals, invocation.io)
  return withDatabase(invocation, settings, async (db) => {
    const { openStore } = await import('@viewcast/sdk')
    return body(await openStore(db, { project: '', migrate: 'never' }), settings)
  })
}

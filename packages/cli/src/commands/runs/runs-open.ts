/** What the commands of runs open: the store, with runs whose process is gone marked as lost. */
import type { Store } from '@viewcast/sdk'
import type { Invocation } from '../../command.ts'
import { withStore } from '../../open.ts'

export const withRuns = <T>(
  invocation: Pick<Invocation, 'globals' | 'io' | 'output'>,
  body: (store: Store) => Promise<T>,
): Promise<T> =>
  withStore(invocation, async ({ store }) => {
    const { isDatabaseError, markLostRuns } = await import('@viewcast/sdk')
    await markLostRuns(store).catch((error: unknown) => {
      // A role that only reads, or a standby, sees them as they are.
      if (!isDatabaseError(error) || !['42501', '25006'].includes(error.sqlState)) throw error
    })
    return body(store)
  })

import { digest } from '@viewcast/compiler'
import type { Store } from '../store/store.ts'
import { assetName } from './object-name.ts'
import type { PlannedChange } from './plan-data.ts'
import { inspect } from './present.ts'
import { liveDeployment } from './state.ts'

/**
 * Whether a change is done already, and nothing was done since: by this very plan, whose connection may have been lost after
 * the commit, or by another that came to the same.
 */
export async function isSettled(store: Store, change: PlannedChange, planDigest: string): Promise<boolean> {
  const present = await inspect(store.db, change.object)
  const live = await liveDeployment(store, change.object)
  if (change.class === 'remove') return !present && !live
  if (!present || !live || present.hash !== live.leftHash) return false
  const [last] = await store.db.rows<{ plan: string | null }>(
    `SELECT c.plan_digest AS plan FROM viewcast.deployment_change c JOIN viewcast.asset o ON o.id = c.asset_id
     WHERE (o.kind, o.name) = ('deployment', $1) ORDER BY c.id DESC LIMIT 1`,
    [assetName(change.object)],
  )
  if (last?.plan === planDigest) return true
  // Grants are no part of what a version is, so that of another plan it is not known whether they came to the same.
  const isSame = live.digest === change.digest && digest(live.spec) === digest(JSON.parse(JSON.stringify(change.spec)))
  return isSame && change.class !== 'metadata'
}

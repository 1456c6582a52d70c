/** What was done to a deployment. */
import type { Store } from '../store/store.ts'
import { assetName, type ObjectName } from './object-name.ts'
import type { ChangeClass, Strategy } from './plan-data.ts'

export interface DeploymentEvent {
  readonly at: string
  readonly action: 'apply' | 'rollback' | 'remove' | 'collect'
  readonly class: ChangeClass
  readonly strategy: Strategy
  /** Versions of the deployment; null for none. */
  readonly from: number | null
  readonly to: number | null
  /** Of the version it went to. */
  readonly model: string | null
  readonly modelVersion: number | null
  readonly actor: string | null
  readonly reason: string | null
  /** Id of the run that did it. */
  readonly run: string | null
}

/**
 * Everything that was done to an object, the latest first; empty for one that was never deployed. One statement.
 *
 * @example
 * ```ts
 * const [last] = await deploymentHistory(store, { schema: 'scoring', name: 'delay15_now' })
 * ```
 */
export async function deploymentHistory({ db }: Store, object: ObjectName): Promise<readonly DeploymentEvent[]> {
  return db.rows<DeploymentEvent & Record<string, unknown>>(
    `SELECT c.at, c.action, c.class, c.strategy, f.version AS "from", t.version AS "to",
            t.props->>'model' AS model, (t.props->>'modelVersion')::integer AS "modelVersion", c.actor, c.reason, c.execution_id AS run
     FROM viewcast.deployment_change c
     JOIN viewcast.asset o ON o.id = c.asset_id
     LEFT JOIN viewcast.artifact f ON f.id = c.from_artifact
     LEFT JOIN viewcast.artifact t ON t.id = c.to_artifact
     WHERE o.kind = 'deployment' AND o.name = $1 ORDER BY c.id DESC`,
    [assetName(object)],
  )
}

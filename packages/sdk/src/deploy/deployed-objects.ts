/** What the store says is deployed. */
import type { Store } from '../store/store.ts'
import { assetName, type ObjectName, objectOf } from './object-name.ts'

export interface DeployedObject {
  /** Name of the declaration; of one made by a command alone, that of the object. */
  readonly name: string
  readonly environment: string
  readonly object: ObjectName
  readonly kind: 'view' | 'table' | 'function'
  /** Whether the project declares it: what a command alone made is never planned away. */
  readonly isDeclared: boolean
  readonly version: number
  readonly model: string | null
  readonly modelVersion: number | null
  /** When its live version was left so, by whom and why. */
  readonly changedAt: string | null
  readonly changedBy: string | null
  readonly reason: string | null
}

/**
 * The deployments of the project that are live, by environment and name. One statement.
 *
 * @param environment only those of this one; `''` is the one without a name.
 *
 * @example
 * ```ts
 * for (const { object, model, modelVersion } of await listDeployments(store)) console.log(object.name, model, modelVersion)
 * ```
 */
export async function listDeployments(
  { db, project }: Store,
  environment?: string,
): Promise<readonly DeployedObject[]> {
  const rows = await db.rows<Omit<DeployedObject, 'object'> & { object: string }>(
    `SELECT name, environment, object, kind, is_declared AS "isDeclared", version, model, model_version AS "modelVersion",
            changed_at AS "changedAt", changed_by AS "changedBy", reason
     FROM viewcast.deployments WHERE project = $1 AND ($2::text IS NULL OR environment = $2) ORDER BY environment, name, object`,
    [project, environment ?? null],
  )
  return rows.map((row) => ({ ...row, object: objectOf(row.object) }))
}

/** What the project declared and declares no more. */
export const declaredNoMore = (
  deployed: readonly DeployedObject[],
  wanted: readonly ObjectName[],
): readonly DeployedObject[] => {
  const names = new Set(wanted.map(assetName))
  return deployed.filter((d) => d.isDeclared && !names.has(assetName(d.object)))
}

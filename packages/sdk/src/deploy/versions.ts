/** Every version that an object had, with what makes it again or says where it is kept. */
import type { Store } from '../store/store.ts'
import { assetName, type ObjectName, objectOf } from './object-name.ts'

export interface DeploymentVersion {
  readonly artifact: string
  readonly version: number
  readonly digest: string
  readonly model: string
  readonly modelVersion: number
  readonly kind: 'view' | 'table' | 'function'
  readonly query: string
  readonly columns: readonly { readonly name: string; readonly type: string; readonly tombstone?: string }[]
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[]
  readonly statements: readonly string[]
  readonly spec: Readonly<Record<string, unknown>>
  readonly isLive: boolean
  readonly kept: Kept | null
}

/** An object that was put aside. */
export interface Kept {
  readonly at: ObjectName
  /** As it was when it was put aside; null where it was gone by then. */
  readonly hash: string | null
  readonly server: number
}

export interface DeploymentVersions {
  readonly asset: string
  readonly name: string
  readonly environment: string
  readonly isDeclared: boolean
  /** In order. */
  readonly versions: readonly DeploymentVersion[]
  /** The one that was live before the last change that made another one live, or took the last away. */
  readonly before: number | null
}

/** All versions of an object; undefined for one that was never deployed. */
export async function deploymentVersions({ db }: Store, object: ObjectName): Promise<DeploymentVersions | undefined> {
  const [found] = await db.rows<Omit<DeploymentVersions, 'versions'>>(
    `SELECT d.asset_id AS asset, d.name, d.environment, d.is_declared AS "isDeclared",
            (SELECT f.version FROM viewcast.deployment_change c JOIN viewcast.artifact f ON f.id = c.from_artifact
             WHERE c.asset_id = d.asset_id AND c.action <> 'collect' AND c.to_artifact IS DISTINCT FROM c.from_artifact
             ORDER BY c.id DESC LIMIT 1) AS before
     FROM viewcast.deployment d JOIN viewcast.asset o ON o.id = d.asset_id
     WHERE o.kind = 'deployment' AND o.name = $1`,
    [assetName(object)],
  )
  if (!found) return undefined
  const rows = await db.rows<Row>(
    `SELECT a.id AS artifact, a.version, a.digest, a.props->>'model' AS model, (a.props->>'modelVersion')::integer AS "modelVersion", v.query, v.columns, v.parameters,
            v.statements, v.spec, v.spec->>'as' AS kind, coalesce(d.artifact_id = a.id, false) AS "isLive",
            k.place AS at, k.hash, k.server
     FROM viewcast.artifact a
     JOIN viewcast.deployment_version v ON v.artifact_id = a.id
     JOIN viewcast.deployment d ON d.asset_id = a.asset_id
     LEFT JOIN LATERAL (
       SELECT k.* FROM viewcast.deployment_kept k WHERE k.artifact_id = a.id AND k.until IS NULL ORDER BY k.id DESC LIMIT 1
     ) k ON true
     WHERE a.asset_id = $1 ORDER BY a.version`,
    [found.asset],
  )
  const versions = rows.map(
    ({ at, hash, server, ...version }): DeploymentVersion => ({
      ...version,
      kept: at === null ? null : { at: objectOf(at), hash, server: server ?? 0 },
    }),
  )
  return { ...found, versions }
}

interface Row extends Omit<DeploymentVersion, 'kept'> {
  readonly at: string | null
  readonly hash: string | null
  readonly server: number | null
}

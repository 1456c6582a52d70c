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
  /** As it was when it was put aside; null where it was gone, or edited by hand, by then. */
  readonly hash: string | null
  readonly server: number
  /** Roles whose grant on it is viewcast's; null where that was not written down. */
  readonly granted: readonly string[] | null
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
  /** Roles whose grant on the object that is live, or was last, is viewcast's. */
  readonly granted: readonly string[]
}

/**
 * All versions that the project made live as an object; undefined where it never deployed one. Those of others, who deployed
 * at the name before or since, are theirs.
 */
export async function deploymentVersions(
  { db, project }: Store,
  object: ObjectName,
): Promise<DeploymentVersions | undefined> {
  const [found] = await db.rows<Omit<DeploymentVersions, 'versions'>>(
    `WITH own AS (
       SELECT c.* FROM viewcast.deployment_change c JOIN viewcast.asset o ON o.id = c.asset_id
       WHERE (o.kind, o.name) = ('deployment', $1) AND c.project = $2 AND c.action <> 'collect'
     ), last AS (
       SELECT c.asset_id, c.environment, c.is_declared, coalesce(c.to_artifact, c.from_artifact) AS artifact FROM own c ORDER BY c.id DESC LIMIT 1
     )
     SELECT l.asset_id AS asset, CASE WHEN s.is_own THEN d.name ELSE coalesce(v.spec->>'name', d.name) END AS name,
            l.environment, CASE WHEN s.is_own THEN d.is_declared ELSE l.is_declared END AS "isDeclared",
            to_jsonb(CASE WHEN s.is_own THEN d.granted ELSE '{}' END) AS granted,
            (SELECT f.version FROM own c JOIN viewcast.artifact f ON f.id = c.from_artifact
             WHERE c.environment IN (l.environment, '') AND c.to_artifact IS DISTINCT FROM c.from_artifact
             ORDER BY c.id DESC LIMIT 1) AS before
     FROM last l JOIN viewcast.deployment d ON d.asset_id = l.asset_id
     LEFT JOIN viewcast.deployment_version v ON v.artifact_id = l.artifact
     CROSS JOIN LATERAL (SELECT (d.project, d.environment) = ($2, l.environment) AS is_own) s`,
    [assetName(object), project],
  )
  if (!found) return undefined
  const rows = await db.rows<Row>(
    `SELECT a.id AS artifact, a.version, a.digest, a.props->>'model' AS model, (a.props->>'modelVersion')::integer AS "modelVersion", v.query, v.columns, v.parameters,
            v.statements, v.spec, v.spec->>'as' AS kind, coalesce(d.artifact_id = a.id AND (d.project, d.environment) = ($2, $3), false) AS "isLive",
            k.place AS at, k.hash, k.server, to_jsonb(k.granted) AS granted
     FROM viewcast.artifact a
     JOIN viewcast.deployment_version v ON v.artifact_id = a.id
     JOIN viewcast.deployment d ON d.asset_id = a.asset_id
     LEFT JOIN LATERAL (
       SELECT k.* FROM viewcast.deployment_kept k
       WHERE k.artifact_id = a.id AND k.until IS NULL AND k.project = $2 AND k.environment IN ($3, '') ORDER BY k.id DESC LIMIT 1
     ) k ON true
     WHERE a.asset_id = $1 AND EXISTS (
       SELECT FROM viewcast.deployment_change c
       WHERE c.asset_id = $1 AND c.to_artifact = a.id AND c.project = $2 AND c.environment IN ($3, ''))
     ORDER BY a.version`,
    [found.asset, project, found.environment],
  )
  const versions = rows.map(
    ({ at, hash, server, granted, ...version }): DeploymentVersion => ({
      ...version,
      kept: at === null ? null : { at: objectOf(at), hash, server: server ?? 0, granted },
    }),
  )
  return { ...found, versions }
}

interface Row extends Omit<DeploymentVersion, 'kept'> {
  readonly at: string | null
  readonly hash: string | null
  readonly server: number | null
  readonly granted: readonly string[] | null
}

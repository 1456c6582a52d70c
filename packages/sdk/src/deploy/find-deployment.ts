/** Which deployment is meant by a name. */
import { fail, nearParameter } from '@viewcast/compiler'
import type { Store } from '../store/store.ts'
import { type ObjectName, objectOf } from './object-name.ts'

export interface FoundDeployment {
  readonly name: string
  readonly environment: string
  readonly object: ObjectName
  /** False for one that was taken away. */
  readonly isLive: boolean
}

/**
 * The deployment of a name: that of its declaration, of its object, or of the object with its schema; also of one that was
 * taken away, unless another of the name is live, even where another project has deployed at its place since.
 *
 * @param environment only those of this one; `''` is the one without a name. Default all of them.
 *
 * Errors: `deploy/unknown`, with the nearest name; `deploy/ambiguous`.
 */
export async function findDeployment(
  { db, project }: Store,
  given: string,
  environment?: string,
): Promise<FoundDeployment> {
  const rows = await db.rows<{ name: string; environment: string; object: string; isLive: boolean }>(
    `SELECT * FROM (
       SELECT CASE WHEN d.project = $1 THEN d.name ELSE coalesce(v.spec->>'name', d.name) END AS name,
              CASE WHEN d.project = $1 THEN d.environment ELSE c.environment END AS environment,
              o.name AS object, d.project = $1 AND d.artifact_id IS NOT NULL AS "isLive"
       FROM viewcast.deployment d JOIN viewcast.asset o ON o.id = d.asset_id
       CROSS JOIN LATERAL (
         SELECT c.* FROM viewcast.deployment_change c WHERE c.asset_id = d.asset_id AND c.project = $1 ORDER BY c.id DESC LIMIT 1
       ) c
       LEFT JOIN viewcast.deployment_version v ON v.artifact_id = coalesce(c.to_artifact, c.from_artifact)
     ) own WHERE $2::text IS NULL OR environment = $2 ORDER BY 2, 3`,
    [project, environment ?? null],
  )
  const all = rows.map((row) => ({ ...row, object: objectOf(row.object), asset: row.object }))
  const named = all.filter((d) => d.asset === given || d.name === given || d.object.name === given)
  const live = named.filter((d) => d.isLive)
  const [found, ...others] = live.length > 0 ? live : named
  if (!found) {
    const known = all.flatMap((d) => [d.name, d.asset])
    return fail('deploy/unknown', { name: given, ...nearParameter(given, known) })
  }
  const places = [found, ...others].map((d) => (d.environment === '' ? d.asset : `${d.asset} (${d.environment})`))
  if (others.length > 0) fail('deploy/ambiguous', { name: given, objects: places.join(', ') })
  const { asset: _, ...deployment } = found
  return deployment
}

/** Whose a deployment is: of a project and, where it has them, of one of its environments. */
import { type Diagnostic, diagnostic } from '@viewcast/compiler'
import type { Store } from '../store/store.ts'
import { assetName, type ObjectName } from './object-name.ts'

export interface Owner {
  readonly project: string
  /** `''` is the one without a name: what was deployed in it may be taken over by one that has a name. */
  readonly environment: string
}

export const isOwn = (of: Owner, { project, environment }: Owner): boolean =>
  of.project === project && (of.environment === environment || of.environment === '')

/** `environment "production" of project "shop"`, as it is said to somebody else. */
export function ownerText(of: Owner, project: string): string {
  if (of.environment === '') return `project "${of.project}"`
  return `environment "${of.environment}"${of.project === project ? '' : ` of project "${of.project}"`}`
}

/** Of a name at which others deployed, and took it away again: that their versions stay theirs. */
export async function earlierOwners(
  { db, project }: Store,
  object: ObjectName,
  environment: string,
): Promise<Diagnostic[]> {
  const rows = await db.rows<{ project: string; environment: string; versions: string }>(
    `SELECT c.project, c.environment, string_agg(DISTINCT lpad(a.version::text, 9), ',') AS versions
     FROM viewcast.deployment_change c
     JOIN viewcast.asset o ON o.id = c.asset_id
     JOIN viewcast.artifact a ON a.id = c.to_artifact
     WHERE (o.kind, o.name) = ('deployment', $1) GROUP BY 1, 2 ORDER BY 1, 2`,
    [assetName(object)],
  )
  const own = { project, environment }
  return rows
    .filter((row) => !isOwn(row, own))
    .map((row) =>
      diagnostic('deploy/earlier-owner', {
        object: assetName(object),
        by: ownerText(row, project),
        versions: row.versions.replace(/ /g, '').replaceAll(',', ', '),
      }),
    )
}

/** Why a change cannot be applied, beside what its own kind has to say: everything at once. */
import { type Diagnostic, diagnostic, nearParameter } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { Store } from '../store/store.ts'
import { assetName, type ObjectName } from './object-name.ts'
import { isOwn, ownerText } from './owner.ts'
import type { Present } from './present.ts'
import type { LiveDeployment } from './state.ts'

/** Begins the comment of every object of ours. */
const mark = 'viewcast:'

export interface Standing {
  readonly object: ObjectName
  readonly present: Present | undefined
  readonly live: LiveDeployment | undefined
  readonly environment: string
  readonly edited: string | undefined
}

/**
 * - `deploy/conflict`: an object is there that viewcast did not make;
 * - `deploy/claimed`: it is deployed by another project or environment;
 * - `deploy/edited`: somebody changed it by hand.
 *
 * One that was deployed without an environment may be taken over by one that has a name: that is how a project gets them.
 */
export function objectBlockers({ project }: Store, standing: Standing): Diagnostic[] {
  const { object, present, live, environment, edited } = standing
  const name = assetName(object)
  if (live && !isOwn(live, { project, environment })) {
    return [diagnostic('deploy/claimed', { object: name, by: ownerText(live, project) })]
  }
  if (!present) return []
  const isOurs = live ? present.kind === live.kind : present.comment?.startsWith(mark) === true
  if (!isOurs) return [diagnostic('deploy/conflict', { object: name })]
  return edited === undefined ? [] : [diagnostic('deploy/edited', { object: name })]
}

/** `deploy/unknown-role` for each role that is named and is not there. */
export async function roleBlockers(db: Database, name: string, roles: readonly string[]): Promise<Diagnostic[]> {
  const wanted = [...new Set(roles)].filter((role) => role !== 'public')
  if (wanted.length === 0) return []
  const known = (await db.rows<{ role: string }>('SELECT rolname::text AS role FROM pg_roles')).map((r) => r.role)
  return wanted
    .filter((role) => !known.includes(role))
    .map((role) =>
      diagnostic('deploy/unknown-role', {
        role,
        deployment: name,
        ...nearParameter(
          role,
          known.filter((r) => !r.startsWith('pg_')),
        ),
      }),
    )
}

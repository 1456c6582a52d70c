/** What people say about a version. */
import { fail } from '@viewcast/compiler'
import type { Store } from '../store.ts'

export interface VersionNotes {
  /** Replaces the description; null removes it. */
  readonly description?: string | null
  /** Set one by one; null removes one. */
  readonly tags?: Readonly<Record<string, string | null>>
}

/**
 * Describes and tags a version of a model; what is not named stays. The version itself never changes. One statement.
 *
 * Errors: `model/not-trained`.
 *
 * @example
 * ```ts
 * await describeVersion(store, 'delay15', 3, { description: 'without weather', tags: { reviewed: 'yes', draft: null } })
 * ```
 */
export async function describeVersion(
  { db, project }: Store,
  model: string,
  version: number,
  { description, tags = {} }: VersionNotes,
): Promise<{ readonly description: string | null; readonly tags: Readonly<Record<string, string>> }> {
  const set = Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== null))
  const removed = Object.keys(tags).filter((key) => tags[key] === null)
  const [row] = await db.rows<{ description: string | null; tags: Record<string, string> }>(
    `UPDATE viewcast.artifact a
     SET description = CASE WHEN $4 THEN $5 ELSE a.description END, tags = (a.tags || $6::jsonb) - $7::text[]
     FROM viewcast.asset m
     WHERE m.id = a.asset_id AND (m.kind, m.namespace, m.name) = ('model', $1, $2) AND a.version = $3
     RETURNING a.description, a.tags`,
    [project, model, version, description !== undefined, description ?? null, JSON.stringify(set), removed],
  )
  return row ?? fail('model/not-trained', { model, version: String(version) })
}

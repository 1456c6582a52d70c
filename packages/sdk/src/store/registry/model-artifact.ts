import type { Store } from '../store.ts'

/** The artifact that is a version of a model, and the digest of what it says; undefined where only a file has it. */
export async function modelArtifact(
  { db, project }: Store,
  model: string,
  version: number,
): Promise<{ readonly id: string; readonly digest: string | null } | undefined> {
  const [row] = await db.rows<{ id: string; digest: string | null }>(
    `SELECT v.id, v.digest FROM viewcast.asset a JOIN viewcast.artifact v ON v.asset_id = a.id
     WHERE (a.kind, a.namespace, a.name) = ('model', $1, $2) AND v.version = $3`,
    [project, model, version],
  )
  return row
}

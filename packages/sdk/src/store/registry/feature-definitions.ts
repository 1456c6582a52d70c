/** Which definitions the features of a version had: of a model when it was trained, of a deployment when it was applied. */
import type { FeatureDefinition } from '../../project/feature-definitions.ts'
import type { Store } from '../store.ts'

/** Adds what is not there yet: equal content that came of another text was made of both. */
export async function keepFeatureDefinitions(
  { db }: Store,
  artifact: string,
  definitions: readonly FeatureDefinition[],
): Promise<void> {
  if (definitions.length === 0) return
  await db.query(
    `INSERT INTO viewcast.feature_definition (artifact_id, feature, view_name, column_name, digest, keys)
     SELECT $1::uuid, d.feature, d.view, d."column", d.digest, d.keys
     FROM jsonb_to_recordset($2::jsonb) AS d (feature text, view text, "column" text, digest text, keys jsonb)
     ON CONFLICT (artifact_id, feature, digest) DO NOTHING`,
    [artifact, JSON.stringify(definitions)],
  )
}

/** By version; one that nothing was kept of is not in it. */
export async function featureDefinitionsOf(
  { db }: Store,
  artifacts: readonly string[],
): Promise<ReadonlyMap<string, readonly FeatureDefinition[]>> {
  const rows = await db.rows<FeatureDefinition & { artifact: string }>(
    `SELECT artifact_id AS artifact, feature, view_name AS view, column_name AS "column", digest, keys
     FROM viewcast.feature_definition WHERE artifact_id = ANY ($1::uuid[]) ORDER BY feature, created_at DESC, digest`,
    [[...artifacts]],
  )
  const found = new Map<string, FeatureDefinition[]>()
  for (const { artifact, ...definition } of rows) found.set(artifact, [...(found.get(artifact) ?? []), definition])
  return found
}

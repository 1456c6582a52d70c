/** What a planned change rests on, part by part, so that it can be said what has moved since. */
import { digest } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { modelArtifact } from '../store/registry/model-artifact.ts'
import type { Store } from '../store/store.ts'
import type { Fingerprint, FingerprintPart, PlannedChange, ReadColumn } from './plan-data.ts'
import { inspect } from './present.ts'
import { liveDeployment } from './state.ts'

/** A handful of catalog queries: nothing is compiled and nothing made, so that it can be asked under a lock. */
export async function fingerprintOf(
  store: Store,
  { object, to, reads }: Pick<PlannedChange, 'object' | 'to' | 'reads'>,
): Promise<Fingerprint> {
  const present = await inspect(store.db, object)
  const live = await liveDeployment(store, object)
  const model = to && (await modelArtifact(store, to.model, to.version))
  return {
    ...(present
      ? {
          // Another object of the same text is another object: dependents and grants are those of the old one.
          definition: digest([present.oid, present.definition]),
          columns: digest(present.columns.map((c) => [c.name, c.type])),
          owner: digest(present.owner),
          grants: digest(present.acl),
          comment: digest(present.comment),
          options: digest(present.options),
          dependents: digest(present.dependents.map((d) => [d.object, d.columns])),
        }
      : {}),
    ...(live ? { version: digest(live.artifact) } : {}),
    ...(model ? { model: digest(model.digest ?? model.id) } : {}),
    ...(reads.length > 0 ? { sources: digest(await readsNow(store.db, reads)) } : {}),
  }
}

/** The columns among those read that are there, with the types they have now. */
const readsNow = (db: Database, reads: readonly ReadColumn[]): Promise<ReadColumn[]> =>
  db.rows<{ relation: string; column: string; type: string }>(
    // By the catalog: to_regclass refuses a role that may not use the schema, and whether it may is not asked here.
    `SELECT r.relation, r.name AS "column", format_type(a.atttypid, a.atttypmod) AS type
     FROM unnest($1::text[], $2::text[]) AS r(relation, name) CROSS JOIN LATERAL parse_ident(r.relation) AS i(parts)
     JOIN pg_namespace n ON n.nspname = i.parts[1] JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = i.parts[2]
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = r.name AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY 1, 2`,
    [reads.map((r) => r.relation), reads.map((r) => r.column)],
  )

/** Parts that differ. */
export const movedParts = (before: Fingerprint, after: Fingerprint): FingerprintPart[] =>
  parts.filter((part) => before[part] !== after[part])

const parts: readonly FingerprintPart[] = [
  'definition',
  'columns',
  'owner',
  'grants',
  'comment',
  'options',
  'dependents',
  'version',
  'model',
  'sources',
]

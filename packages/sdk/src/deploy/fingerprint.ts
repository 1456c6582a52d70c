/** What a planned change rests on, part by part, so that it can be said what has moved since. */
import { digest } from '@viewcast/compiler'
import type { Store } from '../store/store.ts'
import type { ObjectName } from './object-name.ts'
import { inspect } from './present.ts'
import { liveDeployment } from './state.ts'

/** `version`: the one that is live; `sources`: columns that the query reads, with their types. */
export type FingerprintPart =
  | 'definition'
  | 'columns'
  | 'owner'
  | 'grants'
  | 'comment'
  | 'options'
  | 'dependents'
  | 'version'
  | 'sources'

/** A hash for each part; those of an object that is not there are missing. */
export type Fingerprint = Readonly<Partial<Record<FingerprintPart, string>>>

/** @param reads what the dry run says the query reads; absent where there is no query, or it is a function's. */
export async function fingerprintOf(store: Store, object: ObjectName, reads?: readonly string[]): Promise<Fingerprint> {
  const present = await inspect(store.db, object)
  const live = await liveDeployment(store, object)
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
    ...(reads ? { sources: digest(reads) } : {}),
  }
}

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
  'sources',
]

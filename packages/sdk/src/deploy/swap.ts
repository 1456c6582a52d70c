/** A new object in the place of an old one, which is kept with its data, its grants and whoever depends on it. */
import { type Diagnostic, diagnostic, quoteIdentifier } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { inherit } from './inherit.ts'
import { keptPlace } from './kept-place.ts'
import { assetName, type ObjectName, quoted } from './object-name.ts'
import type { PlannedChange } from './plan-data.ts'
import type { Present } from './present.ts'

export interface SwapOf {
  /** The object that is there. */
  readonly present: Present
  /** Its version; 0 for one that is not known to the store. */
  readonly version: number
  /** What makes the new object where it is built. */
  readonly building: readonly string[]
  readonly built: ObjectName
  /** As SQL writes it there, of a function with its types. */
  readonly name: string
  /** The comment that it is made with. */
  readonly comment: string
  /** Whether what depends on the old object may stay with it. */
  readonly leaveDependents: boolean
}

/**
 * Completes a change whose strategy is `swap`. The new object is made beside, where heavy work keeps nobody waiting; then the
 * two are exchanged by `SET SCHEMA`, which readers wait for and never see halfway.
 *
 * ```sql
 * CREATE SCHEMA scoring__v3; CREATE SCHEMA scoring__delay15__next; CREATE VIEW scoring__delay15__next.delay15 AS …; GRANT …;
 * ALTER VIEW scoring.delay15 SET SCHEMA scoring__v3; ALTER VIEW scoring__delay15__next.delay15 SET SCHEMA scoring
 * ```
 */
export async function swap(db: Database, change: PlannedChange, of: SwapOf): Promise<PlannedChange> {
  const { object } = change
  const { present, building, built } = of
  const { at, statements: place } = await keptPlace(db, object, of.version)
  const aside = moving(present, object, at.schema)
  const { statements: carried, left } = await inherit(db, present, {
    kind: change.as,
    name: of.name,
    schema: built.schema,
    comment: of.comment,
    columns: change.columns.filter((c) => c.change !== 'removed' || c.tombstone !== undefined).map((c) => c.name),
  })
  const notes = standing(of, object, at, left)
  const planned = {
    ...change,
    blockers: [...change.blockers, ...notes.blockers],
    warnings: [...change.warnings, ...notes.warnings],
  }
  const next = quoteIdentifier(built.schema)
  return {
    ...planned,
    statements: [
      ...place,
      `CREATE SCHEMA ${next}`,
      // Who is to own the new object has to be allowed to have one where it is made.
      `GRANT USAGE, CREATE ON SCHEMA ${next} TO ${quoteIdentifier(present.owner)}`,
      ...building,
      ...carried,
    ],
    exchange: {
      built,
      keptAt: at,
      statements: [
        aside,
        `ALTER ${change.as.toUpperCase()} ${of.name} SET SCHEMA ${quoteIdentifier(object.schema)}`,
        `DROP SCHEMA ${next}`,
      ],
    },
  }
}

/** Moves an object to another schema: data, indexes, grants and dependents go with it. */
export const moving = (present: Present, from: ObjectName, schema: string): string =>
  `ALTER ${present.kind.toUpperCase()} ${reference(present, from)} SET SCHEMA ${quoteIdentifier(schema)}`

/** What ALTER and DROP call it. */
export const reference = ({ signature }: Present, name: ObjectName): string => signature ?? quoted(name)

/** What is said of those who stay with the old object. */
export function standing(
  { present, leaveDependents, version }: Pick<SwapOf, 'present' | 'leaveDependents' | 'version'>,
  object: ObjectName,
  at: ObjectName,
  left: readonly string[] = [],
): { readonly blockers: readonly Diagnostic[]; readonly warnings: readonly Diagnostic[] } {
  const dependents = present.dependents.map((d) =>
    d.columns.length > 0 ? `${d.object} (${d.columns.join(', ')})` : d.object,
  )
  const about = { object: assetName(object), version: String(version), kept: assetName(at) }
  const isBlocked = dependents.length > 0 && !leaveDependents
  return {
    blockers: isBlocked ? [diagnostic('deploy/dependents', { ...about, dependents: dependents.join('; ') })] : [],
    warnings: [
      ...(dependents.length > 0 && leaveDependents
        ? [diagnostic('deploy/left-behind', { ...about, dependents: dependents.join('; ') })]
        : []),
      ...(left.length > 0
        ? [diagnostic('deploy/not-carried', { object: assetName(object), what: left.join('; ') })]
        : []),
    ],
  }
}

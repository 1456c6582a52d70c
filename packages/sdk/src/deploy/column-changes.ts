/** What becomes of each column of an object when another query takes its place. */
import { quoteIdentifier } from '@viewcast/compiler'
import type { ColumnChange } from './plan-data.ts'
import type { PresentColumn } from './present.ts'

export interface ColumnsBefore {
  /** Of the object that is there, in order; none where there is none. */
  readonly present: readonly PresentColumn[]
  /** Name → since when it is a tombstone. */
  readonly tombstones: ReadonlyMap<string, string>
  /** New name → old name. */
  readonly renamed: Readonly<Record<string, string>>
  /** ISO instant from which new tombstones count. */
  readonly now: string
}

/**
 * In the order of the object that is there, with what is new behind: an object that is replaced in place keeps the order and
 * the types of its columns, so that what goes stays as a column of NULLs.
 */
export function columnChanges(wanted: readonly PresentColumn[], before: ColumnsBefore): ColumnChange[] {
  const byName = new Map(wanted.map((c) => [c.name, c]))
  const newName = renames(byName, before)
  const old = before.present.map((c): ColumnChange => {
    const since = before.tombstones.get(c.name)
    const name = newName.get(c.name)
    if (name !== undefined) return { ...c, name, was: c.name, change: 'renamed' }
    const next = byName.get(c.name)
    if (!next) return { ...c, change: 'removed', tombstone: since ?? before.now }
    if (next.type !== c.type) return { ...next, was: c.type, change: 'retyped' }
    return { ...c, change: since === undefined ? 'kept' : 'revived' }
  })
  const known = new Set(old.map((c) => c.name))
  return [...old, ...wanted.filter((c) => !known.has(c.name)).map((c): ColumnChange => ({ ...c, change: 'appended' }))]
}

/** Old name → new name, of columns that are only called otherwise: one that was renamed by then is so no more. */
function renames(wanted: ReadonlyMap<string, PresentColumn>, { present, renamed, tombstones }: ColumnsBefore) {
  const types = new Map(present.map((c) => [c.name, c.type]))
  const isRename = (name: string, old: string): boolean =>
    types.has(old) &&
    !types.has(name) &&
    !wanted.has(old) &&
    !tombstones.has(old) &&
    wanted.get(name)?.type === types.get(old)
  return new Map(Object.entries(renamed).flatMap(([name, old]) => (isRename(name, old) ? [[old, name]] : [])))
}

/** Of a new object: the columns of the query as it has them, and behind them those that are gone with the old one. */
export function exchanged(columns: readonly PresentColumn[], changes: readonly ColumnChange[]): ColumnChange[] {
  const gone = changes.filter((c) => c.change === 'removed').map(({ tombstone: _, ...c }) => c)
  return [...columns.flatMap((c) => changes.find((change) => change.name === c.name) ?? []), ...gone]
}

/** Whether the query has exactly these columns in this order. */
export const isArranged = (columns: readonly PresentColumn[], changes: readonly ColumnChange[]): boolean =>
  changes.length === columns.length && changes.every((c, i) => c.name === columns[i]?.name)

/** The query with its columns in the order of the changes; as it is when it has it. */
export function arranged(query: string, columns: readonly PresentColumn[], changes: readonly ColumnChange[]): string {
  if (isArranged(columns, changes)) return query
  const list = changes.map((c) =>
    c.change === 'removed' ? `NULL::${c.type} AS ${quoteIdentifier(c.name)}` : `q.${quoteIdentifier(c.name)}`,
  )
  return `SELECT ${list.join(', ')} FROM (\n${query}\n) AS q`
}

/** Whether readers may have to be changed: a column goes, or is of another type or name. A tombstone was told of before. */
export const isBreaking = (changes: readonly ColumnChange[], now: string): boolean =>
  changes.some(
    ({ change, tombstone }) =>
      change === 'retyped' ||
      change === 'renamed' ||
      (change === 'removed' && (tombstone === undefined || tombstone === now)),
  )

export const isAppend = (changes: readonly ColumnChange[]): boolean =>
  changes.some(({ change }) => change === 'appended' || change === 'revived')

/** Name → since when, of the columns of the version that is live. */
export const tombstonesOf = (
  columns: readonly { readonly name: string; readonly tombstone?: string }[] = [],
): ReadonlyMap<string, string> =>
  new Map(columns.flatMap(({ name, tombstone }) => (tombstone === undefined ? [] : [[name, tombstone]])))

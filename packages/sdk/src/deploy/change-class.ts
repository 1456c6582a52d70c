/** What kind of change it is, and how it is done: the same rules for a view, a table and a function. */
import { isAppend, isBreaking } from './column-changes.ts'
import type { ChangeClass, ColumnChange, Strategy } from './plan-data.ts'

export interface Judged {
  readonly isThere: boolean
  /** Whether those who use it have to change whatever its columns are: another kind of object, other keys, other parameters. */
  readonly isOther: boolean
  /** Whether it computes what it computes now. */
  readonly isSame: boolean
  /** Whether comment, grants, owner and options are as they should be. */
  readonly isSet: boolean
  readonly changes: readonly ColumnChange[]
  /** ISO instant of the plan. */
  readonly now: string
}

export function changeClass({ isThere, isOther, isSame, isSet, changes, now }: Judged): ChangeClass {
  if (!isThere) return 'add'
  if (isOther || isBreaking(changes, now)) return 'breaking'
  if (isAppend(changes)) return 'append'
  return !isSame ? 'body' : isSet ? 'none' : 'metadata'
}

export function strategyOf(kind: ChangeClass, isSwap: boolean): Strategy {
  if (kind === 'add') return 'create'
  if (kind === 'none') return 'none'
  return isSwap ? 'swap' : 'in place'
}

/** Columns as they count for the identity of a version; a swap leaves behind those that go. */
export const identityOf = (changes: readonly ColumnChange[], isSwap: boolean): [string, string | null][] =>
  changes
    .filter(({ change }) => !isSwap || change !== 'removed')
    .map(({ name, tombstone }) => [name, tombstone ?? null])

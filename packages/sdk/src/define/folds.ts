import { fail, instant } from '@viewcast/compiler'
import { checkedDuration, type Duration } from './duration.ts'

/** How training rows are divided for cross-validation. */
export type Folds =
  | {
      readonly kind: 'hash'
      readonly count: number
      readonly repeats: number
      /** Columns of the sample hashed instead of the entity key. */
      readonly by?: readonly string[]
      readonly seed?: string
    }
  | {
      readonly kind: 'time'
      readonly count: number
      /** Instants, in order, from which on rows are validated on; made of the rows when absent. */
      readonly starts?: readonly string[]
      readonly gap?: string
      readonly purge?: boolean
    }

export interface HashFoldsOptions {
  /** Divides so many times, each time otherwise; 1 by default. */
  readonly repeats?: number
  /** Another seed is another division; empty by default. */
  readonly seed?: string
}

export interface TimeFoldsOptions {
  /** Rows so shortly before a fold's validation rows are in neither part of it; nothing by default. */
  readonly gap?: Duration
  /** Also leave out training rows whose outcome reaches into the validation rows, by the target's horizon; default true. */
  readonly purge?: boolean
}

/** How rows are divided for cross-validation. Rows of the sample's test and validation parts are in no fold. */
export interface FoldsBuilder {
  /**
   * A keyed hash of the entity key puts each entity into one of `count` folds; all rows of an entity are in the same one,
   * in every run and on every engine. Errors: `define/option`.
   *
   * ```ts
   * p.folds.hash(5, { repeats: 2 })
   * ```
   */
  hash(count: number, options?: HashFoldsOptions): Folds
  /**
   * The same for rows alike in other columns of the sample: all rows of a carrier are in one fold. Rows where the column
   * is NULL are a group of their own. Errors: `define/option`; when compiling `view/unknown-column`.
   *
   * ```ts
   * p.folds.group(['carrier'], 5)
   * ```
   */
  group(by: readonly [string, ...string[]], count: number, options?: HashFoldsOptions): Folds
  /**
   * Validates on rows after those fitted on: rows are cut by `as_of` into `count + 1` runs of about the same size, or at
   * the instants given, and each run but the first is validated on by a model of all rows before it. Rows in the `gap`
   * are left out, and so are training rows whose outcome, by the target's `horizon`, reaches into the validation rows.
   *
   * Errors: `define/option`, `time/instant`, `time/window`; when compiling `time/needs-as-of`.
   *
   * ```ts
   * p.folds.time(4, { gap: '1 day' })
   * p.folds.time(['2024-01-01T00:00Z', '2024-04-01T00:00Z'])
   * ```
   */
  time(count: number | readonly [string, ...string[]], options?: TimeFoldsOptions): Folds
}

export const folds: FoldsBuilder = {
  hash: (count, options = {}) => hashed('folds.hash', count, options),
  group(by, count, options = {}) {
    if (by.length === 0) {
      fail('define/option', {
        what: 'folds.group',
        option: 'by',
        detail: 'names no column',
        hint: "Write the columns of the sample whose rows belong together: p.folds.group(['carrier'], 5).",
      })
    }
    return { ...hashed('folds.group', count, options), by: [...by] }
  },
  time(count, { gap, purge } = {}) {
    const rest = {
      ...(gap === undefined ? {} : { gap: checkedDuration(gap) }),
      ...(purge === undefined ? {} : { purge }),
    }
    if (typeof count === 'number') return { kind: 'time', count: checkedCount('folds.time', count, 1), ...rest }
    const starts = count.map((value) => instant(value) ?? fail('time/instant', { value }))
    const isOrdered = starts.every((s, i) => i === 0 || (starts[i - 1] as string) < s)
    if (!isOrdered || starts.length === 0) {
      fail('define/option', {
        what: 'folds.time',
        option: 'count',
        detail: 'is not a list of instants in order',
        hint: "Write the instants in order, or how many there are to be: p.folds.time(4, { gap: '1 day' }).",
      })
    }
    return { kind: 'time', count: starts.length, starts, ...rest }
  },
}

function hashed(what: string, count: number, { repeats = 1, seed }: HashFoldsOptions): Folds & { kind: 'hash' } {
  checkedCount(what, count, 2)
  if (!Number.isSafeInteger(repeats) || repeats < 1 || repeats > 100) {
    fail('define/option', {
      what,
      option: 'repeats',
      detail: 'is not a whole number from 1 to 100',
      hint: 'Leave it out to divide once.',
    })
  }
  return { kind: 'hash', count, repeats, ...(seed === undefined ? {} : { seed }) }
}

function checkedCount(what: string, count: number, least: number): number {
  if (Number.isSafeInteger(count) && count >= least && count <= 1000) return count
  return fail('define/option', {
    what,
    option: 'count',
    detail: `is not a whole number from ${least} to 1000`,
    hint: 'Five or ten are usual.',
  })
}

import { fail, type HashSplit, instant, type Split } from '@viewcast/compiler'
import { checkedDuration, type Duration } from './duration.ts'

export interface TimeSplitOptions {
  /** ISO instant with a zone from which on rows are the test part. */
  readonly test: string
  /** ISO instant before `test` from which on rows are the validation part; none by default. */
  readonly validation?: string
  /** Rows so shortly before a part are in none; nothing by default. */
  readonly gap?: Duration
  /** Also leave out the rows whose outcome reaches into the next part, by the target's horizon; default true. */
  readonly purge?: boolean
}

export interface Shares {
  /** Share of the entities or groups in the test part, between 0 and 1. */
  readonly test: number
  /** Share in the validation part; none by default. */
  readonly validation?: number
  /** Another seed is another division; empty by default. */
  readonly seed?: string
}

/** How rows are divided into training, validation and test. */
export interface SplitBuilder {
  /**
   * Rows from an instant on are the test part. Rows in the `gap` before it are in no part, and neither are those whose
   * outcome, by the target's `horizon`, reaches into it: a row at `as_of` is a training row when `as_of + horizon` is not
   * after the start of the test part. The header of the training query and the report of training say how many.
   *
   * Errors: `time/instant`, `time/window`, `define/option`.
   *
   * ```ts
   * p.split.time({ test: '2001-01-12T00:00Z', gap: '1 day' })
   * ```
   * ```sql
   * CASE WHEN as_of >= timestamptz '2001-01-12 00:00:00+00' THEN 'test'
   *      WHEN as_of < timestamptz '2001-01-11 00:00:00+00' THEN 'train' END
   * ```
   */
  time(options: TimeSplitOptions): Split
  /**
   * A keyed hash of the entity key puts a share of the entities, `test` between 0 and 1, into the test part; all rows of
   * an entity are in the same part, in every run and on every engine. Errors: `define/option`.
   *
   * ```ts
   * p.split.hash({ test: 0.2 })
   * ```
   */
  hash(options: Shares): Split
  /**
   * The same for rows alike in other columns of the sample: all rows of a carrier are in one part. Rows where the column
   * is NULL are a group of their own. Errors: `define/option`; when compiling `view/unknown-column`.
   *
   * ```ts
   * p.split.group({ by: ['carrier'], test: 0.2 })
   * ```
   */
  group(options: Shares & { readonly by: readonly [string, ...string[]] }): Split
  /** All rows are training rows. */
  none(): Split
}

export const split: SplitBuilder = {
  time({ test, validation, gap, purge }) {
    for (const value of [test, validation]) {
      if (value !== undefined && instant(value) === undefined) fail('time/instant', { value })
    }
    if (validation !== undefined && !(Date.parse(validation) < Date.parse(test))) {
      fail('define/option', {
        what: 'split.time',
        option: 'validation',
        detail: 'is not before test',
        hint: 'The parts follow each other in time: training, validation, test.',
      })
    }
    return {
      kind: 'time',
      test,
      ...(validation === undefined ? {} : { validation }),
      ...(gap === undefined ? {} : { gap: checkedDuration(gap) }),
      ...(purge === undefined ? {} : { purge }),
    }
  },
  hash: (shares) => hashed('split.hash', shares),
  group({ by, ...shares }) {
    if (by.length === 0) {
      fail('define/option', {
        what: 'split.group',
        option: 'by',
        detail: 'names no column',
        hint: "Write the columns of the sample whose rows belong together: by: ['carrier'].",
      })
    }
    return { ...hashed('split.group', shares), by: [...by] }
  },
  none: () => ({ kind: 'none' }),
}

function hashed(what: string, { test, validation, seed }: Shares): HashSplit {
  const bad = (option: string, detail: string) =>
    fail('define/option', { what, option, detail, hint: 'Write 0.2 for a fifth of the entities.' })
  if (!(test > 0 && test < 1)) bad('test', 'is not a share between 0 and 1')
  if (validation !== undefined && !(validation > 0 && validation + test < 1)) {
    bad('validation', 'is not a share between 0 and what test leaves')
  }
  return {
    kind: 'hash',
    test,
    ...(validation === undefined ? {} : { validation }),
    ...(seed === undefined ? {} : { seed }),
  }
}

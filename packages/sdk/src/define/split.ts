import { fail, instant, type Split } from '@viewcast/compiler'
import { checkedDuration, type Duration } from './duration.ts'

/** How rows are divided into training and test. */
export interface SplitBuilder {
  /**
   * Rows from an instant on are the test part. `test` is an ISO instant with a zone; rows in the `gap` before it are in
   * neither part, so that no training outcome reaches into the test period. Errors: `time/instant`, `time/window`.
   *
   * ```ts
   * p.split.time({ test: '2001-01-12T00:00Z', gap: '1 day' })
   * ```
   */
  time(options: { readonly test: string; readonly gap?: Duration }): Split
  /**
   * A keyed hash of the entity key puts a share of the entities, `test` between 0 and 1, into the test part; all rows of
   * an entity are in the same part, in every run. Errors: `define/option`.
   *
   * ```ts
   * p.split.hash({ test: 0.2 })
   * ```
   */
  hash(options: { readonly test: number; readonly seed?: string }): Split
  /** All rows are training rows. */
  none(): Split
}

export const split: SplitBuilder = {
  time({ test, gap }) {
    if (instant(test) === undefined) fail('time/instant', { value: test })
    return { kind: 'time', test, ...(gap === undefined ? {} : { gap: checkedDuration(gap) }) }
  },
  hash({ test, seed }) {
    if (!(test > 0 && test < 1)) {
      fail('define/option', {
        what: 'split.hash',
        option: 'test',
        detail: 'is not a share between 0 and 1',
        hint: 'Write 0.2 for a fifth of the entities.',
      })
    }
    return { kind: 'hash', test, ...(seed === undefined ? {} : { seed }) }
  },
  none: () => ({ kind: 'none' }),
}

/** What definitions may say for the catalog. */
import type { Documented, Sla, SourceTime } from '@viewcast/compiler'
import { checkedDuration, type Duration } from './duration.ts'

export interface Documentation {
  readonly description?: string
  /** A person or team, or several: `'ops@example.org'`. */
  readonly owner?: string | readonly string[]
  /** Words to find it by. */
  readonly tags?: readonly string[]
  /** How often it changes, in words: `'daily'`. */
  readonly updateFrequency?: string
  /** How old the newest row may be: `'1 day'`, or `{ warnAfter: '6 hours', errorAfter: '1 day' }`. */
  readonly sla?: Duration | { readonly warnAfter?: Duration; readonly errorAfter?: Duration }
}

/** The documentation among the options of a definition, as data. Errors: `time/window` for an SLA that is no fixed length. */
export function documented(options: Documentation): Documented {
  const { description, owner, tags, updateFrequency, sla } = options
  return {
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owners: typeof owner === 'string' ? [owner] : [...owner] }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
    ...(updateFrequency === undefined ? {} : { updateFrequency }),
    ...(sla === undefined ? {} : { sla: slaOf(sla) }),
  }
}

const slaOf = (sla: NonNullable<Documentation['sla']>): Sla =>
  typeof sla === 'string'
    ? { errorAfter: checkedDuration(sla) }
    : {
        ...(sla.warnAfter === undefined ? {} : { warnAfter: checkedDuration(sla.warnAfter) }),
        ...(sla.errorAfter === undefined ? {} : { errorAfter: checkedDuration(sla.errorAfter) }),
      }

/** What a dataset says of a source: when its rows became known, and words for the catalog. */
export type SourceOption = ({ readonly knownAt?: string } & Documentation) | 'always'

export const sourceTime = (given: SourceOption): SourceTime =>
  given === 'always'
    ? given
    : { ...(given.knownAt === undefined ? {} : { knownAt: given.knownAt }), ...documented(given) }

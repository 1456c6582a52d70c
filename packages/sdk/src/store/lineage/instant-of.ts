import { fail, instant } from '@viewcast/compiler'

const day = /^\d{4}-\d\d-\d\d$/

/** The instant that is meant, for the database: a day stands for its end, in UTC. Errors: `time/instant`. */
export function instantOf(at: string | undefined): string | null {
  if (at === undefined) return null
  return instant(day.test(at) ? `${at}T23:59:59.999999Z` : at) ?? fail('time/instant', { value: at })
}

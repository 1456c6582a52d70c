import { durationSeconds, fail } from '@viewcast/compiler'

/** A fixed length of time, such as `7 days` or `90 minutes`. A day is 24 hours; months and years have no fixed length. */
export type Duration = `${number} ${'minute' | 'minutes' | 'hour' | 'hours' | 'day' | 'days' | 'week' | 'weeks'}`

/** The text itself, when it is a fixed length. Errors: `time/window`. */
export function checkedDuration(text: string): string {
  return durationSeconds(text) === undefined ? fail('time/window', { window: text }) : text
}

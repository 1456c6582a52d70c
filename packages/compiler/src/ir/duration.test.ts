import { expect, test } from 'vitest'
import { durationSeconds, printInterval } from './duration.ts'

test.each([
  ['7 days', 604_800, "interval '168 hours'"],
  ['90 minutes', 5400, "interval '90 minutes'"],
  ['1 day 12 hours', 129_600, "interval '36 hours'"],
  ['1 week', 604_800, "interval '168 hours'"],
  ['1.5 hours', 5400, "interval '90 minutes'"],
  ['45 seconds', 45, "interval '45 seconds'"],
])('%s is a fixed length', (text, seconds, sql) => {
  expect(durationSeconds(text)).toBe(seconds)
  expect(printInterval(seconds)).toBe(sql)
})

test.each(['1 month', '1 year', '', 'soon', '7', 'days', '-1 day', '0 hours', '7 days ago'])('%s is not', (text) => {
  expect(durationSeconds(text)).toBeUndefined()
})

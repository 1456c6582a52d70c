import { expect, it } from 'vitest'
import { tookText, when } from './when.ts'

it.each([
  [0, '0 s'],
  [0.2549, '0.25 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [60, '1 min'],
  [200, '3 min 20 s'],
  [3600, '1 h'],
  [18_130, '5 h 2 min'],
  [187_200, '2 d 4 h'],
])('%f seconds are %s', (seconds, text) => {
  expect(tookText(seconds)).toBe(text)
})

it('shows an instant to the second', () => {
  expect(when('2026-11-21 09:00:05.123456+00')).toBe('2026-11-21 09:00:05')
})

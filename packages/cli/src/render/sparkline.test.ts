import { expect, it } from 'vitest'
import { sparkline } from './sparkline.ts'

it.each([
  [[0, 1, 2, 3, 4, 5, 6, 7], '▁▂▃▄▅▆▇█'],
  [[3, 1, 2], '█▁▅'],
  [[5, 5], '▅▅'],
  [[], ''],
  [[Number.NaN, 1, Number.POSITIVE_INFINITY, 2], '·▁·█'],
  [[Number.NaN], '·'],
  [[-1e308, 1e308], '▅▅'],
])('%j is %s', (values, line) => {
  expect(sparkline(values)).toBe(line)
})

import { expect, test } from 'vitest'
import { meanInterval, shareInterval } from './share-interval.ts'

// R: prop.test(x, n, correct = FALSE)$conf.int
test.each([
  [0, 10_000, 0, 0.0003839984],
  [1, 10, 0.01787621, 0.40415],
  [50, 100, 0.4038315, 0.5961685],
  [9_990, 10_000, 0.9981604, 0.9994567],
])('%d of %d', (found, rows, low, high) => {
  const interval = shareInterval(found, rows)
  expect(interval.low).toBeCloseTo(low, 6)
  expect(interval.high).toBeCloseTo(high, 6)
})

test('all and none are within it, however few there are', () => {
  for (const rows of [1, 2, 3, 7, 49, 1_000_003]) {
    expect(shareInterval(0, rows).low).toBe(0)
    expect(shareInterval(rows, rows).high).toBe(1)
  }
  expect(shareInterval(0, 0)).toEqual({ low: 0, high: 1 })
})

test.each([0.02, 0.1, 0.3, 0.5, 0.7])('the interval holds a share of %d in about 95 of 100 samples', (share) => {
  // Exactly, over the binomial distribution.
  const rows = 400
  let probability = (1 - share) ** rows
  let held = 0
  for (let found = 0; found <= rows; found++) {
    const { low, high } = shareInterval(found, rows)
    if (low <= share && share <= high) held += probability
    probability *= ((rows - found) / (found + 1)) * (share / (1 - share))
  }
  expect(held).toBeGreaterThan(0.93)
  expect(held).toBeLessThan(0.97)
})

test('of a mean, as far as its deviation is known', () => {
  expect(meanInterval(0.5, 1, 100)?.low).toBeCloseTo(0.5 - 0.19599639845, 9)
  expect(meanInterval(0.5, null, 1)).toBeUndefined()
  expect(meanInterval(null, null, 0)).toBeUndefined()
})

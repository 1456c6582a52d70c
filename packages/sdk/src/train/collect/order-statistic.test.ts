import fc from 'fast-check'
import { expect, test } from 'vitest'
import { columnMedian } from './order-statistic.ts'
import { createRowStore } from './row-store.ts'

test('the median is that of the sorted training values, however little is sorted at once', () => {
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: -4, max: 4 }) },
    { weight: 3, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
    { weight: 1, arbitrary: fc.constant(Number.NaN) },
    { weight: 1, arbitrary: fc.constantFrom(1, 1 + 2 ** -52, 5e-324, 1.7e308, -1.7e308) },
  )
  const row = fc.tuple(value, fc.constantFrom(0, 0, 0, 1))
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (rows, limit) => {
      const store = createRowStore(3)
      for (const [x, part] of rows) store.append([7, x, part])
      const sorted = rows.flatMap(([x, part]) => (part === 0 && !Number.isNaN(x) ? [x] : [])).sort((a, b) => a - b)
      fc.pre(sorted.length > 0)
      const high = sorted[Math.floor(sorted.length / 2)] as number
      const low = sorted[Math.ceil(sorted.length / 2) - 1] as number
      const median = columnMedian(store, 1, 'train', limit)
      if (low === high) expect(median).toBe(high)
      else expect(Math.abs(median / 2 - (low / 4 + high / 4))).toBeLessThanOrEqual(1e-15 * Math.max(high / 2, -low / 2))
      expect(median).toBe(columnMedian(store, 1, 'train'))
    }),
    { seed: 41, numRuns: 500 },
  )
})

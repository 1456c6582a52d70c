import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boundary, lastWhere } from './boundary.ts'

const next = (x: number): number => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x === 0 ? 0 : x)
  const bits = view.getBigInt64(0)
  view.setBigInt64(0, bits < 0n ? bits - 1n : bits + 1n)
  return x === 0 ? Number.MIN_VALUE : view.getFloat64(0)
}

const threshold = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1e30, max: 1e30, noNaN: true }),
  fc.constantFrom(0, -0, 0.1, 0.5, 1, -1, 2 ** 24, 2 ** 24 + 2, 1e-45, -1e-45, 2 ** -126, 3.4028234663852886e38),
)

const goesLeft = (values: 'float32' | 'float64', comparison: '<' | '<=', x: number, t: number): boolean => {
  const read = values === 'float32' ? Math.fround(x) : x
  return comparison === '<' ? read < t : read <= t
}

describe('the boundary of a comparison', () => {
  for (const values of ['float32', 'float64'] as const) {
    for (const comparison of ['<', '<='] as const) {
      test(`${values} ${comparison}: the last float64 that goes left`, () => {
        fc.assert(
          fc.property(threshold, (t) => {
            const last = boundary({ values, comparison }, t)
            expect(goesLeft(values, comparison, last, t)).toBe(true)
            expect(goesLeft(values, comparison, next(last), t)).toBe(false)
          }),
          { seed: 7, numRuns: 2000 },
        )
      })
    }
  }

  test('is half way to the next float32 when the tie rounds down, one below when it rounds up', () => {
    // 1 is even, so 1 + 2^-24 rounds to it; 1 + 2^-23 is odd, so the middle above it does not.
    expect(boundary({ values: 'float32', comparison: '<=' }, 1)).toBe(1 + 2 ** -24)
    expect(boundary({ values: 'float32', comparison: '<=' }, 1 + 2 ** -23)).toBe(1 + 2 ** -23 + 2 ** -24 - 2 ** -52)
  })

  test('nothing or everything goes left of an infinite threshold', () => {
    expect(boundary({ values: 'float32', comparison: '<=' }, Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
    expect(boundary({ values: 'float32', comparison: '<=' }, Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY)
  })
})

describe('the last value a condition holds for', () => {
  test('is where a scaled value passes a limit', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.double({ min: -10, max: 10, noNaN: true }),
        (mean, scale, limit) => {
          const holds = (x: number): boolean => Math.fround((x - mean) / scale) <= limit
          const last = lastWhere(holds)
          expect(holds(last)).toBe(true)
          expect(holds(next(last))).toBe(false)
        },
      ),
      { seed: 7, numRuns: 500 },
    )
  })

  test('is infinite where the condition always or never holds', () => {
    expect(lastWhere(() => true)).toBe(Number.POSITIVE_INFINITY)
    expect(lastWhere(() => false)).toBe(Number.NEGATIVE_INFINITY)
  })
})

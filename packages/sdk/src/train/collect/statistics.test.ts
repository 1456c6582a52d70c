import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMoments } from './statistics.ts'

const value = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.integer({ min: 0, max: 3 }).map((i) => 1e9 + i),
  fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
)

test('many values at a time are the same values one by one, however they are cut', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (values, size) => {
      const single = createMoments()
      const many = createMoments()
      for (const x of values) single.add(x)
      for (let i = 0; i < values.length; i += size) {
        const some = Float64Array.from([...values.slice(i, i + size), 7])
        many.addAll(some, some.length - 1)
      }
      const a = single.read()
      const b = many.read()
      expect({ ...b, mean: 0, deviation: 0 }).toEqual({ ...a, mean: 0, deviation: 0 })
      if (a.count === 0) return
      expect(Math.abs(a.mean - b.mean)).toBeLessThanOrEqual(1e-12 * (Math.abs(a.mean) + a.deviation))
      expect(Math.abs(a.deviation - b.deviation)).toBeLessThanOrEqual(1e-9 * a.deviation)
    }),
    { seed: 5, numRuns: 500 },
  )
})

test('a large part of a column far from zero keeps its spread', () => {
  const moments = createMoments()
  const some = Float64Array.from({ length: 1000 }, (_, i) => 1e12 + (i % 2))
  for (let i = 0; i < 100; i++) moments.addAll(some, some.length)
  expect(moments.read()).toMatchObject({ count: 100_000, mean: 1e12 + 0.5, deviation: 0.5 })
})

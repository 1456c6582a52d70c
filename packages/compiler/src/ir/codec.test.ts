import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, encode } from './codec.ts'

test('numbers that JSON does not have come back as they were', () => {
  const data = { a: [Number.NaN, Number.POSITIVE_INFINITY, -0, 0, 0.1], b: null, c: 'NaN' }
  const back = decode<typeof data>(encode(data))
  expect(back).toEqual(data)
  expect(Object.is(back.a[2], -0)).toBe(true)
})

test('equal data has equal text, whatever the order of its keys', () => {
  expect(encode({ b: 1, a: { d: 2, c: undefined } })).toBe(encode({ a: { d: 2 }, b: 1 }))
})

test('any plain data comes back, names that look like ours included', () => {
  const key = fc.oneof(fc.string(), fc.constantFrom('#', '##', '#number', '__proto__x'))
  const plain = fc.anything({ key, maxDepth: 4, values: [fc.double(), fc.string(), fc.boolean(), fc.constant(null)] })
  fc.assert(
    fc.property(plain, (data) => {
      expect(decode(encode(data))).toEqual(data)
    }),
    { seed: 5, numRuns: 500 },
  )
})

import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { digest } from './digest.ts'

test('is SHA-256 of the canonical JSON', () => {
  const text = 'aé√😀"z'
  expect(digest({ b: [1, null], a: text })).toBe(
    createHash('sha256')
      .update(JSON.stringify({ a: text, b: [1, null] }))
      .digest('hex'),
  )
})

test('tells values apart, and not the order of their keys', () => {
  expect(digest({ a: 1, b: 2 })).toBe(digest({ b: 2, a: 1, c: undefined }))
  const values = [Number.NaN, null, 'NaN', 0, -0, Number.POSITIVE_INFINITY, [], {}]
  expect(new Set(values.map(digest)).size).toBe(values.length)
})

import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { sha256 } from './sha256.ts'

test.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 70_000])('is the digest of a text of %i letters', (length) => {
  const text = Array.from({ length }, (_, i) => 'aé√😀"z'[(i * 7) % 6]).join('')
  expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'))
})

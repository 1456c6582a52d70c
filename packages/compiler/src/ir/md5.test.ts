import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hash32 } from './md5.ts'

test('the first 32 bits of MD5, for texts of every length and alphabet', () => {
  const platform = (text: string): number => createHash('md5').update(text, 'utf8').digest().readUInt32BE(0)
  for (let n = 0; n < 200; n++) expect(hash32('é'.repeat(n))).toBe(platform('é'.repeat(n)))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => hash32(text) === platform(text)),
    { seed: 5, numRuns: 500 },
  )
})

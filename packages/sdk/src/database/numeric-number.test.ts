import fc from 'fast-check'
import { expect, test } from 'vitest'
import { numericNumber } from './numeric-number.ts'

/** A decimal text in the server's binary form. */
function binary(text: string): Buffer {
  const special = { NaN: 0xc000, Infinity: 0xd000, '-Infinity': 0xf000 }[text]
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const left = special === undefined ? whole.padStart(Math.ceil(whole.length / 4) * 4, '0') : ''
  const right = special === undefined ? fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0') : ''
  const groups = (left + right).match(/.{4}/g)?.map(Number) ?? []
  let weight = left.length / 4 - 1
  while (groups[0] === 0) {
    groups.shift()
    weight--
  }
  while (groups.at(-1) === 0) groups.pop()
  const bytes = Buffer.alloc(8 + 2 * groups.length)
  bytes.writeInt16BE(groups.length, 0)
  bytes.writeInt16BE(groups.length === 0 ? 0 : weight, 2)
  bytes.writeUInt16BE(special ?? (text.startsWith('-') ? 0x4000 : 0), 4)
  bytes.writeUInt16BE(fraction.length, 6)
  for (const [i, g] of groups.entries()) bytes.writeInt16BE(g, 8 + 2 * i)
  return bytes
}

const number = (text: string): number => {
  const bytes = binary(text)
  return numericNumber(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0)
}

test('a numeric is the double nearest to its text', () => {
  const digits = (max: number) => fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: max }).map((d) => d.join(''))
  fc.assert(
    fc.property(fc.boolean(), digits(30), digits(30), (isNegative, whole, fraction) => {
      const text = `${whole.replace(/^0+/, '') || '0'}${fraction === '' ? '' : `.${fraction}`}`
      const signed = isNegative && Number(text) !== 0 ? `-${text}` : text
      expect(number(signed)).toBe(Number(signed))
    }),
    { seed: 11, numRuns: 5000 },
  )
})

test('a numeric may be no number, without end, or far out', () => {
  for (const text of ['NaN', 'Infinity', '-Infinity', '0', '0.000', `1${'0'.repeat(400)}`, `0.${'0'.repeat(400)}1`]) {
    expect(number(text)).toBe(Number(text))
  }
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deframer } from './copy-out.ts'

const message = (code: string, body: Uint8Array): Buffer => {
  const heading = Buffer.alloc(5)
  heading.write(code, 'latin1')
  heading.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([heading, body])
}

test('data and messages are told apart, wherever the bytes are cut', () => {
  const messages = fc.array(
    fc.record({ code: fc.constantFrom('d', 'd', 'd', 'N', 'H', 'C'), body: fc.uint8Array({ maxLength: 40 }) }),
    { maxLength: 30 },
  )
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map((m) => message(m.code, m.body)))
      const split = deframer()
      const data: Buffer[] = []
      const others: Buffer[] = []
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const next = at + (cuts[i % cuts.length] as number)
        const framed = split(Buffer.from(bytes.subarray(at, next)))
        data.push(Buffer.from(framed.data))
        others.push(...framed.messages)
        at = next
      }
      const isData = (m: { code: string }) => m.code === 'd'
      expect(Buffer.concat(data)).toEqual(Buffer.concat(sent.filter(isData).map((m) => m.body)))
      expect(others).toEqual(sent.filter((m) => !isData(m)).map((m) => message(m.code, m.body)))
    }),
    { seed: 3, numRuns: 300 },
  )
})

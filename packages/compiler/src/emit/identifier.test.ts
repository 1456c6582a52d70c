import fc from 'fast-check'
import { loadModule, parseSync } from 'libpg-query'
import { beforeAll, describe, expect, test } from 'vitest'
import { isViewcastError } from '../diagnostics/diagnostic.ts'
import { quoteIdentifier, quoteName } from './identifier.ts'
import { printType } from './type-name.ts'

beforeAll(loadModule)

const refusal = (f: () => unknown): string => {
  try {
    f()
  } catch (e) {
    if (isViewcastError(e)) return `${e.diagnostics[0]?.code}: ${e.diagnostics[0]?.message}`
    throw e
  }
  return 'accepted'
}

describe('quoteIdentifier', () => {
  test.each([
    ['delay_7d', 'delay_7d'],
    ['_x', '_x'],
    ['Order', '"Order"'],
    ['7d', '"7d"'],
    ['a b', '"a b"'],
    ['a"b', '"a""b"'],
    ['user', '"user"'],
    ['time', '"time"'],
    ['state', 'state'],
    ['größe', '"größe"'],
    ['a.b', '"a.b"'],
  ])('%s is written %s', (name, text) => expect(quoteIdentifier(name)).toBe(text))

  test('names PostgreSQL cannot keep are refused', () => {
    expect(refusal(() => quoteIdentifier(''))).toMatch(/^compile\/identifier: .*empty/)
    expect(refusal(() => quoteIdentifier('a\0b'))).toMatch(/^compile\/identifier: .*NUL/)
    expect(refusal(() => quoteIdentifier('\ud800'))).toMatch(/^compile\/identifier: .*Unicode/)
    expect(refusal(() => quoteIdentifier('x'.repeat(64)))).toMatch(/^compile\/identifier: .*64 bytes/)
    expect(refusal(() => quoteIdentifier('ü'.repeat(32)))).toMatch(/^compile\/identifier: .*64 bytes/)
    expect(quoteIdentifier('x'.repeat(63))).toHaveLength(63)
  })

  test('any name that is accepted is read back unchanged by the parser', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 15 }), (name) => {
        fc.pre(!name.includes('\0'))
        const tree = JSON.stringify(parseSync(`select ${quoteIdentifier(name)}`))
        expect(tree).toContain(`"sval":${JSON.stringify(name)}`)
      }),
      { seed: 1, numRuns: 500 },
    )
  })
})

test('quoteName writes the schema when there is one', () => {
  expect(quoteName({ name: 'flights' })).toBe('flights')
  expect(quoteName({ schema: 'public', name: 'vw_TrainSample' })).toBe('public."vw_TrainSample"')
})

test('printType spells array types and quotes what is not a plain word', () => {
  expect(['float8', '_int4', 'numeric', 'Mood', 'char', 'timestamptz'].map(printType)).toEqual([
    'float8',
    'int4[]',
    'numeric',
    '"Mood"',
    '"char"',
    'timestamptz',
  ])
})

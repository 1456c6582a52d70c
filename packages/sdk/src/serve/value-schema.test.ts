import { describe, expect, it, test } from 'vitest'
import { z } from 'zod'
import { bound, fromText, shown, shownSchema, valueSchema } from './value-schema.ts'

const takes = (type: string, value: unknown): boolean => valueSchema(type).safeParse(value).success

test.each<[string, unknown[], unknown[]]>([
  ['int2', [0, -32_768, 32_767], [32_768, 1.5, '1', true]],
  ['int4', [2_147_483_647], [2_147_483_648]],
  ['int8', [1, '-9223372036854775808', '9223372036854775807'], [2 ** 60, '9223372036854775808', '1.0', '', '--1']],
  ['float8', [0.1, 'NaN', '-Infinity'], [Number.NaN, 'nan', '1']],
  ['float4', [3e38], [3.5e38]],
  ['numeric', [1, '1.', '.5', '-1e10', 'NaN'], ['', '.', '1e', '1,5', '1e10000']],
  ['bool', [true, false], [1, 'true', null]],
  ['date', ['2024-02-29'], ['2023-02-29', '2024-2-1', '24-02-01']],
  [
    'timestamptz',
    ['2024-02-01T00:00Z', '2024-02-01 00:00:00.123456+05:30'],
    ['2024-02-01T00:00', 'now', '2024-02-30T00:00Z'],
  ],
  ['timestamp', ['2024-02-01T00:00', '2024-02-01 00:00:00.5'], ['2024-02-30T00:00', '2024-02-01']],
  ['uuid', ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'], ['a0eebc99', 5]],
  ['text', ['', 'é\n'], [1, 'a\0', 'x'.repeat(65_537)]],
  ['mood', ['good'], [1]],
  ['_int4', ['{1,2}'], [[1, 2]]],
  ['jsonb', [{ a: [1, null] }, 'text', 0], [undefined]],
])('what %s takes', (type, taken, refused) => {
  for (const value of taken) expect([value, takes(type, value)]).toEqual([value, true])
  for (const value of refused) expect([value, takes(type, value)]).toEqual([value, false])
})

describe('a value', () => {
  it('is bound as the type is written', () => {
    expect(bound('jsonb', [1, 'a'])).toBe('[1,"a"]')
    expect(bound('jsonb', null)).toBeNull()
    expect(bound('timestamptz', '2024-02-01T01:00+01:00')).toBe('2024-02-01 00:00:00+00')
    expect(bound('text', undefined)).toBeNull()
  })

  it('is read from the text of a URL, and stays text where it does not read', () => {
    expect(fromText('int4', '-7')).toBe(-7)
    expect(fromText('int4', '0x10')).toBe('0x10')
    expect(fromText('int8', '9007199254740993')).toBe('9007199254740993')
    expect(fromText('bool', 'true')).toBe(true)
    expect(fromText('bool', 'yes')).toBe('yes')
    expect(fromText('jsonb', '{"a":1}')).toEqual({ a: 1 })
    expect(fromText('jsonb', '{')).toBe('{')
    expect(fromText('text', '7')).toBe('7')
  })

  it('is shown as JSON can say it, and as the document says', () => {
    const said: [string, unknown, unknown][] = [
      ['float8', Number.NaN, 'NaN'],
      ['float8', 0.5, 0.5],
      ['timestamptz', '2024-02-01 00:00:00.5+00', '2024-02-01T00:00:00.5Z'],
      ['bytea', new Uint8Array([1, 255]), '\\x01ff'],
      ['int8', '9007199254740993', '9007199254740993'],
    ]
    for (const [type, value, json] of said) {
      expect(shown(type, value)).toEqual(json)
      expect(shownSchema(type).safeParse(json).success, type).toBe(true)
    }
    // A document cannot point into a schema that stands inside it.
    for (const type of ['jsonb', 'int8', 'float8'])
      expect(JSON.stringify(z.toJSONSchema(valueSchema(type)))).not.toContain('$ref')
  })
})

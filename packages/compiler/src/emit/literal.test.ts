import fc from 'fast-check'
import { loadModule, parseSync, scanSync } from 'libpg-query'
import { beforeAll, describe, expect, test } from 'vitest'
import { isViewcastError } from '../diagnostics/diagnostic.ts'
import { printLiteral } from './literal.ts'

beforeAll(loadModule)

const refusal = (value: unknown, type: string): string => {
  try {
    return `accepted: ${printLiteral(value, type)}`
  } catch (e) {
    if (isViewcastError(e)) return e.diagnostics[0]?.code ?? ''
    throw e
  }
}

describe('printLiteral', () => {
  test.each<[unknown, string, string]>([
    [null, 'int4', 'null::int4'],
    [null, '_text', 'null::text[]'],
    [0.25, 'float8', '0.25::float8'],
    [5, 'float8', '5::float8'],
    [-0.5, 'float8', "'-0.5'::float8"],
    [0, 'float8', '0::float8'],
    [-0, 'float8', "'-0'::float8"],
    [1e21, 'float8', '1e+21::float8'],
    [5e-324, 'float8', '5e-324::float8'],
    [0.1 + 0.2, 'float8', '0.30000000000000004::float8'],
    [Number.NaN, 'float8', "'NaN'::float8"],
    [Number.NEGATIVE_INFINITY, 'float8', "'-Infinity'::float8"],
    ['1.5', 'float8', '1.5::float8'],
    [0.25, 'float4', '0.25::float4'],
    [Math.fround(0.1), 'float4', '0.1::float4'],
    [Math.fround(1.17549435e-38), 'float4', '1.17549435e-38::float4'],
    [Math.fround(1e-10), 'float4', '1e-10::float4'],
    [5, 'int4', '5'],
    [-5, 'int4', "'-5'::int4"],
    [-2147483648, 'int4', "'-2147483648'::int4"],
    [5, 'int2', '5::int2'],
    ['9223372036854775807', 'int8', '9223372036854775807::int8'],
    [-9223372036854775808n, 'int8', "'-9223372036854775808'::int8"],
    ['1.50', 'numeric', '1.50::numeric'],
    ['-1.50', 'numeric', "'-1.50'::numeric"],
    ['NaN', 'numeric', "'NaN'::numeric"],
    [12n, 'numeric', '12::numeric'],
    [true, 'bool', 'true'],
    ["it's", 'text', "'it''s'"],
    ['a\\b\n\u0001', 'text', "E'a\\\\b\\n\\x01'"],
    ["\\'", 'text', "E'\\\\'''"],
    ['x', 'varchar', "'x'::varchar"],
    ['happy', 'Mood', '\'happy\'::"Mood"'],
    ['2001-02-01T13:00+01:00', 'timestamptz', "timestamptz '2001-02-01 12:00:00+00'"],
    [new Date(Date.UTC(2001, 1, 1, 12)), 'timestamptz', "timestamptz '2001-02-01 12:00:00+00'"],
    ['infinity', 'timestamptz', "timestamptz 'infinity'"],
    ['2001-02-01', 'date', "date '2001-02-01'"],
    [new Date('2001-02-01T23:59Z'), 'date', "date '2001-02-01'"],
    ['6F9619FF-8B86-D011-B42D-00CF4FC964FF', 'uuid', "'6F9619FF-8B86-D011-B42D-00CF4FC964FF'::uuid"],
    [Uint8Array.of(0, 255), 'bytea', "E'\\\\x00ff'::bytea"],
    ['\\x00FF', 'bytea', "E'\\\\x00ff'::bytea"],
    [{ a: ["it's", 1, null] }, 'jsonb', '\'{"a":["it\'\'s",1,null]}\'::jsonb'],
    ['\\u0000', 'jsonb', 'E\'"\\\\\\\\u0000"\'::jsonb'],
    [[0.5, -1, null], '_float8', "array[0.5::float8, '-1'::float8, null::float8]::float8[]"],
    [[], '_int4', "'{}'::int4[]"],
    [
      [
        [1, 2],
        [3, 4],
      ],
      '_int4',
      'array[[1, 2], [3, 4]]::int4[]',
    ],
  ])('%o as %s is %s', (value, type, text) => expect(printLiteral(value, type)).toBe(text))

  test.each<[unknown, string]>([
    ['a\0b', 'text'],
    ['\ud800', 'text'],
    [5, 'text'],
    [undefined, 'text'],
    [1.5, 'int4'],
    [2 ** 31, 'int4'],
    [Number.NaN, 'int4'],
    ['1 or 1=1', 'int4'],
    [32768, 'int2'],
    ['9223372036854775808', 'int8'],
    ['1e', 'numeric'],
    ['1e999', 'float8'],
    ['0x10', 'float8'],
    [true, 'float8'],
    [1e300, 'float4'],
    [1e-300, 'float4'],
    [1, 'bool'],
    ['2001-02-01', 'timestamptz'],
    [new Date(Number.NaN), 'timestamptz'],
    ["2001-02-01'; drop table x", 'date'],
    ['2001-02-30', 'date'],
    ['nope', 'uuid'],
    ['ab', 'bytea'],
    ['\\x0', 'bytea'],
    [{ a: 'x\0' }, 'jsonb'],
    [['\udc00'], 'jsonb'],
    [undefined, 'jsonb'],
    [1n, 'jsonb'],
    [[1, [2]], '_int4'],
    [[[1], [2, 3]], '_int4'],
    [[[]], '_int4'],
    ['{1}', '_int4'],
    [1, 'Mood'],
  ])('%o is refused as %s', (value, type) => expect(refusal(value, type)).toBe('compile/literal'))

  test('no message shows the value', () => {
    expect(() => printLiteral('s3cret', 'int4')).toThrow(/^(?!.*s3cret)/s)
  })

  test('any text comes back from the parser, in one token, on one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (value) => {
        fc.pre(!value.includes('\0'))
        const literal = printLiteral(value, 'text')
        expect(literal).not.toMatch(/[\n\r]/)
        expect((scanSync(literal) as { tokens: unknown[] }).tokens).toHaveLength(1)
        const tree = JSON.stringify(parseSync(`select ${literal}`))
        expect(tree).toContain(`"sval":{"sval":${JSON.stringify(value)}}`)
      }),
      { seed: 2, numRuns: 1000 },
    )
  })

  test('any double is one constant and a cast, never a minus sign, and its digits read back to it', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const literal = printLiteral(value, 'float8')
        const [, digits, cast] = /^(\d[^:]*|'[^']*')(::float8)$/.exec(literal) ?? []
        expect(cast).toBe('::float8')
        expect(Object.is(Number(digits?.replaceAll("'", '')), value)).toBe(true)
      }),
      { seed: 3, numRuns: 2000 },
    )
  })
})

import { fail } from '../diagnostics/diagnostic.ts'
import type { SqlType } from '../ir/type.ts'
import { instant, instantOfDate } from './instant.ts'
import { quoteText } from './text-literal.ts'
import { printType } from './type-name.ts'

/**
 * A value as a literal of a type, safe as an operand anywhere: no literal starts with a minus sign or needs parentheses.
 *
 * | type | value | text |
 * |---|---|---|
 * | any | null | `null::int4` |
 * | float8, float4 | number, or decimal text | `0.25::float8`, `'-0.5'::float8`, `'NaN'::float8`; shortest digits that read back to the same number |
 * | int4 | whole number, bigint or decimal text | `5`, `'-5'::int4` |
 * | int2, int8 | as int4 | `5::int8` |
 * | numeric | number, bigint or decimal text | `1.50::numeric` |
 * | bool | boolean | `true` |
 * | text | string | `'it''s'`, `E'a\\b'`; bare, so it is text where nothing else is asked of it |
 * | timestamptz | ISO instant with a zone, or Date | `timestamptz '2001-02-01 12:00:00+00'` |
 * | date | `YYYY-MM-DD`, or Date (its UTC day) | `date '2001-02-01'` |
 * | bytea | Uint8Array, or text such as `\x00ff` | `E'\\x00ff'::bytea` |
 * | json, jsonb | any JSON value | `'{"a":1}'::jsonb` |
 * | `_float8` and other arrays | array, nested for more dimensions | `array[0.5::float8]::float8[]` |
 * | any other | string | `'…'::uuid`, `'…'::"Mood"` |
 *
 * Errors: `compile/literal` when the value does not belong to the type; the message never shows the value.
 */
export function printLiteral(value: unknown, type: SqlType): string {
  if (value === null) return `null::${printType(type)}`
  if (type.startsWith('_') && type.length > 1) return printArray(value, type)
  switch (type) {
    case 'float8':
    case 'float4':
      return printFloat(value, type)
    case 'int2':
    case 'int4':
    case 'int8':
      return printInteger(value, type)
    case 'numeric':
      return printNumeric(value)
    case 'bool':
      return typeof value === 'boolean' ? String(value) : refuse(value, type)
    case 'text':
      return typeof value === 'string' ? quoteText(value) : refuse(value, type)
    case 'timestamptz':
      return `timestamptz '${instantText(value, type)}'`
    case 'date':
      return `date '${dateText(value)}'`
    case 'uuid':
      return typeof value === 'string' && uuid.test(value)
        ? `'${value}'::uuid`
        : fail(...wrong(type, 'it is not a UUID'))
    case 'bytea':
      return `E'\\\\x${hexOf(value)}'::bytea`
    case 'json':
    case 'jsonb':
      return printJson(value, type)
    default:
      return typeof value === 'string' ? `${quoteText(value, type)}::${printType(type)}` : refuse(value, type)
  }
}

const decimal = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$/i
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const special: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity'])

const wrong = (type: SqlType, detail: string): ['compile/literal', Record<string, string>] => [
  'compile/literal',
  { type, detail },
]

function refuse(value: unknown, type: SqlType): never {
  const given = Array.isArray(value) ? 'an array' : value instanceof Date ? 'a Date' : `a JavaScript ${typeof value}`
  fail(...wrong(type, `it is ${given}`))
}

function printFloat(value: unknown, type: 'float4' | 'float8'): string {
  const n = floatOf(value, type)
  if (type === 'float4' && Number.isFinite(n) && n !== 0) {
    const single = Math.fround(n)
    if (single === 0 || !Number.isFinite(single)) fail(...wrong(type, 'it is outside the range of the type'))
  }
  // String() gives the shortest digits that read back to the same number, and drops the sign of zero.
  const digits = Object.is(n, -0) ? '-0' : type === 'float4' ? digits32(n) : String(n)
  return n < 0 || Object.is(n, -0) || !Number.isFinite(n) ? `'${digits}'::${type}` : `${digits}::${type}`
}

/** The shortest digits of a float32, which those of the same number as a float64 are not: 0.1 and 0.10000000149011612. */
function digits32(n: number): string {
  if (Math.fround(n) !== n) return String(n)
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(n.toPrecision(digits))
    // Well inside half a step, so that no reader rounds it to a neighbour.
    if (Math.abs(short - n) < Math.abs(n) * 2 ** -25) return String(short)
  }
  return String(n)
}

function floatOf(value: unknown, type: SqlType): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string') return refuse(value, type)
  if (special.has(value)) return Number(value)
  if (!decimal.test(value)) fail(...wrong(type, 'it is not a number'))
  const n = Number(value)
  return Number.isFinite(n) ? n : fail(...wrong(type, 'it is outside the range of the type'))
}

const ranges = {
  int2: [-(2n ** 15n), 2n ** 15n - 1n],
  int4: [-(2n ** 31n), 2n ** 31n - 1n],
  int8: [-(2n ** 63n), 2n ** 63n - 1n],
} as const

function printInteger(value: unknown, type: keyof typeof ranges): string {
  const n = integerOf(value, type)
  const [low, high] = ranges[type]
  if (n < low || n > high) fail(...wrong(type, 'it is outside the range of the type'))
  if (n < 0n) return `'${n}'::${type}`
  return type === 'int4' ? String(n) : `${n}::${type}`
}

function integerOf(value: unknown, type: SqlType): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') {
    return Number.isInteger(value) ? BigInt(value) : fail(...wrong(type, 'it is not a whole number'))
  }
  if (typeof value !== 'string') return refuse(value, type)
  return /^[+-]?\d+$/.test(value) ? BigInt(value.replace('+', '')) : fail(...wrong(type, 'it is not a whole number'))
}

function printNumeric(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint')
    return refuse(value, 'numeric')
  const digits = String(value)
  if (special.has(digits)) return `'${digits}'::numeric`
  const match = decimal.exec(digits)
  if (!match) fail(...wrong('numeric', 'it is not a number'))
  return match[1] === '-' ? `'${digits}'::numeric` : `${digits.replace('+', '')}::numeric`
}

function instantText(value: unknown, type: SqlType): string {
  if (value instanceof Date) return instantOfDate(value) ?? fail(...wrong(type, 'the Date is invalid or out of range'))
  if (typeof value !== 'string') return refuse(value, type)
  if (value === 'infinity' || value === '-infinity') return value
  return instant(value) ?? fail(...wrong(type, 'it is not an ISO 8601 instant with a zone'))
}

function dateText(value: unknown): string {
  if (value instanceof Date) return instantText(value, 'date').replace(/ \d\d:.*\+00/, '')
  if (typeof value !== 'string') return refuse(value, 'date')
  if (value === 'infinity' || value === '-infinity') return value
  const midnight = /^\d{4,6}-\d\d-\d\d$/.test(value) ? instant(`${value} 00:00Z`) : undefined
  return midnight === undefined ? fail(...wrong('date', 'it is not a date such as 2001-02-01')) : value
}

function hexOf(value: unknown): string {
  if (value instanceof Uint8Array) return hex(value)
  if (typeof value !== 'string') return refuse(value, 'bytea')
  return (
    /^\\x((?:[0-9a-f]{2})*)$/i.exec(value)?.[1]?.toLowerCase() ?? fail(...wrong('bytea', 'it is not \\x and digits'))
  )
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')

function printJson(value: unknown, type: 'json' | 'jsonb'): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch {
    fail(...wrong(type, 'it is not a JSON value'))
  }
  if (text === undefined) return refuse(value, type)
  // JSON.stringify escapes exactly the characters jsonb refuses: NUL and halves of surrogate pairs.
  if (/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f]..)/.test(text)) {
    fail(...wrong(type, 'a string in it holds a NUL character or invalid Unicode'))
  }
  return `${quoteText(text, type)}::${type}`
}

function printArray(value: unknown, type: SqlType): string {
  if (!Array.isArray(value)) return refuse(value, type)
  if (value.length === 0) return `'{}'::${printType(type)}`
  const shapes = new Set(value.map((v) => dimensions(v)))
  if (shapes.size > 1 || shapes.has(undefined)) fail(...wrong(type, 'its rows differ in length, or one is empty'))
  return `array[${printElements(value, type.slice(1))}]::${printType(type)}`
}

const printElements = (values: readonly unknown[], element: SqlType): string =>
  values.map((v) => (Array.isArray(v) ? `[${printElements(v, element)}]` : printLiteral(v, element))).join(', ')

/** `2x3` for nested arrays, empty for a scalar; undefined when it is not rectangular. */
function dimensions(value: unknown): string | undefined {
  if (!Array.isArray(value)) return ''
  const inner = new Set(value.map(dimensions))
  if (inner.size !== 1) return undefined
  const [shape] = inner
  return shape === undefined ? undefined : `${value.length}x${shape}`
}

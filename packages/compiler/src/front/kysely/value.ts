import { fail } from '../../diagnostics/diagnostic.ts'
import { printLiteral } from '../../emit/literal.ts'
import { quoteText } from '../../emit/text-literal.ts'

/**
 * A JavaScript value of a Kysely query as SQL text.
 *
 * - string: a quoted literal without a type, so that it takes the type of what it is compared with, as a bound
 *   parameter would;
 * - whole number and bigint: bare digits (int4, int8 or numeric by size), in parentheses when negative;
 * - any other number, also one too large to be exact: float8;
 * - Date: timestamptz in UTC; boolean; null; Uint8Array: bytea; plain object: jsonb;
 * - array: of strings, an array literal without a type; of anything else, `array[…]`.
 *
 * Errors: `compile/literal`.
 */
export function printValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoteText(value)
    case 'boolean':
      return String(value)
    case 'bigint':
      return whole(value)
    case 'number':
      // Past 2^53 the digits would claim an exactness the number does not have.
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? whole(value) : printLiteral(value, 'float8')
    case 'object':
      return value === null ? 'null' : printObject(value)
    default:
      return refuse(typeof value)
  }
}

// A minus sign before a negative number would start a comment.
const whole = (value: number | bigint): string => (value < 0 ? `(${value})` : String(value))

function printObject(value: object): string {
  if (value instanceof Date) return printLiteral(value, 'timestamptz')
  if (value instanceof Uint8Array) return printLiteral(value, 'bytea')
  if (Array.isArray(value)) return printArray(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
    ? printLiteral(value, 'jsonb')
    : refuse(value.constructor.name)
}

function printArray(values: readonly unknown[]): string {
  const texts = values.every((v) => v === null || typeof v === 'string')
  if (texts) return quoteText(`{${values.map((v) => (v === null ? 'null' : element(v as string))).join(',')}}`)
  return `array[${values.map((v) => printValue(v)).join(', ')}]`
}

const element = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`

function refuse(type: string): never {
  fail('compile/literal', { type, detail: 'a view is text, so each value in it must be written out' })
}

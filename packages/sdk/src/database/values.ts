/** How values cross the wire, in one place for both engines. The wire format is always text. */
type Parse = (text: string) => unknown

const bool = 16
const bytea = 17
const json = 114
const jsonb = 3802
const numbers = [21, 23, 700, 701]

const parsers = new Map<number, Parse>([
  [bool, (text) => text === 't'],
  [bytea, (text) => Uint8Array.from(Buffer.from(text.slice(2), 'hex'))],
  [json, (text) => JSON.parse(text)],
  [jsonb, (text) => JSON.parse(text)],
  // `NaN`, `Infinity` and `-Infinity` are spelt the same by server and language.
  ...numbers.map((oid): [number, Parse] => [oid, Number]),
])
const asText: Parse = (text) => text

/** In the shape the driver asks for; int8, numeric, arrays, dates and everything else stay the server's text. */
export const valueTypes = { getTypeParser: (oid: number) => parsers.get(oid) ?? asText }

/** JavaScript prints the negative zero without its sign. */
export const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

/**
 * A JavaScript value as a bound parameter. Dates become instants in UTC: the driver would write them in the zone of this
 * process, which a `timestamp` column would then keep.
 */
export function parameter(value: unknown): unknown {
  if (typeof value === 'number') return numberText(value)
  if (value === undefined) return null
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(parameter)
  return value
}

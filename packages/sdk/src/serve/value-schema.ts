/** What a client may write for a value of an SQL type, and what it is bound as. */
import { instant, type SqlType } from '@viewcast/compiler'
import { z } from 'zod'

const notFinite = z.enum(['NaN', 'Infinity', '-Infinity'])

const whole = (least: number, most: number) => z.int().min(least).max(most)

const int8 = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d{1,19}$/, { abort: true })
    .refine((text) => BigInt.asIntN(64, BigInt(text)) === BigInt(text), 'Out of the range of 64 bits'),
])

/** The largest a server keeps in a text is 1 GB; a key or a category is far below this. */
const text = z
  .string()
  .max(65_536)
  .refine((value) => !value.includes('\0'), 'A text cannot hold the character NUL')

const isDay = (value: string): boolean => {
  const day = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(value)
}

/** ISO 8601 with a zone; the database keeps microseconds. */
export const instantSchema = z
  .string()
  .max(64)
  .refine(
    (value) => instant(value) !== undefined,
    'Not an instant in ISO 8601 with a zone, such as 2024-03-01T12:00:00Z',
  )
  .meta({ format: 'date-time' })

/** Anything JSON can say: it has been parsed by then. */
const json = z.any().refine((value) => value !== undefined, 'Missing')

const schemas: Readonly<Record<string, z.ZodType>> = {
  int2: whole(-32_768, 32_767),
  int4: whole(-2_147_483_648, 2_147_483_647),
  int8: int8.meta({ description: '64 bits; as text beyond 2^53' }),
  // Beyond the range of a type the database would raise rather than round.
  float4: z.union([z.number().min(-3.4e38).max(3.4e38), notFinite]),
  float8: z.union([z.number(), notFinite]),
  numeric: z.union([
    z.number(),
    z
      .string()
      .max(1000)
      .regex(/^(-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?|NaN|-?Infinity)$/),
  ]),
  bool: z.boolean(),
  date: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .refine(isDay, 'No such day')
    .meta({ format: 'date' }),
  timestamptz: instantSchema,
  timestamp: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$/)
    .refine((value) => isDay(value.slice(0, 10)), 'No such day'),
  uuid: z.guid().meta({ format: 'uuid' }),
  json,
  jsonb: json,
}

/** A type without an entry is written as the database writes it: an enum's label, an array's text. */
export const valueSchema = (type: SqlType): z.ZodType => schemas[type] ?? text

/** As it is bound: a JSON value would otherwise be taken for what it holds. */
export function bound(type: SqlType, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (type === 'json' || type === 'jsonb') return JSON.stringify(value)
  if (type === 'timestamptz' && typeof value === 'string') return instant(value) ?? value
  return value
}

/** The text of a query parameter as a value of JSON; what does not read as one stays text, which the schema refuses. */
export function fromText(type: SqlType, given: string): unknown {
  if (/^(int2|int4|float4|float8)$/.test(type) && /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(given))
    return Number(given)
  if (type === 'bool' && (given === 'true' || given === 'false')) return given === 'true'
  if (type === 'json' || type === 'jsonb') {
    try {
      return JSON.parse(given)
    } catch {
      return given
    }
  }
  return given
}

/** A value of a row as JSON can say it. */
export function shown(type: SqlType, value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'string' && type === 'timestamptz') return value.replace(' ', 'T').replace(/\+00$/, 'Z')
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  return value
}

/** What {@link shown} gives, for the document. */
export function shownSchema(type: SqlType): z.ZodType {
  if (type === 'float8' || type === 'float4') return z.union([z.number(), notFinite])
  if (type === 'int2' || type === 'int4') return z.int()
  if (type === 'bool') return z.boolean()
  if (type === 'json' || type === 'jsonb') return z.any()
  if (type === 'timestamptz') return z.string().meta({ format: 'date-time' })
  return z.string()
}

/**
 * Messages as clients send them: the JSON of protocol buffers, read with tolerance.
 *
 * 64-bit integers come as numbers or as text; doubles also as `"NaN"` and `"Infinity"`, or as the bare words that Python's
 * json writes; null is the same as nothing; fields that are not known are ignored.
 */
import { z } from 'zod'
import { invalid } from './failure.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }
export type JsonObject = { readonly [key: string]: Json | undefined }

export const text = z.string()

/** Text that is there and not empty: an empty one is how protocol buffers say "not given". */
export const required = z.string().min(1)

/** A number or text that names something. */
export const id = z.union([z.string(), z.number().int().transform(String)])

export const requiredId = id.refine((value) => value !== '')

export const int64 = z.unknown().transform((value, issues) => {
  const number = typeof value === 'string' && /^[+-]?\d+$/.test(value.trim()) ? Number(value) : value
  // Whole numbers past 2^53 would come back as others.
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number
  issues.addIssue({ code: 'custom', message: 'no integer' })
  return z.NEVER
})

const doubleWords = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

export const double = z.unknown().transform((value, issues) => {
  if (typeof value === 'number') return value
  if (typeof value === 'string') {
    const word = doubleWords.get(value.trim())
    if (word !== undefined) return word
    const number = Number(value)
    if (value.trim() !== '' && Number.isFinite(number)) return number
  }
  issues.addIssue({ code: 'custom', message: 'no number' })
  return z.NEVER
})

export const flag = z.union([z.boolean(), z.enum(['true', 'false', 'True', 'False']).transform((v) => /^t/i.test(v))])

/** A list; in a query string a field that is given once is a list of one. */
export const repeated = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]), z.array(item))

export const keyValue = z.object({ key: required, value: text.default('') })

/** The object a body holds; nothing is an object without fields. */
export function parseBody(body: Uint8Array): unknown {
  if (body.byteLength === 0) return {}
  let source: string
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return invalid('The body of the request is not UTF-8.')
  }
  try {
    return withoutNulls(JSON.parse(source))
  } catch {
    try {
      return withoutNulls(JSON.parse(source.replace(bareWords, (found, word) => (word ? `"${found}"` : found))))
    } catch {
      return invalid('The body of the request is not JSON.')
    }
  }
}

// Strings are passed over whole, so that a word inside one stays.
const bareWords = /"(?:[^"\\]|\\.)*"|(-?\bInfinity\b|\bNaN\b)/g

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, withoutNulls(inner)]])),
  )
}

/** Fields of a query string; one that is given several times is a list. */
export function parseQuery(query: URLSearchParams): unknown {
  return Object.fromEntries(
    [...new Set(query.keys())].map((key) => {
      const values = query.getAll(key)
      return [key, values.length === 1 ? values[0] : values]
    }),
  )
}

/** The message, or MLflow's sentence about the first field that does not fit. */
export function readMessage<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const path = parsed.error.issues[0]?.path ?? []
  const name = path.reduce<string>(
    (before, part) =>
      typeof part === 'number' ? `${before}[${part}]` : before === '' ? String(part) : `${before}.${String(part)}`,
    '',
  )
  if (name === '') return invalid('The body of the request is not a JSON object.')
  const value = path.reduce<unknown>(
    (inner, part) => (inner as Record<PropertyKey, unknown> | undefined)?.[part],
    given,
  )
  if (value === undefined || value === '') {
    return invalid(
      `Missing value for required parameter '${name}'. See the API docs for more information about request parameters.`,
    )
  }
  return invalid(`Invalid value ${JSON.stringify(value).slice(0, 100)} for parameter '${name}' supplied.`)
}

/** A double as JSON has it. */
export const doubleJson = (value: number): number | string => (Number.isFinite(value) ? value : String(value))

/**
 * Paging by the keys of the last row, so that a page costs the same wherever it is, and what is added meanwhile neither
 * repeats a row nor leaves one out.
 *
 * An order has a key for whether there is a value at all, so that NaN and NULL come last whichever the direction.
 */
import { createHash } from 'node:crypto'
import { diagnostic, fail, locate } from '@viewcast/compiler'
import { attributeOf, type Reading } from './condition-sql.ts'
import type { Order } from './filter.ts'

/** One expression to sort by; never NULL. */
export interface SortKey {
  readonly sql: string
  readonly type: 'int4' | 'float8' | 'text' | 'timestamptz' | 'uuid' | 'boolean'
  readonly isDescending: boolean
}

/** The keys of one thing to sort by; none, and a problem told, when it cannot be sorted by. */
export function sortKeys({ field, isDescending }: Order, reading: Reading): readonly SortKey[] {
  if (field.family === 'dataset') {
    const { from, to } = field.span
    const detail = 'one row may have several datasets, so it cannot be sorted by them'
    reading.problems.push(diagnostic('search/order', { detail }, locate('order', reading.text, from, to - from)))
    return []
  }
  const attribute = attributeOf(field, reading)
  if (attribute === undefined) return []
  const { operand, isNullable = true } = attribute
  const { sql } = operand
  const rank = (text: string): SortKey => ({ sql: text, type: 'int4', isDescending: false })
  const key = (text: string, type: SortKey['type']): SortKey => ({ sql: text, type, isDescending })
  switch (operand.type) {
    case 'number':
      if (!isNullable) return [key(sql, 'float8')]
      return [
        rank(`CASE WHEN ${sql} IS NULL THEN 2 WHEN ${sql} = 'NaN' THEN 1 ELSE 0 END`),
        key(`coalesce(${sql}, 0)`, 'float8'),
      ]
    case 'either':
      return [
        rank(`CASE WHEN ${sql} IS NULL THEN 2 WHEN ${operand.number} IS NULL THEN 1 ELSE 0 END`),
        key(`coalesce(${operand.number}, 0)`, 'float8'),
        key(`CASE WHEN ${operand.number} IS NULL THEN coalesce(${sql}, '') ELSE '' END COLLATE "C"`, 'text'),
      ]
    default: {
      const [type, least] = orders[operand.type]
      // The same order in every database.
      const collated = (text: string): string => (type === 'text' ? `${text} COLLATE "C"` : text)
      if (!isNullable) return [key(collated(sql), type)]
      return [rank(`CASE WHEN ${sql} IS NULL THEN 1 ELSE 0 END`), key(collated(`coalesce(${sql}, ${least})`), type)]
    }
  }
}

const orders = {
  text: ['text', "''"],
  instant: ['timestamptz', "'-infinity'"],
  milliseconds: ['timestamptz', "'-infinity'"],
  boolean: ['boolean', 'false'],
  id: ['uuid', "'00000000-0000-0000-0000-000000000000'"],
} as const satisfies Record<string, readonly [SortKey['type'], string]>

/** `sql` says how a key is called where it is sorted. */
export const orderBy = (keys: readonly SortKey[], sql: (key: SortKey, i: number) => string): string =>
  keys.map((k, i) => (k.isDescending ? `${sql(k, i)} DESC` : sql(k, i))).join(', ')

/** The rows behind the given one. */
export function behind(keys: readonly SortKey[], last: readonly string[], reading: Reading): string {
  const values = keys.map((k, i) => reading.statement.bind(last[i], k.type))
  const sign = (k: SortKey): string => (k.isDescending ? '<' : '>')
  const [first] = keys
  // Row comparison can be answered from an index; it knows one direction only.
  if (first && keys.every((k) => k.isDescending === first.isDescending)) {
    return `(${keys.map((k) => k.sql).join(', ')}) ${sign(first)} (${values.join(', ')})`
  }
  return keys.reduceRight((rest, k, i) => {
    const after = `${k.sql} ${sign(k)} ${values[i]}`
    return rest === '' ? after : `(${after} OR (${k.sql} = ${values[i]} AND ${rest}))`
  }, '')
}

const version = 1

/** What a query asks for, without the page: a token of another one does not fit. */
export const fingerprint = (query: unknown): string =>
  createHash('sha256').update(JSON.stringify(query)).digest('base64url').slice(0, 12)

/** Opaque to whoever has it; the values of the sort keys of the last row are in it. */
export const printToken = (query: string, last: readonly string[]): string =>
  Buffer.from(JSON.stringify([version, query, ...last])).toString('base64url')

/** Errors: `search/page-token` for what is no token, and one of another query. */
export function parseToken(token: string, query: string, keys: readonly SortKey[]): readonly string[] {
  const parts = partsOf(token)
  const [v, asked, ...last] = parts ?? []
  const fits = last.length === keys.length && keys.every((k, i) => isOfType(last[i], k.type))
  if (v !== version || asked !== query || !fits) return fail('search/page-token')
  return last as string[]
}

function partsOf(token: string): readonly unknown[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    return Array.isArray(parts) ? parts : undefined
  } catch {
    return undefined
  }
}

/** A token that was tampered with must not reach the server as a wrong literal. */
const shapes: Readonly<Record<SortKey['type'], RegExp>> = {
  int4: /^\d$/,
  float8: /^(?:-?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?|-?Infinity|NaN)$/i,
  text: /^[^\0]*$/,
  timestamptz: /^-?infinity$|^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00$/,
  uuid: /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/,
  boolean: /^(?:t|true|f|false)$/,
}

const isOfType = (value: unknown, type: SortKey['type']): boolean =>
  typeof value === 'string' && shapes[type].test(value)

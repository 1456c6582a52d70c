/** One page of a search, whatever is searched. */
import { type Diagnostic, fail, throwIfErrors } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { conditionSql, type Reading } from './condition-sql.ts'
import type { Order } from './filter.ts'
import { behind, fingerprint, orderBy, parseToken, printToken, type SortKey, sortKeys } from './keyset.ts'
import { parseFilter, parseOrder } from './parse-filter.ts'
import type { Statement, Subject } from './subject.ts'

export interface PageOptions {
  /** Which; all when absent or blank. */
  readonly filter?: string
  /** What to sort by, first things first: `['metrics.auc DESC', 'name']`. */
  readonly orderBy?: readonly string[]
  /** Rows of a page, 1 to 50,000. Default 100. */
  readonly limit?: number
  /** `nextPageToken` of the page before, with everything else as it was. */
  readonly pageToken?: string
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Absent on the last page. */
  readonly nextPageToken?: string
}

export interface Search extends PageOptions {
  readonly subject: Subject
  /** The columns wanted, as of a SELECT list. */
  readonly columns: string
  /** Sorted by this when nothing else is asked for. */
  readonly defaultOrder: string
  /** Conditions besides the filter, with what they ask for, so that a token knows it. */
  readonly scope: (statement: Statement) => readonly string[]
  readonly asked: unknown
}

const most = 50_000

/** Errors: `search/filter`, `search/field`, `search/value`, `search/order`, `search/limit`, `search/page-token`. */
export async function searchPage<Row extends Record<string, unknown>>(
  db: Database,
  search: Search,
): Promise<Page<Row>> {
  const limit = search.limit ?? 100
  if (!Number.isInteger(limit) || limit < 1 || limit > most) fail('search/limit', { limit: String(limit) })
  const { sql, parameters, keys, query } = statementOf(search, limit)
  const found = await db.rows<Row & Record<string, string>>(sql, parameters)
  const names = keys.map((_, i) => keyName(i))
  const last = found.length > limit ? found[limit - 1] : undefined
  const token =
    last &&
    printToken(
      query,
      names.map((n) => last[n] as string),
    )
  const items = found.slice(0, limit).map((row): Row => {
    for (const n of names) delete (row as Record<string, unknown>)[n]
    return row
  })
  return { items, ...(token === undefined ? {} : { nextPageToken: token }) }
}

/** Names no column of ours has. */
const keyName = (i: number): string => `_key${i}`

interface Written {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly keys: readonly SortKey[]
  readonly query: string
}

function statementOf(search: Search, limit: number): Written {
  const { subject, columns, filter = '', orderBy: wanted = [], pageToken, scope } = search
  const parameters: unknown[] = []
  const joins = new Map<string, { readonly alias: string; readonly sql: string }>()
  const statement: Statement = {
    bind: (value, type) => `$${parameters.push(withoutNul(value))}::${type}`,
    join: (key, sql) => {
      const known = joins.get(key)
      if (known) return known.alias
      const alias = `j${joins.size}`
      joins.set(key, { alias, sql: sql(alias) })
      return alias
    },
    require: (alias) => joins.set(`of the subject: ${alias}`, { alias, sql: subject.joins[alias] ?? '' }),
  }
  const problems: Diagnostic[] = []
  const reading = (what: Reading['what'], text: string): Reading => ({ subject, statement, text, what, problems })
  const condition = parseFilter(filter)
  const conditions = [
    ...scope(statement),
    ...(condition === undefined ? [] : [conditionSql(condition, reading('filter', filter))]),
  ]
  const keys = keysOf(wanted.length > 0 ? wanted : [search.defaultOrder], subject, (text) => reading('order', text))
  throwIfErrors(problems)
  const query = fingerprint([subject.what, Object.keys(subject.attributes).length, filter, wanted, search.asked])
  if (pageToken !== undefined) conditions.push(behind(keys, parseToken(pageToken, query, keys), reading('order', '')))
  const all = keys.map((k, i) => `${k.sql} AS ${keyName(i)}`)
  // Only ids and keys are joined, filtered and sorted; the rest is fetched for the rows of the page.
  const found = `SELECT ${[`${subject.id} AS _id`, ...all].join(', ')}
  FROM ${[subject.from, ...[...joins.values()].map((j) => j.sql)].join('\n  ')}
  WHERE ${conditions.length === 0 ? 'true' : conditions.join('\n  AND ')}
  ORDER BY ${orderBy(keys, (k) => k.sql)} LIMIT ${limit + 1}`
  // As the server's text: it comes back as it was, to the last digit.
  const selected = keys.map((_, i) => `page.${keyName(i)}::text AS ${keyName(i)}`)
  const sql = `WITH page AS MATERIALIZED (
  ${found}
)
SELECT ${[columns, ...selected].join(', ')}
FROM ${[subject.from, `JOIN page ON ${subject.id} = page._id`, ...Object.values(subject.joins)].join('\n  ')}
ORDER BY ${orderBy(keys, (_, i) => `page.${keyName(i)}`)}`
  return { sql, parameters, keys, query }
}

/** Those asked for, and the id, so that the order is the same every time: newest first, unless ascending is asked for. */
function keysOf(wanted: readonly string[], subject: Subject, reading: (text: string) => Reading): readonly SortKey[] {
  const orders: readonly (readonly [string, Order])[] = wanted.map((text) => [text, parseOrder(text)])
  const keys = orders.flatMap(([text, order]) => sortKeys(order, reading(text)))
  const seen = new Set<string>()
  const distinct = keys.filter((k) => !seen.has(k.sql) && seen.add(k.sql))
  if (seen.has(subject.id)) return distinct
  const isDescending = distinct.at(-1)?.isDescending ?? true
  return [...distinct, { sql: subject.id, type: 'uuid', isDescending }]
}

/** PostgreSQL's texts hold no NUL, so nothing is found by one; the replacement character is as good. */
function withoutNul(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNul)
  return typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value
}

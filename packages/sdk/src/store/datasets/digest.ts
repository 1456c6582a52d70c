/** Digests of rows, computed where they are. */
import { createHash } from 'node:crypto'
import { fail } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { isFloat, needsPinnedSettings, type Precision } from './canonical.ts'
import { byName, digestQuery } from './digest-query.ts'
import { copiedColumns } from './exact-columns.ts'

/** Goes up when equal rows would get another digest than before; digests of different methods are not compared. */
const digestMethod = 'md5-sum-1'

export interface ColumnDigest {
  readonly name: string
  /** `pg_type.typname`; of an array with `_` before it. */
  readonly type: string
  /** Of floats: whether every bit counts, or the first 20 (about six digits). */
  readonly precision?: Precision
  readonly nulls: number
  /** Of the values as a set with duplicates, whatever the rows they are in. */
  readonly digest: string
  /** Of float8: of the values below 1e290; two runs that differ in rounding only have nearly the same. */
  readonly sum?: number
}

export interface DatasetDigest {
  /** SHA-256 in hex over method, names and types of the columns, number of rows and sums of their hashes. */
  readonly digest: string
  readonly method: string
  readonly rows: number
  /** In the order of the query. */
  readonly columns: readonly ColumnDigest[]
}

export interface DigestOptions {
  /**
   * Precision of float columns by name. By default columns that are copies of stored ones are `exact`, and what is computed
   * is `rounded`: sums of floats differ in their last bits between plans and engines.
   */
  readonly precision?: Readonly<Record<string, Precision>>
  /** What errors call the query; default `query`. */
  readonly title?: string
  readonly signal?: AbortSignal
}

/**
 * Digests the rows of a query in the database; no row leaves it. Equal rows have an equal digest, in whatever order, plan,
 * session or engine.
 *
 * One pass over the query: a million rows of twelve columns take about three seconds more than running it.
 *
 * Errors: `sql/not-a-select`, `sql/several-statements`, `sql/syntax`; `dataset/duplicate-column`; `engine/interrupted`.
 *
 * @param query one SELECT without parameters.
 *
 * @example
 * ```ts
 * const { digest, rows } = await digestRows(db, 'SELECT id, amount FROM orders')
 * ```
 * ```sql
 * SELECT count(*), sum(…md5(ROW(t0, t1)::text)…), … FROM (SELECT q.c0 AS t0, trim_scale(q.c1) AS t1 FROM …) …
 * ```
 */
export async function digestRows(db: Database, query: string, options: DigestOptions = {}): Promise<DatasetDigest> {
  const title = options.title ?? 'query'
  return db.transaction(async (tx) => {
    const copied = await copiedColumns(tx, query, title)
    return digestOf(tx, { query }, await tx.describe(query), copied, options)
  })
}

/** The same of a table that was made of a query, with the precision its columns have there. */
export async function digestOf(
  tx: Database,
  from: { readonly table: string } | { readonly query: string },
  described: readonly { readonly name: string; readonly type: string; readonly isEnum?: boolean }[],
  copied: readonly boolean[],
  { precision = {}, title = 'query', signal }: DigestOptions,
): Promise<DatasetDigest> {
  const columns = described.map((c, i) => ({
    ...c,
    precision: precision[c.name] ?? (copied[i] ? 'exact' : ('rounded' as const)),
  }))
  refuseDuplicates(columns, title)
  const [encoding] = await tx.rows<{ server_encoding: string }>('SHOW server_encoding')
  const sql = digestQuery({ from, columns, isUtf8: encoding?.server_encoding === 'UTF8' })
  const ask = async () => (await tx.query(sql, [], signal ? { signal } : {})).rows[0] as unknown as Sums
  const [rows, a, b, present, hashes, sums] = columns.some(needsPinnedSettings) ? await pinned(tx, ask) : await ask()
  return {
    digest: digestText(columns, rows, a, b),
    method: digestMethod,
    rows: Number(rows),
    columns: columns.map((c, i): ColumnDigest => {
      const sum = sums[i]
      return {
        name: c.name,
        type: c.type,
        ...(isFloat(c.type) ? { precision: c.precision } : {}),
        nulls: Number(rows) - Number(present[i]),
        digest: hashes[i] ?? '0',
        ...(sum === null || sum === undefined ? {} : { sum }),
      }
    }),
  }
}

type Sums = readonly [
  rows: string,
  a: string,
  b: string,
  present: readonly string[],
  hashes: readonly (string | null)[],
  sums: readonly (number | null)[],
]

function digestText(
  columns: readonly { readonly name: string; readonly type: string; readonly precision: Precision }[],
  ...sums: readonly string[]
): string {
  const described = [...columns]
    .sort(byName)
    .map((c) => (isFloat(c.type) ? [c.name, c.type, c.precision] : [c.name, c.type]))
  return createHash('sha256')
    .update(JSON.stringify([digestMethod, described, ...sums]))
    .digest('hex')
}

function refuseDuplicates(columns: readonly { readonly name: string }[], title: string): void {
  const names = columns.map((c) => c.name)
  const second = names.findIndex((n, i) => names.indexOf(n) !== i)
  const column = names[second]
  if (column === undefined) return
  const place = (i: number): string => `column ${i + 1}`
  fail('dataset/duplicate-column', {
    dataset: title,
    column,
    first: place(names.indexOf(column)),
    second: place(second),
  })
}

/** What the text of composites, ranges and types of extensions hangs on; the values before come back. */
const settings = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
}

async function pinned<T>(tx: Database, body: () => Promise<T>): Promise<T> {
  const names = Object.keys(settings)
  const set = async (values: readonly string[]): Promise<readonly string[]> => {
    const [before] = (
      await tx.query(
        `SELECT ${names.map((name) => `current_setting('${name}')`).join(', ')}, ${names
          .map((name, i) => `set_config('${name}', $${i + 1}, true)`)
          .join(', ')}`,
        values,
      )
    ).rows
    return (before ?? []).slice(0, names.length).map(String)
  }
  const before = await set(Object.values(settings))
  const result = await body()
  await set(before)
  return result
}

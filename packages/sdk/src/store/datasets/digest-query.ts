/** The statement that digests rows: one pass, no sort, one row of sums. */
import { canonical, type DigestedColumn, isFloat, type Precision } from './canonical.ts'

export interface DigestRequest {
  /** What the rows are of: a table's quoted name, or a query. */
  readonly from: { readonly table: string } | { readonly query: string }
  /** In the order the source returns them. */
  readonly columns: readonly (DigestedColumn & { readonly precision: Precision })[]
  /** False for databases of another encoding, whose bytes would differ. */
  readonly isUtf8: boolean
}

/** Where a column's text is in the row that is hashed: by name, so that the order of columns is no part of the content. */
export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0

/**
 * The digest of rows, whatever their order: their number and two sums of 64-bit halves of the MD5 of each. Sums, unlike
 * XOR, do not lose duplicates. A row's text is the server's text of a row of texts, which quotes what could be confused:
 * `(a,"b c",,"")`, NULL is nothing and '' is "".
 *
 * Each expression that is used more than once is behind a fence, a volatile column that nothing reads, which leaves plans
 * parallel where OFFSET 0 would not.
 *
 * ```sql
 * SELECT count(*), sum(("x" || substr(m, 1, 16))::bit(64)::int8), …, count(t0), sum(hashtextextended(t0, 0)), …
 * FROM (SELECT md5(ROW(t0, t1, …)::text) AS m, … FROM (SELECT id AS t0, encode(float8send(…), 'hex') AS t1, … FROM …) …) …
 * ```
 */
export function digestQuery(request: DigestRequest): string {
  if (request.columns.length > manyColumns) return digestQueryOfMany(request)
  const { from, columns, isUtf8 } = request
  const texts = columns.map((_, i) => `t${i}`)
  const ordered = columns.map((c, i) => ({ name: c.name, text: `t${i}` })).sort(byName)
  const row = `ROW(${ordered.map((o) => o.text).join(', ')})::text`
  const list = (items: readonly string[]) => items.map((item) => `, ${item}`).join('')
  const floats = columns.flatMap((c, i) => (c.type === 'float8' ? [i] : []))
  return `SELECT count(*)::text AS rows, ${half(1)} AS a, ${half(17)} AS b,
  to_jsonb(ARRAY[${texts.map((t) => `count(${t})::text`).join(', ')}]::text[]) AS present,
  to_jsonb(ARRAY[${texts.map((_, i) => `sum(h${i})::text`).join(', ')}]::text[]) AS hashes,
  to_jsonb(ARRAY[${columns.map((c, i) => (isFloat(c.type) && c.type === 'float8' ? `sum(f${i})` : 'NULL')).join(', ')}]::float8[]) AS sums
FROM (
  SELECT md5(${isUtf8 ? row : `convert_to(${row}, 'UTF8')`}) AS m${list(texts)}${list(
    texts.map((t, i) => `hashtextextended(${t}::text COLLATE "C", 0) AS h${i}`),
  )}${list(floats.map((i) => `f${i}`))}, clock_timestamp() AS fence
  FROM (
    SELECT clock_timestamp() AS fence${list(columns.map((c, i) => `${canonical(`q.c${i}`, c, c.precision)} AS t${i}`))}${list(
      floats.map((i) => `CASE WHEN abs(q.c${i}) < '1e290'::float8 THEN q.c${i} END AS f${i}`),
    )}
    FROM ${source(from, columns.length)}
  ) AS written
) AS hashed`
}

/** A SELECT has at most 1,664 columns, and three are made of each here. */
const manyColumns = 500

/**
 * The same by arrays, which are slower. What is aggregated is more than a row can carry from one process to another, so that
 * the fence is one that no worker may compute.
 */
function digestQueryOfMany({ from, columns, isUtf8 }: DigestRequest): string {
  const ordered = columns.map((c, i) => ({ name: c.name, text: `t${i}` })).sort(byName)
  const row = `ROW(${ordered.map((o) => o.text).join(', ')})::text`
  const each = (write: (c: (typeof columns)[number], i: number) => string) => columns.map(write).join(', ')
  const float = (c: (typeof columns)[number], i: number) =>
    c.type === 'float8' ? `CASE WHEN abs(q.c${i}) < '1e290'::float8 THEN q.c${i} END` : 'NULL'
  return `SELECT count(*)::text AS rows, ${half(1)} AS a, ${half(17)} AS b,
  to_jsonb(ARRAY[${each((_, i) => `count(h[${i + 1}])::text`)}]::text[]) AS present,
  to_jsonb(ARRAY[${each((_, i) => `sum(h[${i + 1}])::text`)}]::text[]) AS hashes,
  to_jsonb(ARRAY[${each((c, i) => (c.type === 'float8' ? `sum(f[${i + 1}])` : 'NULL'))}]::float8[]) AS sums
FROM (
  SELECT md5(${isUtf8 ? row : `convert_to(${row}, 'UTF8')`}) AS m, f, random() AS fence,
    ARRAY[${each((_, i) => `hashtextextended(t${i}::text COLLATE "C", 0)`)}]::int8[] AS h
  FROM (
    SELECT random() AS fence, ARRAY[${each(float)}]::float8[] AS f, ${each((c, i) => `${canonical(`q.c${i}`, c, c.precision)} AS t${i}`)}
    FROM ${source(from, columns.length)}
  ) AS written
) AS hashed`
}

const half = (at: number): string => `coalesce(sum(('x' || substr(m, ${at}, 16))::bit(64)::int8), 0)::text`

/** With columns by position: names may be anything. A table needs no fence, its columns cost nothing. */
function source(from: DigestRequest['from'], columns: number): string {
  const names = Array.from({ length: columns }, (_, i) => `c${i}`)
  if ('table' in from) return `${from.table} AS q (${names.join(', ')})`
  const fenced = [...names, 'fence'].join(', ')
  return `(SELECT s.*, clock_timestamp() FROM (\n${from.query}\n) AS s) AS q (${fenced})`
}

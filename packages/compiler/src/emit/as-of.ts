/**
 * The latest row at an instant as SQL, one printer per form. What makes them agree is here side by side: a row counts when
 * its time is known and before the instant, it was known before it, and it is not too old; of rows of one instant the
 * one the tie-break puts first counts.
 */
import { printInterval } from '../ir/duration.ts'
import type { AsOf } from '../ir/relation.ts'
import type { Dialect } from './dialect.ts'
import { quoteIdentifier } from './identifier.ts'

const q = quoteIdentifier

/** The relation as a query; `history` is the text of the history, printed. */
export function printAsOf(a: AsOf, history: string, dialect: Dialect): string {
  const from = `(\n${history}\n) AS h`
  switch (a.form) {
    case 'lateral':
      return printLateral(a, history)
    case 'distinct':
      return dialect.firstRow === 'row-number' ? printRanked(a, from) : printDistinct(a, from)
    case 'merge':
      return printRanges(a, from)
    case 'fill':
      return printFill(a, from)
  }
}

/** The one form that names the question by its own alias, which may be any name. */
function printLateral(a: AsOf, history: string): string {
  const h = a.spine === 'h' ? 'r' : 'h'
  return (
    `SELECT ${a.columns.map((c) => `${h}.${q(c)}`).join(', ')} FROM (\n${history}\n) AS ${h} ` +
    `WHERE ${counts(a, q(a.spine), h)} ORDER BY ${latestFirst(a, h)} LIMIT 1`
  )
}

function printDistinct(a: AsOf, from: string): string {
  const question = [...a.on.map(([, c]) => `s.${q(c)}`), 's.as_of'].join(', ')
  const keys = a.on.map(([k, c]) => (k === c ? `s.${q(c)}` : `s.${q(c)} AS ${q(k)}`))
  return (
    `SELECT DISTINCT ON (${question}) ${[...keys, 's.as_of', ...a.columns.map((c) => `h.${q(c)}`)].join(', ')} ` +
    `FROM ${q(a.spine)} AS s JOIN ${from} ON ${counts(a, 's')} ORDER BY ${question}, ${latestFirst(a)}`
  )
}

/** As `distinct`, by a window within the question, which needs no step after the shards have answered. */
function printRanked(a: AsOf, from: string): string {
  const question = [...a.on.map(([, c]) => `s.${q(c)}`), 's.as_of'].join(', ')
  const keys = a.on.map(([k, c]) => (k === c ? `s.${q(c)}` : `s.${q(c)} AS ${q(k)}`))
  const columns = [...a.on.map(([k]) => k), 'as_of', ...a.columns].map((c) => `r.${q(c)}`)
  return (
    `SELECT ${columns.join(', ')} FROM (` +
    `SELECT ${[...keys, 's.as_of', ...a.columns.map((c) => `h.${q(c)}`)].join(', ')}, ` +
    `row_number() OVER (PARTITION BY ${question} ORDER BY ${latestFirst(a)}) AS _row_of_key ` +
    `FROM ${q(a.spine)} AS s JOIN ${from} ON ${counts(a, 's')}) AS r WHERE r._row_of_key = 1`
  )
}

/** Rows of one key and instant follow each other with the one that counts last, so the range of all others is empty. */
function printRanges(a: AsOf, from: string): string {
  const keys = a.on.map(([k]) => `h.${q(k)}`)
  const time = `h.${q(a.time)}`
  const columns = [
    ...keys,
    `${time} AS ${q(a.range.from)}`,
    `lead(${time}) OVER (PARTITION BY ${keys.join(', ')} ORDER BY ${latestLast(a)}) AS ${q(a.range.until)}`,
    ...(a.maxAge === undefined ? [] : [`${time} + ${printInterval(a.maxAge)} AS ${q(a.range.stale)}`]),
    ...a.columns.map((c) => `h.${q(c)}`),
  ]
  return `SELECT ${columns.join(', ')} FROM ${from} WHERE ${time} IS NOT NULL`
}

/**
 * History and questions in one line per key; each question takes the row of the history before it. The names inside are
 * ours, because those of the history may be anything.
 */
function printFill(a: AsOf, from: string): string {
  const keys = a.on.map(([k, c], i) => ({ own: `h.${q(k)}`, asked: `s.${q(c)}`, inner: `k_${i + 1}`, out: q(k) }))
  const ties = tieOrder(a, false).map((t, i) => ({ ...t, inner: `t_${i + 1}` }))
  const features = a.columns.map((c, i) => ({ own: `h.${q(c)}`, inner: `c_${i + 1}`, out: q(c) }))
  const past = [
    ...keys.map((k) => `${k.own} AS ${k.inner}`),
    `h.${q(a.time)} AS at`,
    'false AS asked',
    ...ties.map((t) => `${t.sql} AS ${t.inner}`),
    ...features.map((f) => `${f.own} AS ${f.inner}`),
  ]
  const questions = [
    ...keys.map((k) => k.asked),
    's.as_of',
    'true',
    ...ties.map(() => 'NULL'),
    ...features.map(() => 'NULL'),
  ]
  const known = [`h.${q(a.time)}`, ...keys.map((k) => k.own)].map((c) => `${c} IS NOT NULL`).join(' AND ')
  const inner = (alias: string) => keys.map((k) => `${alias}.${k.inner}`)
  // The question comes before a row of its own instant, which is not known yet.
  const order = ['u.at', 'u.asked DESC', ...ties.map((t) => `u.${t.inner}${t.order}`)]
  const carried = [
    ...features.map((f) => `first_value(g.${f.inner}) OVER latest AS ${f.inner}`),
    ...(a.maxAge === undefined ? [] : ['first_value(g.at) OVER latest AS since']),
  ]
  const fresh = a.maxAge === undefined ? '' : ` AND f.since > f.at - ${printInterval(a.maxAge)}`
  return (
    `SELECT ${[...keys.map((k) => `f.${k.inner} AS ${k.out}`), 'f.at AS as_of', ...features.map((f) => `f.${f.inner} AS ${f.out}`)].join(', ')} FROM (` +
    `SELECT ${[...inner('g'), 'g.at', 'g.asked', 'g.n', ...carried].join(', ')} FROM (` +
    `SELECT u.*, count(*) FILTER (WHERE NOT u.asked) OVER past AS n FROM (` +
    `SELECT ${past.join(', ')} FROM ${from} WHERE ${known} ` +
    `UNION ALL SELECT ${questions.join(', ')} FROM ${q(a.spine)} AS s) AS u ` +
    `WINDOW past AS (PARTITION BY ${inner('u').join(', ')} ORDER BY ${order.join(', ')} ROWS UNBOUNDED PRECEDING)) AS g ` +
    `WINDOW latest AS (PARTITION BY ${[...inner('g'), 'g.n'].join(', ')} ORDER BY g.asked ROWS UNBOUNDED PRECEDING)) AS f ` +
    `WHERE f.asked AND f.n > 0${fresh}`
  )
}

/** The conditions under which a row of the history counts for the question in `spine`. */
function counts(a: AsOf, spine: string, h = 'h'): string {
  const time = `${h}.${q(a.time)}`
  return [
    ...a.on.map(([k, c]) => `${h}.${q(k)} = ${spine}.${q(c)}`),
    `${time} < ${spine}.as_of`,
    ...(a.knownAt === undefined || a.knownAt === a.time ? [] : [`${h}.${q(a.knownAt)} < ${spine}.as_of`]),
    ...(a.maxAge === undefined ? [] : [`${time} > ${spine}.as_of - ${printInterval(a.maxAge)}`]),
  ].join(' AND ')
}

const latestFirst = (a: AsOf, h = 'h'): string =>
  [`${h}.${q(a.time)} DESC`, ...tieOrder(a, true, h).map((t) => t.sql + t.order)].join(', ')

const latestLast = (a: AsOf): string => [`h.${q(a.time)}`, ...tieOrder(a, false).map((t) => t.sql + t.order)].join(', ')

/** What decides between rows of one instant: the row that counts first, or exactly the other way round. */
function tieOrder(a: AsOf, first: boolean, h = 'h'): { readonly sql: string; readonly order: string }[] {
  return a.ties.map((t) => ({
    sql: `${h}.${q(t.column)}${t.asText ? '::text' : ''}`,
    // NULLs are where PostgreSQL puts them when ascending is first, descending last.
    order: (t.direction === 'asc') === first ? (first ? '' : ' NULLS FIRST') : first ? ' DESC NULLS LAST' : ' DESC',
  }))
}

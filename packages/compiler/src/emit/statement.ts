/** Statements as SQL text: one CTE per stage, in order, and the last SELECT. */

import { sqlFacts } from '../front/sql/facts.ts'
import type { Speaker } from '../front/sql/parser.ts'
import { type Replacement, referenceKey, retarget, splice } from '../front/sql/splice.ts'
import type { RelationName } from '../ir/definition.ts'
import { expr } from '../ir/expression.ts'
import type { Join, Opaque, Projection, Relation, Select, Source, Stage, Statement } from '../ir/relation.ts'
import { printAsOf } from './as-of.ts'
import type { Dialect } from './dialect.ts'
import { printExpression } from './expression.ts'
import { quoteIdentifier, quoteName } from './identifier.ts'
import { printLiteral } from './literal.ts'
import { printType } from './type-name.ts'

/** The statement as unformatted text; `layout.ts` makes it readable. */
export function printStatement(statement: Statement, dialect: Dialect): string {
  const body = printSelect(statement.body, dialect)
  if (statement.stages.length === 0) return body
  return `WITH ${statement.stages.map((s) => printStage(s, dialect)).join(',\n')}\n${body}`
}

function printStage(stage: Stage, dialect: Dialect): string {
  const comment = stage.comment === undefined ? '' : `${sqlComment(stage.comment)}\n`
  const mark = dialect.marks === 'every' || stage.inline ? 'NOT MATERIALIZED ' : ''
  return `${comment}${quoteIdentifier(stage.name)} AS ${mark}(\n${printQuery(stage.relation, dialect)}\n)`
}

/** A comment that cannot be left early, whatever its text. */
export const sqlComment = (text: string): string =>
  text
    .split('\n')
    .map((line) => `-- ${line}`.trimEnd())
    .join('\n')

/** A relation as a query of its own. */
export function printQuery(relation: Relation, dialect: Dialect): string {
  switch (relation.kind) {
    case 'table':
      return `SELECT * FROM ${quoteName(relation)}`
    case 'values':
      return printValues(relation)
    case 'opaque':
      return printOpaque(relation, dialect)
    case 'asof':
      return printAsOf(relation, printOpaque(relation.history, dialect), dialect)
    case 'select':
      return printSelect(relation, dialect)
  }
}

function printSelect(select: Select, dialect: Dialect): string {
  const computed =
    select.fence && dialect.fence === 'unnest' ? select.columns.filter((c) => c.expr.kind !== 'column') : []
  const columns = select.columns.map((c) => {
    if (computed.includes(c)) return `${fenceAlias}.${quoteIdentifier(c.name)}`
    const sql = printExpression(c.expr)
    const same = c.expr.kind === 'column' && c.expr.name === c.name
    return same ? sql : `${sql} AS ${quoteIdentifier(c.name)}`
  })
  const parts = [
    `SELECT ${select.distinct ? 'DISTINCT ' : ''}${columns.join(', ')}`,
    `FROM ${printSource(select.from, dialect)}`,
  ]
  for (const j of select.joins) {
    parts.push(printJoin(j, dialect))
  }
  if (computed.length > 0) parts.push(printFence(computed))
  if (select.where) parts.push(`WHERE ${printExpression(select.where)}`)
  if (select.order) parts.push(`ORDER BY ${select.order.map(printExpression).join(', ')}`)
  if (select.fence && dialect.fence === 'offset') parts.push('OFFSET 0')
  return parts.join(' ')
}

const fenceAlias = '_fence'

/** The computed columns as the one row of a function in FROM, which no planner takes apart. */
const printFence = (columns: readonly Projection[]): string => {
  const values = columns.map((c) => `ARRAY[${printExpression(c.expr)}]`).join(', ')
  return `CROSS JOIN LATERAL unnest(${values}) AS ${fenceAlias} (${columns.map((c) => quoteIdentifier(c.name)).join(', ')})`
}

function printJoin(join: Join, dialect: Dialect): string {
  const source = printSource(join.source, dialect)
  switch (join.type) {
    case 'cross':
      return `CROSS JOIN ${source}`
    case 'lateral':
      return `LEFT JOIN LATERAL ${source} ON true`
    case 'left':
      return `LEFT JOIN ${source} ON ${printExpression(expr.and(join.on))}`
  }
}

function printSource(source: Source, dialect: Dialect): string {
  const { relation, alias } = source
  if (relation.kind === 'table') {
    const name = quoteName(relation)
    return relation.schema === undefined && relation.name === alias ? name : `${name} AS ${quoteIdentifier(alias)}`
  }
  if (relation.kind === 'values') {
    const columns = relation.columns.map((c) => quoteIdentifier(c.name)).join(', ')
    return `(${printValues(relation)}) AS ${quoteIdentifier(alias)} (${columns})`
  }
  return `(${printQuery(relation, dialect)}) AS ${quoteIdentifier(alias)}`
}

function printValues(values: Extract<Relation, { kind: 'values' }>): string {
  if (values.rows === 'parameters') {
    return `VALUES (${values.columns.map((c, i) => `$${i + 1}::${printType(c.type)}`).join(', ')})`
  }
  if (values.rows.length === 0) {
    const nulls = values.columns.map((c) => `NULL::${printType(c.type)}`)
    return `SELECT ${nulls.join(', ')} WHERE false`
  }
  const rows = values.rows.map(
    (row) => `(${row.map((v, i) => printLiteral(v, values.columns[i]?.type ?? 'text')).join(', ')})`,
  )
  return `VALUES ${rows.join(', ')}`
}

const speaker = (o: Opaque): Speaker => ({ view: o.view, file: o.view })

function printOpaque(o: Opaque, dialect: Dialect): string {
  const facts = sqlFacts(o.text, speaker(o))
  const replacement = (r: RelationName & { sampled?: boolean }): Replacement | undefined => {
    if (o.row && r.schema === undefined && r.name === o.row.name) {
      return { sql: printRow(o.row.columns), sameRelation: false }
    }
    const key = referenceKey(r)
    const to = Object.hasOwn(o.targets, key) ? o.targets[key] : undefined
    if (to === undefined) return undefined
    if (typeof to !== 'string') return { sql: quoteName(to), sameRelation: true }
    // Only what is stored can be sampled.
    return r.sampled ? undefined : { sql: quoteIdentifier(to), sameRelation: false }
  }
  const text = splice(facts.text, retarget(facts, replacement, quoteIdentifier))
  if (o.single) return `SELECT q.* FROM (\n${text}\n) AS q ORDER BY (q.*)::text LIMIT 1`
  if (o.uniqueOn === undefined) return text
  const columns = o.keep === undefined ? 'q.*' : o.keep.map((k) => `q.${quoteIdentifier(k)}`).join(', ')
  const keys = o.uniqueOn.map((k) => `q.${quoteIdentifier(k)}`).join(', ')
  // Uniqueness could not be proven: one row per key, the first in the order of the whole row, so that it is repeatable.
  if (dialect.firstRow === 'row-number') {
    return (
      `SELECT ${columns} FROM (SELECT q.*, row_number() OVER (PARTITION BY ${keys} ORDER BY (q.*)::text) AS _row_of_key ` +
      `FROM (\n${text}\n) AS q) AS q WHERE q._row_of_key = 1`
    )
  }
  return `SELECT DISTINCT ON (${keys}) ${columns} FROM (\n${text}\n) AS q ORDER BY ${keys}, (q.*)::text`
}

const printRow = (columns: readonly Projection[]): string =>
  `(SELECT ${columns.map((c) => `${printExpression(c.expr)} AS ${quoteIdentifier(c.name)}`).join(', ')})`

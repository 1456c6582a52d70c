/**
 * A condition as SQL. Values are bound, never written.
 *
 * Logic is SQL's, of three values: what a row does not have makes a comparison unknown, and its NOT, too. NaN is no
 * number to be less or greater: only = NaN, != and IN find it; PostgreSQL alone would sort it above all others.
 */
import { type Diagnostic, diagnostic, instant, locate, nearParameter } from '@viewcast/compiler'
import type { Comparator, Condition, Field, Literal, Span } from './filter.ts'
import type { Attribute, Operand, Statement, Subject } from './subject.ts'

export interface Reading {
  readonly subject: Subject
  readonly statement: Statement
  /** The text that spans point into, and what it is. */
  readonly text: string
  readonly what: 'filter' | 'order'
  /** Problems found; everything is looked at before any is told. */
  readonly problems: Diagnostic[]
}

const nothing = 'false'

export function conditionSql(condition: Condition, reading: Reading): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return `(${condition.of.map((c) => conditionSql(c, reading)).join(` ${condition.kind.toUpperCase()} `)})`
    case 'not':
      return `(NOT ${conditionSql(condition.of, reading)})`
    default: {
      const { field } = condition
      const operand = attributeOf(field, reading)?.operand
      if (operand === undefined) return nothing
      const sql = simpleSql(condition, operand, reading)
      return field.family === 'dataset' ? datasetSql(condition, sql, reading) : sql
    }
  }
}

type Simple = Exclude<Condition, { readonly kind: 'and' | 'or' | 'not' }>

/** A run has several datasets, so a comparison asks for one that agrees; to have no name is to have none. */
function datasetSql({ kind }: Simple, sql: string, { subject }: Reading): string {
  const exists = subject.datasets?.exists ?? ((c: string) => c)
  return kind === 'missing' ? `(NOT ${exists('true')})` : exists(sql)
}

/** What a field stands for; undefined, and a problem told, when the subject does not have it. */
export function attributeOf(field: Field, reading: Reading): Attribute | undefined {
  const { subject, statement } = reading
  const { family, key } = field
  if (family === 'attribute') return named(subject.attributes, field, reading)
  if (family === 'dataset') {
    if (subject.datasets) return named(subject.datasets.attributes, field, reading)
  } else {
    const operand = subject.keyed[family]
    if (operand && key.length > 250)
      return problem(reading, field.span, 'search/value', field, 'is longer than the 250 characters a key may have')
    if (operand) return { operand: operand(field, statement) }
  }
  return unknown(reading, field, `${family}s`, [])
}

function named(all: Readonly<Record<string, Attribute>>, field: Field, reading: Reading): Attribute | undefined {
  const key = field.key.toLowerCase()
  const found = Object.hasOwn(all, key) ? all[key] : undefined
  if (found?.from !== undefined) reading.statement.require(found.from)
  return found ?? unknown(reading, field, field.key, Object.keys(all))
}

function unknown(reading: Reading, field: Field, name: string, candidates: readonly string[]): undefined {
  const { subject, what, text, problems } = reading
  const near = nearParameter(name, candidates)
  const hint =
    candidates.length === 0
      ? `Search ${subject.what} by: ${Object.keys(subject.attributes).join(', ')}.`
      : `There are: ${candidates.join(', ')}. Keys of a run are metrics.…, params.… or tags.….`
  problems.push(
    diagnostic(
      'search/field',
      { field: name, subject: subject.what, ...(near.near === undefined ? { hint } : near) },
      locate(what, text, field.span.from, field.span.to - field.span.from),
    ),
  )
}

function problem(
  { what, text, problems }: Reading,
  { from, to }: Span,
  code: 'search/value',
  field: Field,
  detail: string,
  hint?: string,
): undefined {
  problems.push(
    diagnostic(
      code,
      { field: field.key, detail, ...(hint === undefined ? {} : { hint }) },
      locate(what, text, from, Math.max(1, to - from)),
    ),
  )
}

function simpleSql(condition: Simple, operand: Operand, reading: Reading): string {
  const { field } = condition
  switch (condition.kind) {
    case 'missing':
      return `(${operand.sql} IS NULL)`
    case 'compare':
      return compareSql(field, operand, condition.comparator, condition.value, reading)
    case 'in':
      return inSql(field, operand, condition.values, reading)
    case 'like':
      return likeSql(condition, operand, reading)
  }
}

function compareSql(field: Field, operand: Operand, comparator: Comparator, value: Literal, reading: Reading): string {
  const bound = boundTo(field, operand, value, reading)
  if (bound === undefined) return nothing
  const isOrder = comparator !== '=' && comparator !== '!='
  if (bound === 'none') {
    // No id is written like this: nothing equals it, and all that there is differs.
    if (isOrder || comparator === '=') return `(${operand.sql} IS NULL AND NULL)`
    return `(${operand.sql} IS NOT NULL OR NULL)`
  }
  const { sql, type, number } = bound
  const operator = comparator === '!=' ? '<>' : comparator
  if (!isOrder) return `(${sql} ${operator} ${reading.statement.bind(number ?? bound.value, type)})`
  if (operand.type === 'boolean' || operand.type === 'id') {
    problem(reading, value.span, 'search/value', field, 'has no order', 'Compare it with =, != or IN.')
    return nothing
  }
  if (number !== undefined && Number.isNaN(number)) {
    problem(
      reading,
      value.span,
      'search/value',
      field,
      'cannot be less or greater than NaN',
      'NaN is found with = NaN.',
    )
    return nothing
  }
  if (operand.type === 'either' && number === undefined && isNumeral(bound.value)) {
    problem(
      reading,
      value.span,
      'search/value',
      field,
      'would be compared letter by letter',
      'Write the number without quotes.',
    )
    return nothing
  }
  const right = reading.statement.bind(number ?? bound.value, type)
  const collated = type === 'text' ? ' COLLATE "C"' : ''
  const compared = `${sql}${collated} ${operator} ${right}`
  return type === 'float8' && comparator.startsWith('>') ? `(${compared} AND ${sql} <> 'NaN')` : `(${compared})`
}

function inSql(field: Field, operand: Operand, values: readonly Literal[], reading: Reading): string {
  const all = values.map((value) => boundTo(field, operand, value, reading))
  if (all.some((b) => b === undefined)) return nothing
  const bound = all.filter((b) => b !== undefined && b !== 'none')
  const [first] = bound
  if (first === undefined) return `(${operand.sql} IS NULL AND NULL)`
  if (bound.some((b) => b.type !== first.type)) {
    problem(
      reading,
      field.span,
      'search/value',
      field,
      'is compared with numbers and texts at once',
      'Quote all of them, or none.',
    )
    return nothing
  }
  const array = reading.statement.bind(
    bound.map((b) => b.number ?? b.value),
    `${first.type}[]`,
  )
  return `(${first.sql} = ANY (${array}))`
}

function likeSql(
  { field, pattern, ignoresCase }: Simple & { kind: 'like' },
  operand: Operand,
  reading: Reading,
): string {
  const isText = operand.type === 'text' || operand.type === 'either' || operand.type === 'id'
  if (!isText || pattern.kind !== 'text') {
    const detail = isText ? 'is compared with a pattern, which is a quoted text' : 'is no text, so it has no pattern'
    problem(reading, isText ? pattern.span : field.span, 'search/value', field, detail)
    return nothing
  }
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(pattern.text)) {
    const hint = 'A backslash makes the next character ordinary; write two for one.'
    problem(reading, pattern.span, 'search/value', field, 'is compared with a pattern that ends with a backslash', hint)
    return nothing
  }
  // As people see them: without dashes.
  const sql = operand.type === 'id' ? `replace(${operand.sql}::text, '-', '')` : operand.sql
  return `(${sql} ${ignoresCase ? 'ILIKE' : 'LIKE'} ${reading.statement.bind(pattern.text, 'text')})`
}

interface Bound {
  readonly sql: string
  readonly type: 'text' | 'float8' | 'timestamptz' | 'boolean' | 'uuid'
  readonly value: string
  readonly number?: number
}

/** The side of the operand a value is compared with; `none` for a value that no row can have. */
function boundTo(field: Field, operand: Operand, value: Literal, reading: Reading): Bound | 'none' | undefined {
  const wrong = (detail: string, hint?: string): undefined =>
    problem(reading, value.span, 'search/value', field, detail, hint)
  const { sql } = operand
  switch (operand.type) {
    case 'number':
      if (value.kind === 'text') return wrong('is a number', 'Write the number without quotes.')
      return { sql, type: 'float8', value: '', number: value.number }
    case 'milliseconds':
      if (value.kind === 'text') return wrong('is in milliseconds since 1970', 'Write the number without quotes.')
      return {
        sql: `floor(extract(epoch FROM ${sql}) * 1000)::float8`,
        type: 'float8',
        value: '',
        number: value.number,
      }
    case 'either':
      return value.kind === 'number'
        ? { sql: operand.number, type: 'float8', value: '', number: value.number }
        : { sql, type: 'text', value: value.text }
    case 'text':
      if (value.kind === 'number') return wrong('is a text', 'Quote the value.')
      return { sql, type: 'text', value: value.text }
    case 'instant': {
      const at = value.kind === 'text' ? instantOf(value.text) : undefined
      if (at === undefined) return wrong('is an instant', "Write it as '2026-11-01' (UTC) or '2026-11-01T12:00Z'.")
      return { sql, type: 'timestamptz', value: at }
    }
    case 'boolean': {
      const text = value.kind === 'text' ? value.text.toLowerCase() : ''
      if (text !== 'true' && text !== 'false') return wrong('is true or false', "Write 'true' or 'false'.")
      return { sql, type: 'boolean', value: text }
    }
    case 'id': {
      if (value.kind === 'number') return wrong('is an id', 'Quote the value.')
      const id = value.text.replaceAll('-', '').toLowerCase()
      return /^[0-9a-f]{32}$/.test(id) ? { sql, type: 'uuid', value: id } : 'none'
    }
  }
}

const instantOf = (text: string): string | undefined =>
  instant(/^\d{4}-\d\d-\d\d$/.test(text.trim()) ? `${text.trim()}T00:00Z` : text)

const isNumeral = (text: string): boolean => text.trim() !== '' && !Number.isNaN(Number(text))

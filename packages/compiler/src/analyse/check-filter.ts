/** Whether a filter compares a column with values of its type. */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import type { Filter } from '../ir/aggregate.ts'
import { type Column, isBoolean, isNumber } from '../ir/type.ts'

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i
const unbounded = new Set(['NaN', 'Infinity', '-Infinity'])
const instant = /^\d{4,6}-\d\d-\d\d[T ]\d\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$/i
const day = /^\d{4,6}-\d\d-\d\d$/
const isEndless = (v: string): boolean => v === 'infinity' || v === '-infinity'

/** What is wrong with a filter of an aggregate, as `view/filter-value`; nothing when it is right. */
export function checkFilter(filter: Filter, column: Column, view: string, aggregate: string): Diagnostic[] {
  if (filter.operator === 'is null' || filter.operator === 'is not null') return []
  const values: readonly unknown[] = Array.isArray(filter.value) ? filter.value : [filter.value]
  const isList = filter.operator === 'in' || filter.operator === 'not in'
  const expected = expectedOf(column)
  const wrong =
    isList !== Array.isArray(filter.value)
      ? {
          given: isList ? 'one value' : 'a list',
          hint: `"${filter.operator}" takes ${isList ? 'a list' : 'one value'}.`,
        }
      : wrongValue(values, expected)
  if (wrong === undefined) return []
  return [diagnostic('view/filter-value', { view, aggregate, column: column.name, type: column.type, ...wrong })]
}

interface Expected {
  readonly words: string
  readonly holds: (value: unknown) => boolean
}

function wrongValue(
  values: readonly unknown[],
  expected: Expected | undefined,
): { given: string; hint: string } | undefined {
  const wrong = values.findIndex((v) => !(expected?.holds(v) ?? false))
  if (wrong === -1) return undefined
  const value = values[wrong]
  if (value === null || value === undefined) return { given: 'NULL', hint: 'Write "is null" or "is not null".' }
  const given = typeof value === 'string' ? 'a text' : `a ${typeof value}`
  if (expected === undefined) return { given, hint: 'Columns of this type have no order; compare in the source.' }
  return { given, hint: `Compare it with ${expected.words}.` }
}

/** Undefined for types that compare with nothing. */
function expectedOf(column: Column): Expected | undefined {
  const { type } = column
  const text = (words: string, holds: (v: string) => boolean): Expected => ({
    words,
    holds: (v) => typeof v === 'string' && holds(v),
  })
  if (isNumber(type)) {
    const digits = (v: unknown) => typeof v === 'string' && (decimal.test(v) || unbounded.has(v))
    return { words: 'a number', holds: (v) => typeof v === 'number' || digits(v) }
  }
  if (isBoolean(type)) return { words: 'true or false', holds: (v) => typeof v === 'boolean' }
  if (type === 'timestamptz') {
    return text('an ISO 8601 instant with a zone', (v) => isEndless(v) || instant.test(v))
  }
  if (type === 'date') return text('a day such as 2001-02-01', (v) => isEndless(v) || day.test(v) || instant.test(v))
  if (type === 'json' || type === 'jsonb' || type === 'xml' || type.startsWith('_')) return undefined
  return text('a text', () => true)
}

/** Filters of an aggregate as SQL conditions on the events, named `e`. */
import { quoteIdentifier } from '../../emit/identifier.ts'
import { instant } from '../../emit/instant.ts'
import { printLiteral } from '../../emit/literal.ts'
import { quoteText } from '../../emit/text-literal.ts'
import type { Filter, FilterValue } from '../../ir/aggregate.ts'
import { type Column, isInteger, isNumber } from '../../ir/type.ts'

/** One condition per filter, all of which must hold. */
export const filterConditions = (filters: readonly Filter[] | undefined, source: readonly Column[]): string[] =>
  (filters ?? []).map((f) => condition(f, source.find((c) => c.name === f.column)?.type ?? 'text'))

function condition(f: Filter, type: string): string {
  const column = `e.${quoteIdentifier(f.column)}`
  switch (f.operator) {
    case 'is null':
      return `${column} IS NULL`
    case 'is not null':
      return `${column} IS NOT NULL`
    case 'in':
    case 'not in': {
      // SQL has no empty list.
      if (f.value.length === 0) return f.operator === 'in' ? 'false' : 'true'
      const values = f.value.map((v) => operand(v, type)).join(', ')
      return `${column} ${f.operator === 'in' ? 'IN' : 'NOT IN'} (${values})`
    }
    default:
      return `${column} ${f.operator} ${operand(f.value, type)}`
  }
}

function operand(value: FilterValue, type: string): string {
  if (isInteger(type)) return integerOperand(value, type)
  if (isNumber(type) || type === 'bool' || type === 'timestamptz' || type === 'uuid') return printLiteral(value, type)
  if (type === 'date') return printLiteral(instant(String(value))?.split(' ')[0] ?? value, type)
  if (type === 'timestamp') return quoteText(instant(String(value))?.replace('+00', '') ?? String(value), type)
  // Untyped, it takes the type of the column, also where that is an enum of a schema not searched.
  return quoteText(String(value), type)
}

/** `delay > 15.5` and `small > 70000` are good questions about integers, with no literal of the column's type. */
function integerOperand(value: FilterValue, type: string): string {
  const digits = String(value)
  const limit = { int2: 2n ** 15n, int4: 2n ** 31n, int8: 2n ** 63n }[type] ?? 0n
  const n = /^[+-]?\d+$/.test(digits) ? BigInt(digits.replace('+', '')) : undefined
  const fits = n !== undefined && n >= -limit && n < limit
  return printLiteral(digits, fits ? type : 'numeric')
}

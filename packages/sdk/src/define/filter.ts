import { type Filter, type FilterValue, fail, nearParameter } from '@viewcast/compiler'

/** What a filter may be given: instants as Date, wide integers as bigint. */
export type GivenValue = FilterValue | bigint | Date

type Comparison = '=' | '!=' | '<>' | '<' | '<=' | '>' | '>='

export type FilterOperator = Comparison | 'in' | 'not in' | 'is null' | 'is not null'

/** Values that compare with a column: its own type, without null. */
type Comparable<T> = unknown extends T ? GivenValue : Extract<Exclude<T, null | undefined>, GivenValue>

type Operand<T, Operator extends FilterOperator> = Operator extends Comparison
  ? [value: Comparable<T>]
  : Operator extends 'in' | 'not in'
    ? [values: readonly Comparable<T>[]]
    : []

export interface FilterSteps<Row, Self> {
  /**
   * Only events that meet the condition count; several conditions must all hold. NULL in the column meets none but
   * `is null`, as in SQL.
   *
   * ```ts
   * a.count().where('cancelled', '=', true)
   * a.avg('delay').where('carrier', 'in', ['AA', 'UA']).where('delay', 'is not null')
   * ```
   * ```sql
   * count(e.date) FILTER (WHERE e.cancelled = true)
   * ```
   */
  where<const Column extends keyof Row & string, const Operator extends FilterOperator>(
    column: Column,
    operator: Operator,
    ...value: Operand<Row[Column], Operator>
  ): Self
}

const operators: readonly FilterOperator[] = [
  '=',
  '!=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'not in',
  'is null',
  'is not null',
]

/** A filter as plain data. Errors: `define/option` for an operator there is not, and for an invalid Date. */
export function filterOf(
  column: string,
  operator: string,
  value: GivenValue | readonly GivenValue[] | undefined,
): Filter {
  const known = operators.find((o) => o === operator)
  switch (known) {
    case undefined:
      return refuse(column, `has no operator "${operator}"`, operator)
    case 'is null':
    case 'is not null':
      return { column, operator: known }
    case 'in':
    case 'not in':
      // What is no list is refused where the columns are known, with everything else that is wrong.
      return {
        column,
        operator: known,
        value: Array.isArray(value) ? value.map((v) => plain(column, v)) : (value as never),
      }
    default:
      return {
        column,
        operator: known === '!=' ? '<>' : known,
        value: Array.isArray(value) ? (value as never) : plain(column, value as GivenValue),
      }
  }
}

function refuse(column: string, detail: string, operator?: string): never {
  const { near } = operator === undefined ? {} : nearParameter(operator, operators)
  const every = operator === undefined ? 'Write an instant.' : `Write one of ${operators.join(', ')}.`
  const hint = near === undefined ? every : `Did you mean "${near}"?`
  return fail('define/option', { option: 'where', what: `the filter on "${column}"`, detail, hint })
}

/** JSON has neither instants nor wide integers nor NaN: they travel as text. */
function plain(column: string, value: GivenValue): FilterValue {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? refuse(column, 'compares with an invalid Date') : value.toISOString()
  }
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

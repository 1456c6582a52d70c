/** What trees read: each input once per row, as a usable number or as text, missing as NULL. */
import { type Expr, expr, type Literal } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { ModelRecord } from '../../ir/model-record.ts'
import { isBoolean, isInteger, isNumber } from '../../ir/type.ts'
import { usableNumber } from '../../ir/usable-number.ts'
import { whereUsable } from '../encoders/usable.ts'

/** Name of the column an input has behind the fence that computes it once; at most 63 bytes. */
export const preparedName = (feature: string, place: number): string =>
  new TextEncoder().encode(feature).length > 59 ? `_in_${place + 1}` : `_in_${feature}`

/**
 * The inputs of a record with trees, over columns of `alias`. Missing is NULL, so that a node needs one comparison
 * whichever way a missing value goes: what does not hold goes the other way.
 */
export const preparedInputs = (record: ModelRecord, alias: string): { name: string; expr: Expr }[] =>
  record.inputs.map((input, i) => ({
    name: preparedName(input.feature, i),
    expr: prepared(input, expr.column(alias, input.feature)),
  }))

function prepared({ type }: LearnedInput, column: Expr): Expr {
  if (isBoolean(type)) {
    const arms = [
      { when: column, value: expr.float(1) },
      { when: expr.not(column), value: expr.float(0) },
    ]
    return expr.case(arms, expr.literal('float8', null))
  }
  if (isInteger(type) || !isNumber(type)) return column
  return whereUsable(type, column, column, expr.float(0), expr.literal('float8', null))
}

/** The same for one value. */
export function preparedValue(value: Literal): number | string | null {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'number') return value
  const number = usableNumber(value)
  return Number.isNaN(number) ? null : number
}

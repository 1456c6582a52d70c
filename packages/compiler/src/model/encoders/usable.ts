/** The test for a usable number in SQL, as strict as the type of the column asks for. */
import { type Expr, expr } from '../../ir/expression.ts'
import { isInteger, type SqlType } from '../../ir/type.ts'
import { largestUsable, smallestUsable } from '../../ir/usable-number.ts'

/**
 * What a column of a type can hold that is not a usable number: `null` NULL alone, `special` NaN and infinities as well,
 * `tiny` also magnitudes below 1e-150 and above 1e150.
 */
export function unusableIn(type: SqlType): 'null' | 'special' | 'tiny' {
  if (isInteger(type)) return 'null'
  return type === 'float4' ? 'special' : 'tiny'
}

/** The largest magnitude of a usable number in a column of a type. */
export const largestIn = (type: SqlType): number => largestOf[type] ?? largestUsable

const largestOf: Readonly<Record<string, number>> = {
  int2: 2 ** 15,
  int4: 2 ** 31,
  int8: 2 ** 63,
  float4: 2 ** 128,
}

/** True where the value is missing: an explicit test, for NULL is neither smaller nor larger. */
export const isMissing = (type: SqlType, x: Expr): Expr =>
  unusableIn(type) === 'null'
    ? expr.isNull(x)
    : // NaN is above every number in PostgreSQL.
      expr.or([expr.isNull(x), expr.compare('>', expr.call('abs', [x]), expr.float(largestUsable))])

/**
 * A number that is used as it is; `zero` for magnitudes that count as 0, `missing` for missing values. The ordinary
 * value meets the first test.
 */
export function whereUsable(type: SqlType, x: Expr, value: Expr, zero: Expr | undefined, missing: Expr): Expr {
  const unusable = unusableIn(type)
  if (unusable === 'null') return expr.case([{ when: expr.isNull(x), value: missing }], value)
  const size = expr.call('abs', [x])
  const isSmallEnough = expr.compare('<=', size, expr.float(largestUsable))
  if (unusable === 'special' || zero === undefined) return expr.case([{ when: isSmallEnough, value }], missing)
  const isLargeEnough = expr.compare('>=', size, expr.float(smallestUsable))
  return expr.case(
    [
      { when: expr.and([isLargeEnough, isSmallEnough]), value },
      { when: expr.compare('<', size, expr.float(smallestUsable)), value: zero },
    ],
    missing,
  )
}

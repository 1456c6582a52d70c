/** The feature boundary: numbers become float8 once, dates and instants days since 1970, categories text, and a declared fill replaces NULL. */
import type { BoundFeature } from '../analyse/bind.ts'
import { type Expr, expr } from '../ir/expression.ts'
import { isBoolean, isInstant, isNumber, type SqlType } from '../ir/type.ts'
import { largestUsable, smallestUsable } from '../ir/usable-number.ts'

/** The SQL type a feature has after the boundary. */
export const boundaryType = (f: { readonly type: string }): string =>
  isNumber(f.type) || isInstant(f.type) ? 'float8' : isBoolean(f.type) ? 'bool' : 'text'

/** A view's column as the feature a model reads. */
export function atBoundary(f: BoundFeature, alias: string): Expr {
  const column = expr.column(alias, f.column)
  const type = boundaryType(f)
  const { fill } = f.meta
  if (isInstant(f.type)) {
    return days(fill === undefined ? column : expr.call('coalesce', [column, expr.literal(f.type, fill)]))
  }
  const value = crossed(column, f.type)
  return fill === undefined ? value : expr.call('coalesce', [value, expr.literal(type, fill)])
}

/**
 * A value of another type as the feature it is. A numeric beyond the range of float8 raises an error when it is cast, so
 * what is no usable number (NaN, too large: missing; too small: 0) is told before.
 */
export function crossed(value: Expr, type: SqlType): Expr {
  if (isInstant(type)) return days(value)
  const to = boundaryType({ type })
  const cast = type === to ? value : expr.cast(value, to)
  if (type !== 'numeric') return cast
  const size = expr.call('abs', [value])
  const bound = (x: number): Expr => expr.literal('numeric', x)
  return expr.case(
    [
      {
        when: expr.and([
          expr.compare('>=', size, bound(smallestUsable)),
          expr.compare('<=', size, bound(largestUsable)),
        ]),
        value: cast,
      },
      { when: expr.compare('<', size, bound(smallestUsable)), value: expr.float(0) },
    ],
    expr.literal('float8', null),
  )
}

/** Of an infinite date, an infinity, which is a missing value. Instants are read in UTC. */
const days = (x: Expr): Expr => expr.divide(expr.cast(expr.call('epoch', [x]), 'float8'), expr.float(86400))

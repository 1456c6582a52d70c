/** The feature boundary: numbers become float8 once, dates and instants days since 1970, categories text, and a declared fill replaces NULL. */
import type { BoundFeature } from '../analyse/bind.ts'
import { type Expr, expr } from '../ir/expression.ts'
import { isBoolean, isInstant, isNumber } from '../ir/type.ts'

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
  const value = f.type === type ? column : expr.cast(column, type)
  return fill === undefined ? value : expr.call('coalesce', [value, expr.literal(type, fill)])
}

/** Of an infinite date, an infinity, which is a missing value. Instants are read in UTC. */
const days = (x: Expr): Expr => expr.divide(expr.cast(expr.call('epoch', [x]), 'float8'), expr.float(86400))

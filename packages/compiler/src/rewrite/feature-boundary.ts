/** The feature boundary: numbers become float8 once, categories text, and a declared fill replaces NULL. */
import type { BoundFeature } from '../analyse/bind.ts'
import { type Expr, expr } from '../ir/expression.ts'
import { isBoolean, isNumber } from '../ir/type.ts'

/** The SQL type a feature has after the boundary. */
export const boundaryType = (f: { readonly type: string }): string =>
  isNumber(f.type) ? 'float8' : isBoolean(f.type) ? 'bool' : 'text'

/** A view's column as the feature a model reads. */
export function atBoundary(f: BoundFeature, alias: string): Expr {
  const column = expr.column(alias, f.column)
  const type = boundaryType(f)
  const value = f.type === type ? column : expr.cast(column, type)
  const { fill } = f.meta
  return fill === undefined ? value : expr.call('coalesce', [value, expr.literal(type, fill)])
}

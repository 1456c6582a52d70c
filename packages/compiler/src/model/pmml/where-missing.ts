import { type Expr, expr } from '../../ir/expression.ts'

/**
 * What is left of an expression where its column is NULL: CASE and coalesce by SQL's three-valued logic. A value that the
 * column itself makes up becomes NULL.
 */
export function whereMissing(e: Expr): Expr {
  switch (e.kind) {
    case 'column':
      return none
    case 'case': {
      for (const arm of e.arms) {
        const truth = truthOf(arm.when)
        if (truth === true) return whereMissing(arm.value)
      }
      return whereMissing(e.otherwise)
    }
    case 'literal':
      return e
    case 'call': {
      if (e.name !== 'coalesce') return none
      return e.args.map(whereMissing).find((a) => !isNull(a)) ?? none
    }
    case 'sum':
    case 'product': {
      const parts = (e.kind === 'sum' ? e.terms : e.factors).map(whereMissing)
      if (parts.some(isNull)) return none
      return e.kind === 'sum' ? expr.sum(parts) : expr.product(parts)
    }
    case 'divide': {
      const [left, right] = [whereMissing(e.left), whereMissing(e.right)]
      return isNull(left) || isNull(right) ? none : expr.divide(left, right)
    }
    case 'negate': {
      const of = whereMissing(e.of)
      return isNull(of) ? none : expr.negate(of)
    }
    default:
      return none
  }
}

const none = expr.literal('float8', null)
const isNull = (e: Expr): boolean => e.kind === 'literal' && e.value === null

/** Of a condition; undefined is unknown. */
function truthOf(e: Expr): boolean | undefined {
  if (e.kind === 'isnull') return isNull(whereMissing(e.of))
  if (e.kind === 'not') {
    const of = truthOf(e.of)
    return of === undefined ? undefined : !of
  }
  if (e.kind === 'logic') {
    const decisive = e.operator === 'or'
    const all = e.terms.map(truthOf)
    if (all.includes(decisive)) return decisive
    return all.includes(undefined) ? undefined : !decisive
  }
  return e.kind === 'literal' && typeof e.value === 'boolean' ? e.value : undefined
}

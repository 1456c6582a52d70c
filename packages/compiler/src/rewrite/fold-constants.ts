/** Arithmetic on literals done now, in the interpreter, so that it is the arithmetic the database would have done. */
import { ArithmeticError, evaluate } from '../evaluate/evaluate.ts'
import { type Expr, expr, mapChildren } from '../ir/expression.ts'

/** Folds sums, products, quotients and negations of float8 literals. Anything that would raise is left for the database. */
export function foldConstants(e: Expr): Expr {
  const node = mapChildren(e, foldConstants)
  if (node.kind === 'case' && node.arms.length === 0) return node.otherwise
  if (!foldable(node)) return node
  try {
    return expr.float(evaluate(node, { row: {} }) as number)
  } catch (error) {
    if (error instanceof ArithmeticError) return node
    throw error
  }
}

const isFloat = (e: Expr): boolean => e.kind === 'literal' && e.type === 'float8' && e.value !== null

function foldable(e: Expr): boolean {
  switch (e.kind) {
    case 'sum':
      return e.terms.every(isFloat)
    case 'product':
      return e.factors.every(isFloat)
    case 'divide':
      return isFloat(e.left) && isFloat(e.right)
    case 'negate':
      return isFloat(e.of)
    default:
      return false
  }
}

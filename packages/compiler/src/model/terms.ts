import type { Expr } from '../ir/expression.ts'

/** The terms of a linear predictor's sum; of the guarded one where a bare sum is tried first. */
export function linearTerms(linear: Expr): readonly Expr[] {
  if (linear.kind === 'sum') return linear.terms
  const last = linear.kind === 'call' ? linear.args.at(-1) : undefined
  return last === undefined ? [linear] : linearTerms(last)
}

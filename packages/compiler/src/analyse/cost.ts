/** What an expression asks of an engine. */
import { fail } from '../diagnostics/diagnostic.ts'
import { children, type Expr, inGroups } from '../ir/expression.ts'

/** Levels an engine recurses through: n-ary nodes count as the printed chain of their groups. */
export function depth(e: Expr): number {
  const below = children(e).map(depth)
  if (below.length === 0) return 1
  if (e.kind === 'sum' || e.kind === 'product') {
    // A chain a + b + … is left-deep: its first term sits as deep as the chain is long.
    return inGroups(below, (parts) => Math.max(...parts.map((d, i) => d + parts.length - Math.max(i, 1))))
  }
  // Printed as a chain while it is short, as an array when it is long: 64 levels at most.
  if (e.kind === 'chain') return Math.max(...below.map((d, i) => d + Math.min(below.length - Math.max(i, 1), 64)))
  return 1 + Math.max(...below)
}

/** Errors: `compile/too-deep`. */
export function checkDepth(e: Expr, limit: number): void {
  const levels = depth(e)
  if (levels > limit) fail('compile/too-deep', { depth: String(levels), limit: String(limit) })
}

/** The equalities of a join condition, as far as they decide where its rows can meet. */
import type { Node } from '../front/sql/parser.ts'
import { child, list, nameParts, text, walk } from '../front/sql/tree.ts'

export interface Equality {
  /** Both sides are plain columns; their names, without relations. */
  readonly columns?: readonly [left: string, right: string]
  /** A side is computed from columns, and so is the other, or it is one. */
  readonly mixed?: boolean
}

/** Equalities at the top of the ANDs of a condition. */
export function equalities(condition: Node | undefined): Equality[] {
  const and = child(condition, 'BoolExpr')
  if (and) return text(and, 'boolop') === 'AND_EXPR' ? list(and, 'args').flatMap(equalities) : []
  const equal = child(condition, 'A_Expr')
  const operator = text(child(list(equal, 'name')[0], 'String'), 'sval')
  if (text(equal, 'kind') !== 'AEXPR_OP' || operator !== '=') return []
  const [left, right] = [child(equal, 'lexpr'), child(equal, 'rexpr')]
  const names = [left, right].map((side) => nameParts(list(child(side, 'ColumnRef'), 'fields')).at(-1))
  if (names[0] !== undefined && names[1] !== undefined) return [{ columns: [names[0], names[1]] }]
  return [{ mixed: holdsColumn(left) && holdsColumn(right) }]
}

export function holdsColumn(value: unknown): boolean {
  let found = false
  walk(value, (type) => {
    if (type === 'ColumnRef') found = true
    return undefined
  })
  return found
}

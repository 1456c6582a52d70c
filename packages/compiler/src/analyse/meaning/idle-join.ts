/** Joins that change neither the rows of a query nor what is read of them. */
import type { Node } from '../../front/sql/parser.ts'
import { child, isSetOperation, list, nameParts, number, text, walk } from '../../front/sql/tree.ts'
import { places } from '../../front/sql/tree-places.ts'
import type { Catalog } from '../../ir/catalog.ts'
import { ownersOf, type Scopes, type Source } from './scope.ts'
import { aggregatesIn, makesRows } from './select-item.ts'

/** The right side of a join. */
export interface Joined {
  readonly source: Source
  readonly columns: readonly string[] | undefined
  /** The query behind it, where there is one. */
  readonly select?: Node | undefined
  /** Sets of columns no two rows share. */
  readonly unique?: readonly (readonly string[])[] | undefined
}

interface Inside {
  readonly catalog: Catalog
  readonly scopes: Scopes
}

/** A LEFT JOIN nobody reads from, of at most one row for each row on the left. */
export function isIdleJoin(node: Node, right: Joined, inside: Inside): boolean {
  if (node['jointype'] !== 'JOIN_LEFT') return false
  const { source: own, select } = right
  if (own.isReadWhole || own.read.size > 0) return false
  const keys = equalTo(own, node['quals'] as Node | undefined, inside)
  if (right.unique?.some((columns) => columns.length > 0 && columns.every((c) => keys.has(c)))) return true
  if (!select || isSetOperation(select) || list(select, 'valuesLists').length > 0) return false
  const targets = list(select, 'targetList').map((t) => child(t, 'ResTarget') ?? {})
  if (targets.some((t) => makesRows(child(t, 'val'), inside.catalog))) return false
  const isTied = text(select, 'limitOption') === 'LIMIT_OPTION_WITH_TIES'
  if (!isTied && number(child(child(child(select, 'limitCount'), 'A_Const'), 'ival'), 'ival') === 1) return true
  const group = list(select, 'groupClause')
  if (group.length === 0) return targets.some((t) => aggregatesIn(child(t, 'val')))
  // One row for each value of what it is grouped by, all of which are compared.
  const byText = (value: unknown): string =>
    JSON.stringify(value, (key, v: unknown) => (places.has(key) ? undefined : v))
  const columns = right.columns ?? []
  const compared = new Set(
    targets.flatMap((t, i) => (keys.has(columns[i] ?? '') ? [byText(child(t, 'val')), String(i + 1)] : [])),
  )
  return group.every((g) => {
    const place = number(child(child(g, 'A_Const'), 'ival'), 'ival')
    return compared.has(place === undefined ? byText(g) : String(place))
  })
}

/** Columns of a source that a condition sets equal to something else. */
function equalTo(own: Source, quals: Node | undefined, inside: Inside): ReadonlySet<string> {
  const bool = child(quals, 'BoolExpr')
  const conditions = bool && text(bool, 'boolop') === 'AND_EXPR' ? list(bool, 'args') : quals ? [quals] : []
  const columnOf = (side: Node | undefined): string | undefined => {
    const reference = child(side, 'ColumnRef')
    const found = reference && ownersOf(reference, inside.scopes)
    return found?.isCertain && found.sources[0] === own ? found.column : undefined
  }
  const readsOwn = (side: Node | undefined): boolean => {
    let found = false
    walk(side, (type, node) => {
      if (type === 'ColumnRef' && ownersOf(node, inside.scopes).sources.includes(own)) found = true
      return undefined
    })
    return found
  }
  return new Set(
    conditions.flatMap((c) => {
      const one = child(c, 'A_Expr')
      if (text(one, 'kind') !== 'AEXPR_OP' || nameParts(list(one, 'name')).at(-1) !== '=') return []
      const [l, r] = [child(one, 'lexpr'), child(one, 'rexpr')]
      const [a, b] = [columnOf(l), columnOf(r)]
      if (a !== undefined && !readsOwn(r)) return [a]
      return b !== undefined && !readsOwn(l) ? [b] : []
    }),
  )
}

/** Trees as expressions over their prepared inputs: a CASE per split, the trees of a score added in their order. */
import { type CaseArm, type Expr, expr } from '../../ir/expression.ts'
import type { ModelRecord } from '../../ir/model-record.ts'
import type { Tree, Trees } from '../../ir/trees.ts'
import { boundary } from './boundary.ts'
import { preparedName } from './inputs.ts'

/** The scores of a record with trees, over columns of `alias` that {@link preparedInputs} made. */
export function treeScores(record: ModelRecord, trees: Trees, alias: string): readonly Expr[] {
  const place = new Map(record.inputs.map((input, i) => [input.feature, i]))
  const columns = trees.inputs.map((name) => expr.column(alias, preparedName(name, place.get(name) ?? 0)))
  const type = trees.sums === 'float32' ? 'float4' : 'float8'
  return trees.base.map((base, score) => {
    const leaves = trees.trees.filter((t) => t.score === score).map((t) => treeExpression(trees, t, columns, type))
    const start = expr.literal(type, type === 'float4' ? Math.fround(base) : base)
    const chain = leaves.length === 0 ? start : expr.chain(type, [start, ...leaves])
    const sum = type === 'float4' ? expr.cast(chain, 'float8') : chain
    const value = trees.divisor === 1 ? sum : expr.divide(sum, expr.float(trees.divisor))
    const required = columns.filter((_, i) => trees.required.includes(trees.inputs[i] ?? ''))
    if (required.length === 0) return value
    const missing = expr.or(required.map(expr.isNull))
    return expr.case([{ when: missing, value: expr.literal('float8', null) }], value)
  })
}

function treeExpression(trees: Trees, tree: Tree, columns: readonly Expr[], type: 'float4' | 'float8'): Expr {
  const zeroMissing = new Set(tree.zeroMissing)
  const node = (i: number): Expr => {
    const input = tree.input[i] ?? -1
    const threshold = tree.threshold[i] ?? 0
    if (input < 0) return expr.literal(type, type === 'float4' ? Math.fround(threshold) : threshold)
    const x = columns[input] as Expr
    const left = node(tree.left[i] ?? 0)
    const right = node(tree.right[i] ?? 0)
    const missingLeft = tree.missingLeft[i] === 1
    const members = tree.members?.[i]
    if (members !== undefined) return expr.case([memberArm(x, members, missingLeft, left)], right)
    const last = boundary(trees, threshold)
    const zero = zeroMissing.has(i) ? trees.zero : undefined
    // NULL makes no comparison true, so the side it goes to is the one that is not asked about.
    return missingLeft
      ? expr.case([{ when: above(x, last, zero), value: right }], left)
      : expr.case([{ when: atMost(x, last, zero), value: left }], right)
  }
  return node(0)
}

function memberArm(x: Expr, members: readonly (number | string)[], missingLeft: boolean, left: Expr): CaseArm {
  const same = members.map((m) => expr.compare('=', x, typeof m === 'string' ? expr.text(m) : expr.float(m)))
  return { when: expr.or(missingLeft ? [expr.isNull(x), ...same] : same), value: left }
}

function atMost(x: Expr, last: number, zero: number | undefined): Expr {
  const below = expr.compare('<=', x, expr.float(last))
  return zero === undefined || last < -zero ? below : expr.and([below, notZero(x, zero)])
}
function above(x: Expr, last: number, zero: number | undefined): Expr {
  const over = expr.compare('>', x, expr.float(last))
  return zero === undefined || last >= zero ? over : expr.and([over, notZero(x, zero)])
}
const notZero = (x: Expr, zero: number): Expr =>
  expr.or([expr.compare('<', x, expr.float(-zero)), expr.compare('>', x, expr.float(zero))])

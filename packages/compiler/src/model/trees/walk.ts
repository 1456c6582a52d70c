/**
 * Scores of a row by walking the trees: what {@link treeScores} says, without an expression in between, because a model of
 * 500 trees is scored for thousands of rows when it is verified. The tests hold the two to the same bits.
 */
import type { Literal } from '../../ir/expression.ts'
import type { Tree, Trees } from '../../ir/trees.ts'
import { boundary } from './boundary.ts'
import { preparedValue } from './inputs.ts'

/** Prepares a scorer: a row of features by name → a number per score, NULL where a missing value leaves none. */
export function treeWalker(trees: Trees): (row: Readonly<Record<string, Literal>>) => (number | null)[] {
  const walks = trees.trees.map((tree) => ({ score: tree.score, leaf: walkOf(trees, tree) }))
  const round = trees.sums === 'float32' ? Math.fround : (x: number) => x
  const required = trees.required.map((name) => trees.inputs.indexOf(name))
  return (row) => {
    const values = trees.inputs.map((name) => preparedValue(row[name] ?? null))
    if (required.some((i) => values[i] === null)) return trees.base.map(() => null)
    const sums = trees.base.map(round)
    for (const { score, leaf } of walks) sums[score] = round((sums[score] ?? 0) + leaf(values))
    return trees.divisor === 1 ? sums : sums.map((s) => s / trees.divisor)
  }
}

type Value = number | string | null

function walkOf(trees: Trees, tree: Tree): (values: readonly Value[]) => number {
  const zeroMissing = new Set(tree.zeroMissing)
  const last = tree.threshold.map((t, i) => ((tree.input[i] ?? -1) < 0 ? t : boundary(trees, t)))
  const members = new Map(Object.entries(tree.members ?? {}).map(([node, all]) => [Number(node), new Set<Value>(all)]))
  const round = trees.sums === 'float32' ? Math.fround : (x: number) => x
  return (values) => {
    let i = 0
    for (;;) {
      const input = tree.input[i] ?? -1
      if (input < 0) return round(tree.threshold[i] ?? 0)
      const x = values[input] ?? null
      const isZero = typeof x === 'number' && zeroMissing.has(i) && Math.abs(x) <= trees.zero
      const left =
        x === null || isZero ? tree.missingLeft[i] === 1 : (members.get(i)?.has(x) ?? (x as number) <= (last[i] ?? 0))
      i = (left ? tree.left[i] : tree.right[i]) ?? 0
    }
  }
}

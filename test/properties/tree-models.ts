/** Random tree models over columns a to d, with every rule a library has, and rows that find the edges. */
import type { Literal, ModelRecord } from '@viewcast/compiler'
import fc from 'fast-check'
import { linearRecord } from '../compiler/records.ts'

type Trees = NonNullable<ModelRecord['trees']>
type Tree = Trees['trees'][number]

const inputs = [
  { feature: 'a', type: 'float8' },
  { feature: 'b', type: 'float4' },
  { feature: 'c', type: 'int4' },
  { feature: 'd', type: 'bool' },
  { feature: 'w', type: 'text' },
] as const

const words = ['', 'a', "it's", 'é', 'zz'] as const
const threshold = fc
  .oneof(fc.float({ min: -5, max: 5, noNaN: true }), fc.constantFrom(0, 0.1, 0.5, -1, 1e-35))
  // A record does not keep the sign of zero.
  .map((x) => x + 0)

type Node =
  | { readonly leaf: number }
  | {
      readonly input: number
      readonly threshold: number
      readonly missingLeft: boolean
      readonly zero: boolean
      readonly words: readonly string[]
      readonly left: Node
      readonly right: Node
    }

const node: fc.Arbitrary<Node> = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 6, depthSize: 'small', withCrossShrink: true },
    fc.double({ min: -3, max: 3, noNaN: true }).map((leaf) => ({ leaf: leaf + 0 })),
    fc.record({
      input: fc.integer({ min: 0, max: inputs.length - 1 }),
      threshold,
      missingLeft: fc.boolean(),
      zero: fc.boolean(),
      words: fc.subarray([...words], { minLength: 1 }),
      left: tie('node'),
      right: tie('node'),
    }),
  ),
})).node

function treeOf(root: Node, score: number): Tree {
  const tree: Tree = { score, input: [], threshold: [], left: [], right: [], missingLeft: [] }
  const add = (n: Node): number => {
    const i = tree.input.length
    const split = 'leaf' in n ? undefined : n
    tree.input.push(split?.input ?? -1)
    tree.threshold.push('leaf' in n ? n.leaf : n.threshold)
    tree.missingLeft.push(split?.missingLeft ? 1 : 0)
    tree.left.push(0)
    tree.right.push(0)
    if (split === undefined) return i
    if (split.input === 4) tree.members = { ...tree.members, [i]: [...split.words] }
    else if (split.zero) tree.zeroMissing = [...(tree.zeroMissing ?? []), i]
    tree.left[i] = add(split.left)
    tree.right[i] = add(split.right)
    return i
  }
  add(root)
  return tree
}

export const treeRecord = (trees: Trees, columns: ModelRecord['inputs'], more: Partial<ModelRecord> = {}) =>
  linearRecord('m', [], { inputs: columns, coefficients: [], trees, ...more })

/** Up to 90 trees, so that both forms of a sum are met, for one score or three. */
export const model: fc.Arbitrary<ModelRecord> = fc
  .record({
    values: fc.constantFrom('float32' as const, 'float64' as const),
    comparison: fc.constantFrom('<' as const, '<=' as const),
    required: fc.oneof(fc.constant<string[]>([]), fc.subarray(inputs.map((i): string => i.feature))),
    sums: fc.constantFrom('float32' as const, 'float64' as const),
    divisor: fc.constantFrom(1, 3),
    scores: fc.constantFrom(1, 3),
    base: threshold,
    roots: fc.oneof(
      fc.array(node, { minLength: 0, maxLength: 6 }),
      fc.array(node, { minLength: 1, maxLength: 3 }).map((few) => Array.from({ length: 30 }, () => few).flat()),
    ),
  })
  .map(({ roots, scores, base, ...rest }) =>
    treeRecord(
      {
        ...rest,
        inputs: inputs.map((i) => i.feature),
        zero: Math.fround(1e-35),
        base: Array.from({ length: scores }, () => base),
        trees: roots.map((root, i) => treeOf(root, i % scores)),
      },
      inputs.map((i) => ({ ...i, encoder: { kind: 'raw' } })),
      scores === 1 ? {} : { classes: ['p', 'q', 'r'], family: 'multinomial', link: 'softmax' },
    ),
  )

const number = fc.oneof(
  threshold,
  threshold.map((t) => t + 2 ** -24),
  fc.double({ min: -5, max: 5, noNaN: true }),
  fc.constantFrom(0, -0, 1e-36, -1e-35, 1e150, -1e150, 1e151, 1e308, 5e-324, 1e-200, Number.NaN, Infinity, -Infinity),
)
export const row: fc.Arbitrary<Record<string, Literal>> = fc.record({
  a: fc.option(number, { nil: null }),
  b: fc.option(
    number.map((x) => (Math.abs(x) <= 1e30 && Math.abs(x) >= 1e-30 ? Math.fround(x) : 0)),
    { nil: null },
  ),
  c: fc.option(fc.integer({ min: -5, max: 5 }), { nil: null }),
  d: fc.option(fc.boolean(), { nil: null }),
  w: fc.option(fc.constantFrom(...words, 'unseen'), { nil: null }),
})

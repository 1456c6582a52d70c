/**
 * Trees of a model record: a weighted vote or a boosted sum made elsewhere, with the arithmetic of the library that made
 * it, because its thresholds and its sums are only right in that arithmetic.
 */
import { z } from 'zod'
import { recordNumber } from './record-number.ts'

/**
 * A tree as parallel arrays, one entry per node, a node before its children. Node 0 is the root.
 *
 * Of a leaf, `input` is −1, `threshold` its value, and both children are 0.
 */
const tree = z.strictObject({
  /** The score its leaves add to, from 0. */
  score: z.number().int().nonnegative(),
  /** Place in `inputs` of what the node reads. */
  input: z.array(z.number().int().min(-1)),
  threshold: z.array(recordNumber),
  left: z.array(z.number().int().nonnegative()),
  right: z.array(z.number().int().nonnegative()),
  /** 1 where a missing value goes left. */
  missingLeft: z.array(z.literal([0, 1])),
  /** Nodes (by number) that go left when the value is one of these, and right otherwise; their threshold says nothing. */
  members: z.record(z.string(), z.array(z.union([z.number(), z.string()]))).optional(),
  /** Nodes where a value from −`zero` to `zero` counts as missing. */
  zeroMissing: z.array(z.number().int().nonnegative()).optional(),
})
export type Tree = z.infer<typeof tree>

export const treesSchema = z
  .strictObject({
    /** Names of inputs of the record, in the order the nodes number them. */
    inputs: z.array(z.string()),
    /** What a number is rounded to before it is compared. */
    values: z.enum(['float32', 'float64']),
    /** A value goes left when this holds between it and the threshold. */
    comparison: z.enum(['<', '<=']),
    /** Inputs that leave a row without a score when they are missing; elsewhere a missing value goes the way its node says. */
    required: z.array(z.string()),
    /** Largest magnitude that counts as zero where a node says so. */
    zero: z.number().nonnegative(),
    /** The leaves of a score are added to its base in the order of the trees, each sum rounded to this. */
    sums: z.enum(['float32', 'float64']),
    /** Where the sum of each score starts. */
    base: z.array(recordNumber).min(1),
    /** Each sum is divided by this: the number of trees where they vote, 1 where they add up. */
    divisor: z.number().positive(),
    trees: z.array(tree),
    /** Gain or count of splits by input, as the library tells it; they add up to 1. */
    importance: z.record(z.string(), z.number()).optional(),
  })
  .superRefine((all, context) => {
    all.trees.forEach((t, i) => {
      const problem = problemOf(t, all.inputs.length, all.base.length)
      if (problem !== undefined) context.addIssue({ code: 'custom', path: ['trees', i], message: problem })
    })
  })
export type Trees = z.infer<typeof treesSchema>

/** A child after its parent and with one parent only: then it is a tree, and every walk ends. */
function problemOf(t: Tree, inputs: number, scores: number): string | undefined {
  const nodes = t.input.length
  if (nodes === 0) return 'has no node'
  const lengths = [t.threshold, t.left, t.right, t.missingLeft].map((a) => a.length)
  if (lengths.some((n) => n !== nodes)) return 'its arrays differ in length'
  if (t.score >= scores) return `adds to score ${t.score} of ${scores}`
  const parents = new Set<number>()
  for (const [node, input] of t.input.entries()) {
    if (input < 0) continue
    if (input >= inputs) return `node ${node} reads input ${input} of ${inputs}`
    for (const child of [t.left[node] ?? 0, t.right[node] ?? 0]) {
      if (child <= node || child >= nodes || parents.has(child)) return `node ${node} has the impossible child ${child}`
      parents.add(child)
    }
  }
  const named = [...Object.keys(t.members ?? {}).map(Number), ...(t.zeroMissing ?? [])]
  const wrong = named.find((node) => (t.input[node] ?? -1) < 0)
  return wrong === undefined ? undefined : `node ${wrong} is no split`
}

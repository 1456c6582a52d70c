/** Rows that find the mistakes of an import: values on thresholds and beside them, every level, missing and extreme ones. */
import type { Literal } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { Trees } from '../../ir/trees.ts'
import { boundary } from '../trees/boundary.ts'
import type { ImportedModel } from './imported-model.ts'

/** As many rows by features of the file; the same for the same model. */
export function probeRows(model: Pick<ImportedModel, 'inputs' | 'trees'>, count: number): Record<string, Literal>[] {
  const values = model.inputs.map((input) => [...new Set(valuesOf(input, model.trees))])
  const random = sequence(1)
  return Array.from({ length: count }, (_, r) =>
    Object.fromEntries(
      model.inputs.map((input, i) => {
        const own = values[i] ?? []
        // The first row is ordinary, the second all missing.
        const value = r === 1 ? null : r === 0 ? (own[0] ?? null) : (own[Math.floor(random() * own.length)] ?? null)
        return [input.feature, value] as const
      }),
    ),
  )
}

function valuesOf({ feature, type, encoder }: LearnedInput, trees: Trees | undefined): Literal[] {
  if (encoder.kind === 'onehot') return [...encoder.levels, encoder.base, 'a level that is not there', null]
  if (encoder.kind === 'boolean') return [false, true, null]
  if (encoder.kind === 'numeric') {
    const { center, scale, impute } = encoder
    return [center, center + scale, center - 2.5 * scale, impute, 0, 1, -1e6 * scale, null].filter(
      (x) => x === null || Number.isFinite(x),
    )
  }
  const input = trees?.inputs.indexOf(feature) ?? -1
  const found: Literal[] = []
  for (const tree of trees?.trees ?? []) {
    tree.input.forEach((own, node) => {
      if (own !== input || trees === undefined) return
      const members = tree.members?.[node]
      if (members !== undefined) found.push(...members)
      else found.push(...around(boundary(trees, tree.threshold[node] ?? 0), tree.threshold[node] ?? 0))
    })
  }
  if (type === 'text') return [...found, 'a level that is not there', null]
  return [...found.filter((x) => typeof x === 'number' && Math.abs(x) < 1e30), 0, -1, 1e30, -1e30, 1e-36, null]
}

/** The threshold, the last value to its left and the first to its right. */
const around = (last: number, threshold: number): number[] => [
  threshold,
  last,
  Math.fround(threshold),
  last + Math.abs(last) * Number.EPSILON,
  last + Math.abs(last) * 1e-4,
]

/** Numbers from 0 to 1 of a fixed sequence (Park and Miller, 1988), so that an import says the same each time. */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}

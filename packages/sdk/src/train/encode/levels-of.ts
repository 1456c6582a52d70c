/** The levels of an input in the training rows, whatever it is stored as. */
import { fail } from '@viewcast/compiler'
import type { Collected, CollectedInput } from '../collect/collect.ts'
import { eachValue } from '../collect/column-values.ts'
import { mostLevels } from '../collect/input-reader.ts'
import { parts } from '../collect/parts.ts'

export interface SeenLevel {
  readonly level: string
  readonly rows: number
}

/** What the training rows have of an input: the levels seen, most frequent first, then by code point. */
export interface SeenLevels {
  readonly seen: readonly SeenLevel[]
  readonly missing: number
  /** Training rows. */
  readonly rows: number
}

/** Errors: `train/many-levels`. */
export function levelsOf(input: CollectedInput, column: number, store: Collected['store']): SeenLevels {
  const { count, missing } = input.statistics
  const within = inOrder(input)
  const seen = seenLevels(input, column, store).sort((a, b) => b.rows - a.rows || within(a, b))
  return { seen, missing, rows: count + missing }
}

function seenLevels({ feature, statistics }: CollectedInput, column: number, store: Collected['store']): SeenLevel[] {
  const { count } = statistics
  if (statistics.kind === 'category') return statistics.levels.filter((l) => l.rows > 0)
  if (statistics.kind === 'numeric') {
    return [...countsOf(store, column, feature)].map(([x, rows]) => ({ level: String(x), rows }))
  }
  const both = [
    { level: 'false', rows: count - statistics.trues },
    { level: 'true', rows: statistics.trues },
  ]
  return both.filter((l) => l.rows > 0)
}

/** How often each number is in the training rows. Errors: `train/many-levels`. */
export function countsOf(store: Collected['store'], column: number, feature: string): Map<number, number> {
  const counts = new Map<number, number>()
  eachValue(store, column, 'train', (x) => {
    counts.set(x, (counts.get(x) ?? 0) + 1)
    if (counts.size > mostLevels) fail('train/many-levels', { input: feature, limit: String(mostLevels) })
  })
  return counts
}

/** Numbers by value, text by code point. */
export const inOrder =
  ({ statistics }: CollectedInput) =>
  (a: SeenLevel, b: SeenLevel): number =>
    statistics.kind === 'numeric'
      ? Number(a.level) - Number(b.level)
      : Buffer.compare(Buffer.from(a.level), Buffer.from(b.level))

/** The level of a stored value. */
export function levelOf({ statistics }: CollectedInput, stored: number): string {
  if (statistics.kind === 'category') return statistics.levels[stored]?.level ?? ''
  return statistics.kind === 'boolean' ? String(stored === 1) : String(stored)
}

/** Sums of label and weight per level, in each fold and for missing values. */
export interface LabelSums {
  /** By level, then by fold. */
  readonly levels: ReadonlyMap<string, FoldSums>
  readonly missing: FoldSums
  readonly all: FoldSums
}

export interface FoldSums {
  readonly labels: Float64Array
  readonly weights: Float64Array
}

/** The label of the training rows, summed by level and fold; weighted where rows have a weight. */
export function labelSums(collected: Pick<Collected, 'store' | 'inputs'>, column: number, folds: number): LabelSums {
  const { store, inputs } = collected
  const input = inputs[column] as CollectedInput
  const empty = (): FoldSums => ({ labels: new Float64Array(folds), weights: new Float64Array(folds) })
  const byStored = new Map<number, FoldSums>()
  const missing = empty()
  const all = empty()
  const label = inputs.length
  const { width } = store
  let row = 0
  for (const { rows, values } of store.blocks()) {
    for (let r = 0, at = 0; r < rows; r++, at += width, row++) {
      if (values[at + width - 1] !== parts.train) continue
      const stored = values[at + column] as number
      let own = missing
      if (!Number.isNaN(stored)) {
        own = byStored.get(stored) ?? empty()
        byStored.set(stored, own)
      }
      const w = values[at + label + 1] as number
      const y = w * (values[at + label] as number)
      const fold = foldOf(row, folds)
      for (const sums of [own, all]) {
        sums.labels[fold] = (sums.labels[fold] as number) + y
        sums.weights[fold] = (sums.weights[fold] as number) + w
      }
    }
  }
  return { levels: new Map([...byStored].map(([s, sums]) => [levelOf(input, s), sums])), missing, all }
}

/** The fold of a stored row: a hash of its place, so that neighbours are in different folds. */
export function foldOf(row: number, folds: number): number {
  let h = Math.imul(row ^ 0x9e3779b9, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return ((h ^ (h >>> 16)) >>> 0) % folds
}

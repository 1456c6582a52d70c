/** A few rows in the user's own values, by which an engine is checked against the interpreter. */
import type { LearnedEncoder, LearnedInput, Literal } from '@viewcast/compiler'
import { type Collected, type CollectedInput, parts } from './collect.ts'

/** One value per input, by feature name. */
export type ExampleRow = Readonly<Record<string, Literal>>

const ordinaryRows = 14

/** No level of any category, or so one may hope; it stands for values that training never saw. */
export const unseenLevel = 'viewcast: a level never seen'

/**
 * At most 19 rows: training rows evenly spread over all of them; the smallest and the largest value of each input, and
 * both by turns; every input missing; categories never seen.
 */
export function exampleRows(collected: Collected, inputs: readonly LearnedInput[]): ExampleRow[] {
  const rowOf = (value: (input: CollectedInput, i: number) => Literal): ExampleRow =>
    Object.fromEntries(collected.inputs.map((input, i) => [input.feature, value(input, i)]))
  const ends = collected.inputs.map((input, i) => endsOf(input, inputs[i]?.encoder))
  const ordinary = spread(collected).map((row) => rowOf((input, i) => decoded(input, row[i] as number)))
  const least = (_: CollectedInput, i: number): Literal => (ends[i] as Ends).least
  const most = (_: CollectedInput, i: number): Literal => (ends[i] as Ends).most
  return [
    ...ordinary,
    rowOf(least),
    rowOf(most),
    rowOf((input, i) => (i % 2 === 0 ? least(input, i) : most(input, i))),
    rowOf(() => null),
    rowOf((input, i) => (input.statistics.kind === 'category' ? unseenLevel : most(input, i))),
  ]
}

export interface Ends {
  readonly least: Literal
  readonly most: Literal
}

/** Of a category, the base (the first level where there is none) and the last level that the encoder knows. */
export function endsOf({ statistics }: CollectedInput, encoder: LearnedEncoder | undefined): Ends {
  if (statistics.kind === 'numeric') return { least: statistics.min, most: statistics.max }
  if (statistics.kind === 'boolean') return { least: false, most: true }
  const known = encoder?.kind === 'onehot' || encoder?.kind === 'levels' ? encoder.levels : []
  const seen = known.length > 0 ? known : statistics.levels.map((l) => l.level)
  const base = encoder?.kind === 'onehot' ? encoder.base : null
  const least = base ?? seen[0] ?? ''
  return { least, most: known.at(-1) ?? (base === null ? (seen.at(-1) ?? least) : base) }
}

function spread({ store, rows }: Collected): Float64Array[] {
  const count = Math.min(ordinaryRows, rows.train)
  const wanted = Array.from({ length: count }, (_, k) => Math.floor((k * rows.train) / count))
  const found: Float64Array[] = []
  let seen = 0
  const { width, copies } = store
  let next = 0
  for (const { rows: blockRows, values } of store.blocks()) {
    for (let r = 0, at = 0; r < blockRows && next < count; r++, at += width) {
      if (values[at + width - 1] !== parts.train) continue
      seen += copies === undefined ? 1 : (values[at + copies] as number)
      if (!((wanted[next] as number) < seen)) continue
      found.push(values.slice(at, at + width))
      // A group that more of them fall into is shown once.
      while (next < count && (wanted[next] as number) < seen) next++
    }
    if (next === count) break
  }
  return found
}

function decoded({ statistics }: CollectedInput, x: number): Literal {
  if (Number.isNaN(x)) return null
  if (statistics.kind === 'boolean') return x === 1
  if (statistics.kind === 'category') return statistics.levels[x]?.level ?? null
  return x
}

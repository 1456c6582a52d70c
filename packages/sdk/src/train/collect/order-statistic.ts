/** Exact order statistics of one column of a store, in bounded memory. */
import { eachValue } from './column-values.ts'
import type { Part } from './parts.ts'
import type { RowStore } from './row-store.ts'

/** Values that are sorted at once; more are first narrowed down by counting. */
const atOnce = 1_000_000
const bins = 1024

/** The median of a column's values in a part, missing ones left out: of two middle values, their mean. */
export const columnMedian = (store: RowStore, column: number, part: Part, limit = atOnce): number =>
  columnQuantiles(store, column, part, [0.5], limit)[0] as number

/**
 * Quantiles of a column's values in a part, missing ones left out: for a share p of n values, the value with p · (n − 1)
 * smaller ones, interpolated linearly between its neighbours (what numpy and R give unless asked otherwise).
 */
export function columnQuantiles(
  store: RowStore,
  column: number,
  part: Part,
  shares: readonly number[],
  limit = atOnce,
): readonly number[] {
  let count = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  eachValue(store, column, part, (x) => {
    count++
    if (x < min) min = x
    if (x > max) max = x
  })
  const range = { count, min, max, below: 0 }
  const sorted = count <= limit ? sortedValues(store, column, part, range) : undefined
  const select = (rank: number): number =>
    sorted === undefined ? selectRank(store, column, part, rank, range, limit) : (sorted[rank] as number)
  return shares.map((share) => {
    const place = share * (count - 1)
    const rank = Math.floor(place)
    const low = select(rank)
    if (rank === place) return low
    const high = select(rank + 1)
    return low + (high - low) * (place - rank)
  })
}

interface Range {
  readonly count: number
  readonly min: number
  readonly max: number
  /** Values below `min`. */
  readonly below: number
}

/** The value with `rank` smaller ones before it, known to lie in `range`. */
function selectRank(store: RowStore, column: number, part: Part, rank: number, range: Range, limit: number): number {
  const { count, min, max, below } = range
  if (min === max) return min
  if (count <= limit) {
    return sortedValues(store, column, part, range)[rank - below] as number
  }
  // The ends of a bin are values it holds, and the largest value has a bin of its own, so a bin is narrower than the
  // range even where the division rounds to nothing.
  const counts = new Float64Array(bins)
  const mins = new Float64Array(bins).fill(Number.POSITIVE_INFINITY)
  const maxs = new Float64Array(bins).fill(Number.NEGATIVE_INFINITY)
  const half = max / 2 - min / 2
  eachValue(store, column, part, (x) => {
    if (x < min || x > max) return
    const bin = x === max ? bins - 1 : Math.floor(((x / 2 - min / 2) / half) * (bins - 1)) || 0
    counts[bin] = (counts[bin] as number) + 1
    if (x < (mins[bin] as number)) mins[bin] = x
    if (x > (maxs[bin] as number)) maxs[bin] = x
  })
  let before = below
  let bin = 0
  while (before + (counts[bin] as number) <= rank) before += counts[bin++] as number
  const inside = { count: counts[bin] as number, min: mins[bin] as number, max: maxs[bin] as number, below: before }
  return selectRank(store, column, part, rank, inside, limit)
}

function sortedValues(store: RowStore, column: number, part: Part, { count, min, max }: Range): Float64Array {
  const values = new Float64Array(count)
  let n = 0
  eachValue(store, column, part, (x) => {
    if (x >= min && x <= max) values[n++] = x
  })
  return values.sort()
}

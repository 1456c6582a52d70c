/**
 * Where a tree's comparison turns over, as a float64: the largest one that goes left.
 *
 * A library that reads its features as float32 compares rounded values. The column in the database is not rounded, so
 * the threshold moves instead: to the largest float64 that rounds to a float32 on the left side. That costs nothing per
 * row, and no row ends in another leaf.
 */
import type { Trees } from '../../ir/trees.ts'

/** The largest float64 that goes left of a threshold; −Infinity when none does. */
export function boundary({ values, comparison }: Pick<Trees, 'values' | 'comparison'>, threshold: number): number {
  if (values === 'float64') return comparison === '<=' ? threshold : before(threshold)
  const rounded = Math.fround(threshold)
  // A threshold given in float64 lies between two float32: the one at or below it decides.
  const atMost = rounded <= threshold ? rounded : before32(rounded)
  const last = comparison === '<' && atMost === threshold ? before32(atMost) : atMost
  return lastRoundingTo(last)
}

/** The largest float64 that rounds to the float32 `x` or to a lower one; halves round to the even neighbour. */
function lastRoundingTo(x: number): number {
  if (!Number.isFinite(x)) return x
  const next = x === largest32 ? 2 ** 128 : after32(x)
  const middle = x + (next - x) / 2
  return Math.fround(middle) <= x ? middle : before(middle)
}

const largest32 = (2 - 2 ** -23) * 2 ** 127

/**
 * The largest float64 `x` for which `holds` is true, for a condition that is true up to a point and false above it.
 * It folds what happens to a value before a tree reads it (scaling, say) into the threshold, to the bit.
 */
export function lastWhere(holds: (x: number) => boolean): number {
  let low = ordinalOf(Number.NEGATIVE_INFINITY)
  let high = ordinalOf(Number.POSITIVE_INFINITY)
  if (holds(Number.MAX_VALUE)) return Number.POSITIVE_INFINITY
  if (!holds(-Number.MAX_VALUE)) return Number.NEGATIVE_INFINITY
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (holds(floatOf(middle))) low = middle
    else high = middle
  }
  return floatOf(low)
}

const view = new DataView(new ArrayBuffer(8))

/** Floats as integers in the same order; −0 and 0 are the same. */
function ordinalOf(x: number): bigint {
  view.setFloat64(0, x)
  const bits = view.getBigInt64(0)
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits
}
function floatOf(n: bigint): number {
  view.setBigUint64(0, n < 0n ? 0x8000000000000000n | -n : n)
  return view.getFloat64(0)
}
const before = (x: number): number => (x === Number.NEGATIVE_INFINITY ? x : floatOf(ordinalOf(x) - 1n))

const step32 = (x: number, by: 1 | -1): number => {
  view.setFloat32(0, x)
  const bits = view.getInt32(0)
  const next = (bits < 0 ? -(bits & 0x7fffffff) : bits) + by
  view.setInt32(0, next < 0 ? 0x80000000 | -next : next)
  return view.getFloat32(0)
}
const before32 = (x: number): number => (x === Number.NEGATIVE_INFINITY ? x : step32(x, -1))
const after32 = (x: number): number => step32(x, 1)

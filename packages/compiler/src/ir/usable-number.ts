/**
 * Which numbers a model computes with. A value is used when it is 0 or 1e-150 <= |x| <= 1e150; magnitudes below that
 * count as 0; NULL, NaN, infinities and magnitudes above are missing.
 *
 * The bounds are such that squares, and products with any coefficient that makes sense, neither overflow nor underflow:
 * PostgreSQL raises an error for either, which would cost a whole query for one row.
 */
export const largestUsable = 1e150
export const smallestUsable = 1e-150

/** The number as a model sees it: itself, 0, or NaN where it is missing. */
export function usableNumber(x: number): number {
  const size = Math.abs(x)
  if (size <= largestUsable) return size < smallestUsable ? 0 : x
  return Number.NaN
}

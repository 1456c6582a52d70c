const view = new DataView(new ArrayBuffer(8))

/** A float8 as an integer whose neighbours are neighbouring floats. */
function ordinal(x: number): bigint {
  view.setFloat64(0, x)
  const bits = view.getBigInt64(0)
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits
}

/**
 * Distance of two float8 values in units in the last place: 0 when identical, 1 for neighbours.
 *
 * NaN is 0 from NaN; NaN or NULL against anything else is infinite.
 */
export function ulpDistance(a: number | null, b: number | null): number {
  if (a === null || b === null) return a === b ? 0 : Number.POSITIVE_INFINITY
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Number.POSITIVE_INFINITY
  const d = ordinal(a) - ordinal(b)
  return Number(d < 0n ? -d : d)
}

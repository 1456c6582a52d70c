/** Ratios of integers, and the float8 nearest to them. */

export interface Ratio {
  readonly top: bigint
  /** Above 0. */
  readonly bottom: bigint
}

/** Bits of a quotient before it is rounded once to the 53 of a float8; the last tells whether anything was cut. */
const kept = 70

/** The float8 nearest to a ratio, ties to even. */
export function nearest({ top, bottom }: Ratio): number {
  if (top === 0n) return 0
  const size = top < 0n ? -top : top
  const shift = kept - (bits(size) - bits(bottom))
  const scaled = shift >= 0 ? size << BigInt(shift) : size
  const divisor = shift >= 0 ? bottom : bottom << BigInt(-shift)
  const quotient = scaled / divisor
  const sticky = quotient * divisor === scaled ? 0n : 1n
  const value = timesPowerOfTwo(Number((quotient << 1n) | sticky), -shift - 1)
  return top < 0n ? -value : value
}

/** The float8 nearest to the square root of a ratio ≥ 0. */
export function nearestRoot({ top, bottom }: Ratio): number {
  if (top <= 0n) return 0
  let shift = 2 * kept - (bits(top) - bits(bottom))
  if (shift % 2 !== 0) shift++
  const scaled = shift >= 0 ? top << BigInt(shift) : top
  const divisor = shift >= 0 ? bottom : bottom << BigInt(-shift)
  const quotient = scaled / divisor
  const root = integerRoot(quotient)
  const sticky = root * root === quotient && quotient * divisor === scaled ? 0n : 1n
  return timesPowerOfTwo(Number((root << 1n) | sticky), -shift / 2 - 1)
}

const bits = (n: bigint): number => {
  const hex = n.toString(16)
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] as string, 16)))
}

/** In two steps, as 2^±1100 is no float8 but the product may be one. */
const timesPowerOfTwo = (value: number, exponent: number): number => {
  const half = Math.trunc(exponent / 2)
  return value * 2 ** half * 2 ** (exponent - half)
}

function integerRoot(n: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(bits(n) / 2))
  for (;;) {
    const next = (root + n / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

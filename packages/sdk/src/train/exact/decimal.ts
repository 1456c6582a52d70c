/**
 * Decimal numbers of any length: an integer and how many of its digits are behind the point.
 *
 * A float8 stands for the shortest decimal that reads back to it, which is what was written into the table and what the
 * database prints. `x::numeric` would keep 15 digits only.
 */

export interface Decimal {
  readonly digits: bigint
  /** Digits behind the point, ≥ 0. */
  readonly places: number
}

const form = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/

/** Reads a decimal as JavaScript and PostgreSQL write it. Errors: a SyntaxError for anything else. */
export function decimalOf(text: string): Decimal {
  const found = form.exec(text)
  if (found === null || `${found[2]}${found[3] ?? ''}` === '') throw new SyntaxError('not a decimal')
  const [, sign, whole = '', fraction = '', exponent = '0'] = found
  const digits = BigInt(`${whole}${fraction}`)
  const places = fraction.length - Number(exponent)
  const value = sign === '-' ? -digits : digits
  return places >= 0 ? { digits: value, places } : { digits: value * tenTo(-places), places: 0 }
}

/** The digits of a decimal with at least its own number of places. */
export const digitsAt = ({ digits, places }: Decimal, wanted: number): bigint =>
  wanted === places ? digits : digits * tenTo(wanted - places)

const powers: bigint[] = []

export function tenTo(exponent: number): bigint {
  const known = powers[exponent]
  if (known !== undefined) return known
  const power = 10n ** BigInt(exponent)
  if (exponent < 2000) powers[exponent] = power
  return power
}

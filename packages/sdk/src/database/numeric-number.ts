import { numericText } from './numeric-text.ts'

/** Powers of ten that a double holds exactly. */
const powers = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))
const negative = 0x4000
const positive = 0

/**
 * A binary `numeric` as the nearest double. Where its digits and the power of ten are both exact in a double, one
 * division or product gives it (W. D. Clinger, How to read floating point numbers accurately, 1990); its text otherwise.
 */
export function numericNumber(bytes: Buffer, view: DataView, at: number): number {
  const groups = view.getInt16(at)
  const weight = view.getInt16(at + 2)
  const sign = view.getUint16(at + 4)
  const exponent = 4 * (weight - groups + 1)
  if ((sign === positive || sign === negative) && groups <= 4 && exponent >= -22 && exponent <= 22) {
    let digits = 0
    for (let i = 0; i < groups; i++) digits = digits * 10_000 + view.getInt16(at + 8 + 2 * i)
    if (digits <= Number.MAX_SAFE_INTEGER) {
      const value = exponent < 0 ? digits / (powers[-exponent] as number) : digits * (powers[exponent] as number)
      return sign === negative ? -value : value
    }
  }
  return Number(numericText(bytes, at))
}

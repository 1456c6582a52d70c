/** Quantiles for intervals, computed while compiling. */
import { betaFraction, logGamma } from './special-functions.ts'

/**
 * The t with P(|T| < t) = `level` for Student's distribution; the normal one for infinitely many degrees of freedom. By
 * bisection, to the last digits: it is called once for an interval.
 *
 * @example centralQuantile(0.95, Infinity) // 1.959963984540054
 */
export function centralQuantile(level: number, degrees: number): number {
  if (degrees > manyDegrees && degrees < Number.POSITIVE_INFINITY) return nearNormal(level, degrees)
  const outside = 1 - level
  let low = 0
  let high = 1
  while (twoTails(high, degrees) > outside) high *= 2
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (twoTails(middle, degrees) > outside) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** From here on differences of ln Γ lose more digits than the expansion leaves out. */
const manyDegrees = 2e4

/** Student's quantile as the normal one and terms in 1/ν, by Cornish and Fisher; the next is below 1e-12 for every level up to 1 − 1e-12. */
function nearNormal(level: number, degrees: number): number {
  const z = centralQuantile(level, Number.POSITIVE_INFINITY)
  const square = z * z
  const first = (z * (square + 1)) / 4
  const second = (z * ((5 * square + 16) * square + 3)) / 96
  const third = (z * (((3 * square + 19) * square + 17) * square - 15)) / 384
  return z + (first + (second + third / degrees) / degrees) / degrees
}

/** P(|T| ≥ t). */
function twoTails(t: number, degrees: number): number {
  if (degrees === Number.POSITIVE_INFINITY) return 1 - normalWithin(t)
  const x = degrees / (degrees + t * t)
  return incompleteBeta(x, t * t, degrees)
}

/** P(|Z| < t) by Kummer's series, whose terms are all positive; a tail below 1e-10 keeps fewer digits than it. */
function normalWithin(t: number): number {
  let term = t
  let sum = t
  for (let n = 1; n < 2000 && term > sum * 1e-18; n++) {
    term *= (t * t) / (2 * n + 1)
    sum += term
  }
  return Math.min(1, Math.sqrt(2 / Math.PI) * sum * Math.exp((-t * t) / 2))
}

/** I_x(ν/2, 1/2) with 1 − x = t²/(ν + t²), by Lentz's continued fraction (DLMF 8.17.22). */
function incompleteBeta(x: number, square: number, degrees: number): number {
  const a = degrees / 2
  const b = 0.5
  const rest = square / (degrees + square)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(rest))
  if (front === 0) return 0
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(a, b, x)) / a : 1 - (front * betaFraction(b, a, rest)) / b
}

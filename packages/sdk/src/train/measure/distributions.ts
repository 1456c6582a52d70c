/** Tail probabilities for p values, right in their leading digits far out in the tails. */
import { betaFraction, logGamma, stirlingSeries } from '@viewcast/compiler'
import { upperTail } from './normal-tail.ts'

/** Two-sided p value of a standard normal statistic: P(|Z| ≥ |z|). */
export const normalPValue = (z: number): number => 2 * upperTail(Math.abs(z))

/** Degrees of freedom from which Hill's expansion has all the digits that the continued fraction begins to lose. */
const manyDegrees = 3000

/**
 * Two-sided p value of a Student t statistic with `degrees` > 0 of freedom: P(|T| ≥ |t|).
 *
 * It is the regularised incomplete beta function I(ν/(ν+t²); ν/2, ½), by its continued fraction; for many degrees a
 * normal statistic with the same tail. Relative error about 1e-13, and 1e-11 below 1e-150. Sources: NIST Digital Library of Mathematical
 * Functions, 8.17.22 and 5.11.13; G. W. Hill, Algorithm 395: Student's t-distribution, Communications of the ACM 13
 * (1970).
 */
export function studentPValue(t: number, degrees: number): number {
  if (Number.isNaN(t)) return Number.NaN
  const square = t * t
  if (square === Number.POSITIVE_INFINITY) return 0
  if (square === 0) return 1
  if (degrees >= manyDegrees) return normalPValue(sameTail(square, degrees))
  const a = degrees / 2
  const ratio = square / degrees
  return upperBeta(a, 0.5, ratio, logBetaHalf(a))
}

/**
 * t that a Student variable with `degrees` > 0 of freedom stays below with probability `p` in (½, 1); the normal
 * quantile for Infinity degrees.
 */
export function studentQuantile(p: number, degrees: number): number {
  const tail = 2 * (1 - p)
  const pValue = (t: number): number =>
    degrees === Number.POSITIVE_INFINITY ? normalPValue(t) : studentPValue(t, degrees)
  let low = 0
  let high = 1
  while (pValue(high) > tail) {
    low = high
    high *= 2
  }
  while (high - low > 4e-16 * high) {
    const middle = low + (high - low) / 2
    if (middle === low || middle === high) break
    if (pValue(middle) > tail) low = middle
    else high = middle
  }
  return high
}

/** P(F ≥ f) of Fisher's F with `a` and `b` degrees of freedom. Relative error about 1e-11. */
export function fisherPValue(f: number, a: number, b: number): number {
  if (Number.isNaN(f)) return f
  if (f <= 0) return 1
  if (f === Number.POSITIVE_INFINITY) return 0
  return upperBeta(b / 2, a / 2, (a * f) / b, logBeta(b / 2, a / 2))
}

/** I(1/(1+ratio); a, b), the regularised incomplete beta function, from ln B(a, b). */
function upperBeta(a: number, b: number, ratio: number, logBetaOfBoth: number): number {
  const x = 1 / (1 + ratio)
  const rest = ratio / (1 + ratio)
  const front = Math.exp(-a * Math.log1p(ratio) - b * Math.log1p(1 / ratio) - logBetaOfBoth)
  return x < (a + 1) / (a + b + 2) ? (front / a) * betaFraction(a, b, x) : 1 - (front / b) * betaFraction(b, a, rest)
}

function sameTail(square: number, degrees: number): number {
  const a = degrees - 0.5
  const b = 48 * a * a
  const y = a * Math.log1p(square / degrees)
  const z = Math.sqrt(y)
  return z + (z * (y + 3 - (((0.4 * y + 3.3) * y + 24) * y + 85.5) / (0.8 * y * y + 100 + b))) / b
}

const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b)

/** x ln x − x − ln Γ(x) for x > 0: about ½ ln(x/2π), without the large terms that cancel. */
export function stirlingGap(x: number): number {
  if (x < 12) return x * Math.log(x) - x - logGamma(x)
  return 0.5 * Math.log(x / (2 * Math.PI)) - stirlingSeries(x)
}

/** ln B(a, ½) = ln Γ(a) + ln √π − ln Γ(a + ½), without the two large terms when a is large. */
function logBetaHalf(a: number): number {
  let shift = 0
  let at = a
  // Γ(a+½)/Γ(a) = Γ(a+1½)/Γ(a+1) · a/(a+½), up to where the asymptotic series has all its digits.
  while (at < 40) {
    shift += Math.log1p(0.5 / at)
    at += 1
  }
  const r = 1 / at
  const r2 = r * r
  // ln Γ(a+½) − ln Γ(a) = ½ ln a − 1/(8a) + 1/(192a³) − 1/(640a⁵) + 17/(14336a⁷) − 31/(18432a⁹) + …
  const series =
    0.5 * Math.log(at) - r * (1 / 8 - r2 * (1 / 192 - r2 * (1 / 640 - r2 * (17 / 14336 - r2 * (31 / 18432)))))
  return 0.5 * Math.log(Math.PI) - (series - shift)
}

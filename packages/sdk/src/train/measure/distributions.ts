/** Tail probabilities for p values, right in their leading digits far out in the tails. */

/**
 * Two-sided p value of a standard normal statistic: P(|Z| ≥ |z|).
 *
 * Relative error about 1e-15 until underflow near |z| = 38. Source: W. J. Cody, Rational Chebyshev approximations for
 * the error function, Mathematics of Computation 23 (1969).
 */
export const normalPValue = (z: number): number => complementaryError(Math.abs(z))

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
  const x = 1 / (1 + ratio)
  const rest = ratio / (1 + ratio)
  const front = Math.exp(-a * Math.log1p(ratio) - 0.5 * Math.log1p(1 / ratio) - logBetaHalf(a))
  return x < (a + 1) / (a + 2.5)
    ? (front / a) * betaFraction(a, 0.5, x)
    : 1 - (front / 0.5) * betaFraction(0.5, a, rest)
}

function sameTail(square: number, degrees: number): number {
  const a = degrees - 0.5
  const b = 48 * a * a
  const y = a * Math.log1p(square / degrees)
  const z = Math.sqrt(y)
  return z + (z * (y + 3 - (((0.4 * y + 3.3) * y + 24) * y + 85.5) / (0.8 * y * y + 100 + b))) / b
}

/** The continued fraction of DLMF 8.17.22, without its factor xᵃ(1−x)ᵇ / (a B(a, b)). */
function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300
  const away = (v: number): number => (Math.abs(v) < tiny ? tiny : v)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m <= 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    h *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    const change = d * c
    h *= change
    if (Math.abs(change - 1) < 4e-16) break
  }
  return h
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

/** erfc(z/√2) for z ≥ 0. */
function complementaryError(z: number): number {
  if (Number.isNaN(z)) return z
  const x = z / Math.SQRT2
  if (x <= 0.46875) {
    const y = x * x
    return 1 - (x * horner(erfTop, y)) / horner(erfBottom, y)
  }
  const square = x <= 27 ? gaussian(z) : 0
  if (x <= 4) return (square * horner(middleTop, x)) / horner(middleBottom, x)
  const y = 1 / (x * x)
  const far = (y * horner(farTop, y)) / horner(farBottom, y)
  return (square * (1 / Math.sqrt(Math.PI) - far)) / x
}

/** exp(−z²/2) with z² split so that its rounding is not multiplied by the exponent. */
function gaussian(z: number): number {
  const coarse = Math.trunc(z * 16) / 16
  return Math.exp((-coarse * coarse) / 2) * Math.exp((-(z - coarse) * (z + coarse)) / 2)
}

const horner = (coefficients: readonly number[], x: number): number => coefficients.reduce((s, c) => s * x + c, 0)

const erfTop = [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694]
const erfBottom = [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171]
const middleTop = [
  2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001, 881.952221241769,
  1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
]
const middleBottom = [
  1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
  4362.619090143247, 3439.3676741437216, 1230.3393548037495,
]
const farTop = [
  0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
  0.0006587491615298378,
]
const farBottom = [
  1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918,
]

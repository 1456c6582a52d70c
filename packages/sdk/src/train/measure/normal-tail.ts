/**
 * The upper tail of the standard normal distribution: its probability, logarithm and hazard, right in every digit that a
 * number has but the last, however far out.
 *
 * Source: W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics of Computation 23 (1969).
 */

/** Up to here the error function itself is approximated, beyond it the complement without its factor exp(−x²). */
const near = 0.46875 * Math.SQRT2

/** P(Z ≥ z). */
export function upperTail(z: number): number {
  if (Number.isNaN(z)) return z
  if (z < -near) return 1 - upperTail(-z)
  if (z <= near) return (1 - errorFunction(z)) / 2
  return z > 39 ? 0 : (gaussian(z) * scaledTail(z)) / 2
}

/** ln P(Z ≥ z). */
export function logUpperTail(z: number): number {
  if (Number.isNaN(z)) return z
  if (z < -near) return Math.log1p(-upperTail(-z))
  if (z <= near) return Math.log1p(-errorFunction(z)) - Math.LN2
  return Math.log(scaledTail(z)) - Math.LN2 - (z * z) / 2
}

/** Density over tail, φ(z) / P(Z ≥ z): near 0 far below, near z far above. */
export function hazard(z: number): number {
  if (Number.isNaN(z)) return z
  if (z > near) return z === Number.POSITIVE_INFINITY ? z : Math.sqrt(2 / Math.PI) / scaledTail(z)
  return z < -39 ? 0 : (gaussian(z) * densityAtZero) / upperTail(z)
}

/** φ(z) */
export const normalDensity = (z: number): number => (Math.abs(z) > 39 ? 0 : gaussian(z) * densityAtZero)

const densityAtZero = 1 / Math.sqrt(2 * Math.PI)

/** erf(z/√2) for |z| ≤ near. */
function errorFunction(z: number): number {
  const x = z / Math.SQRT2
  const y = x * x
  return (x * horner(erfTop, y)) / horner(erfBottom, y)
}

/** erfc(z/√2) exp(z²/2) for z > near. */
function scaledTail(z: number): number {
  const x = z / Math.SQRT2
  if (x <= 4) return horner(middleTop, x) / horner(middleBottom, x)
  const y = 1 / (x * x)
  const far = (y * horner(farTop, y)) / horner(farBottom, y)
  return (1 / Math.sqrt(Math.PI) - far) / x
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

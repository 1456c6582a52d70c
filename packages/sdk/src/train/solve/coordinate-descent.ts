/**
 * Minimises a convex quadratic plus λ₁ ‖β‖₁ + λ₂/2 ‖β‖², the intercept free: the whole problem of a gaussian elastic net,
 * and one step of every other family.
 *
 * Coordinate descent finds which coefficients are not zero; on those, with their signs, the problem is a linear system,
 * which Cholesky solves to the last digits. Where the solution changes a sign the move ends at the zero it meets, so the
 * objective falls with every move and no set of signs comes twice.
 *
 * Sources: Friedman, Hastie and Tibshirani, Regularization paths for generalized linear models via coordinate descent,
 * Journal of Statistical Software 33 (2010); Osborne, Presnell and Turlach, A new approach to variable selection in least
 * squares problems, IMA Journal of Numerical Analysis 20 (2000), for the move to the first zero.
 */
import type { Penalty } from '@viewcast/compiler'
import { type Cholesky, factorise, solve } from './cholesky.ts'
import { packed } from './kernels.ts'

/** ½ βᵀ G β − cᵀ β without the intercept, columns scaled so that the diagonal of G is 1. */
export interface Quadratic {
  readonly width: number
  /** Square, row-major. */
  readonly matrix: Float64Array
  readonly linear: Float64Array
  /** A coefficient is the scaled one divided by this; 0 for a column that does not vary. */
  readonly scale: Float64Array
  /** What the intercept is for given coefficients. */
  interceptOf(coefficients: Float64Array): number
}

/** Curvature left of a column after centring, relative to before, that is rounding. */
const rounding = 1e-13

/**
 * The quadratic whose value at `theta` has the gradient `−gradient` and the second derivative `information` (packed,
 * intercept first), with the intercept at its best for every β.
 */
export function quadraticAt(theta: Float64Array, gradient: Float64Array, information: Float64Array): Quadratic {
  const width = theta.length - 1
  const total = information[0] as number
  const along = Float64Array.from({ length: width }, (_, j) => (information[packed(j + 1)] as number) / total)
  const matrix = new Float64Array(width * width)
  const scale = new Float64Array(width)
  for (let j = 0; j < width; j++) {
    const own = information[packed(j + 1) + j + 1] as number
    const left = own - total * (along[j] as number) ** 2
    scale[j] = left > rounding * own ? Math.sqrt(left) : 0
  }
  for (let j = 0; j < width; j++) {
    const sj = scale[j] as number
    if (sj === 0) continue
    matrix[j * width + j] = 1
    for (let k = 0; k < j; k++) {
      const sk = scale[k] as number
      if (sk === 0) continue
      const shared =
        (information[packed(j + 1) + k + 1] as number) - total * (along[j] as number) * (along[k] as number)
      const g = shared / sj / sk
      matrix[j * width + k] = g
      matrix[k * width + j] = g
    }
  }
  const first = gradient[0] as number
  const linear = new Float64Array(width)
  for (let j = 0; j < width; j++) {
    const sj = scale[j] as number
    if (sj === 0) continue
    let c = ((gradient[j + 1] as number) - (along[j] as number) * first) / sj
    for (let k = 0; k < width; k++) {
      c += (matrix[j * width + k] as number) * (theta[k + 1] as number) * (scale[k] as number)
    }
    linear[j] = c
  }
  return {
    width,
    matrix,
    linear,
    scale,
    interceptOf(coefficients) {
      let intercept = (theta[0] as number) + first / total
      for (let j = 0; j < width; j++) {
        intercept -= (along[j] as number) * ((coefficients[j] as number) - (theta[j + 1] as number))
      }
      return intercept
    },
  }
}

export interface Minimum {
  readonly coefficients: Float64Array
  /** Largest excess of a gradient over what the penalty allows, relative to the largest gradient at zero. */
  readonly violation: number
  readonly sweeps: number
  readonly converged: boolean
}

/** Sweeps between two exact solutions, and rounds of both. */
const sweepsBetween = 8
const mostRounds = 2000

/** Excess of a gradient over its bound, relative to the largest gradient at zero, that counts as none. */
const tolerance = 1e-13

/** The coefficients that minimise the quadratic and the penalty; `start` makes it faster, not different. */
export function minimise(quadratic: Quadratic, { l1, l2 }: Penalty, start: Float64Array): Minimum {
  const { width, matrix, linear, scale } = quadratic
  const bound = scale.map((s) => (s === 0 ? 0 : l1 / s))
  const ridge = scale.map((s) => (s === 0 ? 0 : l2 / s / s))
  const beta = start.map((b, j) => b * (scale[j] as number))
  const gradient = new Float64Array(width)
  const most = linear.reduce((m, c) => Math.max(m, Math.abs(c)), Number.MIN_VALUE)

  const refresh = (): void => {
    for (let j = 0; j < width; j++) {
      let g = (linear[j] as number) - (ridge[j] as number) * (beta[j] as number)
      const row = j * width
      for (let k = 0; k < width; k++) g -= (matrix[row + k] as number) * (beta[k] as number)
      gradient[j] = g
    }
  }
  /** Moves coefficient j to its best value; returns how far. */
  const move = (j: number): number => {
    if (scale[j] === 0) return 0
    const old = beta[j] as number
    const curvature = 1 + (ridge[j] as number)
    const z = (gradient[j] as number) + curvature * old
    const excess = Math.abs(z) - (bound[j] as number)
    const value = excess > 0 ? (Math.sign(z) * excess) / curvature : 0
    const step = value - old
    if (step === 0) return 0
    beta[j] = value
    const row = j * width
    for (let k = 0; k < width; k++) gradient[k] = (gradient[k] as number) - step * (matrix[row + k] as number)
    gradient[j] = (gradient[j] as number) - step * (ridge[j] as number)
    return Math.abs(step)
  }
  const violation = (): number => {
    let worst = 0
    for (let j = 0; j < width; j++) {
      if (scale[j] === 0) continue
      const b = beta[j] as number
      const g = gradient[j] as number
      const limit = bound[j] as number
      worst = Math.max(worst, b === 0 ? Math.abs(g) - limit : Math.abs(g - Math.sign(b) * limit))
    }
    return worst / most
  }

  refresh()
  let sweeps = 0
  let round = 0
  let worst = violation()
  let last = Number.POSITIVE_INFINITY
  for (; round < mostRounds && worst > tolerance; round++) {
    for (let j = 0; j < width; j++) move(j)
    sweeps++
    for (let s = 1; s < sweepsBetween; s++, sweeps++) {
      let furthest = 0
      for (let j = 0; j < width; j++) if (beta[j] !== 0) furthest = Math.max(furthest, move(j))
      if (furthest <= tolerance * most) break
    }
    while (!settle(quadratic, beta, bound, ridge));
    refresh()
    const next = violation()
    // Once it is small it no longer shrinks because of rounding alone.
    if (next < 1e-11 && next >= last / 2) {
      worst = Math.min(next, last)
      break
    }
    last = next
    worst = next
  }
  const coefficients = beta.map((b, j) => (b === 0 ? 0 : b / (scale[j] as number)))
  return { coefficients, violation: worst, sweeps, converged: worst < 1e-11 }
}

/**
 * Goes to the exact solution for the present signs, or to the first zero on the way; true when it arrived. Where columns
 * determine one another there is a direction along which only the penalty changes: it goes down that, to a zero too.
 */
function settle(
  { width, matrix, linear }: Quadratic,
  beta: Float64Array,
  bound: Float64Array,
  ridge: Float64Array,
): boolean {
  const active: number[] = []
  for (let j = 0; j < width; j++) if (beta[j] !== 0) active.push(j)
  const size = active.length
  if (size === 0) return true
  const system = new Float64Array(packed(size))
  const right = new Float64Array(size)
  for (let a = 0, at = 0; a < size; a++) {
    const j = active[a] as number
    for (let b = 0; b <= a; b++) system[at++] = matrix[j * width + (active[b] as number)] as number
    system[at - 1] = (system[at - 1] as number) + (ridge[j] as number)
    right[a] = (linear[j] as number) - Math.sign(beta[j] as number) * (bound[j] as number)
  }
  const old = Float64Array.from(active, (j) => beta[j] as number)
  const isPenalised = active.some((j) => (bound[j] as number) > 0)
  const factor = factorise(system, size, singular)
  const flat = isPenalised ? flatDirection(factor, right, old) : undefined
  const target = refined(factor, system, right)
  const move = flat ?? target.map((v, a) => v - (old[a] as number))
  let reach = flat === undefined ? 1 : Number.POSITIVE_INFINITY
  let first = -1
  if (isPenalised) {
    for (let a = 0; a < size; a++) {
      const share = -(old[a] as number) / (move[a] as number)
      if (share > 0 && share <= reach) {
        reach = share
        first = a
      }
    }
  }
  const isBounded = reach < Number.POSITIVE_INFINITY
  for (let a = 0; a < size && isBounded; a++) {
    const v = (old[a] as number) + reach * (move[a] as number)
    beta[active[a] as number] = a === first ? 0 : first < 0 ? (target[a] as number) : v
  }
  return first < 0
}

/** Pivot below which an active column is a combination of the others. */
const singular = 1e-12

/** A direction that the quadratic does not see, and along which the penalty does not rise; undefined when there is none. */
function flatDirection(factor: Cholesky, right: Float64Array, old: Float64Array): Float64Array | undefined {
  const { size, lower, scale, dependent } = factor
  const last = dependent.indexOf(1)
  if (last < 0) return undefined
  const row = packed(last)
  const direction = new Float64Array(size)
  direction[last] = scale[last] as number
  for (let k = last - 1; k >= 0; k--) {
    let s = lower[row + k] as number
    for (let m = k + 1; m < last; m++) {
      s += ((direction[m] as number) / (scale[m] as number)) * (lower[packed(m) + k] as number)
    }
    direction[k] = (-s / (lower[packed(k) + k] as number)) * (scale[k] as number)
  }
  let fall = 0
  let magnitude = 0
  for (let a = 0; a < size; a++) {
    fall += (right[a] as number) * (direction[a] as number)
    magnitude += Math.abs((right[a] as number) * (direction[a] as number))
  }
  // On the level it goes where the dependent column becomes 0.
  const isLevel = Math.abs(fall) <= 1e-12 * magnitude
  const sign = isLevel ? -Math.sign((old[last] as number) * (direction[last] as number)) : Math.sign(fall)
  return direction.map((d) => sign * d)
}

/** The solution of a packed symmetric system, corrected once by its residual. */
function refined(factor: Cholesky, system: Float64Array, right: Float64Array): Float64Array {
  const x = solve(factor, right)
  const residual = right.slice()
  for (let i = 0, at = 0; i < factor.size; i++) {
    for (let j = 0; j <= i; j++, at++) {
      const v = system[at] as number
      residual[i] = (residual[i] as number) - v * (x[j] as number)
      if (j < i) residual[j] = (residual[j] as number) - v * (x[i] as number)
    }
  }
  const correction = solve(factor, residual)
  return x.map((v, i) => v + (correction[i] as number))
}

/**
 * Newton's method for a smooth loss plus λ₁ ‖β‖₁ + λ₂/2 ‖β‖²: each step minimises the loss's quadratic and the whole
 * penalty, and is halved until the sum falls as promised.
 *
 * Source: Lee, Sun and Saunders, Proximal Newton-type methods for minimizing composite functions, SIAM Journal on
 * Optimization 24 (2014).
 */
import type { Penalty } from '@viewcast/compiler'
import { minimise, quadraticAt } from './coordinate-descent.ts'

/** A loss over the rows, without a penalty. */
export interface LossPoint {
  readonly loss: number
  /** Gradient of −loss; the intercept first. */
  readonly gradient: Float64Array
  /** Second derivative of the loss or what stands for it, packed; present when asked for. */
  readonly information?: Float64Array
}
export type Loss = (theta: Float64Array, withInformation: boolean) => Promise<LossPoint>

/** A point that was looked at, from which a step can be taken without looking again. */
export interface Located {
  readonly theta: Float64Array
  readonly point: LossPoint & { readonly information: Float64Array }
}

export interface ProximalOptions {
  /** Fall still promised, relative to the loss, at which the last step is taken and not looked at. */
  readonly tolerance: number
  readonly maxIterations: number
  readonly onIteration?: ((iteration: number, loss: number) => void) | undefined
}

export interface ProximalResult {
  readonly theta: Float64Array
  /** The last point looked at. */
  readonly last: Located
  readonly iterations: number
  readonly converged: boolean
}

/** Part of the promised fall that a step has to give. */
const sufficient = 1e-4
const mostHalvings = 40
/** Below this relative fall a step that does not shrink is rounding. */
const rounding = 1e-17

export async function locate(loss: Loss, theta: Float64Array): Promise<Located> {
  const { information, ...point } = await loss(theta, true)
  return { theta, point: { ...point, information: information as Float64Array } }
}

/** Minimises from a point that was looked at. The steps converge quadratically, so the result is exacter than asked for. */
export async function proximalNewton(
  loss: Loss,
  penalty: Penalty,
  from: Located,
  options: ProximalOptions,
): Promise<ProximalResult> {
  let last = from
  let guess = from.theta.slice(1)
  let before = Number.POSITIVE_INFINITY
  for (let iteration = 1; ; iteration++) {
    const { theta, point } = last
    const quadratic = quadraticAt(theta, point.gradient, point.information)
    const best = minimise(quadratic, penalty, guess)
    const next = Float64Array.of(quadratic.interceptOf(best.coefficients), ...best.coefficients)
    let promised = penaltyOf(penalty, theta) - penaltyOf(penalty, next)
    for (let i = 0; i < next.length; i++) {
      promised += (point.gradient[i] as number) * ((next[i] as number) - (theta[i] as number))
    }
    options.onIteration?.(iteration, point.loss)
    const scale = Math.abs(point.loss) + 0.1
    const isStalled = promised <= rounding * scale && promised >= before / 2
    if (promised <= options.tolerance * scale || isStalled) {
      return { theta: next, last, iterations: iteration, converged: best.converged }
    }
    before = promised
    if (iteration >= options.maxIterations) return { theta, last, iterations: iteration, converged: false }

    const value = point.loss + penaltyOf(penalty, theta)
    let share = 1
    for (let halvings = 0; ; halvings++) {
      const tried = share === 1 ? next : theta.map((t, i) => t + share * ((next[i] as number) - t))
      const found = await locate(loss, tried)
      const fall = value - found.point.loss - penaltyOf(penalty, tried)
      if (fall >= sufficient * share * promised - 1e-14 * scale) {
        last = found
        guess = tried.slice(1)
        break
      }
      if (halvings >= mostHalvings) return { theta, last, iterations: iteration, converged: false }
      share /= 2
    }
  }
}

/** The loss at a point close to one that was looked at, by its quadratic. */
export function lossAt({ theta, point }: Located, at: Float64Array): number {
  let loss = point.loss
  for (let i = 0, h = 0; i < at.length; i++) {
    const di = (at[i] as number) - (theta[i] as number)
    loss -= di * (point.gradient[i] as number)
    for (let j = 0; j <= i; j++, h++) {
      const dj = (at[j] as number) - (theta[j] as number)
      loss += (i === j ? 0.5 : 1) * di * dj * (point.information[h] as number)
    }
  }
  return loss
}

/** λ₁ ‖β‖₁ + λ₂/2 ‖β‖², the intercept at index 0 left out. */
function penaltyOf({ l1, l2 }: Penalty, theta: Float64Array): number {
  let sum = 0
  let squares = 0
  for (let j = 1; j < theta.length; j++) {
    const b = theta[j] as number
    sum += Math.abs(b)
    squares += b * b
  }
  return (l1 === 0 ? 0 : l1 * sum) + (l2 * squares) / 2
}

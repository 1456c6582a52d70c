/** Newton's method for a convex objective whose second derivative costs more than its gradient. */
import { type Cholesky, factorise, solve } from './cholesky.ts'

/** What is known of an objective at one place. */
export interface Point {
  readonly penalised: number
  /** Gradient of −penalised. */
  readonly gradient: Float64Array
  /** Second derivative of penalised, or what stands for it, packed; present when asked for. */
  readonly information?: Float64Array
}

export type Objective<P extends Point> = (theta: Float64Array, withInformation: boolean) => Promise<P>

export interface NewtonOptions<P extends Point> {
  readonly maxIterations: number
  /** Fall of the objective still to come, relative to the objective, that ends the iteration. */
  readonly tolerance: number
  /** Pivot below which a column counts as dependent. */
  readonly threshold: number
  /** An approximation of the second derivative at the start, when there is one already. */
  readonly factor?: Cholesky | undefined
  /** Looks at each accepted point and the step from it; it may throw. */
  readonly onStep?: (step: NewtonStep<P>) => Promise<void>
  /** An objective this small is as good as 0; 0.1 by default, which suits logarithms of probabilities. */
  readonly floor?: number
}

export interface NewtonStep<P extends Point> {
  readonly iteration: number
  readonly step: Float64Array
  readonly point: P
  /** The factor, when it was renewed at this point. */
  readonly renewed?: Cholesky
}

export interface NewtonResult<P extends Point> {
  readonly theta: Float64Array
  /** The last point looked at; when converged, `theta` is one negligible step further. */
  readonly point: P
  readonly iterations: number
  readonly converged: boolean
}

/** Below this relative fall a step that does not shrink is rounding, not a failure. */
const rounding = 1e-18

/**
 * Minimises from `start`. A step is halved until the objective does not grow. Near the minimum the factor of the second
 * derivative is kept from step to step while the steps shrink so fast that renewing it would cost more than it saves.
 *
 * The fall a step promises, gᵀH⁻¹g, is exact far below the rounding of the objective itself, so `tolerance` may be far
 * below 1e-16. Source: Boyd and Vandenberghe, Convex Optimization, 9.5 (Newton decrement).
 */
export async function newton<P extends Point>(
  objective: Objective<P>,
  start: Float64Array,
  options: NewtonOptions<P>,
): Promise<NewtonResult<P>> {
  const size = start.length
  // In gradients: the products of a renewal, and the two passes it takes to profit from it.
  const renewalCost = 2 + size / 8
  const floor = options.floor ?? 0.1
  let theta = start
  let accepted: { readonly theta: Float64Array; readonly point: P } | undefined
  let factor = options.factor
  let lastDecrement = Number.POSITIVE_INFINITY
  let halvings = 0
  for (let iteration = 1; ; iteration++) {
    const isRenewed = factor === undefined
    const point = await objective(theta, isRenewed)
    if (accepted !== undefined && !(point.penalised <= accepted.point.penalised * (1 + 1e-12) + floor * 1e-14)) {
      if (++halvings > 40 || iteration >= options.maxIterations) {
        return { ...accepted, iterations: iteration, converged: false }
      }
      theta = halfway(accepted.theta, theta)
      factor = undefined
      lastDecrement = Number.POSITIVE_INFINITY
      continue
    }
    halvings = 0
    const current = factor ?? factorise(point.information as Float64Array, size, options.threshold)
    const step = solve(current, point.gradient)
    const decrement = dot(step, point.gradient)
    await options.onStep?.({ iteration, step, point, ...(isRenewed ? { renewed: current } : {}) })

    accepted = { theta, point }
    theta = sum(theta, step)
    const scale = 2 * point.penalised + floor
    const target = options.tolerance * scale
    const contraction = lastDecrement < Number.POSITIVE_INFINITY ? Math.sqrt(decrement / lastDecrement) : 1
    const isStalled = isRenewed && contraction > 0.5 && decrement <= rounding * scale
    if (decrement * Math.min(1, contraction) ** 2 <= target || isStalled) {
      return { theta, point, iterations: iteration, converged: true }
    }
    if (iteration >= options.maxIterations) return { theta, point, iterations: iteration, converged: false }

    const passesLeft =
      contraction < 0.5 ? Math.log(target / decrement) / 2 / Math.log(contraction) : Number.POSITIVE_INFINITY
    const isWorthKeeping = isRenewed ? decrement < 1e-3 * scale && !isStalled : passesLeft <= renewalCost
    factor = isWorthKeeping ? current : undefined
    lastDecrement = decrement
  }
}

const halfway = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => (v + (b[i] as number)) / 2)
const sum = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v + (b[i] as number))

function dot(a: Float64Array, b: Float64Array): number {
  let s = 0
  for (let i = 0; i < a.length; i++) s += (a[i] as number) * (b[i] as number)
  return s
}

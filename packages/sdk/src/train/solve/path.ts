/**
 * A path of penalties with cross-validation: the fit for each λ starts at the one before, and the rows left out say which
 * λ predicts best.
 *
 * Penalties are sums over rows, so a fit to a part of the rows takes that part of λ.
 *
 * Source: Friedman, Hastie and Tibshirani, Regularization paths for generalized linear models via coordinate descent,
 * Journal of Statistical Software 33 (2010), 2.5 and 6.
 */
import type { PathRecord, Penalty, PenaltyPath } from '@viewcast/compiler'

export interface PathFit {
  /** Intercept first. */
  readonly theta: Float64Array
  readonly deviance: number
  readonly iterations: number
  readonly converged: boolean
}

/** Fits one set of rows for one penalty after another, each from the one before. */
export type PathFitter = (penalty: Penalty) => Promise<PathFit>

export interface PathFold {
  readonly fit: PathFitter
  /** Share of the weight of all rows that is fitted. */
  readonly share: number
  /** Weight of the rows left out. */
  readonly weight: number
  /** Deviance on the rows left out. */
  readonly deviance: (theta: Float64Array) => Promise<number>
}

export interface PathProblem {
  readonly columns: number
  readonly rows: number
  readonly nullDeviance: number
  /** Largest |∂ loss / ∂β| where every coefficient is 0. */
  readonly steepest: number
  readonly fit: PathFitter
  readonly folds: readonly PathFold[]
}

/** Share of the L1 penalty from which a largest λ is computed; without one, nothing is ever exactly 0. */
const leastRatio = 1e-3
/** A path ends where the fit explains this share of the deviance, or the next λ adds less than that share. */
const explained = 0.999
const gain = 1e-5

export const penaltyAt = (lambda: number, l1Ratio: number): Penalty => ({
  l1: lambda * l1Ratio,
  l2: lambda * (1 - l1Ratio),
})

/** λ from large to small. */
function grid({ lambdas, l1Ratio }: PenaltyPath, { steepest, rows, columns }: PathProblem): readonly number[] {
  if (typeof lambdas !== 'number') return [...lambdas].sort((a, b) => b - a)
  const most = steepest / Math.max(l1Ratio, leastRatio)
  const least = rows > columns ? 1e-4 : 1e-2
  return Array.from({ length: lambdas }, (_, i) => most * least ** (i / Math.max(1, lambdas - 1)))
}

/** The path; `onFit` is called after each fit, with the fits there will be at most. */
export async function followPath(
  problem: PathProblem,
  spec: PenaltyPath,
  onFit: (done: number, total: number) => void,
): Promise<PathRecord> {
  const { l1Ratio, folds, rule } = spec
  const all = grid(spec, problem)
  const total = all.length * (1 + problem.folds.length)
  let done = 0
  const steps: { lambda: number; nonZero: number; devianceShare: number }[] = []
  for (const lambda of all) {
    const { theta, deviance } = await problem.fit(penaltyAt(lambda, l1Ratio))
    onFit(++done, total)
    const nonZero = theta.reduce((n, b, j) => (j > 0 && b !== 0 ? n + 1 : n), 0)
    const devianceShare = 1 - deviance / problem.nullDeviance
    const before = steps.at(-1)
    steps.push({ lambda, nonZero, devianceShare })
    // Given λ are all wanted; a path of its own choosing ends where nothing is left to learn.
    if (typeof spec.lambdas !== 'number' || before === undefined || before.nonZero === 0) continue
    if (devianceShare > explained || devianceShare - before.devianceShare < gain * devianceShare) break
  }
  done = all.length
  const losses: number[][] = steps.map(() => [])
  for (const fold of problem.folds) {
    for (const [i, { lambda }] of steps.entries()) {
      const { theta } = await fold.fit(penaltyAt(lambda * fold.share, l1Ratio))
      losses[i]?.push((await fold.deviance(theta)) / fold.weight)
      onFit(++done, total)
    }
    done += all.length - steps.length
  }
  const weights = problem.folds.map((f) => f.weight)
  const judged = steps.map((step, i) => ({ ...step, ...meanOf(losses[i] as number[], weights) }))
  return { l1Ratio, folds, rule, chosen: chosenOf(judged, rule), steps: judged }
}

/** Mean over folds by their weight, and its standard error. */
function meanOf(losses: readonly number[], weights: readonly number[]): { cvMean: number; cvError: number } {
  const total = weights.reduce((s, w) => s + w, 0)
  const mean = losses.reduce((s, l, i) => s + ((weights[i] as number) / total) * l, 0)
  const variance = losses.reduce((s, l, i) => s + ((weights[i] as number) / total) * (l - mean) ** 2, 0)
  return { cvMean: mean, cvError: Math.sqrt(variance / (losses.length - 1)) }
}

/** Of equal losses the first, which has the largest penalty. */
function chosenOf(steps: PathRecord['steps'], rule: PenaltyPath['rule']): number {
  let best = 0
  for (const [i, s] of steps.entries()) if (s.cvMean < (steps[best] as PathRecord['steps'][number]).cvMean) best = i
  if (rule === 'min') return best
  const { cvMean, cvError } = steps[best] as PathRecord['steps'][number]
  return steps.findIndex((s) => s.cvMean <= cvMean + cvError)
}

/** What a fitted generalised linear model says of its rows: Pearson's statistic and the likelihood. */
import type { Family } from '@viewcast/compiler'
import { logGamma } from '@viewcast/compiler'
import { stirlingGap } from '../measure/distributions.ts'
import type { FamilyFunctions } from './families.ts'
import { type Design, observationsOf } from './fit.ts'
import { createWorkspace } from './kernels.ts'
import { eachBlock } from './passes.ts'

export interface Goodness {
  /** Σ w (y − μ)² / V(μ) */
  readonly pearson: number
  /** At the maximum likelihood estimate of the dispersion, where there is one; null when the fit is perfect. */
  readonly logLikelihood: number | null
}

/** One pass over the rows. `theta` has the intercept of the shifted columns first; `deviance` is that of the fit. */
export async function goodnessOf(
  design: Design,
  family: Family,
  functions: Pick<FamilyFunctions, 'mean' | 'variance'>,
  shift: Float64Array,
  theta: Float64Array,
  deviance: number,
  signal: AbortSignal | undefined,
): Promise<Goodness> {
  const workspace = createWorkspace(design.columns.length, shift)
  workspace.theta.set(theta)
  let pearson = 0
  let weights = 0
  let saturated = 0
  // Of gaussian labels a term is no multiple of the weight, so that a group's is not that of its rows together.
  const isCounted = family === 'gaussian' && design.standsFor !== undefined
  if (isCounted) saturated = (design.standsFor?.logWeights ?? 0) / 2
  await eachBlock(design, signal, (block) => {
    for (let from = 0; from < block.rows; from += workspace.capacity) {
      const rows = Math.min(workspace.capacity, block.rows - from)
      workspace.load(block.x, from, rows)
      workspace.predict()
      for (let r = 0; r < rows; r++) {
        const y = block.y[from + r] as number
        const w = block.weight === undefined ? 1 : (block.weight[from + r] as number)
        const offset = block.offset === undefined ? 0 : (block.offset[from + r] as number)
        const mean = functions.mean((workspace.predictor[r] as number) + offset)
        const variance = functions.variance(mean)
        // A variance that underflows belongs to a row whose mean is its label.
        if (variance > 0) pearson += (w * (y - mean) * (y - mean)) / variance
        weights += w
        if (!isCounted) saturated += saturatedTerm(family, y, w)
      }
    }
  })
  const rows = observationsOf(design)
  return { pearson, logLikelihood: logLikelihood(family, { deviance, saturated, weights, rows }) }
}

/** What a row adds to the log-likelihood of a perfect prediction, as far as it does not depend on the dispersion. */
function saturatedTerm(family: Family, y: number, w: number): number {
  switch (family) {
    case 'gaussian':
      return w === 1 ? 0 : Math.log(w) / 2
    case 'gamma':
      return -w * Math.log(y)
    case 'inverse-gaussian':
      return -1.5 * w * Math.log(y)
    case 'poisson':
      return y === 0 ? 0 : w * (stirlingGap(y) - Math.log(y))
    default: {
      if (y === 0 || y === 1) return 0
      const chosen = logGamma(w + 1) - logGamma(w * y + 1) - logGamma(w * (1 - y) + 1)
      return chosen + w * (y * Math.log(y) + (1 - y) * Math.log1p(-y))
    }
  }
}

interface Sums {
  readonly deviance: number
  readonly saturated: number
  readonly weights: number
  readonly rows: number
}

/** R's conventions: the dispersion at deviance over weights (over rows for gaussian), an AIC of 2 per parameter beside. */
export function logLikelihood(family: Family, { deviance, saturated, weights, rows }: Sums): number | null {
  const isDispersed = family === 'gaussian' || family === 'gamma' || family === 'inverse-gaussian'
  if (!isDispersed) return saturated - deviance / 2
  if (!(deviance > 0)) return null
  if (family === 'gaussian') return saturated - (rows / 2) * (Math.log((2 * Math.PI * deviance) / rows) + 1)
  const dispersion = deviance / weights
  if (family === 'gamma') return weights * (stirlingGap(1 / dispersion) - 0.5) + saturated
  return saturated - (weights / 2) * (Math.log(2 * Math.PI * dispersion) + 1)
}

import type { Block } from './fit.ts'
import type { Workspace } from './kernels.ts'

/** What a pass sums: the logistic likelihood, or the squares of a linear model. */
export type SumKind = 'logistic' | 'squares'

export interface Sums {
  /** −log-likelihood, or Σ w e². */
  value: number
  /** Σ ln w, of a linear model. */
  logWeights: number
  /** Largest |linear predictor|, of a logistic model. */
  furthest: number
  /** Xᵀ v, with X led by a column of ones and v the weighted residuals. */
  vector: Float64Array
  /** Xᵀ W X, packed; where asked for. */
  products?: Float64Array
}

/** The workspace is taken until the end. */
export function beginSums(
  workspace: Workspace,
  kind: SumKind,
  theta: Float64Array,
  withProducts: boolean,
): { add(block: Block): void; end(): Sums }
/** The first becomes the sum of both. */
export function addSums(total: Sums | undefined, more: Sums): Sums

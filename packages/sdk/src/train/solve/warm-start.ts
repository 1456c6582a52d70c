/** A start for a large fit: the solution, and the second derivative, of a part of the rows. */
import { type Cholesky, factorise } from './cholesky.ts'
import type { Design } from './fit.ts'
import { packed } from './kernels.ts'
import { logisticObjective } from './logistic-objective.ts'
import { newton } from './newton.ts'
import type { Survey } from './survey.ts'

export interface WarmStart {
  readonly theta: Float64Array
  /** Absent when a column has too few telling rows in the sample to judge its curvature. */
  readonly factor?: Cholesky
}

/** Every how many rows the survey should look; 1 when the design is too small for a sample to pay. */
export function samplingStep(design: Design): number {
  const enough = Math.max(1500, 30 * design.columns.length)
  const step = Math.min(16, Math.floor(design.rows / enough))
  return step < 4 ? 1 : step
}

/** Rows that must tell about a column, in effect, before the sample's curvature stands for that of all rows. */
const tellingRows = 50

/**
 * Fits the survey's sample. A small ridge, one row's worth on the scale of each column, keeps it finite where the
 * sample alone has no solution; it is far below the sampling error.
 */
export async function warmStart(
  design: Design,
  { shift, deviation, sample }: Survey,
  penalty: number,
  signal: AbortSignal | undefined,
): Promise<WarmStart> {
  const width = design.columns.length
  const zero = new Float64Array(width + 1)
  if (sample === undefined) return { theta: zero }
  const ratio = design.rows / sample.rows
  const ridge = deviation.map((d) => penalty / ratio + d * d)
  const objective = logisticObjective(sample, shift, ridge, signal)
  const { theta, converged } = await newton(objective, zero, { maxIterations: 15, tolerance: 1e-7, threshold: 1e-14 })
  if (!converged) return { theta: zero }
  if (!isTelling(sample)) return { theta }
  const information = (await objective(theta, true)).information as Float64Array
  for (let i = 0; i < information.length; i++) information[i] = (information[i] as number) * ratio
  for (let j = 1; j <= width; j++) {
    const d = packed(j) + j
    information[d] = (information[d] as number) - ratio * (deviation[j - 1] as number) ** 2
  }
  return { theta, factor: factorise(information, width + 1, 1e-14) }
}

/** Whether every column varies over enough rows: (Σd²)² / Σd⁴ is k for an indicator of k rows, n/3 for a normal. */
function isTelling(sample: Design): boolean {
  const width = sample.columns.length
  const mean = new Float64Array(width)
  const second = new Float64Array(width)
  const fourth = new Float64Array(width)
  for (const { rows, x } of sample.blocks()) {
    for (let i = 0; i < rows * width; ) {
      for (let j = 0; j < width; j++, i++) mean[j] = (mean[j] as number) + (x[i] as number) / sample.rows
    }
  }
  for (const { rows, x } of sample.blocks()) {
    for (let i = 0; i < rows * width; ) {
      for (let j = 0; j < width; j++, i++) {
        const d = ((x[i] as number) - (mean[j] as number)) ** 2
        second[j] = (second[j] as number) + d
        fourth[j] = (fourth[j] as number) + d * d
      }
    }
  }
  return second.every((s, j) => s * s >= tellingRows * (fourth[j] as number) && s > 0)
}

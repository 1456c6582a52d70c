import {
  devianceMetrics,
  type LearnedInput,
  type Metrics,
  type ModelDef,
  numberMetrics,
  outcomeMetrics,
  type TrainingRows,
  trainingDesign,
} from '@viewcast/compiler'
import { classificationMetrics, logLossClip } from '../measure/metrics.ts'
import { type Ask, askNumbers } from './ask.ts'

export interface MeasuredPart {
  readonly metrics: Metrics
  /** The same metrics for one prediction for every row. */
  readonly baseline: Metrics
}

/** The metrics of the rows of a part, as from rows; `theta` belongs to the encoded columns, the intercept first. */
export async function measurePart(
  ask: Ask,
  model: Pick<ModelDef, 'family' | 'link' | 'threshold'>,
  rows: TrainingRows,
  inputs: readonly LearnedInput[],
  part: 'train' | 'test' | 'validation',
  theta: Float64Array,
  constant: number,
): Promise<MeasuredPart> {
  const design = trainingDesign(rows, inputs, part)
  const { family, link, threshold } = model
  const predictor = { family, link, theta }
  if (family === 'binomial') {
    const sums = await askNumbers(ask, [outcomeMetrics(design, predictor, threshold, logLossClip)])
    return ofOutcomes([...sums], constant, threshold)
  }
  const sums = await askNumbers(ask, [numberMetrics(design, predictor, constant)])
  const measured = ofNumbers([...sums], constant)
  const mean = measured.metrics.mean
  if (family === 'gaussian' || typeof mean !== 'number') return measured
  const [own = 0, one = 0, shared = 0] = await askNumbers(ask, [devianceMetrics(design, predictor, [constant, mean])])
  return ofDeviances(measured, sums[1] as number, own, one, shared)
}

/** With the deviance in the place of R², as from rows. */
function ofDeviances(
  { metrics, baseline }: MeasuredPart,
  weight: number,
  own: number,
  one: number,
  shared: number,
): MeasuredPart {
  // Of equal labels rounding is all that is left, and nothing to explain.
  const varies = metrics.r2 !== null || baseline.r2 !== null
  const of = ({ r2: _, ...others }: Metrics, half: number): Metrics => ({
    ...others,
    deviance: finite((2 * half) / weight),
    devianceExplained: varies && shared > 0 ? finite(1 - half / shared) : null,
  })
  return { metrics: of(metrics, own), baseline: of(baseline, one) }
}

function ofOutcomes(sums: readonly number[], constant: number, threshold: number): MeasuredPart {
  const [ones = 0, zeros = 0, loss = 0, squares = 0, right = 0, area = 0] = sums
  const weight = ones + zeros
  if (!(weight > 0)) return { metrics: {}, baseline: {} }
  const labels = Float64Array.of(...(ones > 0 ? [1] : []), ...(zeros > 0 ? [0] : []))
  const weights = Float64Array.of(...(ones > 0 ? [ones] : []), ...(zeros > 0 ? [zeros] : []))
  return {
    metrics: {
      auc: finite(area / ones / zeros),
      logLoss: finite(loss / weight),
      brier: finite(squares / weight),
      accuracy: finite(right / weight),
      baseRate: ones / weight,
    },
    // The same for all rows, so the rows of one label are as good as one.
    baseline: classificationMetrics(new Float64Array(labels.length).fill(constant), labels, threshold, weights),
  }
}

function ofNumbers(sums: readonly number[], constant: number): MeasuredPart {
  const [rows = 0, weight = 0, sum = 0, squares = 0, absolute = 0, residual = 0, distance = 0, predicted = 0] = sums
  if (!(rows > 0)) return { metrics: {}, baseline: {} }
  const offset = sum / weight
  const variance = squares / weight - offset * offset
  // Of equal labels the difference of two sums is all that is left.
  const varies = variance > 1e-12 * (squares / weight)
  const of = (square: number, mae: number): Metrics => ({
    rmse: finite(Math.sqrt(square / weight)),
    mae: finite(mae / weight),
    r2: varies ? finite(1 - square / weight / variance) : null,
    mean: constant + offset,
  })
  // A row without a prediction leaves none of the errors known.
  const known = (error: number): number => (predicted === rows ? error : Number.NaN)
  return { metrics: of(known(residual), known(distance)), baseline: of(squares, absolute) }
}

const finite = (v: number): number | null => (Number.isFinite(v) ? v : null)

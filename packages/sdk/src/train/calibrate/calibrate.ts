/** Learns a calibration curve, and measures what it is worth. */
import {
  type Calibration,
  type CalibrationCurve,
  type CalibrationMethod,
  type CalibrationQuality,
  calibrationProbability,
  type Diagnostic,
  diagnostic,
  fail,
} from '@viewcast/compiler'
import { classificationMetrics } from '../measure/metrics.ts'
import type { ScoredRows } from '../measure/scored-rows.ts'
import { expectedCalibrationError } from './calibration-error.ts'
import { fitIsotonic } from './isotonic.ts'
import { fitPlatt } from './platt.ts'

export interface Calibrated {
  readonly calibration: Calibration
  readonly warnings: readonly Diagnostic[]
}

/**
 * `held` are rows the model was not fitted on, `test` those of the test part, empty when there are none; `mean` gives the
 * probability a score has without a curve, and is absent for scores of a margin.
 *
 * Errors: `train/calibration` when the rows held out have one label only. Warning: `train/calibration-falls`,
 * or is flat.
 */
export function calibrate(
  method: CalibrationMethod,
  held: ScoredRows,
  fitted: Omit<Calibration['fitted'], 'rows'>,
  test: ScoredRows,
  mean: ((score: number) => number) | undefined,
): Calibrated {
  const rows = held.scores.length
  const ones = held.labels.reduce((n, y) => n + y, 0)
  if (ones === 0 || ones === rows) {
    fail('train/calibration', { rows: String(rows) })
  }
  const curve = method === 'platt' ? fitPlatt(held) : fitIsotonic(held)
  const hasTest = test.scores.length > 0
  const measured = hasTest ? test : held
  const calibration: Calibration = {
    curve,
    fitted: { ...fitted, rows },
    measured: {
      on: hasTest ? 'test' : fitted.on,
      rows: measured.scores.length,
      before: mean === undefined ? null : qualityOf(measured, measured.scores.map(mean)),
      after: qualityOf(measured, measured.scores.map(calibrationProbability(curve))),
    },
  }
  return { calibration, warnings: rises(curve) ? [] : [diagnostic('train/calibration-falls', {})] }
}

function rises(curve: CalibrationCurve): boolean {
  if (curve.kind === 'platt') return curve.slope > 0
  return (curve.knots.at(-1)?.probability ?? 0) > (curve.knots[0]?.probability ?? 0)
}

function qualityOf({ labels, weights }: ScoredRows, probabilities: Float64Array): CalibrationQuality {
  const { logLoss = null, brier = null } = classificationMetrics(probabilities, labels, 0.5, weights)
  return { logLoss, brier, ece: expectedCalibrationError(probabilities, labels, weights) }
}

/** A calibration curve as a function: what the prediction query gives for a score. */
import type { CalibrationCurve } from '../ir/calibration.ts'
import { expr } from '../ir/expression.ts'
import { calibrated } from '../model/calibration.ts'
import { evaluate } from './evaluate.ts'

/** Prepares the curve; the function gives NaN for NaN. */
export function calibrationProbability(curve: CalibrationCurve): (score: number) => number {
  const probability = calibrated(curve, expr.column('s', 'score'))
  return (score) => {
    const found = evaluate(probability, { row: { score } })
    return typeof found === 'number' ? found : Number.NaN
  }
}

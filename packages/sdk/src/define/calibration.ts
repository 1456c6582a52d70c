import { type CalibrationMethod, type Family, fail } from '@viewcast/compiler'

/** Errors: `define/option`, for a method that is not known and for a family without two outcomes. */
export function checkedCalibration(what: string, family: Family, method: CalibrationMethod): CalibrationMethod {
  const bad = (detail: string, hint: string): never =>
    fail('define/option', { what, option: 'calibrate', detail, hint })
  if (method !== 'platt' && method !== 'isotonic') bad('is not a method', "Write 'platt' or 'isotonic'.")
  if (family !== 'binomial' && family !== 'svm') {
    bad(`is for a label that is true or false, which ${family} does not predict`, 'Leave it out.')
  }
  return method
}

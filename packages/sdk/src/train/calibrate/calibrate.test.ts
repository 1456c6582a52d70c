import { isViewcastError } from '@viewcast/compiler'
import { expect, test } from 'vitest'
import type { ScoredRows } from '../measure/scored-rows.ts'
import { calibrate } from './calibrate.ts'

const none: ScoredRows = { scores: new Float64Array(0), labels: new Float64Array(0) }
const rowsOf = (scores: readonly number[], labels: readonly number[]): ScoredRows => ({
  scores: Float64Array.from(scores),
  labels: Float64Array.from(labels),
})

test.each(['platt', 'isotonic'] as const)('%s needs both labels', (method) => {
  const failure = (() => {
    try {
      return calibrate(method, rowsOf([1, 2, 3], [1, 1, 1]), { on: 'validation' }, none, undefined)
    } catch (e) {
      return e
    }
  })()
  if (!isViewcastError(failure)) throw new Error('it was calibrated')
  expect(failure.diagnostics).toMatchObject([{ code: 'train/calibration', parameters: { rows: '3' } }])
})

test.each(['platt', 'isotonic'] as const)('%s warns where higher scores are not more often true', (method) => {
  const { calibration, warnings } = calibrate(
    method,
    rowsOf([1, 2, 3, 4], [1, 1, 0, 0]),
    { on: 'cross-fit', folds: 5 },
    none,
    undefined,
  )
  expect(warnings).toMatchObject([{ code: 'train/calibration-falls', severity: 'warning' }])
  expect(calibration.fitted).toEqual({ on: 'cross-fit', folds: 5, rows: 4 })
})

test('is measured on the test part where there is one, with the scores as they were before', () => {
  const held = rowsOf([-2, -1, 1, 2], [0, 1, 0, 1])
  const logit = (s: number): number => 1 / (1 + Math.exp(-s))
  const { calibration } = calibrate('platt', held, { on: 'validation' }, rowsOf([0, 3], [0, 1]), logit)
  expect(calibration.measured).toMatchObject({ on: 'test', rows: 2 })
  expect(calibration.measured.before?.brier).toBeCloseTo((0.25 + (1 - logit(3)) ** 2) / 2, 12)
  const alone = calibrate('platt', held, { on: 'validation' }, none, logit)
  expect(alone.calibration.measured).toMatchObject({ on: 'validation', rows: 4 })
})

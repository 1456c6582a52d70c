import { expect, test } from 'vitest'
import { classesMetrics } from './classes-metrics.ts'
import { devianceMetrics } from './metrics.ts'

const columns = (rows: readonly (readonly number[])[]): Float64Array[] =>
  (rows[0] ?? []).map((_, c) => Float64Array.from(rows, (row) => row[c] as number))

const probabilities = columns([
  [0.7, 0.2, 0.1],
  [0.1, 0.6, 0.3],
  [0.3, 0.4, 0.3],
  [0.2, 0.2, 0.6],
  [0.25, 0.5, 0.25],
])
const labels = Float64Array.of(0, 1, 0, 2, 2)

test('metrics of several classes agree with their definitions', () => {
  const { auc, logLoss, brier, accuracy, largestShare } = classesMetrics(probabilities, labels)
  // Of the pairs of a row of the class and another row, those that the class's probability puts in order.
  expect(auc).toBeCloseTo((6 / 6 + 4 / 4 + 4 / 6) / 3, 12)
  expect(logLoss).toBeCloseTo(-(Math.log(0.7) + Math.log(0.6) + Math.log(0.3) + Math.log(0.6) + Math.log(0.25)) / 5, 14)
  expect(accuracy).toBe(0.6)
  expect(brier).toBeCloseTo((0.14 + 0.26 + 0.74 + 0.24 + 0.875) / 5, 12)
  expect(largestShare).toBe(0.4)
})

test('equal probabilities count as the first class; a class never seen in training has none', () => {
  const even = columns([
    [0.5, 0.5],
    [0.5, 0.5],
  ])
  expect(classesMetrics(even, Float64Array.of(0, 1)).accuracy).toBe(0.5)
  const unseen = classesMetrics(even, Float64Array.of(0, -1))
  expect(unseen.logLoss).toBeCloseTo(-(Math.log(0.5) + Math.log(1e-15)) / 2, 12)
  expect(unseen.brier).toBeCloseTo((0.5 + 1.5) / 2, 12)
  expect(unseen.auc).toBeNull()
  expect(classesMetrics([], new Float64Array(0))).toEqual({})
})

test('weights count rows', () => {
  const twice = columns([
    [0.7, 0.3],
    [0.2, 0.8],
    [0.2, 0.8],
  ])
  const once = columns([
    [0.7, 0.3],
    [0.2, 0.8],
  ])
  const long = classesMetrics(twice, Float64Array.of(0, 1, 1))
  const weighted = classesMetrics(once, Float64Array.of(0, 1), Float64Array.of(1, 2))
  for (const [name, value] of Object.entries(long)) expect(weighted[name]).toBeCloseTo(value as number, 12)
})

test('deviance of counts and amounts', () => {
  const y = Float64Array.of(0, 2, 4)
  const p = Float64Array.of(0.5, 2, 3)
  const poisson = (2 * (0.5 + 0 + 4 * Math.log(4 / 3) - 1)) / 3
  const shared = (2 * (2 + 0 + 4 * Math.log(2) - 2)) / 3
  const found = devianceMetrics('poisson', p, y)
  expect(found.deviance).toBeCloseTo(poisson, 13)
  expect(found.devianceExplained).toBeCloseTo(1 - poisson / shared, 13)
  expect(Object.keys(found)).toEqual(['rmse', 'mae', 'mean', 'deviance', 'devianceExplained'])
  expect(devianceMetrics('gamma', Float64Array.of(2, 2), Float64Array.of(2, 2)).deviance).toBe(0)
  expect(devianceMetrics('gamma', Float64Array.of(2, 2), Float64Array.of(2, 2)).devianceExplained).toBeNull()
})

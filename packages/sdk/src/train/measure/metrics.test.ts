import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { auc } from './auc.ts'
import { classificationMetrics, regressionMetrics } from './metrics.ts'

const floats = (...v: number[]): Float64Array => Float64Array.from(v)

describe('auc', () => {
  const rows = fc.array(
    fc.record({
      // Few distinct scores, so that ties are common.
      score: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.double({ min: -1, max: 6, noNaN: true })),
      label: fc.constantFrom(0, 1),
      weight: fc.integer({ min: 1, max: 4 }),
    }),
    { maxLength: 40 },
  )

  test('is the share of pairs put in order, by the definition', () => {
    fc.assert(
      fc.property(rows, (all) => {
        let pairs = 0
        let weighted = 0
        let wins = 0
        let weightedWins = 0
        for (const p of all.filter((r) => r.label === 1)) {
          for (const n of all.filter((r) => r.label === 0)) {
            const win = p.score > n.score ? 1 : p.score === n.score ? 0.5 : 0
            pairs++
            wins += win
            weighted += p.weight * n.weight
            weightedWins += p.weight * n.weight * win
          }
        }
        const column = (k: 'score' | 'label' | 'weight'): Float64Array => Float64Array.from(all, (r) => r[k])
        const plain = auc(column('score'), column('label'))
        if (pairs === 0) expect(plain).toBeNaN()
        else {
          expect(plain).toBeCloseTo(wins / pairs, 13)
          expect(auc(column('score'), column('label'), column('weight'))).toBeCloseTo(weightedWins / weighted, 13)
        }
      }),
      { seed: 31, numRuns: 500 },
    )
  })

  test('is not defined by a missing score', () => {
    expect(auc([0.1, Number.NaN, 0.3], [0, 1, 1])).toBeNaN()
    expect(auc([0.1, Number.NaN, 0.3], [0, 1, 1], [1, 1, 1])).toBeNaN()
  })
})

describe('classification', () => {
  // scikit-learn 1.2.1: roc_auc_score, log_loss, brier_score_loss, accuracy_score of the same rows
  const labels = floats(0, 0, 1, 1, 1, 0)
  const probabilities = floats(0.1, 0.4, 0.35, 0.8, 0.5, 0.5)

  test('agrees with scikit-learn', () => {
    const m = classificationMetrics(probabilities, labels, 0.5)
    expect(m.auc).toBeCloseTo(0.7222222222222222, 15)
    expect(m.logLoss).toBeCloseTo(0.5459076960594326, 14)
    expect(m.brier).toBeCloseTo(0.18875, 15)
    expect(m.accuracy).toBeCloseTo(4 / 6, 15)
    expect(m.baseRate).toBe(0.5)
  })

  test('agrees with scikit-learn on weighted rows', () => {
    const m = classificationMetrics(probabilities, labels, 0.5, floats(1, 2, 3, 1, 2, 1))
    expect(m.auc).toBeCloseTo(0.5833333333333333, 15)
    expect(m.logLoss).toBeCloseTo(0.6579063229679887, 14)
    expect(m.brier).toBeCloseTo(0.23875000000000002, 15)
    expect(m.accuracy).toBeCloseTo(0.6, 15)
    expect(m.baseRate).toBeCloseTo(0.6, 15)
  })

  test('a certain error is expensive, not infinite', () => {
    expect(classificationMetrics(floats(1), floats(0), 0.5).logLoss).toBeCloseTo(-Math.log(1e-15), 10)
  })

  test('says null for what rows of one class do not define', () => {
    const m = classificationMetrics(floats(0.2, 0.3), floats(0, 0), 0.5)
    expect(m.auc).toBeNull()
    expect(m.accuracy).toBe(1)
  })

  test('says null when a score is missing, and nothing without rows', () => {
    expect(classificationMetrics(floats(Number.NaN, 0.3), floats(0, 1), 0.5)).toEqual({
      auc: null,
      logLoss: null,
      brier: null,
      accuracy: null,
      baseRate: 0.5,
    })
    expect(classificationMetrics(floats(), floats(), 0.5)).toEqual({})
  })
})

describe('regression', () => {
  // scikit-learn 1.2.1: mean_squared_error(squared=False), mean_absolute_error, r2_score of the same rows
  const labels = floats(3, -0.5, 2, 7)
  const predictions = floats(2.5, 0, 2, 8)

  test('agrees with scikit-learn', () => {
    const m = regressionMetrics(predictions, labels)
    expect(m.rmse).toBeCloseTo(0.6123724356957945, 15)
    expect(m.mae).toBeCloseTo(0.5, 15)
    expect(m.r2).toBeCloseTo(0.9486081370449679, 15)
    expect(m.mean).toBe(2.875)
  })

  test('agrees with scikit-learn on weighted rows', () => {
    const m = regressionMetrics(predictions, labels, floats(1, 2, 3, 4))
    expect(m.rmse).toBeCloseTo(0.689202437604511, 15)
    expect(m.mae).toBeCloseTo(0.55, 15)
    expect(m.r2).toBeCloseTo(0.9459613196814562, 14)
  })

  test('says null for R² of equal labels, and nothing without rows', () => {
    expect(regressionMetrics(floats(1, 2), floats(3, 3)).r2).toBeNull()
    expect(regressionMetrics(floats(), floats())).toEqual({})
  })
})

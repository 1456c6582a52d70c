import { type CalibrationCurve, calibrationProbability } from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import type { ScoredRows } from '../measure/scored-rows.ts'
import { expectedCalibrationError } from './calibration-error.ts'
import { fitIsotonic } from './isotonic.ts'
import { fitPlatt } from './platt.ts'

const scores = Float64Array.of(
  -2.1,
  -1.7,
  -1.7,
  -1.2,
  -0.9,
  -0.6,
  -0.6,
  -0.3,
  -0.1,
  0,
  0.2,
  0.35,
  0.5,
  0.8,
  0.8,
  1.1,
  1.4,
  1.9,
  2.2,
  2.5,
)
const labels = Float64Array.of(0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1)
const weights = Float64Array.of(1, 2, 1, 1, 3, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 2, 1, 0.5, 1, 1)
const rows: ScoredRows = { scores, labels }
const weighted: ScoredRows = { scores, labels, weights }

/** Not in order, so that no fit may rely on it. */
const shuffled = ({ scores: s, labels: y, weights: w }: ScoredRows): ScoredRows => {
  const order = Uint32Array.from(s.keys()).sort((a, b) => ((a * 7) % s.length) - ((b * 7) % s.length))
  const pick = (v: Float64Array): Float64Array => Float64Array.from(order, (i) => v[i] as number)
  return { scores: pick(s), labels: pick(y), ...(w === undefined ? {} : { weights: pick(w) }) }
}
const knotsOf = (curve: CalibrationCurve): readonly (readonly [number, number])[] =>
  curve.kind === 'isotonic' ? curve.knots.map((k) => [k.score, k.probability] as const) : []

describe('platt', () => {
  test.each([
    // Newton's method with 40 digits (mpmath 1.2.1) on the smoothed targets.
    ['rows', rows, -0.06910744382800663, 0.5618347701033508],
    ['weighted rows', weighted, -0.2938346429155994, 0.865774664964979],
  ])('of %s has every digit', (_, given, intercept, slope) => {
    for (const r of [given, shuffled(given)]) {
      const curve = fitPlatt(r)
      expect(curve).toMatchObject({ kind: 'platt' })
      if (curve.kind !== 'platt') return
      expect(Math.abs(curve.intercept / intercept - 1)).toBeLessThan(1e-12)
      expect(Math.abs(curve.slope / slope - 1)).toBeLessThan(1e-12)
    }
  })

  test('of scores that separate the labels is finite', () => {
    const curve = fitPlatt({
      scores: Float64Array.of(1e6, 1e6 + 1, 1e6 + 2, 1e6 + 3),
      labels: Float64Array.of(0, 0, 1, 1),
    })
    const p = calibrationProbability(curve)
    // Targets are 1/4 and 3/4.
    expect(p(1e6)).toBeLessThan(0.25)
    expect(p(1e6 + 1)).toBeGreaterThan(0.25)
    expect(p(1e6 + 1) + p(1e6 + 2)).toBeCloseTo(1, 9)
  })

  test('of equal scores is the smoothed share', () => {
    const curve = fitPlatt({ scores: Float64Array.of(3, 3, 3, 3), labels: Float64Array.of(0, 1, 1, 1) })
    expect(calibrationProbability(curve)(3)).toBeCloseTo((3 * (4 / 5) + 1 / 3) / 4, 12)
  })
})

describe('isotonic', () => {
  test('agrees with scikit-learn, but for the certainty of its ends', () => {
    // IsotonicRegression(out_of_bounds='clip'), X_thresholds_ and y_thresholds_; there the ends are 0 and 1.
    const expected = [
      [-2.1, 0.25],
      [-1.7, 0.25],
      [-0.9, 0.25],
      [-0.6, 1 / 3],
      [-0.3, 1 / 3],
      [-0.1, 0.5],
      [0.35, 0.5],
      [0.5, 2 / 3],
      [1.9, 2 / 3],
      [2.2, 5 / 6],
      [2.5, 5 / 6],
    ]
    for (const r of [rows, shuffled(rows)]) {
      const found = knotsOf(fitIsotonic(r))
      expect(found.map(([s]) => s)).toEqual(expected.map(([s]) => s))
      found.forEach(([, p], i) => {
        expect(p).toBeCloseTo(expected[i]?.[1] as number, 12)
      })
    }
    const inner = knotsOf(fitIsotonic(weighted)).slice(1, -2)
    const told = [0.14285714285714, 0.14285714285714, 0.25, 0.25, 0.4, 0.4, 0.66666666666667, 0.66666666666667]
    told.push(0.85714285714286, 0.85714285714286)
    expect(inner.map(([, p]) => p.toFixed(12))).toEqual(told.map((p) => p.toFixed(12)))
  })

  test('keeps its knots few and rising, whatever the number of rows', () => {
    const n = 20_000
    const many: ScoredRows = {
      scores: Float64Array.from({ length: n }, (_, i) => Math.sqrt(i)),
      labels: Float64Array.from({ length: n }, (_, i) => ((i * 7919) % n < i ? 1 : 0)),
    }
    const knots = knotsOf(fitIsotonic(many))
    expect(knots.length).toBeLessThanOrEqual(200)
    expect(knots.length).toBeGreaterThan(50)
    knots.slice(1).forEach(([s, p], i) => {
      expect(s).toBeGreaterThan(knots[i]?.[0] as number)
      expect(p).toBeGreaterThanOrEqual(knots[i]?.[1] as number)
    })
    expect(knots[0]?.[1]).toBeGreaterThan(0)
    expect(knots.at(-1)?.[1]).toBeLessThan(1)
    // The i-th row is true with probability i / n.
    const p = calibrationProbability({
      kind: 'isotonic',
      knots: knots.map(([score, probability]) => ({ score, probability })),
    })
    for (const share of [0.2, 0.5, 0.8]) expect(p(Math.sqrt(share * n))).toBeCloseTo(share, 1)
  })

  test('of labels that only fall is flat', () => {
    const fall = fitIsotonic({ scores: Float64Array.of(1, 2, 3, 4), labels: Float64Array.of(1, 1, 0, 0) })
    expect(knotsOf(fall)).toEqual([
      [1, 0.5],
      [4, 0.5],
    ])
  })
})

test('the calibration error is the mean distance over ten ranges', () => {
  const p = Float64Array.of(0.05, 0.07, 0.55, 1)
  const y = Float64Array.of(0, 1, 1, 0)
  // |0.12 − 1| + |0.55 − 1| + |1 − 0|, over 4
  expect(expectedCalibrationError(p, y)).toBeCloseTo((0.88 + 0.45 + 1) / 4, 12)
  expect(expectedCalibrationError(p, y, Float64Array.of(2, 2, 1, 1))).toBeCloseTo((1.76 + 0.45 + 1) / 6, 12)
  expect(expectedCalibrationError(new Float64Array(0), new Float64Array(0))).toBeNull()
})

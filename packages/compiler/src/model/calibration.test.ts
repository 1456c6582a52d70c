import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { calibrationProbability } from '../evaluate/calibration-probability.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import type { CalibrationCurve } from '../ir/calibration.ts'
import { expr } from '../ir/expression.ts'
import { calibrated } from './calibration.ts'

const hostile = [0, -0, 5e-324, -5e-324, 1e-310, -1e-310, 1e-200, 1e308, -1e308, Infinity, -Infinity, 745, -745, 1]
const score = fc.oneof(
  fc.constantFrom(...hostile),
  fc.double({ noNaN: true }),
  fc.double({ min: -30, max: 30, noNaN: true }),
)

const knots = fc
  .uniqueArray(fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constantFrom(0, 5e-324, 1e-120, -1e-120)), {
    minLength: 1,
    maxLength: 40,
  })
  .chain((scores) => {
    const sorted = [...new Set(scores.map((s) => s + 0))].sort((a, b) => a - b)
    return fc
      .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: sorted.length, maxLength: sorted.length })
      .map((p) => {
        const rising = [...p].sort((a, b) => a - b)
        return sorted.map((s, i) => ({ score: s, probability: rising[i] as number }))
      })
  })

const curve: fc.Arbitrary<CalibrationCurve> = fc.oneof(
  fc.record({
    kind: fc.constant('platt' as const),
    intercept: fc.double({ min: -50, max: 50, noNaN: true }),
    slope: fc.oneof(fc.double({ min: 0, max: 1e3, noNaN: true }), fc.constantFrom(0, 1e-300, 1e-310, 1e200)),
  }),
  knots.map((k) => ({ kind: 'isotonic' as const, knots: k })),
)

describe('a calibration curve', () => {
  test('gives a probability to every score and never falls', () => {
    fc.assert(
      fc.property(curve, fc.array(score, { minLength: 2, maxLength: 30 }), (c, scores) => {
        const p = calibrationProbability(c)
        const own = c.kind === 'isotonic' ? c.knots.map((k) => k.score) : []
        let last = 0
        for (const s of [...scores, ...own].sort((a, b) => a - b)) {
          const found = p(s)
          expect(found).toBeGreaterThanOrEqual(last)
          expect(found).toBeLessThanOrEqual(1)
          last = found
        }
      }),
      { seed: 11, numRuns: 400 },
    )
  })

  test('passes through its knots', () => {
    fc.assert(
      fc.property(knots, (k) => {
        const p = calibrationProbability({ kind: 'isotonic', knots: k })
        for (const { score: s, probability } of k) expect(p(s)).toBe(probability)
      }),
      { seed: 12, numRuns: 300 },
    )
  })

  test('gives nothing for nothing', () => {
    const curves: CalibrationCurve[] = [
      { kind: 'platt', intercept: 0.2, slope: 1.5 },
      { kind: 'isotonic', knots: [{ score: 0, probability: 0.5 }] },
    ]
    for (const c of curves) {
      const e = calibrated(c, expr.column('s', 'x'))
      expect(evaluate(e, { row: { x: null } })).toBeNull()
      expect(evaluate(e, { row: { x: Number.NaN } })).toBeNull()
    }
  })
})

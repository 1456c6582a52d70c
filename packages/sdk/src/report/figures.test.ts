/** Figures of a report against R 4.2 (prop.test, glm) and against their definitions. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calibrationBins, calibrationLine } from './calibration.ts'
import { effectiveCount, meanEstimate, meanOf, shareEstimate, z95 } from './estimate.ts'
import { gainCurve, liftBins } from './lift.ts'
import { type Outcomes, ranked, thinned } from './ranked.ts'
import { histogram, normalQuantiles, numberMetrics, residualBins } from './residuals.ts'
import { aucEstimate, averagePrecision, precisionCurve, rocCurve } from './roc.ts'
import { sliceColumn } from './slices.ts'
import { confusionAt, decision } from './thresholds.ts'

const ten: Outcomes = {
  predicted: Float64Array.of(0.1, 0.4, 0.35, 0.8, 0.65, 0.2, 0.9, 0.55, 0.3, 0.7),
  label: Float64Array.of(0, 0, 1, 1, 0, 0, 1, 1, 0, 1),
}
const tied = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean(), fc.integer({ min: 1, max: 3 })), {
    minLength: 4,
    maxLength: 60,
  })
  .map((rows) => ({
    predicted: Float64Array.from(rows, ([p]) => p / 6),
    label: Float64Array.from(rows, ([, y]) => Number(y)),
    weights: Float64Array.from(rows, ([, , w]) => w),
  }))
  .filter((d) => d.label.some((y) => y === 1) && d.label.some((y) => y === 0))

/** Each row as often as its weight. */
const repeated = ({ predicted, label, weights }: Outcomes): Outcomes => {
  const rows = [...predicted.keys()].flatMap((r) => Array<number>(weights?.[r] ?? 1).fill(r))
  const pick = (of: Float64Array) => Float64Array.from(rows, (r) => of[r] as number)
  return { predicted: pick(predicted), label: pick(label) }
}

describe('intervals', () => {
  it('of a share are those of prop.test without correction', () => {
    const { interval } = shareEstimate(0.3, 50)
    expect(interval?.[0]).toBeCloseTo(0.191035535009, 11)
    expect(interval?.[1]).toBeCloseTo(0.437503504645, 11)
    expect(shareEstimate(0, 10).interval?.[0]).toBe(0)
    expect(shareEstimate(1, 10).interval?.[1]).toBeCloseTo(1, 12)
  })

  it('of a mean are the sample deviation over the root of n', () => {
    const { mean, error } = meanOf({ values: Float64Array.of(1, 2, 4, 9) })
    expect(mean).toBe(4)
    expect(error).toBeCloseTo(Math.sqrt((9 + 4 + 0 + 25) / 3 / 4), 14)
    expect(meanEstimate({ values: Float64Array.of(5) })).toEqual({ value: 5 })
  })

  it('of the AUC follow DeLong', () => {
    const { value, interval } = aucEstimate(ten)
    expect(value).toBeCloseTo(0.88, 14)
    const half = (z95 * 0.113137084989848) / (0.88 * 0.12)
    const back = (x: number) => 1 / (1 + Math.exp(-x))
    expect(interval?.[0]).toBeCloseTo(back(Math.log(0.88 / 0.12) - half), 12)
    expect(interval?.[1]).toBeCloseTo(back(Math.log(0.88 / 0.12) + half), 12)
  })

  it('count weighted rows as fewer', () => {
    expect(effectiveCount(undefined, 7)).toBe(7)
    expect(effectiveCount(Float64Array.of(2, 2, 2), 3)).toBeCloseTo(3, 12)
    expect(effectiveCount(Float64Array.of(10, 1, 1), 3)).toBeLessThan(2)
  })
})

describe('curves', () => {
  it('rise from corner to corner, and their area is the AUC', () => {
    fc.assert(
      fc.property(tied, (data) => {
        const points = rocCurve(ranked(data))
        let area = 0
        points.forEach((p, i) => {
          const before = points[i - 1]
          if (!before) return
          expect(p.truePositiveRate).toBeGreaterThanOrEqual(before.truePositiveRate)
          area +=
            ((p.falsePositiveRate - before.falsePositiveRate) * (p.truePositiveRate + before.truePositiveRate)) / 2
        })
        expect(points.at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 })
        expect(aucEstimate(data).value).toBeCloseTo(area, 10)
        const gain = gainCurve(ranked(data)).at(-1)
        expect([gain?.share, gain?.captured]).toEqual([1, 1])
      }),
    )
  })

  it('are the same for weights and for repeated rows', () => {
    fc.assert(
      fc.property(tied, (data) => {
        const rows = repeated(data)
        const close = (a: number, b: number) => expect(a).toBeCloseTo(b, 10)
        close(aucEstimate(data).value, aucEstimate(rows).value)
        close(averagePrecision(precisionCurve(ranked(data))), averagePrecision(precisionCurve(ranked(rows))))
        const [a, b] = [data, rows].map((d) => decision(confusionAt(ranked(d), 0.5)))
        close(a?.accuracy.value as number, b?.accuracy.value as number)
        close(a?.f1 as number, b?.f1 as number)
        const other = liftBins(ranked(rows))
        for (const [i, bin] of liftBins(ranked(data)).entries()) close(bin.lift, other[i]?.lift as number)
      }),
    )
  })

  it('of lift average to 1', () => {
    const bins = liftBins(ranked(ten))
    expect(bins.reduce((sum, b) => sum + b.lift, 0) / bins.length).toBeCloseTo(1, 12)
    expect(bins[0]?.lift).toBeCloseTo(2, 12)
  })

  it('keep their ends when they are thinned', () => {
    const points = Array.from({ length: 1001 }, (_, i) => i)
    const few = thinned(points, 11)
    expect([few.length, few[0], few.at(-1)]).toEqual([11, 0, 1000])
  })
})

describe('calibration', () => {
  it('is the logistic regression on the log-odds', () => {
    const line = calibrationLine(ten)
    expect(line?.intercept.value).toBeCloseTo(0.058000548273158, 9)
    expect(line?.slope.value).toBeCloseTo(1.670094427883404, 9)
    const half = ((line?.slope.interval?.[1] ?? 0) - (line?.slope.interval?.[0] ?? 0)) / 2
    expect(half / z95).toBeCloseTo(1.0175, 4)
  })

  it('has no line where the labels are separated or the probabilities equal', () => {
    const separated = { predicted: Float64Array.of(0.1, 0.2, 0.8, 0.9), label: Float64Array.of(0, 0, 1, 1) }
    expect(calibrationLine(separated)).toBeUndefined()
    expect(calibrationLine({ predicted: new Float64Array(4).fill(0.5), label: separated.label })).toBeUndefined()
  })

  it('puts every row in one bin and never parts equal probabilities', () => {
    fc.assert(
      fc.property(tied, (data) => {
        const bins = calibrationBins(data, 5)
        expect(bins.reduce((sum, b) => sum + b.rows, 0)).toBe(data.predicted.length)
        bins.forEach((b, i) => {
          if (i > 0) expect(b.predicted).toBeGreaterThan(bins[i - 1]?.predicted as number)
        })
      }),
    )
  })
})

describe('residuals', () => {
  const numbers = { predicted: Float64Array.of(1, 2, 3, 4, 5), label: Float64Array.of(1.5, 1.5, 3, 5, 4) }

  it('are measured as their definitions say', () => {
    const of = (name: string) => numberMetrics(numbers).find((m) => m.name === name)?.estimate.value
    expect(of('rmse')).toBeCloseTo(Math.sqrt(2.5 / 5), 14)
    expect(of('mae')).toBeCloseTo(3 / 5, 14)
    expect(of('bias')).toBeCloseTo(0, 14)
    expect(of('r2')).toBeCloseTo(1 - 2.5 / 9.5, 12)
    const constant = { predicted: Float64Array.of(1, 2), label: Float64Array.of(3, 3) }
    expect(numberMetrics(constant).map((m) => m.name)).not.toContain('r2')
  })

  it('fall into bins and bars that hold all of them', () => {
    expect(residualBins(numbers).reduce((sum, b) => sum + b.rows, 0)).toBe(5)
    const bars = histogram(Float64Array.from({ length: 5000 }, (_, i) => i % 97))
    expect(bars.reduce((sum, b) => sum + b.share, 0)).toBeCloseTo(1, 12)
    expect(histogram(new Float64Array(3).fill(2))).toEqual([{ from: 2, to: 2, share: 1 }])
    expect(histogram(new Float64Array(0))).toEqual([])
    expect(normalQuantiles({ predicted: new Float64Array(3), label: new Float64Array(3) }, () => 0)).toEqual([])
  })
})

describe('slices', () => {
  it('are quartiles of numbers, with missing ones apart', () => {
    const values = [...Array.from({ length: 40 }, (_, i) => i), null, Number.NaN]
    const { names, codes } = sliceColumn('x', values)
    expect(names).toEqual(['below 10', '10 to 20', '20 to 30', 'from 30', 'missing'])
    expect([0, 9, 10, 39, 40, 41].map((r) => codes[r])).toEqual([0, 0, 1, 3, 4, 4])
  })

  it('are the values of categories, the rare ones together', () => {
    const values = Array.from({ length: 200 }, (_, i) => (i % 20 < 15 ? `c${i % 15}` : null))
    const { names, codes } = sliceColumn('x', values)
    expect(names.length).toBe(12)
    expect(names[0]).toBe('missing')
    expect(names.at(-1)).toBe('other')
    expect(Math.max(...codes)).toBe(11)
    expect(sliceColumn('b', [true, false, null, true]).names).toEqual(['true', 'false', 'missing'])
  })
})

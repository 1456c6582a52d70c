import type { ThresholdRule } from '@viewcast/compiler'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseThreshold } from './threshold.ts'

const rules: ThresholdRule[] = [
  'accuracy',
  'f1',
  'youden',
  { cost: { falsePositive: 1, falseNegative: 5 } },
  { cost: { falsePositive: 1, falseNegative: 0 } },
]
const row = fc.record({
  p: fc.constantFrom(0, 0.1, 0.25, 0.5, 0.5000001, 0.9, 1, Number.NaN),
  y: fc.constantFrom(0, 1),
  w: fc.integer({ min: 1, max: 3 }),
})

const counted = (rows: readonly { p: number; y: number; w: number }[], t: number) => {
  const of = (isTrue: boolean, y: number) =>
    rows.filter((r) => !Number.isNaN(r.p) && r.p >= t === isTrue && r.y === y).reduce((s, r) => s + r.w, 0)
  return {
    truePositives: of(true, 1),
    falsePositives: of(true, 0),
    trueNegatives: of(false, 0),
    falseNegatives: of(false, 1),
  }
}
function measured(rule: ThresholdRule, c: ReturnType<typeof counted>): number {
  const n = c.truePositives + c.falsePositives + c.trueNegatives + c.falseNegatives
  if (typeof rule === 'object')
    return (rule.cost.falsePositive * c.falsePositives + rule.cost.falseNegative * c.falseNegatives) / n
  if (rule === 'accuracy') return (c.truePositives + c.trueNegatives) / n
  if (rule === 'f1') return (2 * c.truePositives) / (2 * c.truePositives + c.falsePositives + c.falseNegatives)
  return (
    c.truePositives / (c.truePositives + c.falseNegatives) + c.trueNegatives / (c.trueNegatives + c.falsePositives) - 1
  )
}

test('no other threshold does better, and the counts are those of the threshold given', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 12 }), fc.constantFrom(...rules), (rows, rule) => {
      const chosen = chooseThreshold(
        rule,
        Float64Array.from(rows, (r) => r.p),
        Float64Array.from(rows, (r) => r.y),
        Float64Array.from(rows, (r) => r.w),
      )
      if (rows.every((r) => Number.isNaN(r.p))) {
        expect(chosen).toBeUndefined()
        return
      }
      if (chosen === undefined) throw new Error('nothing was chosen')
      expect(chosen.threshold).toBeGreaterThan(0)
      expect(chosen.threshold).toBeLessThan(1)
      for (const line of chosen.table) {
        expect(line).toMatchObject(counted(rows, line.threshold))
        const value = measured(rule, line)
        if (Number.isNaN(value)) expect(line.value).toBeNull()
        else expect(line.value).toBeCloseTo(value, 12)
      }
      expect(chosen.table).toContainEqual({
        ...counted(rows, chosen.threshold),
        threshold: chosen.threshold,
        value: chosen.value,
      })
      for (const t of [1e-300, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 0.5000001, 0.7, 0.9, 0.95]) {
        const other = measured(rule, counted(rows, t))
        if (Number.isNaN(other)) continue
        if (typeof rule === 'object') expect(chosen.value).toBeLessThanOrEqual(other + 1e-12)
        else expect(chosen.value).toBeGreaterThanOrEqual(other - 1e-12)
      }
    }),
    { seed: 7, numRuns: 2000 },
  )
})

test('the cost of a miss moves the threshold down; between rows it is in the middle', () => {
  const p = Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.6, 0.8)
  const y = Float64Array.of(0, 0, 1, 0, 1, 1)
  expect(chooseThreshold('accuracy', p, y)?.threshold).toBeCloseTo(0.5, 15)
  expect(chooseThreshold({ cost: { falsePositive: 1, falseNegative: 5 } }, p, y)).toMatchObject({
    threshold: 0.25,
    falsePositives: 1,
    falseNegatives: 0,
    value: 1 / 6,
  })
  expect(chooseThreshold({ cost: { falsePositive: 5, falseNegative: 1 } }, p, y)?.threshold).toBeCloseTo(0.5, 15)
})

test('a table of some twenty thresholds for many rows', () => {
  const p = Float64Array.from({ length: 1000 }, (_, i) => (i + 0.5) / 1000)
  const chosen = chooseThreshold(
    'youden',
    p,
    p.map((v) => (v > 0.7 ? 1 : 0)),
  )
  expect(chosen?.threshold).toBeCloseTo(0.7, 3)
  expect(chosen?.table.length).toBeGreaterThan(15)
  expect(chosen?.table.length).toBeLessThanOrEqual(20)
  const thresholds = chosen?.table.map((t) => t.threshold) ?? []
  expect(thresholds).toEqual([...thresholds].sort((a, b) => a - b))
})

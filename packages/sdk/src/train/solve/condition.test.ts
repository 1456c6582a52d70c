import { expect, test } from 'vitest'
import { factorise } from './cholesky.ts'
import { conditionOf, conditionWarnings } from './condition.ts'
import { fitLinear } from './linear.ts'
import { arrayDesign } from './passes.ts'

test('two columns of correlation r have the condition √((1 + r) / (1 − r))', () => {
  for (const r of [0, 0.5, 0.999999]) {
    const matrix = Float64Array.of(4, 2 * r * 3, 9)
    expect(conditionOf(factorise(matrix, 2)) / Math.sqrt((1 + r) / (1 - r))).toBeCloseTo(1, 9)
  }
})

test('few digits are a warning that names the way out', () => {
  expect(conditionWarnings(undefined)).toEqual([])
  expect(conditionWarnings(7e5)).toEqual([])
  expect(conditionWarnings(3e7)[0]).toMatchObject({ code: 'train/ill-conditioned', severity: 'warning' })
  expect(conditionWarnings(3e7)[0]?.message).toContain('8 digits')
  expect(conditionWarnings(3e7)[0]?.hint).toContain('--exact')
})

test('least squares tells its condition', async () => {
  const x = Float64Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? i : i * 0.999))
  const fit = await fitLinear(arrayDesign(['x'], x, x), { penalty: 0 })
  expect(fit.condition).toBeGreaterThan(1)
  expect(fit.condition).toBeLessThan(10)
})

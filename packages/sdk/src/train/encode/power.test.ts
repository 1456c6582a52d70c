import { expect, test } from 'vitest'
import { likeliestPower } from './power.ts'

const over = (values: readonly number[]) => (visit: (x: number) => void) => values.forEach(visit)

// scipy 1.17.1: boxcox and yeojohnson, whose search stops within about 1e-8 of the maximum.
test.each([
  ['boxCox', [0.5, 1, 1.5, 2, 3, 4.5, 7, 11, 20, 45], -0.0861170205886],
  ['yeoJohnson', [-6, -2, -1, -0.5, 0, 0.3, 1, 2.5, 4, 9, 30], 0.5856718314048],
] as const)('λ of %s is that of scipy', (transform, values, expected) => {
  expect(Math.abs(likeliestPower(transform, over(values)) - expected)).toBeLessThan(1e-7)
})

test('no λ is likelier', () => {
  const values = Array.from({ length: 200 }, (_, i) => Math.exp(3 * Math.sin(i * i)))
  const likelihood = (lambda: number): number => {
    const y = values.map((x) => (Math.abs(lambda) < 1e-6 ? Math.log(x) : (x ** lambda - 1) / lambda))
    const mean = y.reduce((a, b) => a + b) / y.length
    const variance = y.reduce((s, v) => s + (v - mean) ** 2, 0) / y.length
    return (-y.length / 2) * Math.log(variance) + (lambda - 1) * values.reduce((s, x) => s + Math.log(x), 0)
  }
  const best = likelihood(likeliestPower('boxCox', over(values)))
  for (let lambda = -5; lambda <= 5; lambda += 0.01) expect(likelihood(lambda)).toBeLessThanOrEqual(best + 1e-9)
})

test('values that do not vary stay as they are', () => {
  expect(likeliestPower('boxCox', over([3, 3]))).toBe(1)
  expect(likeliestPower('yeoJohnson', over([-1]))).toBe(1)
})

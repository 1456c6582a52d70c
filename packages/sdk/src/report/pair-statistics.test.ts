import { describe, expect, it } from 'vitest'
import { cohensKappa, exactSignTest, populationStability } from './pair-statistics.ts'

describe("Cohen's kappa", () => {
  it('is that of the textbook: 20 and 15 of 50 alike, 5 and 10 not', () => {
    const counts = [
      ['yes', 'yes', 20],
      ['yes', 'no', 5],
      ['no', 'yes', 10],
      ['no', 'no', 15],
    ] as const
    expect(cohensKappa(counts)).toBeCloseTo(0.4, 12)
  })
  it('is 1 for equal answers, 0 by chance, below 0 for opposite ones', () => {
    expect(
      cohensKappa([
        ['a', 'a', 3],
        ['b', 'b', 4],
      ]),
    ).toBe(1)
    expect(
      cohensKappa([
        ['a', 'a', 1],
        ['a', 'b', 1],
        ['b', 'a', 1],
        ['b', 'b', 1],
      ]),
    ).toBe(0)
    expect(
      cohensKappa([
        ['a', 'b', 5],
        ['b', 'a', 5],
      ]),
    ).toBe(-1)
  })
  it('is nothing without rows, and where both always say the same one', () => {
    expect(cohensKappa([])).toBeNull()
    expect(cohensKappa([['a', 'a', 9]])).toBeNull()
  })
})

describe('the population stability index', () => {
  it('is 0 of equal shares and the sum by hand of others', () => {
    expect(
      populationStability([
        [10, 20],
        [30, 60],
      ]),
    ).toBeCloseTo(0, 3)
    const [p, q] = [
      [10.5 / 101, 90.5 / 101],
      [30.5 / 101, 70.5 / 101],
    ] as const
    const byHand = (q[0] - p[0]) * Math.log(q[0] / p[0]) + (q[1] - p[1]) * Math.log(q[1] / p[1])
    expect(
      populationStability([
        [10, 30],
        [90, 70],
      ]),
    ).toBeCloseTo(byHand, 12)
  })
  it('is finite where a bin is empty', () => {
    expect(
      populationStability([
        [0, 50],
        [50, 0],
      ]),
    ).toBeGreaterThan(1)
    expect(
      populationStability([
        [0, 50],
        [50, 0],
      ]),
    ).toBeLessThan(20)
  })
})

describe("McNemar's exact test", () => {
  const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k)
  it('is twice the smaller tail of the binomial', () => {
    for (const [a, b] of [
      [1, 5],
      [2, 9],
      [10, 10],
      [0, 7],
      [12, 30],
    ] as const) {
      let tail = 0
      for (let k = 0; k <= Math.min(a, b); k++) tail += choose(a + b, k) / 2 ** (a + b)
      expect(exactSignTest(a, b)).toBeCloseTo(Math.min(1, 2 * tail), 12)
      expect(exactSignTest(b, a)).toBe(exactSignTest(a, b))
    }
    expect(exactSignTest(0, 0)).toBe(1)
  })
  it('goes towards the normal one for many rows', () => {
    // z = (|a − b| − 1) / √n = 3.1307: 0.00174
    expect(exactSignTest(50_500, 49_509)).toBeCloseTo(0.00174, 4)
  })
})

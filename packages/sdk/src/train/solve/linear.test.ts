import { isViewcastError } from '@viewcast/compiler'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitLinear } from './linear.ts'
import { arrayDesign } from './passes.ts'

const mpg = [
  21, 21, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7, 32.4, 30.4, 33.9,
  21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26, 30.4, 15.8, 19.7, 15, 21.4,
]
const wt = [
  2.62, 2.875, 2.32, 3.215, 3.44, 3.46, 3.57, 3.19, 3.15, 3.44, 3.44, 4.07, 3.73, 3.78, 5.25, 5.424, 5.345, 2.2, 1.615,
  1.835, 2.465, 3.52, 3.435, 3.84, 3.845, 1.935, 2.14, 1.513, 3.17, 2.77, 3.57, 2.78,
]
const hp = [
  110, 110, 93, 110, 175, 105, 245, 62, 95, 123, 123, 180, 180, 180, 205, 215, 230, 66, 52, 65, 97, 150, 150, 245, 175,
  66, 91, 113, 264, 175, 335, 109,
]
const qsec = [
  16.46, 17.02, 18.61, 19.44, 17.02, 20.22, 15.84, 20, 22.9, 18.3, 18.9, 17.4, 17.6, 18, 17.98, 17.82, 17.42, 19.47,
  18.52, 19.9, 20.01, 16.87, 17.3, 15.41, 17.05, 18.9, 16.7, 16.9, 14.5, 15.5, 14.6, 18.6,
]
const carb = [4, 4, 1, 1, 2, 1, 4, 2, 2, 4, 4, 3, 3, 3, 4, 4, 4, 1, 2, 1, 1, 2, 2, 4, 2, 1, 2, 2, 4, 6, 8, 2]

const rowMajor = (columns: readonly (readonly number[])[]): Float64Array => {
  const rows = columns[0]?.length ?? 0
  return Float64Array.from({ length: rows * columns.length }, (_, i) => {
    const column = columns[i % columns.length] as readonly number[]
    return column[Math.floor(i / columns.length)] as number
  })
}
const designOf = (columns: Record<string, readonly number[]>, y: readonly number[], weight?: readonly number[]) =>
  arrayDesign(
    Object.keys(columns),
    rowMajor(Object.values(columns)),
    Float64Array.from(y),
    weight ? Float64Array.from(weight) : undefined,
    7,
  )

const digits = (actual: number, expected: number): number =>
  actual === expected ? 17 : -Math.log10(Math.abs(actual - expected) / Math.abs(expected))
const agrees = (actual: ArrayLike<number>, expected: readonly number[], least = 12): void => {
  expect(actual.length).toBe(expected.length)
  expected.forEach((e, i) => {
    expect(digits(actual[i] as number, e)).toBeGreaterThan(least)
  })
}

describe('least squares', () => {
  test('agrees with R', async () => {
    // summary(lm(mpg ~ wt + hp + qsec, mtcars)); deviance(); R 4.2.2
    const fit = await fitLinear(designOf({ wt, hp, qsec }, mpg), { penalty: 0 })
    agrees(
      [fit.intercept, ...fit.coefficients],
      [27.610526858204928, -4.358797200162686, -0.01782227160554247, 0.510833694245058],
    )
    agrees(
      fit.standardErrors as Float64Array,
      [8.419928476539305, 0.7527003922347388, 0.014981168848936282, 0.4392215320375527],
    )
    agrees(
      [fit.deviance, Math.sqrt(fit.dispersion as number), fit.nullDeviance],
      [186.05929721548017, 2.577784882520817, 1126.0471875],
    )
    expect(fit.residualDegrees).toBe(28)
    expect(fit.converged).toBe(true)
  })

  test('takes weights as R does', async () => {
    // summary(lm(mpg ~ wt + hp + qsec, mtcars, weights = carb)); R 4.2.2
    const fit = await fitLinear(designOf({ wt, hp, qsec }, mpg, carb), { penalty: 0 })
    agrees(
      [fit.intercept, ...fit.coefficients],
      [23.3323148289744, -4.091143134841884, -0.012028723290412798, 0.6474667918073819],
    )
    agrees(
      fit.standardErrors as Float64Array,
      [7.255261943773223, 0.582535167515821, 0.010584721866718971, 0.39257310502512605],
    )
    agrees([Math.sqrt(fit.dispersion as number)], [3.6245579763817792])
  })

  test('keeps its digits on the Longley data', async () => {
    // Certified values: NIST Statistical Reference Datasets, Longley.
    const longley = {
      deflator: [83, 88.5, 88.2, 89.5, 96.2, 98.1, 99, 100, 101.2, 104.6, 108.4, 110.8, 112.6, 114.2, 115.7, 116.9],
      gnp: [
        234289, 259426, 258054, 284599, 328975, 346999, 365385, 363112, 397469, 419180, 442769, 444546, 482704, 502601,
        518173, 554894,
      ],
      unemployed: [2356, 2325, 3682, 3351, 2099, 1932, 1870, 3578, 2904, 2822, 2936, 4681, 3813, 3931, 4806, 4007],
      forces: [1590, 1456, 1616, 1650, 3099, 3594, 3547, 3350, 3048, 2857, 2798, 2637, 2552, 2514, 2572, 2827],
      population: [
        107608, 108632, 109773, 110929, 112075, 113270, 115094, 116219, 117388, 118734, 120445, 121950, 123366, 125368,
        127852, 130081,
      ],
      year: Array.from({ length: 16 }, (_, i) => 1947 + i),
    }
    const employed = [
      60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761, 66019, 67857, 68169, 66513, 68655, 69564, 69331, 70551,
    ]
    const fit = await fitLinear(designOf(longley, employed), { penalty: 0 })
    agrees(
      [fit.intercept, ...fit.coefficients],
      [
        -3482258.63459582, 15.0618722713733, -0.035819179292591, -2.02022980381683, -1.03322686717359,
        -0.0511041056535807, 1829.15146461355,
      ],
      11,
    )
    agrees(
      fit.standardErrors as Float64Array,
      [
        890420.383607373, 84.9149257747669, 0.0334910077722432, 0.488399681651699, 0.214274163161675, 0.22607320006937,
        455.478499142212,
      ],
      11,
    )
    agrees([Math.sqrt(fit.dispersion as number), fit.deviance], [304.854073561965, 836424.055505915], 11)
  })

  test('finds the exact coefficients of a polynomial of degree five', async () => {
    // Wampler 1 of the same collection: every coefficient is 1.
    const x = Array.from({ length: 21 }, (_, i) => i)
    const powers = Object.fromEntries([1, 2, 3, 4, 5].map((k) => [`x${k}`, x.map((v) => v ** k)]))
    const y = x.map((v) => 1 + v + v ** 2 + v ** 3 + v ** 4 + v ** 5)
    const fit = await fitLinear(designOf(powers, y), { penalty: 0 })
    agrees([fit.intercept, ...fit.coefficients], [1, 1, 1, 1, 1, 1], 9)
  })

  test('does not mind columns far from zero', async () => {
    const far = wt.map((v) => v + 1e6)
    const near = await fitLinear(designOf({ wt, hp }, mpg), { penalty: 0 })
    const fit = await fitLinear(designOf({ far, hp }, mpg), { penalty: 0 })
    agrees(fit.coefficients, [...near.coefficients], 9)
  })

  test('fits the mean without columns', async () => {
    const fit = await fitLinear(arrayDesign([], new Float64Array(0), Float64Array.of(1, 2, 6)), { penalty: 0 })
    expect(fit.intercept).toBe(3)
    expect(fit.deviance).toBe(14)
  })

  test('leaves a column that does not vary at 0', async () => {
    const five = wt.map(() => 5)
    const fit = await fitLinear(designOf({ wt, five, zero: wt.map(() => 0) }, mpg), { penalty: 0 })
    const without = await fitLinear(designOf({ wt }, mpg), { penalty: 0 })
    agrees(fit.coefficients, [...without.coefficients, 0, 0])
    expect(fit.residualDegrees).toBe(30)
    expect([...(fit.standardErrors as Float64Array)].slice(2)).toEqual([Number.NaN, Number.NaN])
    agrees([fit.standardErrors?.[0] as number], [without.standardErrors?.[0] as number])
  })

  test('names the columns of a linear dependence', async () => {
    const both = wt.map((v, i) => 2 * v - (qsec[i] as number))
    const failure = await fitLinear(designOf({ wt, hp, qsec, both }, mpg), { penalty: 0 }).catch((e: unknown) => e)
    if (!isViewcastError(failure)) throw failure
    expect(failure.diagnostics[0]?.code).toBe('train/collinear')
    expect(failure.diagnostics[0]?.parameters.columns).toBe('"wt", "qsec", "both"')
  })

  const problem = fc.integer({ min: 1, max: 4 }).chain((width) =>
    fc.integer({ min: width + 3, max: 40 }).chain((rows) => {
      const value = fc.double({ min: -10, max: 10, noNaN: true }).map((v) => Math.round(v * 1e4) / 1e4)
      return fc.record({
        x: fc.array(fc.array(value, { minLength: rows, maxLength: rows }), { minLength: width, maxLength: width }),
        y: fc.array(value, { minLength: rows, maxLength: rows }),
        penalty: fc.constantFrom(0.01, 1, 100),
        repeat: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: rows, maxLength: rows }),
      })
    }),
  )
  const named = (x: readonly (readonly number[])[]): Record<string, readonly number[]> =>
    Object.fromEntries(x.map((c, j) => [`x${j}`, c]))

  test('ridge leaves residuals that the columns see as λβ, and the intercept as 0', async () => {
    await fc.assert(
      fc.asyncProperty(problem, async ({ x, y, penalty }) => {
        const fit = await fitLinear(designOf(named(x), y), { penalty })
        const residual = y.map((v, r) =>
          x.reduce((s, c, j) => s - (c[r] as number) * (fit.coefficients[j] as number), v - fit.intercept),
        )
        const scale = 1e-11 * (1 + y.length * 100)
        expect(Math.abs(residual.reduce((s, e) => s + e, 0))).toBeLessThan(scale)
        x.forEach((c, j) => {
          const product = residual.reduce((s, e, r) => s + e * (c[r] as number), 0)
          expect(Math.abs(product - penalty * (fit.coefficients[j] as number))).toBeLessThan(scale)
        })
        expect(fit.standardErrors).toBeNull()
      }),
      { seed: 11, numRuns: 100 },
    )
  })

  test('a weight of k is k rows', async () => {
    await fc.assert(
      fc.asyncProperty(problem, async ({ x, y, penalty, repeat }) => {
        const copies = (v: readonly number[]): number[] =>
          v.flatMap((e, r) => new Array<number>(repeat[r] as number).fill(e))
        const weighted = await fitLinear(designOf(named(x), y, repeat), { penalty })
        const repeated = await fitLinear(designOf(named(x.map(copies)), copies(y)), { penalty })
        expect(weighted.intercept).toBeCloseTo(repeated.intercept, 9)
        weighted.coefficients.forEach((b, j) => {
          expect(b).toBeCloseTo(repeated.coefficients[j] as number, 9)
        })
        expect(weighted.deviance).toBeCloseTo(repeated.deviance, 6)
      }),
      { seed: 12, numRuns: 50 },
    )
  })
})

import { isViewcastError } from '@viewcast/compiler'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Design } from './fit.ts'
import { fitLogistic } from './logistic.ts'
import { arrayDesign } from './passes.ts'

const wt = [
  2.62, 2.875, 2.32, 3.215, 3.44, 3.46, 3.57, 3.19, 3.15, 3.44, 3.44, 4.07, 3.73, 3.78, 5.25, 5.424, 5.345, 2.2, 1.615,
  1.835, 2.465, 3.52, 3.435, 3.84, 3.845, 1.935, 2.14, 1.513, 3.17, 2.77, 3.57, 2.78,
]
const hp = [
  110, 110, 93, 110, 175, 105, 245, 62, 95, 123, 123, 180, 180, 180, 205, 215, 230, 66, 52, 65, 97, 150, 150, 245, 175,
  66, 91, 113, 264, 175, 335, 109,
]
const am = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
const carb = [4, 4, 1, 1, 2, 1, 4, 2, 2, 4, 4, 3, 3, 3, 4, 4, 4, 1, 2, 1, 1, 2, 2, 4, 2, 1, 2, 2, 4, 6, 8, 2]

type Columns = Record<string, readonly number[]>
function designOf(columns: Columns, y: readonly number[], weight?: readonly number[]): Design {
  const names = Object.keys(columns)
  const x = y.flatMap((_, r) => names.map((n) => columns[n]?.[r] as number))
  return arrayDesign(
    names,
    Float64Array.from(x),
    Float64Array.from(y),
    weight ? Float64Array.from(weight) : undefined,
    10,
  )
}

const agrees = (actual: ArrayLike<number>, expected: readonly number[], least = 12): void => {
  expect(actual.length).toBe(expected.length)
  expected.forEach((e, i) => {
    expect(Math.abs(((actual[i] as number) - e) / e)).toBeLessThan(10 ** -least)
  })
}

const codeOf = async (fit: Promise<unknown>): Promise<{ code: string | undefined; columns: string | undefined }> => {
  const failure = await fit.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (!isViewcastError(failure)) throw failure ?? new Error('it was fitted')
  const [d] = failure.diagnostics
  return { code: d?.code, columns: d?.parameters.columns }
}

/** A generator of its own, so that the rows are the same on every machine: Marsaglia's xorshift32. */
function uniform(seed: number): () => number {
  let s = seed
  return () => {
    s ^= s << 13
    s ^= s >>> 17
    s ^= s << 5
    return (s >>> 0) / 2 ** 32
  }
}

function simulated(rows: number, width: number, seed: number, slope = 1): { design: Design; x: Float64Array } {
  const random = uniform(seed)
  const x = new Float64Array(rows * width)
  const y = new Float64Array(rows)
  for (let r = 0; r < rows; r++) {
    let e = -0.7
    for (let j = 0; j < width; j++) {
      const v = random() + random() + random() - 1.5 + (j > 0 ? 0.5 * (x[r * width + j - 1] as number) : 0)
      x[r * width + j] = v
      e += slope * v * Math.cos(j)
    }
    y[r] = random() < 1 / (1 + Math.exp(-e)) ? 1 : 0
  }
  const names = Array.from({ length: width }, (_, j) => `x${j}`)
  return { design: arrayDesign(names, x, y), x }
}

/** Σ w (y − p) x − λβ by the definition, relative to Σ |(y − p) x|: 0 at the solution. */
function worstGradient(design: Design, intercept: number, b: Float64Array, penalty: number): number {
  const width = b.length
  const g = new Float64Array(width + 1)
  const size = new Float64Array(width + 1).fill(1e-300)
  for (const { rows, x, y, weight } of design.blocks()) {
    for (let r = 0; r < rows; r++) {
      let e = intercept
      for (let j = 0; j < width; j++) e += (x[r * width + j] as number) * (b[j] as number)
      const d = (weight?.[r] ?? 1) * ((y[r] as number) - 1 / (1 + Math.exp(-e)))
      for (let j = 0; j <= width; j++) {
        const v = d * (j === 0 ? 1 : (x[r * width + j - 1] as number))
        g[j] = (g[j] as number) + v
        size[j] = (size[j] as number) + Math.abs(v)
      }
    }
  }
  for (let j = 0; j < width; j++) g[j + 1] = (g[j + 1] as number) - penalty * (b[j] as number)
  return Math.max(...g.map((v, j) => Math.abs(v) / (size[j] as number)))
}

describe('logistic regression', () => {
  test('agrees with R', async () => {
    // summary(glm(am ~ wt + hp, binomial, mtcars, control = list(epsilon = 1e-16, maxit = 100))), refitted from its own
    // coefficients; R 4.2.2
    const fit = await fitLogistic(designOf({ wt, hp }, am), { penalty: 0 })
    agrees([fit.intercept, ...fit.coefficients], [18.86629871720415, -8.083475182444646, 0.0362555960822166])
    agrees(fit.standardErrors as Float64Array, [7.443558427981728, 3.0686752753905915, 0.017734154331947034])
    agrees([fit.deviance, fit.nullDeviance], [10.059110472266987, 43.22973327685781])
    expect(fit.residualDegrees).toBe(29)
    expect(fit.converged).toBe(true)
  })

  test('takes weights as R does', async () => {
    // The same with weights = carb.
    const fit = await fitLogistic(designOf({ wt, hp }, am, carb), { penalty: 0 })
    agrees([fit.intercept, ...fit.coefficients], [32.39029519938118, -12.867689480484188, 0.049262160945220304])
    agrees(fit.standardErrors as Float64Array, [9.172743645156176, 3.5712169982114497, 0.014777315600498782])
    agrees([fit.deviance, fit.nullDeviance], [17.608487131022112, 122.57984578777395])
  })

  test('agrees with scikit-learn under a penalty', async () => {
    // LogisticRegression(C=C, solver='newton-cholesky', tol=1e-14).fit(X, am, sample_weight); scikit-learn 1.2.1
    const one = await fitLogistic(designOf({ wt, hp }, am), { penalty: 1 })
    agrees([one.intercept, ...one.coefficients], [5.677348606431722, -2.4186728512492555, 0.009683913334866944], 10)
    const ten = await fitLogistic(designOf({ wt, hp }, am, carb), { penalty: 10 })
    agrees([ten.intercept, ...ten.coefficients], [2.6112871377675315, -1.265227659507853, 0.007594390306837321], 10)
    expect(ten.standardErrors).toBeNull()
  })

  test('gives the same whether the columns are near zero or far from it', async () => {
    const near = await fitLogistic(designOf({ wt, hp }, am), { penalty: 0 })
    const far = await fitLogistic(designOf({ wt: wt.map((v) => v + 1e6), hp }, am), { penalty: 0 })
    agrees(far.coefficients, [...near.coefficients], 8)
    expect(far.intercept).toBeCloseTo(near.intercept - 1e6 * (near.coefficients[0] as number), 0)
  })

  test('solves its equations on many rows, where a sample gives the start', async () => {
    for (const penalty of [0, 3]) {
      const { design } = simulated(40_000, 7, 5)
      const fit = await fitLogistic(design, { penalty })
      expect(fit.converged).toBe(true)
      expect(worstGradient(design, fit.intercept, fit.coefficients, penalty)).toBeLessThan(1e-12)
    }
  })

  test('solves its equations when the sample misleads', async () => {
    // Every 16th row, those a sample would take, comes from another world.
    const { design } = simulated(40_000, 4, 6)
    const other = simulated(40_000, 4, 7, -3).design
    const [a] = [...arrayBlocks(design)]
    const [b] = [...arrayBlocks(other)]
    for (let r = 0; r < 40_000; r += 16) {
      a?.x.set(b?.x.subarray(r * 4, r * 4 + 4) as Float64Array, r * 4)
      if (a && b) a.y[r] = b.y[r] as number
    }
    const mixed = arrayDesign(design.columns, a?.x as Float64Array, a?.y as Float64Array)
    const fit = await fitLogistic(mixed, { penalty: 0 })
    expect(worstGradient(mixed, fit.intercept, fit.coefficients, 0)).toBeLessThan(1e-12)
  })

  test('solves its equations with a column that is hardly ever 1', async () => {
    const { design, x } = simulated(40_000, 3, 8)
    for (let r = 0; r < 40_000; r++) x[r * 3 + 2] = r % 4001 === 5 ? 1 : 0
    const y = [...design.blocks()].flatMap((b) => [...b.y])
    y[5] = 1
    y[4006] = 0
    const rare = arrayDesign(design.columns, x, Float64Array.from(y))
    const fit = await fitLogistic(rare, { penalty: 0 })
    expect(worstGradient(rare, fit.intercept, fit.coefficients, 0)).toBeLessThan(1e-11)
  })

  test('leaves a column that does not vary at 0', async () => {
    const fit = await fitLogistic(designOf({ wt, five: wt.map(() => 5), none: wt.map(() => 0) }, am), { penalty: 0 })
    const without = await fitLogistic(designOf({ wt }, am), { penalty: 0 })
    expect([...fit.coefficients].slice(1)).toEqual([0, 0])
    agrees([fit.intercept, fit.coefficients[0] as number], [without.intercept, without.coefficients[0] as number])
    agrees([fit.standardErrors?.[0] as number], [without.standardErrors?.[0] as number])
    expect(fit.residualDegrees).toBe(30)
  })

  test('names the columns of a linear dependence', async () => {
    const sum = wt.map((v, i) => v + (hp[i] as number) / 100)
    expect(await codeOf(fitLogistic(designOf({ wt, carb, hp, sum }, am), { penalty: 0 }))).toEqual({
      code: 'train/collinear',
      columns: '"wt", "hp", "sum"',
    })
    const fit = await fitLogistic(designOf({ wt, hp, sum }, am), { penalty: 0.1 })
    expect(fit.converged).toBe(true)
  })

  test('names the columns of a dependence among many rows', async () => {
    const { design, x } = simulated(40_000, 4, 9)
    for (let r = 0; r < 40_000; r++) x[r * 4 + 3] = 3 - (x[r * 4] as number)
    expect(await codeOf(fitLogistic(design, { penalty: 0 }))).toEqual({
      code: 'train/collinear',
      columns: '"x0", "x3"',
    })
  })

  test('names the columns that separate the classes', async () => {
    const tell = am.map((y, i) => 3 * y - 1 + (i % 3) / 10)
    expect(await codeOf(fitLogistic(designOf({ tell, carb }, am), { penalty: 0 }))).toEqual({
      code: 'train/separation',
      columns: '"tell"',
    })
    const fit = await fitLogistic(designOf({ tell, carb }, am), { penalty: 0.1 })
    expect(fit.converged).toBe(true)
  })

  test('names the columns that separate a part of the rows', async () => {
    const { design, x } = simulated(30_000, 3, 10)
    const y = [...design.blocks()].flatMap((b) => [...b.y])
    for (let r = 0; r < 30_000; r++) x[r * 3 + 1] = r % 100 === 3 && y[r] === 1 ? 1 : 0
    expect(await codeOf(fitLogistic(design, { penalty: 0 }))).toEqual({ code: 'train/separation', columns: '"x1"' })
  })

  test('does not mistake a strong effect for separation', async () => {
    const { design } = simulated(30_000, 3, 11, 12)
    const fit = await fitLogistic(design, { penalty: 0 })
    expect(fit.converged).toBe(true)
    expect(worstGradient(design, fit.intercept, fit.coefficients, 0)).toBeLessThan(1e-11)
  })

  test('says so when it stops early', async () => {
    const fit = await fitLogistic(designOf({ wt, hp }, am), { penalty: 0, maxIterations: 2 })
    expect(fit.converged).toBe(false)
    expect(fit.iterations).toBe(2)
  })

  test('can be interrupted', async () => {
    const controller = new AbortController()
    const fit = fitLogistic(designOf({ wt, hp }, am), {
      penalty: 0,
      signal: controller.signal,
      onIteration: (i) => {
        if (i === 2) controller.abort()
      },
    })
    expect((await codeOf(fit)).code).toBe('engine/interrupted')
  })

  const problem = fc.integer({ min: 1, max: 3 }).chain((width) =>
    fc.integer({ min: 4, max: 40 }).chain((rows) => {
      const value = fc.integer({ min: -50, max: 50 }).map((v) => v / 10)
      return fc.record({
        x: fc.array(fc.array(value, { minLength: rows, maxLength: rows }), { minLength: width, maxLength: width }),
        y: fc
          .array(fc.constantFrom(0, 1), { minLength: rows, maxLength: rows })
          .filter((y) => y.includes(0) && y.includes(1)),
        repeat: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: rows, maxLength: rows }),
        penalty: fc.constantFrom(0.01, 1, 100),
      })
    }),
  )
  const named = (x: readonly (readonly number[])[]): Columns => Object.fromEntries(x.map((c, j) => [`x${j}`, c]))

  test('solves its equations whatever the data, with a penalty', async () => {
    await fc.assert(
      fc.asyncProperty(problem, async ({ x, y, penalty }) => {
        const design = designOf(named(x), y)
        const fit = await fitLogistic(design, { penalty })
        expect(fit.converged).toBe(true)
        expect(worstGradient(design, fit.intercept, fit.coefficients, penalty)).toBeLessThan(1e-10)
      }),
      { seed: 21, numRuns: 150 },
    )
  })

  test('without a penalty either solves its equations or says why not', async () => {
    await fc.assert(
      fc.asyncProperty(problem, async ({ x, y }) => {
        const design = designOf(named(x), y)
        try {
          const fit = await fitLogistic(design, { penalty: 0 })
          expect(fit.converged).toBe(true)
          expect(worstGradient(design, fit.intercept, fit.coefficients, 0)).toBeLessThan(1e-9)
        } catch (e) {
          if (!isViewcastError(e)) throw e
          expect(['train/separation', 'train/collinear']).toContain(e.diagnostics[0]?.code)
        }
      }),
      { seed: 22, numRuns: 300 },
    )
  })

  test('a weight of k is k rows', async () => {
    await fc.assert(
      fc.asyncProperty(problem, async ({ x, y, penalty, repeat }) => {
        const copies = (v: readonly number[]): number[] =>
          v.flatMap((e, r) => new Array<number>(repeat[r] as number).fill(e))
        const weighted = await fitLogistic(designOf(named(x), y, repeat), { penalty })
        const repeated = await fitLogistic(designOf(named(x.map(copies)), copies(y)), { penalty })
        expect(weighted.intercept).toBeCloseTo(repeated.intercept, 9)
        weighted.coefficients.forEach((b, j) => {
          expect(b).toBeCloseTo(repeated.coefficients[j] as number, 9)
        })
        expect(weighted.deviance).toBeCloseTo(repeated.deviance, 7)
        expect(weighted.nullDeviance).toBeCloseTo(repeated.nullDeviance, 7)
      }),
      { seed: 23, numRuns: 60 },
    )
  })
})

function* arrayBlocks(design: Design): Generator<{ x: Float64Array; y: Float64Array }> {
  const x = new Float64Array(design.rows * design.columns.length)
  const y = new Float64Array(design.rows)
  let at = 0
  for (const b of design.blocks()) {
    x.set(b.x.subarray(0, b.rows * design.columns.length), at * design.columns.length)
    y.set(b.y.subarray(0, b.rows), at)
    at += b.rows
  }
  yield { x, y }
}

import { isViewcastError } from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import { fitGradientDescent } from './gradient-descent.ts'
import { fitLogistic } from './logistic.ts'
import { arrayDesign } from './passes.ts'

/** Correlated columns on very different scales, far from zero. */
function rowsOf(rows: number): { x: Float64Array; y: Float64Array } {
  const x = new Float64Array(rows * 3)
  const y = new Float64Array(rows)
  let s = 12345
  const random = (): number => {
    s = (Math.imul(s, 1103515245) + 12345) >>> 0
    return s / 2 ** 32
  }
  for (let r = 0; r < rows; r++) {
    const a = random() + random() + random() - 1.5
    const b = 0.95 * a + 0.2 * (random() - 0.5)
    x.set([2000 + a, 1e-3 * b, 1e4 * random()], r * 3)
    y[r] = random() < 1 / (1 + Math.exp(-(2 * a - 3 * b - 1.5))) ? 1 : 0
  }
  return { x, y }
}
const names = ['year', 'small', 'large']

const codeOf = async (fit: Promise<unknown>): Promise<string | undefined> => {
  const failure = await fit.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (!isViewcastError(failure)) throw failure ?? new Error('it was fitted')
  return failure.diagnostics[0]?.code
}

describe('ml-logistic-regression', () => {
  test('finds what Newton finds', async () => {
    const { x, y } = rowsOf(800)
    const design = arrayDesign(names, x, y, undefined, 100)
    const newton = await fitLogistic(design, { penalty: 0 })
    const descent = await fitGradientDescent(design, { penalty: 0 })
    expect(descent.converged).toBe(true)
    expect(descent.solver).toBe('ml-logistic-regression')
    const near = (actual: number, expected: number): void => expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-6)
    near(descent.intercept, newton.intercept)
    for (const [j, b] of descent.coefficients.entries()) near(b, newton.coefficients[j] as number)
    for (const [j, e] of descent.standardErrors?.entries() ?? []) near(e, newton.standardErrors?.[j] as number)
    near(descent.deviance, newton.deviance)
    near(descent.nullDeviance, newton.nullDeviance)
    expect(descent.residualDegrees).toBe(newton.residualDegrees)
  })

  test('leaves a column that does not vary at 0', async () => {
    const { y } = rowsOf(200)
    const x = Float64Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 7 : (i * 37) % 11))
    const fit = await fitGradientDescent(arrayDesign(['seven', 'x'], x, y), { penalty: 0 })
    expect(fit.coefficients[0]).toBe(0)
    expect(fit.coefficients[1]).not.toBe(0)
    expect(fit.converged).toBe(true)
  })

  test('says so when the steps do not suffice', async () => {
    const { x, y } = rowsOf(300)
    const fit = await fitGradientDescent(arrayDesign(names, x, y), { penalty: 0, maxIterations: 3 })
    expect(fit.converged).toBe(false)
    expect(fit.iterations).toBe(3)
  })

  test('refuses what the package cannot do', async () => {
    const { x, y } = rowsOf(100)
    const weight = new Float64Array(100).fill(2)
    expect(await codeOf(fitGradientDescent(arrayDesign(names, x, y), { penalty: 1 }))).toBe('train/unsupported')
    expect(await codeOf(fitGradientDescent(arrayDesign(names, x, y, weight), { penalty: 0 }))).toBe('train/unsupported')
    const many = arrayDesign(names, new Float64Array(0), new Float64Array(70_000))
    expect(await codeOf(fitGradientDescent(many, { penalty: 0 }))).toBe('train/too-large')
    const signal = AbortSignal.abort()
    expect(await codeOf(fitGradientDescent(arrayDesign(names, x, y), { penalty: 0, signal }))).toBe(
      'engine/interrupted',
    )
  })

  test('gives up early when one row holds all the spread of a column', async () => {
    const x = Float64Array.from({ length: 100 }, (_, i) => (i === 50 ? 1e7 : i % 10))
    const y = Float64Array.from({ length: 100 }, (_, i) => ((i * 7) % 10 < i % 10 ? 1 : 0))
    const steps: number[] = []
    const fit = await fitGradientDescent(arrayDesign(['x'], x, y), { penalty: 0, onIteration: (i) => steps.push(i) })
    expect(fit.converged).toBe(false)
    expect(steps.length).toBeLessThan(5)
  })

  test('names the column that separates the classes', async () => {
    const { y } = rowsOf(60)
    const x = Float64Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? (y[i / 2] as number) : (i * 37) % 11))
    expect(await codeOf(fitGradientDescent(arrayDesign(['told', 'x'], x, y), { penalty: 0 }))).toBe('train/separation')
  })

  test('names the columns of a linear dependence', async () => {
    const { x, y } = rowsOf(100)
    for (let r = 0; r < 100; r++) x[r * 3 + 2] = 5 - 2 * (x[r * 3] as number)
    expect(await codeOf(fitGradientDescent(arrayDesign(names, x, y), { penalty: 0 }))).toBe('train/collinear')
  })
})

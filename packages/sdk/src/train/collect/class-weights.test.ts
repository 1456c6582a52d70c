import { isViewcastError } from '@viewcast/compiler'
import { expect, test } from 'vitest'
import type { ClassFit } from '../solve/fit.ts'
import { fitLogistic } from '../solve/logistic.ts'
import { arrayDesign } from '../solve/passes.ts'
import { classFactors, outcomeClasses, weighedDesign, withoutPrior } from './class-weights.ts'

const x = Float64Array.of(0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1)
const y = Float64Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1)
const design = (weight?: Float64Array, rowsPerBlock?: number) => arrayDesign(['x'], x, y, weight, rowsPerBlock)
const factorsOf = (weights: 'balanced' | Record<string, number>, of = design()) =>
  classFactors({ weights, priorCorrection: false }, outcomeClasses, 'late', of, undefined)

test('balanced classes count the same, and all rows as much as before', async () => {
  expect(await factorsOf('balanced')).toEqual([12 / (2 * 8), 12 / (2 * 4)])
  const weight = x.map((v) => 1 + v)
  const [no, yes] = await factorsOf('balanced', design(weight))
  expect([(no ?? 0) * 12, (yes ?? 0) * 7]).toEqual([9.5, 9.5])
})

test('a factor is so many rows, in whatever blocks they come, and a label without one keeps its weight', async () => {
  const factors = await factorsOf({ true: 3 })
  expect(factors).toEqual([1, 3])
  const repeated = [...y.keys()].flatMap((r) => (y[r] === 1 ? [r, r, r] : [r]))
  const thrice = arrayDesign(
    ['x'],
    Float64Array.from(repeated, (r) => x[r] as number),
    Float64Array.from(repeated, (r) => y[r] as number),
  )
  const expected = await fitLogistic(thrice, { penalty: 0 })
  for (const rowsPerBlock of [1, 5, 4096]) {
    const fit = await fitLogistic(weighedDesign(design(undefined, rowsPerBlock), factors), { penalty: 0 })
    expect(fit.intercept).toBeCloseTo(expected.intercept, 12)
    expect(fit.coefficients[0]).toBeCloseTo(expected.coefficients[0] as number, 12)
  }
})

test('case weights are multiplied, and the blocks of the design stay as they are', async () => {
  const weight = x.map((v) => 2 + v)
  const own = design(weight, 5)
  const weighed = weighedDesign(own, [1, 10])
  for (let pass = 0; pass < 2; pass++) {
    const found = [...weighed.blocks()].flatMap((b) => [...(b.weight ?? [])].slice(0, b.rows))
    expect(found).toEqual([...weight].map((w, r) => w * (y[r] === 1 ? 10 : 1)))
  }
  expect([...own.blocks()].flatMap((b) => [...(b.weight ?? [])])).toEqual([...weight])
})

test('without the prior, probabilities of a saturated model are those of the sample', async () => {
  const factors = await factorsOf({ true: 5, false: 0.5 })
  const plain = await fitLogistic(design(), { penalty: 0 })
  const weighed = await fitLogistic(weighedDesign(design(), factors), { penalty: 0 })
  expect(weighed.intercept).toBeCloseTo(plain.intercept + Math.log(10), 10)
  expect(withoutPrior(weighed, factors).intercept).toBeCloseTo(plain.intercept, 10)
  expect(withoutPrior(weighed, factors).coefficients).toBe(weighed.coefficients)
})

test('of several classes, that without coefficients stays the one the others are compared with', () => {
  const fit = { scores: [null, Float64Array.of(1, 2), Float64Array.of(3, 4)] } as unknown as ClassFit
  const [first, second, third] = withoutPrior(fit, [2, 2, 6]).scores
  expect(first).toBeNull()
  expect(second).toEqual(Float64Array.of(1, 2))
  expect(third).toEqual(Float64Array.of(3 - Math.log(3), 4))
})

test('train/class-weights: a label that no training row has', async () => {
  const of = arrayDesign(['x'], x, new Float64Array(12))
  const failed = await classFactors(
    { weights: { true: 2 }, priorCorrection: false },
    outcomeClasses,
    'late',
    of,
    undefined,
  ).catch((e: unknown) => e)
  expect(isViewcastError(failed) && failed.diagnostics[0]).toMatchObject({
    code: 'train/class-weights',
    parameters: { class: 'true' },
  })
})

import type { LearnedInput } from '@viewcast/compiler'
import { expect, test } from 'vitest'
import { asIs, base, cars, columns, fitCars } from '../fitted-cars.ts'
import type { ClassFit, Fit } from '../solve/fit.ts'
import { arrayDesign, eachBlock } from '../solve/passes.ts'
import { contributionsOf } from './contributions.ts'

const numeric = (feature: string, indicator = false) =>
  ({ feature, encoder: { kind: 'numeric', indicator } }) as unknown as LearnedInput

const sizesOf = async (contributions: ReturnType<typeof contributionsOf>) => {
  await eachBlock(contributions.design, undefined, () => {})
  return contributions.sizes()
}

test('are distances from the mean, weighted, over all columns of a feature', async () => {
  // a, a?, b; the contribution of a is 2 a + 10 a?, that of b is -3 b.
  const x = Float64Array.of(1, 0, 0, 3, 0, 1, 0, 1, 2)
  const design = arrayDesign(['a', 'a?', 'b'], x, new Float64Array(3), Float64Array.of(1, 1, 2), 2)
  const fit = { intercept: 7, coefficients: Float64Array.of(2, 10, -3) } as unknown as Fit
  const sizes = await sizesOf(
    contributionsOf(fit, design, [numeric('a', true), numeric('b')], { means: [1, 0.5, 1.25] }),
  )
  // a: 2, 6, 10, 10 about 7; b: 0, -3, -6, -6 about -3.75.
  expect(sizes).toEqual({ a: (5 + 1 + 3 + 3) / 4, b: (3.75 + 0.75 + 2.25 + 2.25) / 4 })
})

test('of several scores are their mean, and an interaction is shared by its features', async () => {
  const x = Float64Array.of(1, 1, 1, 3, -1, -3)
  const design = arrayDesign(['a', 'b', 'a:b'], x, new Float64Array(2))
  const scores = [Float64Array.of(0, 1, 0, 2), null, Float64Array.of(0, 3, 4, 0)]
  const inputs = [numeric('a'), numeric('b')]
  const options = { means: [2, 0, -1], interactions: [['a', 'b']] }
  const sizes = await sizesOf(contributionsOf({ scores } as unknown as ClassFit, design, inputs, options))
  // a: 1 and 3, b: 0 and 4, a:b: 4 and 0.
  expect(sizes).toEqual({ a: (1 + 3 + 2) / 2, b: (0 + 4 + 2) / 2 })
})

test('tell of an offset, and nothing of numbers that are none', async () => {
  const offset = Float64Array.of(1, 5)
  const design = arrayDesign(['a'], Float64Array.of(0, 1), new Float64Array(2), undefined, 2, offset)
  const fitOf = (estimate: number) => ({ intercept: 0, coefficients: Float64Array.of(estimate) }) as unknown as Fit
  const options = { means: [0.5], offset: { feature: 'exposure', mean: 3 } }
  expect(await sizesOf(contributionsOf(fitOf(4), design, [numeric('a')], options))).toEqual({ a: 2, exposure: 2 })
  expect(await sizesOf(contributionsOf(fitOf(Number.NaN), design, [numeric('a')], options))).toBeUndefined()
  const none = arrayDesign(['a'], new Float64Array(0), new Float64Array(0))
  expect(await sizesOf(contributionsOf(fitOf(4), none, [numeric('a')], options))).toBeUndefined()
})

test('of a fitted model are those of its rows', async () => {
  const { contributions, coefficients } = await fitCars(
    {
      ...base,
      family: 'gaussian',
      link: 'identity',
      label: 'mpg',
      solver: 'cholesky',
      inputs: { wt: asIs, cyl: { kind: 'onehot', maxCategories: 20, minCount: 1 } },
    },
    columns,
    cars,
  )
  const at = (name: string) => columns.findIndex((c) => c.name === name)
  const estimate = (name: string) => coefficients.find((c) => c.name === name)?.estimate ?? 0
  const spread = (values: readonly number[]) => {
    const mean = values.reduce((a, b) => a + b) / values.length
    return values.reduce((sum, v) => sum + Math.abs(v - mean), 0) / values.length
  }
  expect(Object.keys(contributions ?? {})).toEqual(['wt', 'cyl'])
  expect(contributions?.['wt']).toBeCloseTo(spread(cars.map((r) => Number(r[at('wt')]) * estimate('wt'))), 12)
  expect(contributions?.['cyl']).toBeCloseTo(spread(cars.map((r) => estimate(`cyl=${String(r[at('cyl')])}`))), 12)
})

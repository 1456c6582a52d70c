import { type Family, isViewcastError, type Link, type PenaltyPath } from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import type { Design } from './fit.ts'
import { cars, designOf, farthest } from './mtcars.ts'
import { penaltyAt } from './path.ts'
import { fitPenalised } from './penalised.ts'
import { solverOf } from './solvers.ts'

const close = (actual: readonly number[], expected: readonly number[], tolerance: number): void =>
  expect(farthest(actual, expected)).toBeLessThan(tolerance)

describe('a path', () => {
  // cv.glmnet(x, y, foldid = (0 to 31) mod 5, lambda = lambdas / 32, alpha = 0.8), with family = gaussian() for mpg.
  const foldsOf = (lambdas: number[], rule: 'min' | '1se'): PenaltyPath => ({ l1Ratio: 0.8, folds: 5, rule, lambdas })
  const expected = {
    gaussian: {
      lambdas: [100, 50, 20, 10, 5, 2, 1, 0.5],
      mean: [
        18.1031328551, 10.71200336298, 8.56839832525, 8.76233027015, 9.219667996235, 9.252270579665, 10.28248983562,
        11.24726337905,
      ],
      error: [
        5.274998888853, 3.545035001088, 2.361003622717, 1.734377391601, 1.268107742953, 1.038317404224, 1.161615051641,
        1.81329699572,
      ],
      nonZero: [4, 6, 7, 7, 7, 7, 8, 8],
      share: [
        0.5469819605838, 0.7505785647408, 0.8291952703485, 0.8464237868477, 0.8531878527312, 0.8556275021386,
        0.8569894648335, 0.8587901793707,
      ],
      min: 20,
      '1se': 50,
    },
    binomial: {
      lambdas: [6, 4, 2, 1, 0.5, 0.2],
      mean: [0.7518238789362, 0.6127234612461, 0.4272975789182, 0.2854976573902, 0.2130884149086, 0.1674998674963],
      error: [
        0.03524590601872, 0.03989527012199, 0.03536642519471, 0.04911894653237, 0.0531810674743, 0.05808011452799,
      ],
      nonZero: [3, 3, 4, 4, 6, 6],
      share: [0.4681762980179, 0.5733902215291, 0.733829532668, 0.83549475489, 0.8998779730246, 0.9506230556924],
      min: 0.2,
      '1se': 0.5,
    },
  } as const

  test.each([
    ['gaussian', 'identity', 'min'],
    ['gaussian', 'identity', '1se'],
    ['binomial', 'logit', 'min'],
    ['binomial', 'logit', '1se'],
  ] as const)('of %s agrees with cv.glmnet (%s, %s)', async (family, link, rule) => {
    const design = designOf(family === 'gaussian' ? cars.mpg : cars.am)
    const told = expected[family]
    const spec = foldsOf([...told.lambdas], rule)
    const { path, penalty, ...found } = await fitPenalised(family, link)(design, { penalty: 0, path: spec })
    const steps = path?.steps ?? []
    // cv.glmnet holds probabilities 1e-5 from 0 and 1.
    const tolerance = family === 'binomial' ? 1e-5 : 1e-6
    close(
      steps.map((s) => s.cvMean),
      told.mean,
      tolerance,
    )
    close(
      steps.map((s) => s.cvError),
      told.error,
      tolerance,
    )
    close(
      steps.map((s) => s.devianceShare),
      told.share,
      1e-6,
    )
    expect(steps.map((s) => s.nonZero)).toEqual(told.nonZero)
    expect(steps[path?.chosen ?? -1]?.lambda).toBe(told[rule])
    expect(penalty).toEqual(penaltyAt(told[rule], 0.8))
    const alone = await fitPenalised(family, link)(design, { l1: 0.8 * told[rule], penalty: 0.2 * told[rule] })
    close([...found.coefficients], [...alone.coefficients], 1e-12)
    expect(found.residualDegrees).toBe(32 - 1 - found.coefficients.filter((b) => b !== 0).length)
  })

  test('of its own choosing begins where the first column enters and falls evenly', async () => {
    for (const [family, link, label] of [
      ['gaussian', 'identity', cars.mpg],
      ['binomial', 'logit', cars.am],
    ] as const) {
      const spec = { l1Ratio: 1, folds: 4, rule: 'min', lambdas: 30 } as const
      const { path } = await fitPenalised(family, link)(designOf(label), { penalty: 0, path: spec })
      const steps = path?.steps ?? []
      expect(steps.slice(0, 2).map((s) => s.nonZero)).toEqual([0, expect.any(Number)])
      expect(steps[1]?.nonZero).toBeGreaterThan(0)
      const ratio = 1e-4 ** (1 / 29)
      for (const [i, s] of steps.slice(1).entries()) {
        expect(s.lambda / (steps[i]?.lambda as number)).toBeCloseTo(ratio, 10)
        expect(s.devianceShare).toBeGreaterThanOrEqual(steps[i]?.devianceShare as number)
      }
    }
  })

  test('is the same whatever the blocks', async () => {
    const spec: PenaltyPath = { l1Ratio: 1, folds: 5, rule: '1se', lambdas: 20 }
    const whole = designOf(cars.mpg)
    const [a, b] = await Promise.all(
      [whole, designOf(cars.mpg)].map((d) => fitPenalised('gaussian', 'identity')(d, { penalty: 0, path: spec })),
    )
    expect(a).toEqual(b)
  })

  test('is refused for a score of each class, with a solver that can fit one', () => {
    const path: PenaltyPath = { l1Ratio: 1, folds: 5, rule: 'min', lambdas: 5 }
    const model = {
      family: 'multinomial',
      link: 'softmax',
      solver: 'coordinate-descent',
      penalty: { l1: 0, l2: 0 },
    } as const
    const refusal = (() => {
      try {
        return solverOf({ ...model, path })
      } catch (e) {
        return e
      }
    })()
    expect(refusal).toMatchObject({ diagnostics: [{ code: 'train/unsupported', parameters: { instead: 'irls' } }] })
  })

  test('is refused where a fold says nothing', async () => {
    const codeOf = async (design: Design, family: Family, link: Link): Promise<unknown> => {
      const spec: PenaltyPath = { l1Ratio: 1, folds: 40, rule: 'min', lambdas: 5 }
      const failure = await fitPenalised(family, link)(design, { penalty: 0, path: spec }).catch((e: unknown) => e)
      return isViewcastError(failure) ? failure.diagnostics[0]?.code : failure
    }
    expect(await codeOf(designOf(cars.mpg), 'gaussian', 'identity')).toBe('train/folds')
    expect(await codeOf(designOf(cars.am), 'binomial', 'logit')).toBe('train/folds')
    const once = cars.am.map((_, i) => (i === 3 ? 1 : 0))
    const spec: PenaltyPath = { l1Ratio: 1, folds: 5, rule: 'min', lambdas: 5 }
    await expect(fitPenalised('binomial', 'logit')(designOf(once), { penalty: 0, path: spec })).rejects.toMatchObject({
      diagnostics: [{ code: 'train/folds', parameters: { fold: '4', detail: 'has the only rows of a class' } }],
    })
  })
})

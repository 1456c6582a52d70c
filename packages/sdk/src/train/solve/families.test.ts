import { type Family, type Link, links } from '@viewcast/compiler'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { familyFunctions, type RowFacts } from './families.ts'

const families = ['gaussian', 'binomial', 'poisson', 'gamma', 'inverse-gaussian'] as const satisfies readonly Family[]
const pairs = families.flatMap((f) => links[f].map((l): [Family, Link] => [f, l]))

const factsOf = (family: Family, link: Link, y: number, eta: number): RowFacts => {
  const facts = { loss: 0, score: 0, weight: 0 }
  familyFunctions(family, link).row(y, eta, facts)
  return facts
}
const relative = (actual: number, expected: number): number => Math.abs(actual / expected - 1)

describe.each(pairs)('%s with the link %s', (family, link) => {
  const functions = familyFunctions(family, link)
  const isOutcome = family === 'binomial'
  const isFree = isOutcome || link === 'log' || (family === 'gaussian' && link === 'identity')
  const eta = isFree ? fc.double({ min: -5, max: 3, noNaN: true }) : fc.double({ min: 0.05, max: 6, noNaN: true })
  const label = isOutcome
    ? fc.constantFrom(0, 1, 0.25)
    : family === 'poisson'
      ? fc.constantFrom(0, 1, 7)
      : fc.double({ min: 0.1, max: 20, noNaN: true })

  test('score is the slope of the loss, and its own slope the observed weight', () => {
    fc.assert(
      fc.property(label, eta, (y, e) => {
        const h = 1e-6 * (isFree ? Math.max(1, Math.abs(e)) : e)
        const up = factsOf(family, link, y, e + h)
        const down = factsOf(family, link, y, e - h)
        const { loss, score } = factsOf(family, link, y, e)
        const size = Math.abs(loss) + Math.abs(score) + 1e-3
        expect(Math.abs((down.loss - up.loss) / (2 * h) - score) / size).toBeLessThan(1e-4)
        const observed = functions.observedWeight(y, e)
        const slope = (down.score - up.score) / (2 * h)
        expect(Math.abs(slope - observed) / (Math.abs(observed) + size)).toBeLessThan(1e-3)
      }),
    )
  })

  test('weight is what the score varies by: μ′² / V', () => {
    fc.assert(
      fc.property(eta, (e) => {
        const mean = functions.mean(e)
        const d = functions.slope(e)
        const { weight } = factsOf(family, link, isOutcome ? 1 : 2, e)
        expect(relative(weight, (d * d) / functions.variance(mean))).toBeLessThan(1e-6)
      }),
    )
  })

  test('predictor undoes mean, and a perfect prediction has no loss', () => {
    fc.assert(
      fc.property(eta, (e) => {
        const mean = functions.mean(e)
        expect(Math.abs(functions.predictor(mean) - e)).toBeLessThan(1e-7 * Math.max(1, Math.abs(e)))
        const { loss } = factsOf(family, link, mean, e)
        expect(Math.abs(loss)).toBeLessThan(1e-14 * Math.max(1, Math.abs(mean)))
      }),
    )
  })

  test('says so outside its domain, and nothing is NaN inside however far', () => {
    const outside = isFree || family === 'gaussian' ? [] : [-1, -1e-300]
    for (const e of outside) {
      expect(factsOf(family, link, 1, e)).toEqual({
        loss: Number.POSITIVE_INFINITY,
        score: Number.NaN,
        weight: Number.NaN,
      })
    }
    if (!isOutcome) return
    for (const e of [-800, -40, 40, 800]) {
      for (const y of [0, 1]) {
        const { loss, score, weight } = factsOf(family, link, y, e)
        expect([loss, score, weight].some(Number.isNaN)).toBe(false)
        expect(loss >= 0 && weight >= 0).toBe(true)
      }
    }
  })
})

describe('tails keep their digits', () => {
  // mpmath, 60 digits
  test('of poisson and gamma near a perfect prediction', () => {
    const near = [
      [3.0000001, 1.6666666241743679e-15, 5.555555290457776e-16],
      [3.2, 0.006384436587286496, 0.002038521137571175],
      [9, 2.704163133995671, 0.43194562200144304],
    ] as const
    for (const [mean, poisson, gamma] of near) {
      // The mean is rounded by exp and log: that is multiplied by 1 / (distance from the label).
      const rounding = mean < 3.1 ? 1e-7 : 1e-12
      expect(relative(factsOf('poisson', 'identity', 3, mean).loss, poisson)).toBeLessThan(rounding)
      expect(relative(factsOf('gamma', 'identity', 3, mean).loss, gamma)).toBeLessThan(rounding)
      expect(relative(factsOf('poisson', 'log', 3, Math.log(mean)).loss, poisson)).toBeLessThan(rounding)
    }
  })

  test('of outcomes far out', () => {
    expect(
      relative(factsOf('binomial', 'probit', 0, -36).score, -4.182624065797283e-284 * 36.02773507528106),
    ).toBeLessThan(1e-13)
    expect(relative(factsOf('binomial', 'probit', 0, 36).loss, 652.5032275937984)).toBeLessThan(1e-15)
    expect(relative(factsOf('binomial', 'cloglog', 1, -60).loss, 60)).toBeLessThan(1e-15)
    expect(relative(factsOf('binomial', 'cloglog', 0, -60).score, -Math.exp(-60))).toBeLessThan(1e-15)
    expect(relative(factsOf('binomial', 'logit', 1, 700).score, Math.exp(-700))).toBeLessThan(1e-15)
  })
})

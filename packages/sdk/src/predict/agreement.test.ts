import type { LearnedEncoder, ModelRecord } from '@viewcast/compiler'
import { describe, expect, it } from 'vitest'
import { agreementOn } from './agreement.ts'

const encoder = (transform: 'identity' | 'log1p'): LearnedEncoder => ({
  kind: 'numeric',
  transform,
  impute: 0,
  indicator: false,
  center: 0,
  scale: 1,
})
const coefficient = (name: string, feature: string | null, estimate: number) => ({
  name,
  feature,
  estimate,
  standardError: null,
  statistic: null,
  pValue: null,
})
const record = (transform: 'identity' | 'log1p'): ModelRecord => ({
  format: 'viewcast/model@2',
  name: 'm',
  version: 1,
  trainedAt: '2001-01-01T00:00:00.000Z',
  family: 'gaussian',
  link: 'identity',
  label: 'y',
  threshold: 0.5,
  inputs: ['a', 'b'].map((feature) => ({ feature, type: 'float8', encoder: encoder(transform) })),
  coefficients: [coefficient('(intercept)', null, 0), coefficient('a', 'a', 3), coefficient('b', 'b', -3)],
  fit: {
    solver: 's',
    where: 'process',
    penalty: { l1: 0, l2: 0 },
    iterations: 1,
    converged: true,
    deviance: null,
    nullDeviance: null,
    residualDegrees: null,
    nullDegrees: null,
    dispersion: null,
    logLikelihood: null,
    aic: null,
  },
  dataset: { name: 'd', queryHash: '', trainRows: 1, testRows: 0 },
  metrics: { train: {}, test: {}, baseline: {} },
  verification: [],
})
const row = { a: 100, b: 99 }
const scored = (score: number | null, outputs: Record<string, number | null>) => ({ scores: [score], outputs })
/** Two terms near 13.8 that cancel to 0.03: one ulp of a term is hundreds of ulp of the sum. */
const compare = (transform: 'identity' | 'log1p', mine: number | null, theirs: number | null) => {
  return agreementOn(record(transform))(row, scored(mine, { prediction: mine }), scored(theirs, { prediction: theirs }))
}

describe('agreement', () => {
  it('is to the bit without logarithms', () => {
    expect(compare('identity', 3, 3)).toEqual({ ok: true, ulp: 0 })
    expect(compare('identity', 3, 3 + 4.5e-16)).toEqual({ ok: false, ulp: 1 })
  })

  it('measures a sum of logarithms by the size of its terms', () => {
    const sum = 3 * Math.log(101) - 3 * Math.log(100)
    const near = compare('log1p', sum, sum + 2 ** -49)
    expect(near.ok).toBe(true)
    expect(near.ulp).toBeLessThanOrEqual(4)
    expect(compare('log1p', sum, sum + 1e-12).ok).toBe(false)
  })

  it('never forgives NULL, NaN or infinity where the other has a number', () => {
    expect(compare('log1p', null, 0).ok).toBe(false)
    expect(compare('log1p', 0.5, Number.NaN).ok).toBe(false)
    expect(compare('log1p', null, null)).toEqual({ ok: true, ulp: 0 })
    expect(compare('log1p', Number.NaN, Number.NaN).ok).toBe(true)
  })

  it('compares the output for the linear predictor the engine had', () => {
    const agree = agreementOn({ ...record('log1p'), family: 'binomial', link: 'logit' })
    const sum = 3 * Math.log(101) - 3 * Math.log(100)
    const off = sum + 2 ** -50
    const sigmoid = (z: number) => 1 / (1 + Math.exp(-z))
    const mine = scored(sum, { probability: sigmoid(sum) })
    expect(agree(row, mine, scored(off, { probability: sigmoid(off) })).ok).toBe(true)
    expect(agree(row, mine, scored(off, { probability: 0.6 })).ok).toBe(false)
  })
})

import { describe, expect, it } from 'vitest'
import { parseModelRecord, printModelRecord } from './model-record.ts'

/** As version 0.1 of the product wrote it. */
const version1 = {
  format: 'viewcast/model@1',
  name: 'late',
  version: 3,
  trainedAt: '2026-01-01T00:00:00.000Z',
  family: 'logistic',
  label: 'late15',
  threshold: 0.4,
  inputs: [{ feature: 'n', type: 'int8', encoder: { kind: 'boolean' } }],
  coefficients: [
    { name: '(intercept)', feature: null, estimate: -1.5, standardError: 0.1, statistic: -15, pValue: 0 },
    { name: 'n', feature: 'n', estimate: 2, standardError: null, statistic: null, pValue: null },
  ],
  fit: { solver: 'irls', penalty: 0.5, iterations: 4, converged: true, deviance: 9, nullDeviance: 10, sigma: null },
  dataset: { name: 'd', queryHash: 'f'.repeat(64), trainRows: 5, testRows: 1 },
  metrics: { train: { auc: 0.7 }, test: {}, baseline: {} },
  verification: [{ inputs: { n: null }, linear: -1.5, prediction: 0.1824255238063563 }],
}

describe('a model record', () => {
  it('of the first version of the format is read as the present one', () => {
    const record = parseModelRecord(JSON.stringify(version1), 'late/3.json')
    expect(record).toMatchObject({
      format: 'viewcast/model@2',
      family: 'binomial',
      link: 'logit',
      threshold: 0.4,
      fit: { penalty: { l1: 0, l2: 0.5 }, where: 'process', dispersion: 1, aic: null },
      verification: [{ inputs: { n: null }, scores: [-1.5], outputs: { probability: 0.1824255238063563 } }],
    })
    expect(parseModelRecord(printModelRecord(record), 'again.json')).toEqual(record)
  })

  it('of a linear model keeps its residual variance', () => {
    const linear = { ...version1, family: 'linear', fit: { ...version1.fit, sigma: 3 } }
    const record = parseModelRecord(JSON.stringify(linear), 'late/3.json')
    expect(record).toMatchObject({ family: 'gaussian', link: 'identity', fit: { dispersion: 9 } })
  })

  it('that is damaged names every place, in either version', () => {
    const broken = { ...version1, family: 'poissonic', verification: [{ linear: 'x' }] }
    const codesAndDetails = (text: string) => {
      try {
        return parseModelRecord(text, 'a.json')
      } catch (e) {
        return (e as { diagnostics: { code: string; message: string }[] }).diagnostics.map((d) => [d.code, d.message])
      }
    }
    const found = codesAndDetails(JSON.stringify(broken)) as string[][]
    expect(found.every(([code]) => code === 'model/record')).toBe(true)
    expect(found.map(([, message]) => message).join()).toMatch(/family.*verification/s)
  })
})

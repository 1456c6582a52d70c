import type { ModelRecord } from '@viewcast/compiler'

/** A record with weight 1 on each feature, for tests of the queries around it. */
export const linearRecord = (
  name: string,
  features: readonly string[],
  more: Partial<ModelRecord> = {},
): ModelRecord => ({
  format: 'viewcast/model@2',
  name,
  version: 1,
  trainedAt: '2026-01-01T00:00:00.000Z',
  family: 'gaussian',
  link: 'identity',
  label: 'wanted',
  threshold: 0.5,
  inputs: features.map((feature) => ({
    feature,
    type: 'float8',
    encoder: { kind: 'numeric', transform: 'identity', impute: 0, indicator: false, center: 0, scale: 1 },
  })),
  coefficients: [null, ...features].map((feature) => ({
    name: feature ?? '(intercept)',
    feature,
    estimate: feature === null ? 0.5 : 1,
    standardError: null,
    statistic: null,
    pValue: null,
  })),
  fit: {
    solver: 'cholesky',
    where: 'process',
    penalty: { l1: 0, l2: 0 },
    iterations: 1,
    converged: true,
    deviance: 0,
    nullDeviance: 0,
    residualDegrees: null,
    nullDegrees: null,
    dispersion: 1,
    logLikelihood: null,
    aic: null,
  },
  dataset: { name: 'd', queryHash: 'f'.repeat(64), trainRows: 1, testRows: 0 },
  metrics: { train: {}, test: {}, baseline: {} },
  verification: [],
  ...more,
})

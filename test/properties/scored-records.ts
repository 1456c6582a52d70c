/** Records of models that were never trained, for what scoring has to do with any of them. */
import { type Family, type Link, type Literal, links, type ModelRecord, rowScorer } from '@viewcast/compiler'

type Input = ModelRecord['inputs'][number]

/** A number as it is: 0 where it is missing. */
export const asIs = (feature: string, more: Partial<Extract<Input['encoder'], { kind: 'numeric' }>> = {}): Input => ({
  feature,
  type: 'float8',
  encoder: { kind: 'numeric', transform: 'identity', impute: 0, indicator: false, center: 0, scale: 1, ...more },
})

export const levels = (feature: string, names: readonly string[], base = 'other'): Input => ({
  feature,
  type: 'text',
  encoder: { kind: 'onehot', levels: [...names], base },
})

export const coefficient = (
  name: string,
  feature: string | null,
  estimate: number,
  of?: string,
): ModelRecord['coefficients'][number] => ({
  name,
  feature,
  ...(of === undefined ? {} : { class: of }),
  estimate,
  standardError: null,
  statistic: null,
  pValue: null,
})

/** A record of a family with its usual link; one input `x` with coefficient 1 and no intercept unless told otherwise. */
export function record(family: Family, more: Partial<ModelRecord> & { readonly link?: Link } = {}): ModelRecord {
  return {
    format: 'viewcast/model@2',
    name: 'scored',
    version: 1,
    trainedAt: '2026-01-01T00:00:00.000Z',
    family,
    link: links[family][0],
    label: 'y',
    threshold: 0.5,
    inputs: [asIs('x')],
    coefficients: [coefficient('(intercept)', null, 0), coefficient('x', 'x', 1)],
    fit: {
      solver: 'irls',
      where: 'process',
      penalty: { l1: 0, l2: 0 },
      iterations: 5,
      converged: true,
      deviance: 1,
      nullDeviance: 2,
      residualDegrees: 10,
      nullDegrees: 11,
      dispersion: 1,
      logLikelihood: null,
      aic: null,
    },
    dataset: { name: 'rows', queryHash: '0'.repeat(64), trainRows: 12, testRows: 0 },
    metrics: { train: {}, test: {}, baseline: {} },
    verification: [],
    ...more,
  }
}

/** The record with these rows to verify it by, and what the interpreter makes of them. */
export function verifiedBy(given: ModelRecord, rows: readonly Readonly<Record<string, Literal>>[]): ModelRecord {
  const { score } = rowScorer(given)
  return { ...given, verification: rows.map((inputs) => ({ inputs, ...score(inputs) })) as ModelRecord['verification'] }
}

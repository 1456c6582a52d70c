/** Records of every family with every kind of encoder, and rows that reach all of them, for whoever writes models in other formats. */
import type { Literal } from '../../ir/expression.ts'
import type { LearnedEncoder, LearnedInput } from '../../ir/learned-encoder.ts'
import type { ModelRecord } from '../../ir/model-record.ts'
import { encodedColumns } from '../encoders/columns.ts'

const numeric = (more: object = {}): LearnedEncoder =>
  ({
    kind: 'numeric',
    transform: 'identity',
    impute: 2.5,
    indicator: false,
    center: 0,
    scale: 1,
    ...more,
  }) as LearnedEncoder
export const inputs: readonly LearnedInput[] = [
  { feature: 'plain', type: 'int4', encoder: numeric() },
  {
    feature: 'a "quoted" <name> & more',
    type: 'float8',
    encoder: numeric({ center: 3, scale: 0.5, indicator: true, clip: [-4, 9] }),
  },
  { feature: 'log', type: 'float8', encoder: numeric({ transform: 'log1p', missing: 'null' }) },
  {
    feature: 'bins',
    type: 'numeric',
    encoder: numeric({
      missing: 'level',
      indicator: true,
      basis: { kind: 'bins', edges: [0, 10, 20], closed: 'left' },
    }),
  },
  {
    feature: 'curve',
    type: 'float8',
    encoder: numeric({
      scale: 10,
      basis: { kind: 'bspline', degree: 3, knots: [0, 0.5, 1], beyond: 'constant' },
      clip: [0, 10],
    }),
  },
  { feature: 'power', type: 'float4', encoder: numeric({ basis: { kind: 'polynomial', degree: 3 }, scale: 4 }) },
  {
    feature: 'state',
    type: 'text',
    encoder: { kind: 'onehot', levels: ['CA', '', "o'c"], base: 'NY', missing: 'level' },
  },
  {
    feature: 'size',
    type: 'text',
    encoder: { kind: 'levels', by: 'ordinal', levels: ['s', 'm', 'l'], values: [1, 2, 3], missing: 0.5, unseen: -1 },
  },
  { feature: 'yes', type: 'bool', encoder: { kind: 'boolean' } },
]

export function recordOf(
  family: ModelRecord['family'],
  link: ModelRecord['link'],
  classes?: readonly string[],
  own = inputs,
): ModelRecord {
  const names = encodedColumns(own)
  const scores = classes ?? [undefined]
  const unknown = { standardError: null, statistic: null, pValue: null }
  return {
    format: 'viewcast/model@2',
    name: 'm',
    version: 2,
    trainedAt: '2026-01-01T00:00:00.000Z',
    family,
    link,
    label: 'label',
    ...(classes === undefined ? {} : { classes: [...classes] }),
    threshold: 0.5,
    inputs: [...own],
    coefficients: scores.flatMap((c, k) =>
      [{ name: '(intercept)', feature: null }, ...names].map((n, i) => ({
        name: n.name,
        feature: n.feature,
        ...(c === undefined ? {} : { class: c }),
        estimate: ((i * 7919 + k * 104729) % 1000) / 1250 - 0.4,
        ...unknown,
      })),
    ),
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
    dataset: { name: 'd', queryHash: 'f'.repeat(64), trainRows: 1, testRows: 0 },
    metrics: { train: {}, test: {}, baseline: {} },
    verification: [],
  }
}

const values: Readonly<Record<string, readonly Literal[]>> = {
  plain: [0, 3, -7, null],
  'a "quoted" <name> & more': [0, 3.25, -99, 99, Number.NaN, Number.POSITIVE_INFINITY, 1e200, null],
  log: [0, 5, -3, 1e6],
  bins: [-1, 0, 9.99, 10, 20, 1e9, null],
  curve: [-5, 0, 2.5, 5, 7.75, 10, 99, null],
  power: [0, 1.5, -2, null],
  state: ['CA', 'NY', '', "o'c", 'nowhere', null],
  size: ['s', 'm', 'l', 'xl', null],
  yes: [true, false, null],
}
export const rows = Array.from({ length: 120 }, (_, r) =>
  Object.fromEntries(Object.entries(values).map(([f, all], i) => [f, all[(r * (2 * i + 1) + i) % all.length] ?? null])),
)

export const cases: readonly ModelRecord[] = [
  recordOf('gaussian', 'identity'),
  recordOf('binomial', 'probit'),
  recordOf('poisson', 'log'),
  recordOf('gamma', 'inverse'),
  recordOf('inverse-gaussian', 'inverse-square'),
  recordOf('multinomial', 'softmax', ['a', 'b & c', 'd']),
]

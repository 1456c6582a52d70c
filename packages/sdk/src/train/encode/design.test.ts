import {
  encodedColumns,
  evaluate,
  expr,
  type LearnedInput,
  type Literal,
  linearPredictors,
  type ModelRecord,
} from '@viewcast/compiler'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Collected } from '../collect/collect.ts'
import { storedRows } from '../collect/stored-rows.ts'
import { createDesign } from './design.ts'

const inputs: readonly LearnedInput[] = [
  {
    feature: 'x',
    type: 'float8',
    encoder: { kind: 'numeric', transform: 'identity', impute: 0.3, indicator: true, center: 1.7, scale: 0.6 },
  },
  { feature: 'state', type: 'text', encoder: { kind: 'onehot', levels: ['CA', 'a=b', ''], base: 'NY' } },
  { feature: 'flag', type: 'bool', encoder: { kind: 'boolean' } },
  {
    feature: 'amount',
    type: 'float8',
    encoder: { kind: 'numeric', transform: 'log1p', impute: 12, indicator: false, center: 0, scale: 1 },
  },
]

const record = (coefficients: readonly number[]): ModelRecord => ({
  format: 'viewcast/model@2',
  name: 'm',
  version: 1,
  trainedAt: '2026-01-01T00:00:00Z',
  family: 'gaussian',
  link: 'identity',
  label: 'y',
  threshold: 0.5,
  inputs: [...inputs],
  coefficients: coefficients.map((estimate, i) => ({
    name: String(i),
    feature: null,
    estimate,
    standardError: null,
    statistic: null,
    pValue: null,
  })),
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

type Row = readonly [x: number | null, state: string | null, flag: boolean | null, amount: number | null, test: boolean]
const number = fc.double({ min: -50, max: 50, noNaN: true })
const row = fc.tuple(
  fc.option(fc.oneof(number, fc.constant(Number.NaN))),
  fc.option(fc.constantFrom('CA', 'NY', 'a=b', '', 'unseen', 'ca')),
  fc.option(fc.boolean()),
  fc.option(fc.oneof(number, fc.constantFrom(0, -1, Number.NaN))),
  fc.boolean(),
)

function collectedOf(rows: readonly Row[]): Collected {
  const stored = storedRows(
    inputs.map((i) => ({ name: i.feature, type: i.type })),
    rows.map((values, r) => ({ values, label: r, weight: 1 + r, part: values[4] ? 'test' : 'train' })),
  )
  return {
    ...stored,
    isWeighted: true,
    rows: { train: rows.filter((r) => !r[4]).length, test: rows.filter((r) => r[4]).length, validation: 0 },
    leftOut: { censored: 0, gap: 0, unlabelled: 0, weightless: 0 },
    warnings: [],
  }
}

test('columns carry the names and the order of the coefficients', () => {
  const design = createDesign(collectedOf([]), inputs, 'train')
  expect(design.columns).toEqual(['x', 'x?', 'state=CA', 'state=a=b', 'state=', 'flag', 'amount'])
  expect(design.columns).toEqual(encodedColumns(inputs).map((c) => c.name))
})

test.each([undefined, 0])('encodes what the interpreter computes (budget %s)', (memoryBudgetBytes) => {
  const coefficients = [0.5, 1.25, -2, 3, 0.75, -0.125, 7, 0.1]
  const predictor = linearPredictors(record(coefficients), 'f')[0] ?? expr.float(0)
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
      const collected = collectedOf(rows)
      for (const part of ['train', 'test'] as const) {
        const design = createDesign(collected, inputs, part, { memoryBudgetBytes })
        const expected = rows.map((r, i) => ({ r, i })).filter(({ r }) => r[4] === (part === 'test'))
        expect(design.rows).toBe(expected.length)
        for (let pass = 0; pass < 2; pass++) {
          let at = 0
          for (const { rows: count, x, y, weight } of design.blocks()) {
            for (let r = 0; r < count; r++, at++) {
              const { r: values, i } = expected[at] as (typeof expected)[number]
              expect([y[r], weight?.[r]]).toEqual([i, 1 + i])
              const sum = coefficients
                .slice(1)
                .reduce((s, b, j) => s + b * (x[r * 7 + j] as number), coefficients[0] as number)
              const [vx, state, flag, amount] = values
              const named: Record<string, Literal> = { x: vx, state, flag, amount }
              expect(sum).toBeCloseTo(evaluate(predictor, { row: named }) as number, 10)
            }
          }
          expect(at).toBe(expected.length)
        }
      }
    }),
    { seed: 51, numRuns: 200 },
  )
})

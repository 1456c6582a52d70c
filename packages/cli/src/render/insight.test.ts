import type { Insight } from '@viewcast/sdk'
import { expect, test } from 'vitest'
import { insightLines } from './insight.ts'
import { plainColors } from './palette.ts'

const nothing: Insight = { affected: [], unchanged: [], privileges: [], indexes: [], notes: [] }
const lines = (insight: Partial<Insight>, as: 'view' | 'function' = 'view') =>
  insightLines({ as, insight: { ...nothing, ...insight } }, plainColors)
const column = (more: object) => ({
  column: 'activity.spend_30d',
  feature: 'spend_30d',
  change: 'changed' as const,
  trainedOn: 'another' as const,
  coefficients: [{ term: 'spend_30d', before: 0.41, after: 0.41 }],
  share: 0.12,
  ...more,
})
const model = (...columns: ReturnType<typeof column>[]) => ({ model: 'churn_lr', version: 4, aliases: [], columns })
const output = {
  output: 'probability',
  rows: 200,
  missing: { before: 0, after: 0, both: 0 },
  moved: 100,
  meanBefore: 0.5,
  meanAfter: 0.5041,
  meanShift: 0.0041,
  standardDeviation: 0.021,
  quantiles: { '0': -0.4, '0.05': -0.02, '0.95': 0.04, '1': 0.31 },
  largest: { difference: 0.4, keys: 1 },
}
const movement = {
  sample: 10_000,
  keys: { compared: 200, of: 200, isEstimate: false, chosen: 'all' },
  rows: 200,
  repeated: 0,
  unmatched: { before: 0, after: 0 },
  outputs: [output],
} as const

test('nothing that was looked at, nothing to say', () => {
  expect(insightLines({ as: 'view' }, plainColors)).toEqual([])
  expect(lines({ unchanged: ['activity.n_7d'] })).toEqual([])
})

test('a model is told by the column, its weight, its share and what it learned from', () => {
  expect(lines({ affected: [model(column({}))], unchanged: ['activity.n_7d'] })).toEqual([
    'activity.spend_30d changed: churn_lr@4 uses it, weight 0.41, share 12 %; trained on another definition, train it again',
    'unchanged: activity.n_7d',
  ])
})

test.each([
  [{ trainedOn: 'this' }, 'changed: churn_lr@4 uses it, weight 0.41, share 12 %'],
  [
    { trainedOn: null },
    'changed: churn_lr@4 uses it, weight 0.41, share 12 %; whether it was trained on this definition is not known',
  ],
  [
    { change: 'removed', trainedOn: null, coefficients: [{ term: 'x', before: 0.4, after: null }] },
    'is used no more: churn_lr@4 used it, weight 0.4, share 12 %',
  ],
  [
    { change: 'added', trainedOn: 'this', coefficients: [{ term: 'x', before: null, after: -1.5 }] },
    'is new here: churn_lr@4 uses it, weight -1.5, share 12 %',
  ],
  [
    { change: 'same' },
    'is what is deployed: churn_lr@4 uses it, weight 0.41, share 12 %; trained on another definition, train it again',
  ],
  [
    { trainedOn: 'this', share: 0.0004, coefficients: [{ term: 'x', before: 0.41, after: 0.5 }] },
    'changed: churn_lr@4 uses it, weight 0.41 → 0.5, share below 0.1 %',
  ],
  // Of trees there is no coefficient, and not every record tells shares.
  [{ trainedOn: 'this', share: null, coefficients: [] }, 'changed: churn_lr@4 uses it'],
])('of a column %j', (more, expected) => {
  expect(lines({ affected: [model(column(more))] })).toEqual([`activity.spend_30d ${expected}`])
})

test('of many terms the heaviest are named', () => {
  const coefficients = ['de', 'fr', 'it', 'es', 'pt', 'us'].map((c, i) => ({
    term: `country=${c}`,
    before: i / 10,
    after: i / 10,
  }))
  const [line] = lines({
    affected: [{ ...model(column({ coefficients, trainedOn: 'this' })), aliases: ['production'] }],
  })
  expect(line).toBe(
    'activity.spend_30d changed: churn_lr@4 (production) uses it, weights country=us 0.5, country=pt 0.4, country=es 0.3, country=it 0.2 and 2 more, share 12 %',
  )
})

test('coefficients of another version, and how far predictions move', () => {
  const largest = [
    { term: 'a', before: 1, after: 3 },
    { term: 'b', before: null, after: 0.25 },
    { term: 'c', before: 0.125, after: null },
  ]
  expect(lines({ coefficients: { changed: 3, of: 7, largest } })).toEqual([
    'coefficients: 3 of 7 moved, most of all a 1 → 3; b new, 0.25; c gone, 0.125',
  ])
  expect(lines({ coefficients: { changed: 0, of: 7, largest: [] } })).toEqual([
    'coefficients: all 7 are what they were',
  ])
  expect(lines({ movement })).toEqual([
    'predictions: all 200 keys compared',
    '  probability: 100 moved, mean 0.5 → 0.504 (+0.0041, sd 0.021), 90 % of them -0.02 … +0.04, the furthest by 0.4',
  ])
  const label = { rows: 200, changed: 3, changes: [] }
  const still = { ...output, moved: 0, missing: { before: 1, after: 2, both: 0 } }
  expect(
    lines({ movement: { ...movement, repeated: 4, unmatched: { before: 5, after: 6 }, label, outputs: [still] } }),
  ).toEqual([
    'predictions: all 200 keys compared, 5 that have none any more, 6 that had none, 4 rows left out, whose key is not theirs alone, 3 of 200 labels change',
    '  probability: none moved; 2 have no number any more; 1 had none',
  ])
})

const described = (version: number, more: object = {}) => ({
  model: 'churn_lr',
  version,
  label: 'churned',
  family: 'binomial',
  link: 'logit',
  threshold: 0.5,
  trainedAt: `2024-05-0${version}T10:00:00.000Z`,
  trainRows: 1200,
  ...more,
})

test.each([
  [{ trainRows: 1400 }, {}, ['churn_lr@4 learned from 1,400 rows (2024-05-04), churn_lr@3 from 1,200 (2024-05-03)']],
  [
    {},
    { sameRows: false, sameQuery: false },
    [
      'churn_lr@4 learned from 1,200 rows (2024-05-04), churn_lr@3 from 1,200 that differ (2024-05-03); their training queries differ',
    ],
  ],
  [
    { label: 'renewed', threshold: 0.25 },
    { sameRows: true },
    [
      'churn_lr@4 predicts renewed, churn_lr@3 churned: predictions answer another question',
      'churn_lr@4 gives the label from 0.25 on, churn_lr@3 from 0.5',
      'churn_lr@4 learned from the same 1,200 rows as churn_lr@3',
    ],
  ],
  [
    { model: 'spend_lm', family: 'gaussian', link: 'identity', threshold: null },
    {},
    [
      'spend_lm@4 is gaussian (identity), churn_lr@3 binomial (logit): predictions have another scale',
      'spend_lm@4 learned from 1,200 rows (2024-05-04), churn_lr@3 from 1,200 (2024-05-03)',
    ],
  ],
])('of another version with %j, %j', (after, more, expected) => {
  const version = { before: described(3), after: described(4, after), sameQuery: true, sameRows: null, ...more }
  expect(lines({ version })).toEqual(expected)
})

test('of a sample, what it says of all', () => {
  const keys = { compared: 10_006, of: 201_234.4, isEstimate: true, chosen: 'hash' } as const
  const estimates = {
    outputs: [
      { output: 'probability', moved: { low: 0.4902, high: 0.5098 }, meanShift: { low: 0.0037, high: 0.0045 } },
    ],
    label: { low: 0.0001, high: 0.0009 },
    unmatched: { before: { low: 0.00027, high: 0.00131 }, after: { low: 0, high: 0.000384 } },
  }
  const sampled = {
    ...movement,
    keys,
    rows: 10_000,
    unmatched: { before: 6, after: 0 },
    label: { rows: 10_000, changed: 3, changes: [] },
    estimates,
  }
  expect(lines({ movement: sampled })).toEqual([
    'predictions: a sample of 10,000 of about 201,234 keys compared (ranges are what it says of all, with 95 % confidence), 6 that have none any more (0.03 … 0.13 % of all), 3 of 10,000 labels change (0.010 … 0.090 % of all)',
    '  probability: 100 moved (49.0 … 51.0 % of all), mean 0.5 → 0.504 (+0.0041 ± 0.0004, sd 0.021), 90 % of them -0.02 … +0.04, the furthest of the sample by 0.4',
  ])
  const still = { ...sampled, outputs: [{ ...output, moved: 0 }] }
  const none = { ...estimates, outputs: [{ output: 'probability', moved: { low: 0, high: 0.000384 } }] }
  expect(lines({ movement: { ...still, estimates: none } })[1]).toBe('  probability: none moved (0 … 0.038 % of all)')
})

test('cost, and what is missing', () => {
  expect(lines({ cost: { rows: 1, total: 1234.5 } })).toEqual(['cost 1,235, about 1 row'])
  expect(lines({ cost: { rows: 200, total: 1234.4, before: 600 } })).toEqual(['cost 1,234, 600 before, about 200 rows'])
  expect(lines({ cost: { rows: 1, total: 12 } }, 'function')).toEqual(['cost 12 for each call'])
  expect(lines({ privileges: ['p'], indexes: ['CREATE INDEX …;'], notes: ['n'] })).toEqual([
    'missing  p',
    'index    CREATE INDEX …;',
    'note     n',
  ])
})

test('a key is never shown', () => {
  expect(JSON.stringify(lines({ movement: { ...movement, largestKey: { customer: 'Ada' } } }))).not.toContain('Ada')
})

/** Contributions, reasons, intervals and lists of levels: the database gives what the interpreter gives, and both what they should. */
import { type Literal, type ModelRecord, outputs, rowScorer, ulpDistance, verificationQuery } from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import { describeEachEngine, type Engine } from '../engines/each-engine.ts'
import { asIs, coefficient, levels, record, verifiedBy } from './scored-records.ts'

const states = Array.from({ length: 12 }, (_, i) => (i === 3 ? "o'hare" : i === 4 ? '' : i === 5 ? 'É:b' : `s${i}`))
const inputs = [
  asIs('a', { center: 2, scale: 4, impute: 2, indicator: true }),
  asIs('b'),
  levels('state', states),
  levels('few', ['x', 'y']),
]
const names = ['a', 'a?', 'b', ...states.map((s) => `state=${s}`), 'few=x', 'few=y']
const featureOf = (name: string): string => name.split(/[=?]/)[0] ?? ''
const estimates = names.map((_, i) => Math.sin(i + 1))
const coefficients = (of?: string, factor = 1) => [
  coefficient('(intercept)', null, 0.25 * factor, of),
  ...names.map((name, i) => coefficient(name, featureOf(name), (estimates[i] ?? 0) * factor, of)),
]
/** A covariance: A A′ of a matrix without a pattern, packed. */
const covariance = (size: number): number[] => {
  const a = Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => Math.cos(i * size + j) / 9))
  return a.flatMap((row, i) =>
    a.slice(0, i + 1).map((other) => row.reduce((sum, v, k) => sum + v * (other[k] ?? 0), 0)),
  )
}
const full = (more: Partial<ModelRecord>): ModelRecord =>
  record('gaussian', {
    inputs,
    coefficients: coefficients(),
    covariance: covariance(names.length + 1),
    means: names.map((_, i) => i / 20),
    ...more,
  })

const numbers = [
  0,
  1,
  -3.5,
  1e-160,
  -1e149,
  1e151,
  1e308,
  -1e308,
  5e-324,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  null,
]
const rows: readonly Record<string, Literal>[] = [
  ...numbers.map((a, i) => ({
    a,
    b: numbers[(i * 5) % numbers.length] ?? null,
    state: states[i % 12] ?? '',
    few: i % 2 ? 'x' : 'z',
  })),
  { a: 1, b: 2, state: null, few: null },
  { a: 1, b: 2, state: 'never seen', few: 'y' },
  { a: null, b: null, state: null, few: null },
]

async function agrees(engine: Engine, given: ModelRecord): Promise<void> {
  const verified = verifiedBy(given, rows)
  const { sql, scores, expected } = verificationQuery(verified)
  const { rows: found } = await engine.db.query(sql)
  expect(found).toHaveLength(rows.length)
  const own = outputs(verified).map((o) => o.name)
  found.forEach((row, r) => {
    scores.forEach((name, k) => {
      expect(ulpDistance(row[1 + k] as number | null, expected[r]?.scores[k] ?? null), `${name} of row ${r}`).toBe(0)
    })
    own.forEach((name, k) => {
      const mine = expected[r]?.outputs[name] ?? null
      const theirs = row[1 + scores.length + k] ?? null
      const about = `${name} of row ${r}: ${String(theirs)} for ${String(mine)}`
      if (typeof mine === 'number' && typeof theirs === 'number') {
        expect(Number.isNaN(theirs), about).toBe(false)
        expect(ulpDistance(mine, theirs), about).toBeLessThanOrEqual(4)
      } else expect(theirs, about).toBe(mine)
    })
  })
}

/** Numbers, a category and a flag for missing values, multiplied: two products of two inputs, one of three. */
const multiplied = (more: Partial<ModelRecord> = {}): ModelRecord => {
  const interactions = [
    ['a', 'b'],
    ['b', 'few'],
    ['a', 'b', 'few'],
  ]
  const own = ['a', 'a?', 'b', 'few=x', 'few=y']
  const products = ['a:b', 'a?:b', 'b:few=x', 'b:few=y', ...['a', 'a?'].flatMap((n) => [`${n}:b:x`, `${n}:b:y`])]
  const all = [...own, ...products]
  return record('gaussian', {
    inputs: inputs.filter((i) => i.feature !== 'state'),
    interactions,
    coefficients: [
      coefficient('(intercept)', null, 0.25),
      ...all.map((name, i) => coefficient(name, i < own.length ? featureOf(name) : null, Math.cos(i + 1))),
    ],
    covariance: covariance(all.length + 1),
    means: all.map((_, i) => (i + 1) / 16),
    ...more,
  })
}

const classes = ['low', 'mid', 'high']
const ofClasses = [...coefficients('mid', 0.5), ...coefficients('high', -1)]

describeEachEngine('what explains a score', (engine) => {
  test.each<[string, ModelRecord]>([
    ['contributions and reasons', full({ outputs: ['value', 'linear', 'contributions', { reasons: 3 }] })],
    ['reasons that lower', full({ outputs: [{ reasons: 4, by: 'lowering' }] })],
    [
      'reasons by size, of a probability',
      full({ family: 'binomial', link: 'logit', outputs: ['value', 'label', { reasons: 2, by: 'size' }] }),
    ],
    ['intervals of least squares', full({ outputs: ['value', { confidence: 0.95 }, { interval: 0.9 }] })],
    [
      'an interval of a probability',
      full({ family: 'binomial', link: 'probit', outputs: ['value', { confidence: 0.95 }] }),
    ],
    ['an interval of a count', full({ family: 'poisson', link: 'log', outputs: [{ confidence: 0.5 }] })],
    [
      'an interval through a decreasing link',
      full({ family: 'gamma', link: 'inverse', outputs: [{ confidence: 0.5 }] }),
    ],
    ['several classes', full({ family: 'multinomial', link: 'softmax', classes, coefficients: ofClasses })],
    [
      'contributions to several classes',
      full({
        family: 'multinomial',
        link: 'softmax',
        classes,
        coefficients: ofClasses,
        outputs: ['label', 'probabilities', 'contributions', 'linear'],
      }),
    ],
    [
      'products of inputs, explained',
      multiplied({
        outputs: [
          'value',
          'linear',
          'contributions',
          { reasons: 5, by: 'size' },
          { confidence: 0.9 },
          { interval: 0.9 },
        ],
      }),
    ],
    [
      'products of inputs, for several classes',
      multiplied({
        family: 'multinomial',
        link: 'softmax',
        classes,
        coefficients: ['mid', 'high'].flatMap((of) => multiplied().coefficients.map((c) => ({ ...c, class: of }))),
        outputs: ['label', 'probabilities', 'contributions', 'linear'],
      }),
    ],
    [
      'a score of NULL',
      full({
        inputs: [{ ...asIs('a', { missing: 'null', indicator: true }) }, ...inputs.slice(1)],
        outputs: ['value', 'contributions', { reasons: 2 }, { confidence: 0.9 }],
      }),
    ],
  ])('%s', async (_, given) => {
    await agrees(engine, given)
  })

  test('a list of levels is one join for all classes, whatever the collation', async () => {
    const given = verifiedBy(full({ family: 'multinomial', link: 'softmax', classes, coefficients: ofClasses }), rows)
    const { sql } = verificationQuery(given)
    expect(sql.match(/LEFT JOIN/g)).toHaveLength(1)
    expect(sql).toContain('COLLATE "C"')
    expect(sql.match(/WHEN f\.few = 'x'/g)).toHaveLength(2)
  })
})

const scored = (given: ModelRecord, row: Record<string, Literal>) => rowScorer(given).score(row)
const row = { a: 3, b: -2, state: 's7', few: 'y' }

test('contributions and the baseline add up to the linear predictor', () => {
  const { scores, outputs: out } = scored(full({ outputs: ['contributions'] }), row)
  const sum = Object.values(out).reduce<number>((s, v) => s + (v as number), 0)
  expect(sum).toBeCloseTo(scores[0] as number, 12)
  expect(Object.keys(out)).toEqual([
    'baseline',
    'contribution_a',
    'contribution_b',
    'contribution_state',
    'contribution_few',
  ])
  // w · (x − mean), of the encoded column: a is (3 − 2) / 4.
  const [a = 0, missing = 0] = estimates
  expect(out['contribution_a']).toBeCloseTo(a * (0.25 - 0) + missing * (0 - 1 / 20), 14)
})

describe('products of inputs', () => {
  /** The encoded row, written out by hand: the intercept, a, a?, b, few=x, few=y, and the products, the last varying fastest. */
  const encodedBy = (a: number | null, b: number, few: string): readonly number[] => {
    const ofA = [a === null ? 0 : (a - 2) / 4, a === null ? 1 : 0]
    const ofFew = [few === 'x' ? 1 : 0, few === 'y' ? 1 : 0]
    const pairs = ofA.map((x) => x * b)
    return [
      1,
      ...ofA,
      b,
      ...ofFew,
      ...pairs,
      ...ofFew.map((f) => b * f),
      ...pairs.flatMap((x) => ofFew.map((f) => x * f)),
    ]
  }
  const given: readonly [number | null, number, string][] = [
    [3, -2, 'y'],
    [-7.5, 0.25, 'x'],
    [null, 4, 'y'],
    [1, 3, 'never seen'],
  ]

  test.each(given)('of %j, %j and %j are contributions of their own, which add up with the others', (a, b, few) => {
    const { scores, outputs: out } = scored(multiplied({ outputs: ['contributions'] }), { a, b, few })
    const { coefficients: betas, means = [] } = multiplied()
    const terms = encodedBy(a, b, few).map((x, i) => (betas[i]?.estimate ?? Number.NaN) * x)
    const fromMean = terms.map((t, i) => t - (i === 0 ? 0 : (betas[i]?.estimate ?? 0) * (means[i - 1] ?? 0)))
    const sum = (from: number, to: number) => fromMean.slice(from, to).reduce((s, t) => s + t, 0)
    expect(Object.keys(out)).toEqual(
      ['baseline', 'a', 'b', 'few', 'a:b', 'b:few', 'a:b:few'].map((n, i) => (i === 0 ? n : `contribution_${n}`)),
    )
    expect(out['contribution_a:b']).toBeCloseTo(sum(6, 8), 12)
    expect(out['contribution_b:few']).toBeCloseTo(sum(8, 10), 12)
    expect(out['contribution_a:b:few']).toBeCloseTo(sum(10, 14), 12)
    expect(scores[0]).toBeCloseTo(
      terms.reduce((s, t) => s + t, 0),
      12,
    )
    expect(Object.values(out).reduce<number>((s, v) => s + (v as number), 0)).toBeCloseTo(scores[0] as number, 12)
  })

  test.each(given)('of %j, %j and %j are reasons by what they contribute', (a, b, few) => {
    const { outputs: out } = scored(multiplied({ outputs: ['contributions', { reasons: 6, by: 'size' }] }), {
      a,
      b,
      few,
    })
    const parts = Object.entries(out).flatMap(([name, value]) =>
      name.startsWith('contribution_') ? [[name.slice(13), Math.abs(value as number)] as const] : [],
    )
    const expected = parts.sort((one, other) => other[1] - one[1]).map(([name]) => name)
    expect([1, 2, 3, 4, 5, 6].map((rank) => out[`reason_${rank}`])).toEqual(expected)
  })

  test.each(given)('of %j, %j and %j widen the interval as the whole covariance says', (a, b, few) => {
    const line = multiplied({ outputs: ['value', { confidence: 0.95 }] })
    const fit = { ...line.fit, residualDegrees: 1e9 }
    const { outputs: out } = scored({ ...line, fit }, { a, b, few })
    const x = encodedBy(a, b, few)
    const packed = line.covariance ?? []
    const entry = (i: number, j: number) => packed[(Math.max(i, j) * (Math.max(i, j) + 1)) / 2 + Math.min(i, j)] ?? 0
    const variance = x.reduce((s, v, i) => s + x.reduce((t, w, j) => t + v * w * entry(i, j), 0), 0)
    const reach = 1.959963986913096 * Math.sqrt(variance)
    const value = out['prediction'] as number
    expect(((out['confidence_high'] as number) - value) / reach).toBeCloseTo(1, 7)
    expect((value - (out['confidence_low'] as number)) / reach).toBeCloseTo(1, 7)
    expect(reach).toBeGreaterThan(0)
  })
})

test('reasons are the contributions in order, ties by the order of the inputs, and NULL when there are no more', () => {
  const simple = (b: number, more: Partial<ModelRecord> = {}) =>
    record('gaussian', {
      inputs: [asIs('a'), asIs('b'), asIs('c')],
      coefficients: [
        coefficient('(intercept)', null, 0),
        coefficient('a', 'a', 1),
        coefficient('b', 'b', b),
        coefficient('c', 'c', -1),
      ],
      outputs: [{ reasons: 3 }],
      ...more,
    })
  const at = (given: ModelRecord, a: number, b: number, c: number) => Object.values(scored(given, { a, b, c }).outputs)
  expect(at(simple(1), 2, 2, 2)).toEqual(['a', 'b', null])
  expect(at(simple(1), 1, 2, -3)).toEqual(['c', 'b', 'a'])
  expect(at(simple(1), 0, 0, 0)).toEqual([null, null, null])
  expect(at(simple(1, { outputs: [{ reasons: 2, by: 'lowering' }] }), 1, -2, 3)).toEqual(['c', 'b'])
  expect(at(simple(1, { outputs: [{ reasons: 2, by: 'size' }] }), 1, -3, 3)).toEqual(['b', 'c'])
})

test('intervals are those of the textbook', () => {
  const x = [1, 2, 3, 4, 5]
  const y = [1.1, 1.9, 3.2, 3.9, 5.1]
  const mean = (v: readonly number[]) => v.reduce((s, n) => s + n, 0) / v.length
  const sxx = x.reduce((s, v) => s + (v - mean(x)) ** 2, 0)
  const slope = x.reduce((s, v, i) => s + (v - mean(x)) * ((y[i] ?? 0) - mean(y)), 0) / sxx
  const intercept = mean(y) - slope * mean(x)
  const dispersion = x.reduce((s, v, i) => s + ((y[i] ?? 0) - intercept - slope * v) ** 2, 0) / 3
  const line = record('gaussian', {
    coefficients: [coefficient('(intercept)', null, intercept), coefficient('x', 'x', slope)],
    covariance: [dispersion * (1 / 5 + mean(x) ** 2 / sxx), (-dispersion * mean(x)) / sxx, dispersion / sxx],
    outputs: ['value', { confidence: 0.95 }, { interval: 0.95 }],
  })
  const fit = { ...line.fit, dispersion, residualDegrees: 3 }
  const { outputs: out } = scored({ ...line, fit }, { x: 6 })
  const t = 3.18244630528371
  const value = intercept + slope * 6
  const se = Math.sqrt(dispersion * (1 / 5 + 9 / sxx))
  expect(out['prediction']).toBeCloseTo(value, 14)
  expect(out['confidence_low']).toBeCloseTo(value - t * se, 12)
  expect(out['confidence_high']).toBeCloseTo(value + t * se, 12)
  expect(out['interval_high']).toBeCloseTo(value + t * Math.sqrt(dispersion + se * se), 12)
})

test.each([
  [0.95, Number.POSITIVE_INFINITY, 1.959963984540054],
  [0.9, 1, 6.313751514675043],
  [0.99, 4, 4.604094871349993],
  [0.5, 30, 0.6827556933212923],
  [0.999, 1000, 3.3002826484239436],
  // From here on by the expansion of Cornish and Fisher.
  [0.95, 100_000, 1.9599877075346095],
  [0.95, 10_000_000, 1.9599642217672053],
  [0.95, 1_000_000_000, 1.9599639869123253],
])('the central quantile of %d with %d degrees is %d', (level, degrees, expected) => {
  const given = record('gaussian', {
    inputs: [],
    coefficients: [coefficient('(intercept)', null, 0)],
    covariance: [1],
    outputs: [{ confidence: level }],
  })
  const family = degrees === Number.POSITIVE_INFINITY ? 'poisson' : 'gaussian'
  const link = degrees === Number.POSITIVE_INFINITY ? 'log' : 'identity'
  const fit = { ...given.fit, residualDegrees: Number.isFinite(degrees) ? degrees : null }
  const high = scored({ ...given, family, link, fit }, {}).outputs['confidence_high'] as number
  expect(link === 'log' ? Math.log(high) : high).toBeCloseTo(expected, 11)
})

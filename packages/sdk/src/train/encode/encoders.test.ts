import { type Breaks, type EncoderSpec, isViewcastError, type NumericSpec, type OneHotSpec } from '@viewcast/compiler'
import { expect, test } from 'vitest'
import { storedRows } from '../collect/stored-rows.ts'
import { learnEncoders } from './encoders.ts'

/** Learns one input from values of training rows, and of test rows that must not matter. */
function learn(type: string, values: readonly unknown[], spec: EncoderSpec | 'auto', tested: readonly unknown[] = []) {
  const { store, inputs: collected } = storedRows(
    [{ name: 'f', type }],
    [...values.map((v) => ({ values: [v] })), ...tested.map((v) => ({ values: [v], part: 'test' as const }))],
  )
  const { inputs, warnings } = learnEncoders({ f: spec }, { store, inputs: collected })
  return { encoder: inputs[0]?.encoder, warnings: warnings.map((w) => w.code) }
}
const numeric = (more: Partial<Extract<EncoderSpec, { kind: 'numeric' }>> = {}): EncoderSpec => ({
  kind: 'numeric',
  scaling: 'standard',
  transform: 'identity',
  impute: 'mean',
  indicator: false,
  ...more,
})
const oneHot = (maxCategories: number, minCount: number): EncoderSpec => ({ kind: 'onehot', maxCategories, minCount })

test('numbers are standardised by the training rows, missing values by their mean', () => {
  expect(learn('float8', [1, 2, null, 6, Number.NaN], 'auto', [1000])).toEqual({
    encoder: {
      kind: 'numeric',
      transform: 'identity',
      impute: 3,
      indicator: false,
      center: 3,
      scale: Math.sqrt(14 / 3),
    },
    warnings: [],
  })
})

test('numbers can be left as they are, with a median and an indicator', () => {
  const spec = numeric({ scaling: 'none', impute: 'median', indicator: true })
  expect(learn('int8', ['1', '2', null, '60', '7'], spec, ['1000']).encoder).toEqual({
    kind: 'numeric',
    transform: 'identity',
    impute: 4.5,
    indicator: true,
    center: 0,
    scale: 1,
  })
})

test('an indicator that would never be 1 is left out', () => {
  expect(learn('float8', [1, 2], numeric({ indicator: true })).encoder).toMatchObject({ indicator: false })
})

test('log1p is standardised on its own scale and imputed before it', () => {
  const values = [0, 1, 7, -5, null]
  const logs = [0, Math.log(2), Math.log(8), 0]
  const center = logs.reduce((a, b) => a + b) / 4
  const scale = Math.sqrt(logs.reduce((s, v) => s + (v - center) ** 2, 0) / 4)
  const { encoder } = learn('float8', values, numeric({ transform: 'log1p' }), [1e6])
  expect(encoder).toMatchObject({ kind: 'numeric', transform: 'log1p', impute: 0.75 })
  if (encoder?.kind !== 'numeric') throw new Error('not numeric')
  expect(encoder.center).toBeCloseTo(center, 14)
  expect(encoder.scale).toBeCloseTo(scale, 14)
})

test('a column that does not vary keeps its scale and is named', () => {
  expect(learn('float8', [5, 5, 5], 'auto')).toMatchObject({
    encoder: { center: 5, scale: 1 },
    warnings: ['train/constant'],
  })
  const noise = [0.1 + 0.2, 0.3, 0.3].map((v) => v * 1e6)
  expect(learn('float8', noise, 'auto').encoder).toMatchObject({ scale: 1 })
  expect(learn('float8', [5, null], numeric({ impute: 0 })).warnings).toEqual([])
  expect(learn('float8', [5, null], numeric({ indicator: true })).warnings).toEqual([])
  expect(learn('bool', [true, true], 'auto').warnings).toEqual(['train/constant'])
  expect(learn('bool', [true, null], 'auto').warnings).toEqual([])
  expect(learn('text', ['a', null], 'auto').warnings).toEqual(['train/constant'])
})

test('the most frequent level is the base; the others follow by frequency, then by code point', () => {
  const values = [...'bbbcccaad', '😀', '😀', '\uffff', '\uffff', null]
  expect(learn('text', values, oneHot(20, 1), [...'zzzzzz']).encoder).toEqual({
    kind: 'onehot',
    base: 'b',
    levels: ['c', 'a', '\uffff', '😀', 'd'],
  })
})

test('rare levels and levels beyond the limit share the base', () => {
  const values = [...'aaaabbbccd']
  expect(learn('text', values, oneHot(3, 1)).encoder).toEqual({ kind: 'onehot', base: 'a', levels: ['b', 'c'] })
  expect(learn('text', values, oneHot(20, 3)).encoder).toEqual({ kind: 'onehot', base: 'a', levels: ['b'] })
  expect(learn('text', values, oneHot(20, 5))).toEqual({
    encoder: { kind: 'onehot', base: 'a', levels: [] },
    warnings: ['train/rare-levels'],
  })
})

test('an encoder must suit its column', () => {
  for (const [type, spec] of [
    ['text', numeric()],
    ['bool', numeric()],
    ['float8', { kind: 'hashed', columns: 4, signed: false }],
    ['int4', { kind: 'boolean' }],
  ] as const) {
    try {
      learn(type, [], spec)
      expect.unreachable()
    } catch (e) {
      if (!isViewcastError(e)) throw e
      expect(e.diagnostics[0]?.code).toBe('model/input-type')
    }
  }
})

test('each scaling takes its center and scale from the transformed training values', () => {
  const values = [1, 2, 4, 8, 100, null]
  const scaled = (scaling: NumericSpec['scaling'], more: Partial<NumericSpec> = {}) => {
    const { encoder } = learn('float8', values, numeric({ scaling, ...more }), [1e6])
    return encoder?.kind === 'numeric' ? [encoder.center, encoder.scale] : []
  }
  expect(scaled('minMax')).toEqual([1, 99])
  expect(scaled('maxAbs')).toEqual([0, 100])
  expect(scaled('robust')).toEqual([4, 6])
  expect(scaled('minMax', { clip: { by: 'value', from: 2, to: 10 } })).toEqual([2, 8])
  expect(scaled('robust', { clip: { by: 'quantile', from: 0.25, to: 0.5 } })).toEqual([4, 2])
  expect(scaled('maxAbs', { transform: 'log1p' })).toEqual([0, Math.log(101)])
})

test('Box-Cox takes positive numbers only, and counts what is below them as the smallest', () => {
  expect(learn('float8', [2, 3, 9], numeric({ transform: 'boxCox' }), [1]).encoder).toMatchObject({ clip: [2, 1e150] })
  expect(() => learn('float8', [0, 3], numeric({ transform: 'boxCox' }))).toThrow(/"f" has values that are not above 0/)
  try {
    learn('float8', [-1, 3], numeric({ transform: 'boxCox' }))
    expect.unreachable()
  } catch (e) {
    expect(isViewcastError(e) && e.diagnostics[0]?.code).toBe('train/not-positive')
  }
  const clip = { by: 'value', from: 0.5, to: 10 } as const
  expect(learn('float8', [-1, 3], numeric({ transform: 'boxCox', clip })).encoder).toMatchObject({ clip: [0.5, 10] })
})

test('breaks are quantiles, evenly spaced or given, on the scale of the basis', () => {
  const values = Array.from({ length: 101 }, (_, i) => i)
  const basis = (spec: NumericSpec['basis'], more: Partial<NumericSpec> = {}) => {
    const { encoder } = learn(
      'float8',
      values,
      numeric({ scaling: 'none', ...(spec ? { basis: spec } : {}), ...more }),
      [1e6],
    )
    return encoder?.kind === 'numeric' ? encoder.basis : undefined
  }
  const bins = (edges: Breaks) => basis({ kind: 'bins', edges, closed: 'left' })
  expect(bins({ by: 'quantile', count: 4 })).toEqual({ kind: 'bins', edges: [25, 50, 75], closed: 'left' })
  expect(bins({ by: 'width', count: 2 })).toMatchObject({ edges: [50] })
  expect(bins({ by: 'value', at: [10, 90] })).toMatchObject({ edges: [10, 90] })
  const natural = { kind: 'natural', knots: { by: 'quantile', count: 3 } } as const
  expect(basis(natural)).toEqual({ kind: 'natural', knots: [5, 50, 95] })
  expect(basis(natural, { scaling: 'minMax' })).toMatchObject({ knots: [0.05, 0.5, 0.95] })
  const spline = { kind: 'bspline', degree: 3, knots: { by: 'quantile', count: 1 }, beyond: 'constant' } as const
  expect(basis(spline)).toMatchObject({ knots: [0, 50, 100] })
  expect(basis({ ...spline, ends: [50, 60] })).toMatchObject({ knots: [50, 60] })
})

test('the most frequent number can be imputed; ties go to the smallest', () => {
  expect(learn('float8', [5, 3, 3, 5, 9, null], numeric({ impute: 'mostFrequent' })).encoder).toMatchObject({
    impute: 3,
  })
})

test('rare, missing and unseen levels have columns where asked for, and only where there are such rows', () => {
  const values = [...'aaaabbbccd', null]
  const spec: OneHotSpec = { kind: 'onehot', maxCategories: 20, minCount: 3, rare: 'level', missing: 'level' }
  expect(learn('text', values, spec).encoder).toEqual({
    kind: 'onehot',
    levels: ['b'],
    base: 'a',
    rare: { levels: ['c', 'd'], unseen: false },
    missing: 'level',
  })
  expect(learn('text', values, { ...spec, unseen: 'rare' }).encoder).toMatchObject({
    rare: { levels: [], unseen: true },
  })
  expect(learn('text', ['a', 'b'], { ...spec, minCount: 1, base: 'none' }).encoder).toEqual({
    kind: 'onehot',
    levels: ['a', 'b'],
    base: null,
  })
})

test('orders and shares are learned; numbers are ordered by value, text by code point', () => {
  const ordinal: EncoderSpec = { kind: 'ordinal', unseen: -1, missing: 'mostFrequent' }
  expect(learn('int4', [10, 9, 9, null], ordinal).encoder).toMatchObject({
    levels: ['9', '10'],
    values: [0, 1],
    missing: 0,
  })
  expect(learn('text', ['b', 'b', 'B', 'é', null], ordinal).encoder).toMatchObject({
    levels: ['B', 'b', 'é'],
    missing: 1,
  })
  const given: EncoderSpec = { ...ordinal, order: ['low', 'high'], missing: null }
  expect(learn('text', ['high', 'other'], given).encoder).toMatchObject({
    levels: ['low', 'high'],
    missing: null,
    unseen: -1,
  })
  expect(learn('bool', [true, true, false, null], { kind: 'frequency', missing: 'level' }).encoder).toEqual({
    kind: 'levels',
    by: 'frequency',
    levels: ['true', 'false'],
    values: [0.5, 0.25],
    missing: 0.25,
    unseen: 0,
  })
})

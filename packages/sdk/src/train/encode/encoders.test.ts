import { type EncoderSpec, isViewcastError } from '@viewcast/compiler'
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
    ['float8', oneHot(2, 1)],
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

/** Which columns a prediction has: what each choice gives, and what a model cannot give. */
import {
  type Family,
  isViewcastError,
  type ModelRecord,
  outputChoice,
  outputs,
  outputTitle,
  rowScorer,
} from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import { coefficient, record } from '../properties/scored-records.ts'

type Choices = NonNullable<ModelRecord['outputs']>

const threeClasses = (more: Partial<ModelRecord> = {}): ModelRecord =>
  record('multinomial', {
    classes: ['a', 'b', 'c'],
    coefficients: [
      coefficient('(intercept)', null, 0, 'b'),
      coefficient('x', 'x', 1, 'b'),
      coefficient('(intercept)', null, 0, 'c'),
      coefficient('x', 'x', -1, 'c'),
    ],
    ...more,
  })

const scored = (given: ModelRecord, x: number | null) => rowScorer(given).score({ x }).outputs

describe('usual outputs', () => {
  test.each<[Family, string[]]>([
    ['gaussian', ['prediction']],
    ['binomial', ['probability']],
    ['poisson', ['prediction']],
    ['svm', ['distance', 'label']],
  ])('of %s are %j', (family, names) => {
    expect(outputs(record(family)).map((o) => o.name)).toEqual(names)
  })

  test('of several classes are the label and a probability each', () => {
    expect(outputs(threeClasses()).map((o) => o.name)).toEqual([
      'label',
      'probability_a',
      'probability_b',
      'probability_c',
    ])
  })
})

describe('labels', () => {
  test('of equal scores are the first class', () => {
    expect(scored(threeClasses(), 0)).toMatchObject({ label: 'a' })
    expect(scored(threeClasses(), 0)['probability_a']).toBeCloseTo(1 / 3, 15)
  })
  test('are those of the highest score', () => {
    expect(scored(threeClasses(), 3)).toMatchObject({ label: 'b' })
    expect(scored(threeClasses(), -3)).toMatchObject({ label: 'c' })
  })
  test('far apart are certain, without an error', () => {
    expect(scored(threeClasses(), 1e5)).toEqual({ label: 'b', probability_a: 0, probability_b: 1, probability_c: 0 })
  })
  test('of an outcome turn at the threshold', () => {
    const at = (threshold: number) => scored(record('binomial', { threshold, outputs: ['label'] }), 0)
    expect(at(0.5)).toEqual({ label: true })
    expect(at(0.5000001)).toEqual({ label: false })
  })
  test('are NULL where a score is', () => {
    const { outputsOf } = rowScorer(threeClasses())
    expect(outputsOf([0, null, 1], { x: 0 })).toEqual({
      label: null,
      probability_a: null,
      probability_b: null,
      probability_c: null,
    })
    expect(outputsOf([Number.NaN, 0, 1], { x: 0 })['label']).toBeNull()
    expect(rowScorer(record('binomial', { outputs: ['value', 'label'] })).outputsOf([null], { x: 0 })).toEqual({
      probability: null,
      label: null,
    })
    expect(rowScorer(record('svm')).outputsOf([null], { x: 0 })).toEqual({ distance: null, label: null })
  })
})

test('columns of classes keep their names apart, cut to what a server keeps', () => {
  const long = 'é'.repeat(40)
  const names = outputs(threeClasses({ classes: [`${long}1`, `${long}2`, 'a:b'], outputs: ['probabilities'] })).map(
    (o) => o.name,
  )
  expect(new Set(names).size).toBe(3)
  expect(names.every((n) => Buffer.byteLength(n) <= 63)).toBe(true)
  expect(names[2]).toBe('probability_a:b')
})

describe('refused', () => {
  const refusal = (given: ModelRecord): string => {
    try {
      outputs(given)
    } catch (e) {
      if (isViewcastError(e)) return `${e.diagnostics[0]?.code}: ${e.diagnostics[0]?.message}`
      throw e
    }
    return 'nothing'
  }
  test.each<[Family, Choices]>([
    ['gaussian', ['label']],
    ['gaussian', ['probabilities']],
    ['svm', ['probabilities']],
    ['poisson', ['value', 'value']],
  ])('%s with %j', (family, chosen) => {
    expect(refusal(record(family, { outputs: chosen }))).toMatch(
      /^model\/output: Model "scored" cannot give the output/,
    )
  })
  test('a single value of several classes', () => {
    expect(refusal(threeClasses({ outputs: ['value'] })).split(': ')[0]).toBe('model/output')
  })
})

describe('titles of choices', () => {
  test.each<[string, Choices[number]]>([
    ['value', 'value'],
    ['reasons=3', { reasons: 3 }],
    ['reasons=2:lowering', { reasons: 2, by: 'lowering' }],
    ['confidence=0.9', { confidence: 0.9 }],
    ['interval=0.5', { interval: 0.5 }],
  ])('%s is read and written', (title, choice) => {
    expect(outputChoice(title)).toEqual(choice)
    expect(outputTitle(choice)).toBe(title)
  })
  test.each([
    '',
    'values',
    'label=1',
    'reasons=0',
    'reasons=11',
    'reasons=2.5',
    'confidence=1',
    'interval=a',
    'reasons=1:most',
  ])('%j is none', (title) => {
    expect(outputChoice(title)).toBeUndefined()
  })
})

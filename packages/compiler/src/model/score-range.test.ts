/** What is proven about a score is proven of every row: an interaction has no range, and proves nothing. */
import { expect, test } from 'vitest'
import type { LearnedInput } from '../ir/learned-encoder.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { isBounded } from './score-range.ts'

const short = (feature: string, scale = 1): LearnedInput => ({
  feature,
  type: 'int2',
  encoder: { kind: 'numeric', transform: 'identity', impute: 0, indicator: false, center: 0, scale },
})
const of = (inputs: readonly LearnedInput[], estimates: readonly number[], more: Partial<ModelRecord> = {}) => {
  const coefficients = estimates.map((estimate) => ({ name: 'x', feature: null, estimate }))
  return isBounded({ inputs, coefficients, ...more } as ModelRecord)
}
/** The largest magnitude of a smallint. */
const most = 32768

test.each<[string, number, boolean]>([
  ['within the bound', 699 / most, true],
  ['up to the bound', 700 / most, true],
  ['beyond it', 701 / most, false],
  ['beyond it, downwards', -701 / most, false],
])('one input %s', (_, beta, proven) => {
  expect(of([short('a')], [0, beta])).toBe(proven)
})

test('sides that cancel in no row count both', () => {
  expect(of([short('a'), short('b')], [0, 400 / most, -400 / most])).toBe(false)
  expect(of([short('a'), short('b')], [0, 300 / most, -300 / most])).toBe(true)
  expect(of([short('a'), short('b')], [150, 300 / most, -300 / most])).toBe(false)
})

test('a product of inputs that are each within the bound may be beyond it', () => {
  const inputs = [short('a'), short('b')]
  expect(of(inputs, [0, 1e-3, 1e-3])).toBe(true)
  // 1 × 32768 × 32768.
  expect(of(inputs, [0, 1e-3, 1e-3, 1], { name: 'm', interactions: [['a', 'b']] })).toBe(false)
})

test('every class counts, and the one the others are compared with is 0', () => {
  const classes = ['a', 'b', 'c']
  const own = (of: string, beta: number) =>
    [0, beta].map((estimate) => ({ name: 'x', feature: null, estimate, class: of }))
  const given = (last: number) =>
    isBounded({ inputs: [short('a')], classes, coefficients: [...own('b', 1e-3), ...own('c', last)] } as never)
  expect(given(1e-3)).toBe(true)
  expect(given(1)).toBe(false)
})

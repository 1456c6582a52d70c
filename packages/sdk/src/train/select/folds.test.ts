import { isViewcastError } from '@viewcast/compiler'
import { expect, test } from 'vitest'
import { folds } from '../../define/folds.ts'
import { planFolds } from './folds.ts'

const noGap = { seconds: 0, edge: '<' } as const
const none = new Float64Array()
/** Spread over 32 bits as a hash is. */
const keys = Float64Array.from({ length: 4000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0)
const codeOf = (call: () => unknown): string | undefined => {
  try {
    call()
  } catch (e) {
    if (isViewcastError(e)) return e.diagnostics[0]?.code
    throw e
  }
  return undefined
}

test('each key is validated on once per repeat, in folds of about the same size', () => {
  const plan = planFolds(folds.hash(5, { repeats: 3 }), noGap, keys, 's')
  expect(plan.count).toBe(15)
  const sizes = Array.from({ length: 15 }, () => 0)
  for (const key of keys) {
    for (let repeat = 0; repeat < 3; repeat++) {
      const parts = [0, 1, 2, 3, 4].map((f) => plan.partOf(repeat * 5 + f, key))
      expect(parts.filter((p) => p === 'validation')).toHaveLength(1)
      expect(parts.filter((p) => p === 'train')).toHaveLength(4)
      sizes[repeat * 5 + parts.indexOf('validation')] = (sizes[repeat * 5 + parts.indexOf('validation')] as number) + 1
    }
  }
  for (const size of sizes) expect(Math.abs(size - 800)).toBeLessThan(100)
  expect([0, 6].map(plan.title)).toEqual(['1 of repeat 1', '2 of repeat 2'])
})

test('repeats divide independently, small keys and neighbours included', () => {
  const plan = planFolds(folds.hash(4, { repeats: 2 }), noGap, keys, 's')
  const small = Float64Array.from({ length: 4000 }, (_, i) => i)
  const pairs = new Map<string, number>()
  for (const key of small) {
    const at = (r: number) => [0, 1, 2, 3].findIndex((f) => plan.partOf(r * 4 + f, key) === 'validation')
    const pair = `${at(0)} ${at(1)}`
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
  }
  expect(pairs.size).toBe(16)
  for (const n of pairs.values()) expect(Math.abs(n - 250)).toBeLessThan(80)
})

const hours = (n: number): number => 1_700_000_000 + n * 3600

test('by time, every fold validates on rows after those fitted on, and rows of an instant stay together', () => {
  const times = Float64Array.from({ length: 600 }, (_, i) => hours(Math.floor(i / 3)))
  const plan = planFolds(folds.time(4), noGap, times.slice().reverse(), 's')
  expect(plan.count).toBe(4)
  for (let fold = 0; fold < 4; fold++) {
    const of = (part: string) => [...times].filter((t) => plan.partOf(fold, t) === part)
    expect(Math.max(...of('train'))).toBeLessThan(Math.min(...of('validation')))
    expect(of('validation')).toHaveLength(120)
    expect(of('train')).toHaveLength(120 * (fold + 1))
  }
  expect(plan.title(0)).toBe('from 2023-11-16T14:13:20.000Z')
})

test('the gap and the horizon are kept free of rows, with their edges', () => {
  const times = Float64Array.from({ length: 100 }, (_, i) => hours(i))
  const starts = folds.time([new Date(hours(60) * 1000).toISOString()])
  const last = (seconds: number, edge: '<' | '<=') => {
    const plan = planFolds(starts, { seconds, edge }, times, 's')
    expect(plan.partOf(0, hours(60))).toBe('validation')
    expect(plan.partOf(0, hours(59.5))).toBeUndefined()
    return [...times].filter((t) => plan.partOf(0, t) === 'train').length
  }
  expect(last(10 * 3600, '<')).toBe(50)
  expect(last(10 * 3600, '<=')).toBe(51)
})

test('an instant is met to the microsecond', () => {
  const plan = planFolds(
    folds.time(['2025-01-01T00:00:00.000002Z']),
    noGap,
    Float64Array.of(1735689600.000001, 1735689600.000002),
    's',
  )
  expect([1735689600.000001, 1735689600.000002].map((k) => plan.partOf(0, k))).toEqual(['train', 'validation'])
})

test('rows without a key are in no fold', () => {
  const byTime = planFolds(folds.time(1), noGap, Float64Array.of(1, 2, Number.NaN), 's')
  expect(byTime.partOf(0, Number.NaN)).toBeUndefined()
  expect(planFolds(folds.hash(2), noGap, keys, 's').partOf(0, Number.NaN)).toBeUndefined()
})

test('instants that are too few, and folds without rows to fit, are refused', () => {
  const few = Float64Array.of(hours(1), hours(1), hours(2), hours(2))
  expect(codeOf(() => planFolds(folds.time(2), noGap, few, 's'))).toBe('select/folds')
  expect(codeOf(() => planFolds(folds.time(1), { seconds: 7200, edge: '<' }, few, 's'))).toBe('select/folds')
  expect(codeOf(() => planFolds(folds.time(['2030-01-01T00:00Z']), noGap, few, 's'))).toBe('select/folds')
  expect(codeOf(() => planFolds(folds.time(1), noGap, none, 's'))).toBe('select/folds')
  expect(codeOf(() => planFolds(folds.hash(3), noGap, Float64Array.of(7, 7, 9), 's'))).toBe('select/folds')
})

test('many rows of one instant do not swallow the cuts after it', () => {
  const times = Float64Array.from([...Array(90).fill(hours(1)), ...Array.from({ length: 10 }, (_, i) => hours(2 + i))])
  const plan = planFolds(folds.time(3), noGap, times, 's')
  for (const fold of [0, 1, 2]) expect([...times].some((t) => plan.partOf(fold, t) === 'validation')).toBe(true)
  expect(plan.partOf(0, hours(1))).toBe('train')
})

test('a declaration that cannot be meant is refused', () => {
  for (const call of [
    () => folds.hash(1),
    () => folds.hash(2.5),
    () => folds.hash(5, { repeats: 0 }),
    () => folds.group([] as never, 5),
    () => folds.time(0),
    () => folds.time(['2025-01-02T00:00Z', '2025-01-01T00:00Z']),
  ]) {
    expect(codeOf(call)).toBe('define/option')
  }
  expect(codeOf(() => folds.time(['yesterday']))).toBe('time/instant')
  expect(codeOf(() => folds.time(3, { gap: '1 month' as never }))).toBe('time/window')
})

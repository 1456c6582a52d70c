import { isViewcastError, type ModelDef } from '@viewcast/compiler'
import { expect, test } from 'vitest'
import type { SelectionDef } from '../../define/selection.ts'
import { compareOutcomes, type Outcome } from './choose.ts'
import { summarise } from './compare.ts'
import { toStop } from './prune.ts'

const selection = (rest: Partial<SelectionDef> = {}): SelectionDef =>
  ({ name: 's', metric: 'logLoss', rule: 'best', pruning: null, ...rest }) as SelectionDef

const outcome = (
  title: string,
  scores: readonly (number | null | string)[],
  more: { nonZero?: number; l2?: number; pruned?: boolean; metric?: string } = {},
): Outcome => ({
  candidate: { title, key: title, model: { penalty: { l1: 0, l2: more.l2 ?? 0 } } as ModelDef },
  pruned: more.pruned ?? false,
  results: scores.map((s, fold) => ({
    fold,
    metrics: typeof s === 'string' ? {} : { [more.metric ?? 'logLoss']: s },
    nonZero: more.nonZero ?? 5,
    seconds: 1,
    ...(typeof s === 'string' ? { failure: { code: s, message: `${s} happened` } } : {}),
  })),
})

test('the mean and its standard error', () => {
  expect(summarise([])).toBeUndefined()
  expect(summarise([3])).toEqual({ folds: 1, mean: 3, standardError: null })
  expect(summarise([1, 2, 3, 4])).toEqual({ folds: 4, mean: 2.5, standardError: Math.sqrt(5 / 3 / 4) })
})

test('the best mean wins, by the direction of the metric, the first of equal ones', () => {
  const all = [outcome('a', [0.5, 0.6]), outcome('b', [0.4, 0.5]), outcome('c', [0.5, 0.4])]
  expect(compareOutcomes(selection(), all).table.map((t) => [t.candidate, t.state])).toEqual([
    ['b', 'chosen'],
    ['c', 'measured'],
    ['a', 'measured'],
  ])
  const auc = all.map((o) =>
    outcome(
      o.candidate.title,
      o.results.map((r) => r.metrics['logLoss'] ?? null),
      { metric: 'auc' },
    ),
  )
  expect(compareOutcomes(selection({ metric: 'auc' }), auc).table[0]).toMatchObject({ candidate: 'a', state: 'chosen' })
})

test('differences are those of the same folds, with the standard error of the difference', () => {
  const all = [outcome('a', [1, 2, 3]), outcome('b', [1.1, 2.1, 3.1]), outcome('c', [2, 4], { pruned: true })]
  const { table } = compareOutcomes(selection(), all)
  expect(table[0]?.worseBy).toEqual({ mean: 0, standardError: 0 })
  expect(table[1]?.worseBy.mean).toBeCloseTo(0.1, 12)
  expect(table[1]?.worseBy.standardError).toBeCloseTo(0, 12)
  expect(table[2]).toMatchObject({
    candidate: 'c',
    state: 'pruned',
    folds: 2,
    worseBy: { mean: 1.5, standardError: 0.5 },
  })
})

test('one standard error: the simplest of those near the best, then the larger penalty', () => {
  const all = [
    outcome('best', [1, 2, 3], { nonZero: 9 }),
    outcome('small', [1.1, 2.2, 3.2], { nonZero: 3, l2: 1 }),
    outcome('smooth', [1.1, 2.2, 3.3], { nonZero: 3, l2: 2 }),
    outcome('poor', [3, 4, 5], { nonZero: 1 }),
  ]
  const found = compareOutcomes(selection({ rule: 'oneStandardError' }), all)
  expect([found.best, found.chosen]).toEqual([0, 2])
  expect(compareOutcomes(selection(), all).chosen).toBe(0)
})

test('a candidate that failed somewhere is not chosen, and says why; all of them failing is an error', () => {
  const all = [outcome('a', [0.1, 'train/separation']), outcome('b', [0.9, 0.8])]
  const { table } = compareOutcomes(selection(), all)
  expect(table.map((t) => [t.candidate, t.state])).toEqual([
    ['b', 'chosen'],
    ['a', 'failed'],
  ])
  expect(table[1]?.failure).toEqual({ code: 'train/separation', message: 'train/separation happened', fold: 1 })
  const failing = () => compareOutcomes(selection(), [all[0] as Outcome, outcome('c', [null, 1])])
  expect(failing).toThrow(/train\/separation happened/)
  try {
    failing()
  } catch (e) {
    expect(isViewcastError(e) && e.diagnostics[0]?.code).toBe('select/no-result')
  }
})

test('what is clearly worse is stopped, and neither the best, ties, nor what varies with it', () => {
  const rule = { after: 3, standardErrors: 3 }
  const best = [1, 2, 3]
  const scores = [best, [2, 3.1, 4], [1.1, 1.9, 3.2], best, [9, 2, 3], undefined]
  expect(toStop(scores, rule, 'best', false)).toEqual([1])
  expect(
    toStop(
      scores.map((s) => s?.slice(0, 2)),
      rule,
      'best',
      false,
    ),
  ).toEqual([])
  expect(
    toStop(
      scores.map((s) => s?.map((v) => -v)),
      rule,
      'best',
      true,
    ),
  ).toEqual([1])
  expect(toStop([undefined, undefined], rule, 'best', false)).toEqual([])
})

test('with one standard error only what that rule cannot reach is stopped', () => {
  const rule = { after: 3, standardErrors: 3 }
  // The standard error of the best is 0.577.
  expect(
    toStop(
      [
        [1, 2, 3],
        [2, 3.1, 4],
      ],
      rule,
      'oneStandardError',
      false,
    ),
  ).toEqual([])
  expect(
    toStop(
      [
        [1, 2, 3],
        [2.4, 3.3, 4.4],
      ],
      rule,
      'oneStandardError',
      false,
    ),
  ).toEqual([1])
})

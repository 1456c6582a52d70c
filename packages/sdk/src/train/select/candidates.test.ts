import { isViewcastError, type ModelDef } from '@viewcast/compiler'
import { expect, test } from 'vitest'
import { logSpace, logUniform } from '../../define/axis.ts'
import { oneHot } from '../../define/encoders/category.ts'
import { log1p, standardize } from '../../define/encoders/numeric.ts'
import { project } from '../../define/project.ts'
import { random, type SelectionDef } from '../../define/selection.ts'
import { candidatesOf } from './candidates.ts'

const p = project<{ t: { id: number; x: number; c: string; y: boolean } }>('s')
const thing = p.entity('thing', { id: 'int4' })
const sample = p.sample('s', { entity: thing }).query(({ db }) => db.selectFrom('t').select(['id']))
const target = p.target('y', { entity: thing }).query(({ db }) => db.selectFrom('t').select(['id', 'y']))
const view = p
  .featureView('v', { entity: thing })
  .query(({ db }) => db.selectFrom('t').select(['id', 'x', 'c']))
  .features({ x: { kind: 'numeric' }, c: { kind: 'category' } })
const dataset = p.dataset('d', { sample, target, features: [view] })
const model = p
  .model('m', { dataset, family: 'logistic', label: 'y', penalty: 0.5 })
  .inputs({ x: standardize(), c: oneHot() })

const titles = (s: SelectionDef, of: ModelDef = s.model) => candidatesOf(s, of).map((c) => c.title)
const codeOf = (call: () => unknown): string | undefined => {
  try {
    call()
  } catch (e) {
    if (isViewcastError(e)) return e.diagnostics[0]?.code
    throw e
  }
  return undefined
}

test('a grid is every combination, penalties fastest, told by what it tries', () => {
  const grid = p.selection('g', {
    model,
    over: {
      penalty: [0, 1],
      inputs: { x: [standardize(), log1p(), 'out'], c: [oneHot({ maxCategories: 5 }), oneHot({ maxCategories: 9 })] },
    },
  })
  const found = candidatesOf(grid, model)
  expect(found).toHaveLength(12)
  expect(found[0]?.title).toBe('x standard, c onehot maxCategories 5, penalty 0')
  expect(found[4]?.title).toBe('x log1p, c onehot maxCategories 5, penalty 0')
  expect(found[1]?.title).toMatch(/maxCategories 5, penalty 1$/)
  expect(found[11]?.title).toBe('x out, c onehot maxCategories 9, penalty 1')
  expect(Object.keys(found[11]?.model.inputs ?? {})).toEqual(['c'])
  expect(found[0]?.model.penalty).toEqual({ l1: 0, l2: 0 })
  expect(new Set(found.map((c) => c.key)).size).toBe(12)
})

test('nothing to try is the model as it is declared', () => {
  const found = candidatesOf(p.selection('g', { model }), model)
  expect(found.map((c) => [c.title, c.model.penalty.l2])).toEqual([['as declared', 0.5]])
})

test('both penalties, links and class weights', () => {
  const grid = p.selection('g', {
    model,
    over: {
      penalty: { l1: [0, 1], l2: [2, 3] },
      link: ['logit', 'probit'],
      classWeights: ['none', 'balanced', { true: 5 }],
    },
  })
  expect(titles(grid)).toHaveLength(24)
  expect(titles(grid)[0]).toBe('logit, unweighted, l1 0, l2 2')
  expect(titles(grid)[23]).toBe('probit, true ×5, l1 1, l2 3')
  expect(candidatesOf(grid, model)[23]?.model).toMatchObject({ link: 'probit', classWeights: { weights: { true: 5 } } })
})

test('candidates that are the same model are one', () => {
  expect(titles(p.selection('g', { model, over: { penalty: [1, 1, 2] } }))).toEqual(['penalty 1', 'penalty 2'])
})

test('random search draws the same candidates for a seed, none twice, ranges within their ends', () => {
  const search = (seed: number) =>
    p.selection('g', { model, over: { penalty: logUniform(0.01, 100) }, search: random(200, { seed }) })
  const drawn = candidatesOf(search(3), model).map((c) => c.model.penalty.l2)
  expect(candidatesOf(search(3), model).map((c) => c.model.penalty.l2)).toEqual(drawn)
  expect(candidatesOf(search(4), model).map((c) => c.model.penalty.l2)).not.toEqual(drawn)
  expect(new Set(drawn).size).toBe(200)
  expect(drawn.every((v) => v >= 0.01 && v <= 100)).toBe(true)
  // Half of them below the middle of the logarithmic scale.
  expect(drawn.filter((v) => v < 1).length).toBeGreaterThan(70)
  expect(drawn.filter((v) => v < 1).length).toBeLessThan(130)
})

test('random search over few values ends with all of them', () => {
  const some = p.selection('g', { model, over: { penalty: [1, 2, 3] }, search: random(50) })
  expect(titles(some).sort()).toEqual(['penalty 1', 'penalty 2', 'penalty 3'])
})

test('a search that is too large, or empty, is refused', () => {
  const large = p.selection('g', { model, over: { penalty: { l1: logSpace(1, 2, 1000), l2: logSpace(1, 2, 1000) } } })
  expect(codeOf(() => candidatesOf(large, model))).toBe('select/candidates')
  const empty = p.selection('g', { model, over: { inputs: { x: ['out'], c: ['out'] } } })
  expect(codeOf(() => candidatesOf(empty, model))).toBe('select/candidates')
})

test('a declaration that cannot be meant is refused', () => {
  const linear = p.model('l', { dataset, family: 'linear', label: 'y' })
  for (const call of [
    () => p.selection('g', { model, over: { penalty: [-1] } }),
    () => p.selection('g', { model, over: { penalty: [] } }),
    () => p.selection('g', { model, over: { penalty: logUniform(1, 2) } }),
    () => p.selection('g', { model, over: { link: ['log' as never] } }),
    () => p.selection('g', { model, metric: 'rmse' as never }),
    () => p.selection('g', { model: linear, over: { classWeights: ['balanced'] } }),
    () => p.selection('g', { model, over: { inputs: { x: [] } } }),
    () => p.selection('g', { model, pruning: { after: 1 } }),
    () => logUniform(0, 1),
    () => logSpace(1, 0.1, 3),
    () => logSpace(1, 10, 1),
    () => random(0),
  ]) {
    expect(codeOf(call)).toBe('define/option')
  }
  expect(logSpace(0.01, 100, 5)).toEqual([0.01, 0.1, 1, 10, 100])
})

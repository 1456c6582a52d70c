import type { ModelDef } from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import { asIs, base, cars, close, codeOf, column, columns, fitCars } from './fitted-cars.ts'

const linear: ModelDef = {
  ...base,
  family: 'gaussian',
  link: 'identity',
  label: 'mpg',
  solver: 'cholesky',
  inputs: { wt: asIs, cyl: { kind: 'onehot', maxCategories: 20, minCount: 1 } },
}
const logistic: ModelDef = {
  ...base,
  family: 'binomial',
  link: 'logit',
  label: 'am',
  solver: 'irls',
  inputs: { wt: asIs },
}

describe('a fitted model', () => {
  test('of a number agrees with R', async () => {
    // m <- lm(mpg ~ wt + relevel(factor(cyl), '8'), mtcars); summary(m); deviance(m)  R 4.2.2
    const { inputs, coefficients, fit: fitted, metrics, rows } = await fitCars(linear, columns, cars)
    expect(inputs.map((i) => i.encoder.kind)).toEqual(['numeric', 'onehot'])
    expect(coefficients.map((c) => [c.name, c.feature])).toEqual([
      ['(intercept)', null],
      ['wt', 'wt'],
      ['cyl=4', 'cyl'],
      ['cyl=6', 'cyl'],
    ])
    close(
      coefficients.map((c) => c.estimate),
      [27.91993432864158, -3.2056132561928643, 6.070859680490882, 1.8152772785195908],
    )
    close(
      coefficients.map((c) => c.standardError),
      [3.0914644901441544, 0.7538956549564118, 1.6522878315352438, 1.3576341537662042],
    )
    close(
      coefficients.map((c) => c.statistic),
      [9.031297114248813, -4.252064904629546, 3.6742143618222176, 1.3370886946854141],
    )
    close(
      coefficients.map((c) => c.pValue),
      [8.680974951339419e-10, 0.0002130434602684601, 0.0009991893236754074, 0.19195581740148357],
    )
    close([fitted.deviance, fitted.dispersion], [183.05864766837774, 2.5569139299748054 ** 2])
    close([metrics.train.r2, metrics.train.rmse], [0.8374325252969225, 2.391773973358855])
    expect(fitted).toMatchObject({ solver: 'cholesky', penalty: { l1: 0, l2: 0 }, converged: true })
    expect(rows).toEqual({ train: 32, test: 0, validation: 0 })
    expect(metrics.test).toEqual({})
    expect(metrics.baseline).toMatchObject({ r2: 0 })
  })

  test('of a label agrees with R', async () => {
    // summary(glm(am ~ wt, binomial, mtcars, control = list(epsilon = 1e-16, maxit = 100)))  R 4.2.2
    const { coefficients, fit: fitted, metrics } = await fitCars(logistic, columns, cars)
    close(
      coefficients.map((c) => c.estimate),
      [12.040369728657323, -4.023969962173202],
    )
    close(
      coefficients.map((c) => c.standardError),
      [4.510066238966759, 1.436527752623558],
    )
    close(
      coefficients.map((c) => c.pValue),
      [0.007592677016789973, 0.005091642306971419],
    )
    close([fitted.deviance, fitted.nullDeviance], [19.176084807445086, 43.22973327685781])
    expect(fitted.dispersion).toBe(1)
    expect(Object.keys(metrics.train)).toEqual(['auc', 'logLoss', 'brier', 'accuracy', 'baseRate'])
    expect(metrics.train.logLoss).toBeCloseTo((fitted.deviance as number) / 64, 12)
    expect(metrics.baseline.logLoss).toBeCloseTo((fitted.nullDeviance as number) / 64, 12)
  })

  test('is tested on the test rows, which it does not learn from', async () => {
    const split = [...columns, column('_split', 'text')]
    const rows = cars.map((r, i) => [...r, i % 4 === 3 ? 'test' : 'train'])
    const half = await fitCars(linear, split, rows)
    const alone = await fitCars(
      linear,
      columns,
      cars.filter((_, i) => i % 4 !== 3),
    )
    expect(half.rows).toEqual({ train: 24, test: 8, validation: 0 })
    expect(half.coefficients).toEqual(alone.coefficients)
    expect(half.metrics.train).toEqual(alone.metrics.train)
    expect(half.metrics.test.rmse).not.toBe(half.metrics.train.rmse)
    const mean = alone.metrics.train.mean as number
    const tested = cars.filter((_, i) => i % 4 === 3).map((r) => r[0] as number)
    expect(half.metrics.baseline.rmse).toBeCloseTo(
      Math.sqrt(tested.reduce((s, y) => s + (y - mean) ** 2, 0) / tested.length),
      12,
    )
  })

  test('is the same whether its rows fit in memory or not', async () => {
    const many = Array.from({ length: 700 }, (_, i) =>
      cars.map(([mpg, wt, cyl, am]) => [
        mpg,
        (wt as number) + (i % 7) / 10,
        cyl,
        (i + (am as number)) % 3 === 0 ? 1 : 0,
      ]),
    ).flat()
    const m: ModelDef = { ...logistic, inputs: { wt: 'auto', cyl: 'auto', mpg: 'auto' } }
    const kept = await fitCars(m, columns, many)
    const spooled = await fitCars(m, columns, many, { memoryBudgetBytes: 0 })
    expect(spooled).toEqual(kept)
  })

  test('comes with rows to check an engine: ordinary, extreme, missing, unseen', async () => {
    const { exampleRows } = await fitCars(linear, columns, cars)
    expect(exampleRows).toHaveLength(19)
    expect(exampleRows[0]).toEqual({ wt: 2.62, cyl: '6' })
    expect(exampleRows.slice(14)).toEqual([
      { wt: 1.513, cyl: '8' },
      { wt: 5.424, cyl: '6' },
      { wt: 1.513, cyl: '6' },
      { wt: null, cyl: null },
      { wt: 5.424, cyl: expect.stringContaining('never seen') },
    ])
  })

  test('leaves standard errors out under a penalty, and for columns that do not vary', async () => {
    const ridge = await fitCars({ ...linear, penalty: { l1: 0, l2: 1 } }, columns, cars)
    expect(ridge.coefficients.every((c) => c.standardError === null && c.pValue === null)).toBe(true)
    const constant = await fitCars(
      { ...linear, inputs: { wt: asIs, five: 'auto' } },
      [...columns, column('five', 'float8')],
      cars.map((r) => [...r, 5]),
    )
    expect(constant.warnings.map((w) => w.code)).toEqual(['train/constant'])
    expect(constant.coefficients[2]).toMatchObject({ name: 'five', estimate: 0, standardError: null, pValue: null })
  })

  test('can be fitted by ml-logistic-regression', async () => {
    const newton = await fitCars(logistic, columns, cars)
    const descent = await fitCars({ ...logistic, solver: 'ml-logistic-regression' }, columns, cars)
    expect(descent.fit.solver).toBe('ml-logistic-regression')
    close(
      descent.coefficients.map((c) => c.estimate),
      newton.coefficients.map((c) => c.estimate),
      6,
    )
  })

  test('tells its progress', async () => {
    const seen: [string, number, number | undefined][] = []
    await fitCars(linear, columns, cars, { onProgress: (stage, done, total) => seen.push([stage, done, total]) })
    expect(seen.filter(([s]) => s === 'reading').map(([, n]) => n)).toEqual([10, 20, 30, 32])
    expect(seen.filter(([s]) => s === 'fitting').length).toBeGreaterThan(1)
    expect(seen.at(-1)).toEqual(['evaluating', 32, 32])
  })
})

test('a model that cannot be fitted says why', async () => {
  const told = cars.map(([mpg, wt, cyl, am]) => [mpg, (wt as number) + 10 * (am as number), cyl, am])
  expect(await codeOf(fitCars(logistic, columns, told))).toBe('train/separation')
  const twice: ModelDef = { ...linear, inputs: { wt: asIs, again: asIs } }
  const again = cars.map((r) => [...r, 2 * (r[1] as number)])
  expect(await codeOf(fitCars(twice, [...columns, column('again', 'float8')], again))).toBe('train/collinear')
  expect(await codeOf(fitCars({ ...logistic, solver: 'cholesky' }, columns, cars))).toBe('train/unsupported')
  expect(await codeOf(fitCars(logistic, columns, cars, { signal: AbortSignal.abort() }))).toBe('engine/interrupted')
  expect(
    await codeOf(fitCars({ ...logistic, penalty: { l1: 0, l2: 1 }, solver: 'ml-logistic-regression' }, columns, cars)),
  ).toBe('train/unsupported')
})

test('a fit that does not converge is not returned', async () => {
  // One row holds all the spread of x: gradient descent would need more steps than it has.
  const rows = Array.from({ length: 100 }, (_, i) => [i === 50 ? 1e7 : i % 10, (i * 7) % 10 < i % 10 ? 1 : 0])
  const model: ModelDef = { ...logistic, solver: 'ml-logistic-regression', inputs: { x: 'auto' } }
  expect(await codeOf(fitCars(model, [column('x', 'float8'), column('am', 'int4')], rows))).toBe('train/not-converged')
})

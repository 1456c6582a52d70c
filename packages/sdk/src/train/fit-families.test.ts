import { type DatasetDef, isViewcastError, type ModelDef } from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import { asIs, base, cars, close, codeOf, column, columns, dataset, fitCars } from './fitted-cars.ts'

describe('other families', () => {
  const counts: ModelDef = {
    ...base,
    family: 'poisson',
    link: 'log',
    label: 'carb',
    solver: 'irls',
    inputs: { wt: asIs },
  }
  const rowsWith = (label: (row: (typeof cars)[number], r: number) => unknown, offset?: (r: number) => unknown) =>
    cars.map((row, r) => [row[1], label(row, r), ...(offset === undefined ? [] : [offset(r)])])
  const named = (label: string, type: string) => [column('wt', 'float8'), column(label, type)]

  test('of a count, with an offset, agrees with R', async () => {
    // glm(am + 1 ~ wt + offset(log(mpg)), poisson, mtcars): summary, deviance, AIC  R 4.2.2
    const rows = cars.map((row) => [row[1], (row[3] as number) + 1, Math.log(row[0] as number)])
    const model: ModelDef = {
      ...counts,
      label: 'n',
      offset: 'log_mpg',
      inputs: { wt: asIs, log_mpg: { ...asIs, missing: 'null' } },
    }
    const fitted = await fitCars(
      model,
      [column('wt', 'float8'), column('n', 'int4'), column('log_mpg', 'float8')],
      rows,
    )
    expect(fitted.coefficients.map((c) => c.name)).toEqual(['(intercept)', 'wt', 'log_mpg'])
    expect(fitted.coefficients[2]).toMatchObject({ estimate: 1, standardError: null })
    expect(fitted.covariance?.slice(3)).toEqual([0, 0, 0])
    expect(fitted.covariance?.length).toBe(6)
    close(
      fitted.coefficients.slice(0, 2).map((c) => c.estimate),
      [-2.706928906227783, 0.015987724010027113],
    )
    close(
      fitted.coefficients.slice(0, 2).map((c) => c.standardError),
      [0.5005693085770612, 0.16012189296102772],
      7,
    )
    close(
      [fitted.fit.deviance, fitted.fit.nullDeviance, fitted.fit.aic],
      [3.845557344711703, 3.855501700023304, 79.82373065015312],
    )
    expect(Object.keys(fitted.metrics.train)).toContain('devianceExplained')
    // Half the exposure, half the count: the metrics are of means with the offset in.
    expect(fitted.metrics.train.mean).toBeCloseTo(45 / 32, 12)
  })

  test('rows without an offset are left out', async () => {
    const inputs: ModelDef['inputs'] = { wt: asIs, e: { ...asIs, missing: 'null' } }
    const model: ModelDef = { ...counts, label: 'n', offset: 'e', inputs }
    const columns = [...named('n', 'int4'), column('e', 'float8')]
    const rows = rowsWith(
      (_, r) => r % 3,
      (r) => (r < 3 ? [null, Number.NaN, Number.NEGATIVE_INFINITY][r] : 0.5),
    )
    const { rows: counted, leftOut, metrics } = await fitCars(model, columns, rows)
    expect([counted.train, leftOut.missing]).toEqual([29, 3])
    expect(metrics.train.deviance).toBeGreaterThan(0)
  })

  test.each([
    ['poisson', 'log', -1],
    ['gamma', 'log', 0],
    ['inverse-gaussian', 'log', 0],
    ['multinomial', 'softmax', 1.5],
  ] as const)('%s refuses labels it cannot have', async (family, link, value) => {
    const rows = rowsWith((_, r) => (r === 7 ? value : 1 + (r % 2)))
    expect(await codeOf(fitCars({ ...counts, family, link, label: 'n' }, named('n', 'float8'), rows))).toBe(
      'train/label-values',
    )
  })

  test('of several classes agrees with nnet', async () => {
    // nnet::multinom(cyl ~ wt, mtcars, reltol = 1e-15): the digits it has  R 4.2.2
    const model: ModelDef = {
      ...base,
      family: 'multinomial',
      link: 'softmax',
      label: 'cyl',
      solver: 'irls',
      inputs: { wt: asIs },
    }
    const { coefficients, classes, fit, metrics, covariance } = await fitCars(model, columns, cars)
    expect(classes).toEqual(['4', '6', '8'])
    expect(coefficients.map((c) => [c.class, c.name])).toEqual([
      ['6', '(intercept)'],
      ['6', 'wt'],
      ['8', '(intercept)'],
      ['8', 'wt'],
    ])
    expect(covariance?.length).toBe(10)
    close(
      coefficients.map((c) => c.estimate),
      [-9.968500963221512, 3.4620245394719094, -36.303757188521026, 11.294036392638413],
      4,
    )
    close([fit.deviance, fit.aic], [29.131844530997896, 37.131844530997896], 7)
    expect(metrics.train.logLoss).toBeCloseTo((fit.deviance as number) / 64, 12)
    expect(metrics.baseline.logLoss).toBeCloseTo((fit.nullDeviance as number) / 64, 12)
  })

  test('of one class is none', async () => {
    const model: ModelDef = {
      ...base,
      family: 'multinomial',
      link: 'softmax',
      label: 'c',
      solver: 'irls',
      inputs: { wt: asIs },
    }
    expect(
      await codeOf(
        fitCars(
          model,
          named('c', 'text'),
          rowsWith(() => 'same'),
        ),
      ),
    ).toBe('train/one-class')
  })

  test('whole numbers and truth values are classes in their order', async () => {
    const model: ModelDef = {
      ...base,
      family: 'multinomial',
      link: 'softmax',
      label: 'c',
      solver: 'irls',
      inputs: { wt: asIs },
    }
    const numbers = await fitCars(
      model,
      named('c', 'int4'),
      rowsWith((_, r) => [10, 9, -1][r % 3]),
    )
    expect(numbers.classes).toEqual(['-1', '9', '10'])
    const truths = await fitCars(
      model,
      named('c', 'bool'),
      rowsWith((_, r) => r % 3 === 0),
    )
    expect(truths.classes).toEqual(['false', 'true'])
    expect(truths.coefficients.map((c) => c.class)).toEqual(['true', 'true'])
  })

  test('rows of weight 0 are none, and that is said', async () => {
    const weighted: DatasetDef = { ...dataset, sample: { ...dataset.sample, weight: 'w' } }
    const failure = await fitCars(
      { ...counts, dataset: weighted, label: 'n' },
      [...named('n', 'int4'), column('_weight', 'float8')],
      rowsWith(
        () => 1,
        () => 0,
      ),
    ).catch((e: unknown) => e)
    expect(isViewcastError(failure) && failure.diagnostics.map((d) => [d.code, d.hint])).toEqual([
      ['train/no-rows', 'The weight of 32 rows is 0.'],
    ])
  })
})

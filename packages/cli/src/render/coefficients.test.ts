import type { ModelRecord } from '@viewcast/sdk'
import { expect, test } from 'vitest'
import { coefficientTable, fitStatistics } from './coefficients.ts'
import { plainColors } from './palette.ts'

const coefficient = (name: string, estimate: number, more: object = {}) => ({
  name,
  feature: name === '(intercept)' ? null : name,
  estimate,
  standardError: 0.5,
  statistic: estimate / 0.5,
  pValue: 0.01,
  interval: [estimate - 1, estimate + 1] as [number, number],
  ...more,
})
const fixed = { standardError: null, statistic: null, pValue: null, interval: undefined }
const recordOf = (more: object): ModelRecord =>
  ({
    family: 'poisson',
    link: 'log',
    coefficients: [coefficient('(intercept)', 1), coefficient('age', -2.25)],
    fit: {
      deviance: 12.5,
      nullDeviance: 40,
      residualDegrees: 30,
      nullDegrees: 31,
      dispersion: 1,
      logLikelihood: -20.25,
      aic: 44.5,
    },
    ...more,
  }) as unknown as ModelRecord
const table = (record: ModelRecord): string[] => coefficientTable(record, plainColors).trimEnd().split('\n')

test('coefficients have intervals, and z where the dispersion is known', () => {
  const [head, intercept] = table(recordOf({}))
  expect(head?.trim().split(/\s{2,}/)).toEqual(['coefficient', 'estimate', 'std. error', 'z', 'p', 'from', 'to'])
  expect(intercept?.trim().split(/\s{2,}/)).toEqual(['(intercept)', '1', '0.5', '2', '0.0100', '0', '2'])
  expect(table(recordOf({ family: 'gamma' }))[0]).toMatch(/ t /)
})

test('an offset is told, without statistics', () => {
  const coefficients = [coefficient('(intercept)', 1), coefficient('log_years', 1, fixed)]
  expect(
    table(recordOf({ offset: 'log_years', coefficients }))
      .at(-1)
      ?.trim(),
  ).toMatch(/^log_years \(offset\)\s+1$/)
})

test('classes are grouped, each named once', () => {
  const coefficients = ['b', 'c'].flatMap((c) => [
    coefficient('(intercept)', 1, { class: c }),
    coefficient('age', 2, { class: c }),
  ])
  const record = recordOf({ family: 'multinomial', classes: ['a', 'b', 'c'], coefficients })
  const rows = table(record).slice(1)
  expect(rows.map((row) => row.trim().split(/\s{2,}/)[0])).toEqual(['b', 'age', 'c', 'age'])
  expect(fitStatistics(record)[0]).toEqual(['compared', 'every class with a'])
})

test('with a penalty there are estimates only', () => {
  const coefficients = [coefficient('(intercept)', 1, fixed), coefficient('age', 2, fixed)]
  expect(
    table(recordOf({ coefficients }))[0]
      ?.trim()
      .split(/\s{2,}/),
  ).toEqual(['coefficient', 'estimate'])
})

test('how well it fits, as far as it is known', () => {
  expect(fitStatistics(recordOf({}))).toEqual([
    ['deviance', '12.5 on 30 degrees of freedom, 40 on 31 degrees of freedom without inputs'],
    ['likelihood', 'AIC 44.5, log-likelihood -20.25'],
  ])
  const fit = {
    deviance: 10,
    nullDeviance: null,
    residualDegrees: null,
    nullDegrees: null,
    dispersion: 2.5,
    logLikelihood: null,
    aic: null,
    rSquared: 0.75,
    adjustedRSquared: 0.7,
    fTest: { statistic: 8.5, degrees: [2, 10], pValue: 0.00001 },
  }
  expect(fitStatistics(recordOf({ family: 'gaussian', fit }))).toEqual([
    ['deviance', '10'],
    ['likelihood', 'dispersion 2.5'],
    ['explained', 'R² 0.75, adjusted 0.7, F 8.5 on 2 and 10, p <0.0001'],
  ])
})

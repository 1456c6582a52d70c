/** Models of scikit-learn against its own answers: trees to the bit, linear models to the last digits. */
import { readFileSync } from 'node:fs'
import { importedRecord, importParity, probeRows, readImportedModel } from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import { diagnosticsOf } from '../errors/codes-of.ts'

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/imports/${name}`, import.meta.url), 'utf8')
const about = {
  name: 'm',
  version: 1,
  at: '2026-01-01T00:00:00.000Z',
  label: 'y',
  threshold: 0.5,
  dataset: { name: 'd', queryHash: 'f'.repeat(64) },
}
const read = (text: string) => readImportedModel(text, { file: 'm.json' })

describe('scikit-learn', () => {
  test.each([
    ['linear', 'gaussian', 'identity'],
    ['ridge', 'gaussian', 'identity'],
    ['lasso', 'gaussian', 'identity'],
    ['elastic-net', 'gaussian', 'identity'],
    ['logistic', 'binomial', 'logit'],
    ['multinomial', 'multinomial', 'softmax'],
    ['svc', 'svm', 'identity'],
    ['poisson', 'poisson', 'log'],
    ['tree', 'gaussian', 'identity'],
    ['tree-classes', 'multinomial', 'identity'],
    ['forest', 'gaussian', 'identity'],
    ['forest-outcome', 'binomial', 'identity'],
    ['forest-classes', 'multinomial', 'identity'],
    ['extra', 'gaussian', 'identity'],
    ['boosting', 'gaussian', 'identity'],
    ['boosting-outcome', 'binomial', 'logit'],
    ['boosting-classes', 'multinomial', 'softmax'],
    ['hist', 'gaussian', 'identity'],
    ['hist-classes', 'multinomial', 'softmax'],
    ['pipeline-logistic', 'binomial', 'logit'],
    ['pipeline-linear', 'gaussian', 'identity'],
    ['pipeline-forest', 'gaussian', 'identity'],
    ['pipeline-boosting', 'binomial', 'logit'],
  ] as const)('%s: what the library predicts', (name, family, link) => {
    const model = read(fixture(`sklearn-${name}.json`))
    expect([model.family, model.link]).toEqual([family, link])
    const record = importedRecord(model, about)
    const rows = model.rows ?? []
    expect(rows.length).toBeGreaterThan(50)
    expect(importParity(record, rows)).toEqual({ rows: rows.length, mismatched: 0 })
    // Rows beside every threshold, with missing values and levels nobody has seen, by the library's rules.
    const probes = probeRows(model, 500).map((inputs) => ({ inputs, scores: model.reference?.(inputs) ?? [] }))
    expect(importParity(record, probes)).toEqual({ rows: 500, mismatched: 0 })
    expect(new Set(probes.map((p) => p.scores[0])).size).toBeGreaterThan(5)
  })

  test('a model without a way for missing values has no score where one is missing', () => {
    const forest = importedRecord(read(fixture('sklearn-forest.json')), about)
    expect(forest.trees?.required).toEqual(forest.trees?.inputs)
    const linear = importedRecord(read(fixture('sklearn-linear.json')), about)
    expect(linear.inputs.every((i) => i.encoder.kind === 'numeric' && i.encoder.missing === 'null')).toBe(true)
  })

  test.each([
    [{ class: 'MLPClassifier' }, /MLPClassifier is no model that is known/],
    [
      {
        class: 'Pipeline',
        steps: [
          ['pca', { class: 'PCA' }],
          ['m', { class: 'Ridge', coef_: [1], intercept_: 0 }],
        ],
      },
      /model\.pca: PCA is no step/,
    ],
    [
      { class: 'LogisticRegression', classes_: [0, 1, 2], multi_class: 'ovr', coef_: [[1], [1], [1]], intercept_: [0] },
      /one model per class/,
    ],
    [{ class: 'Ridge', n_features_in_: 2, coef_: [1], intercept_: 0 }, /1 of coef_ for 2 columns/],
    [
      { class: 'RandomForestRegressor', n_features_in_: 1, estimators_: [{ class: 'DecisionTreeRegressor' }] },
      /has no tree_/,
    ],
    ['none', /is no estimator of scikit-learn/],
  ])('%j is refused by name and place', async (model, message) => {
    const text = JSON.stringify({ format: 'sklearn-attributes', version: '1.2.1', model })
    expect((await diagnosticsOf(() => read(text)))[0]?.message).toMatch(message)
  })
})

describe('ml-logistic-regression', () => {
  const file = (classifiers: number) => ({
    name: 'LogisticRegression',
    numSteps: 10,
    learningRate: 0.1,
    numberClasses: classifiers,
    classifiers: Array.from({ length: classifiers }, (_, i) => ({
      name: 'LogisticRegressionTwoClasses',
      weights: [[i === 1 ? 0.5 : -0.5, i === 1 ? -1.25 : 1.25]],
    })),
  })
  test('is a logistic model without an intercept', () => {
    const model = readImportedModel(JSON.stringify(file(2)), { file: 'm.json', features: ['a', 'b'] })
    const record = importedRecord(model, about)
    expect(record.coefficients.map((c) => [c.name, c.estimate])).toEqual([
      ['(intercept)', 0],
      ['a', 0.5],
      ['b', -1.25],
    ])
    expect(
      importParity(record, [
        { inputs: { a: 2, b: 3 }, scores: [-2.75] },
        { inputs: { a: null, b: 3 }, scores: [null] },
      ]),
    ).toEqual({ rows: 2, mismatched: 0 })
  })
  test('of more classes is refused', async () => {
    expect((await diagnosticsOf(() => read(JSON.stringify(file(3)))))[0]?.message).toMatch(/3 classes/)
  })
})

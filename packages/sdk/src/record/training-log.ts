/** What a training is searched and compared by: its params and its metrics, by name. */
import type { Metrics, ModelDef, ModelRecord } from '@viewcast/compiler'
import type { MetricPoint } from '../store/runs/batch.ts'

/** What was asked for, under the names of the declaration: `family`, `penalty.l2`, `input.distance`, … */
export function trainingParams(model: ModelDef, asked: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { dataset, penalty } = model
  return {
    model: model.name,
    dataset: dataset.name,
    label: model.label,
    family: model.family,
    link: model.link,
    solver: model.solver,
    'penalty.l1': penalty.l1,
    'penalty.l2': penalty.l2,
    threshold: model.threshold,
    ...given({
      offset: model.offset,
      path: model.path,
      calibrate: model.calibrate,
      scorecard: model.scorecard,
      thresholdRule: model.thresholdRule,
      classWeights: model.classWeights,
      interactions: model.interactions,
    }),
    split: dataset.sample.split,
    ...Object.fromEntries(Object.entries(model.inputs).map(([feature, encoder]) => [`input.${feature}`, encoder])),
    ...given(asked),
  }
}

const given = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))

/** What came out, as `test.auc`, `fit.deviance`, `rows.train`, …; what could not be computed is left out. */
export function trainingMetrics(record: ModelRecord, seconds: number): MetricPoint[] {
  const { metrics, fit, dataset } = record
  const named: Record<string, number | null | undefined> = {
    ...prefixed('train', metrics.train),
    ...prefixed('validation', metrics.validation ?? {}),
    ...prefixed('test', metrics.test),
    ...prefixed('baseline', metrics.baseline),
    'fit.deviance': fit.deviance,
    'fit.aic': fit.aic,
    'fit.logLikelihood': fit.logLikelihood,
    'fit.rSquared': fit.rSquared,
    'fit.iterations': fit.iterations,
    'rows.train': dataset.trainRows,
    'rows.validation': dataset.validationRows,
    'rows.test': dataset.testRows,
    seconds,
  }
  return Object.entries(named).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [{ name, value }],
  )
}

const prefixed = (part: string, values: Metrics): Metrics =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${part}.${name}`, value]))

/** The record of a fitted model, with rows to check an engine with. */
import { createHash } from 'node:crypto'
import { type DatasetDef, type ModelDef, type ModelRecord, rowScorer, scorecardOf } from '@viewcast/compiler'
import type { FittedModel } from './fit-model.ts'

/** `query` is the training query without what folds add to it. */
export function modelRecordOf(
  model: ModelDef,
  dataset: DatasetDef,
  query: string,
  fitted: FittedModel,
  options: { readonly version?: number; readonly trainedAt?: string },
): ModelRecord {
  const draft: ModelRecord = {
    format: 'viewcast/model@2',
    name: model.name,
    version: options.version ?? 1,
    trainedAt: options.trainedAt ?? new Date().toISOString(),
    family: model.family,
    link: model.link,
    label: model.label,
    ...(fitted.classes === undefined ? {} : { classes: [...fitted.classes] }),
    ...(model.offset === undefined ? {} : { offset: model.offset }),
    threshold: fitted.threshold,
    ...(fitted.thresholdChoice === undefined ? {} : { thresholdChoice: fitted.thresholdChoice }),
    ...(model.classWeights === undefined ? {} : { classWeights: model.classWeights }),
    ...(model.outputs === undefined ? {} : { outputs: [...model.outputs] }),
    inputs: [...fitted.inputs],
    ...(model.interactions === undefined ? {} : { interactions: model.interactions.map((i) => [...i]) }),
    coefficients: [...fitted.coefficients],
    ...(fitted.means === undefined ? {} : { means: [...fitted.means] }),
    ...(fitted.contributions === undefined ? {} : { contributions: { ...fitted.contributions } }),
    ...(fitted.covariance === undefined ? {} : { covariance: [...fitted.covariance] }),
    fit: fitted.fit,
    ...(fitted.path === undefined ? {} : { path: fitted.path }),
    ...(model.scorecard === undefined ? {} : { scorecard: scorecardOf(model.scorecard, fitted.coefficients) }),
    ...(fitted.calibration === undefined ? {} : { calibration: fitted.calibration }),
    dataset: {
      name: dataset.name,
      queryHash: createHash('sha256').update(query).digest('hex'),
      trainRows: fitted.rows.train,
      testRows: fitted.rows.test,
      ...(fitted.rows.validation === 0 ? {} : { validationRows: fitted.rows.validation }),
      leftOut: { ...fitted.leftOut },
    },
    metrics: fitted.metrics,
    verification: [],
  }
  const { score } = rowScorer(draft)
  // What the interpreter gives for each example row; the engine a model is deployed to must give the same.
  const verification = fitted.exampleRows.map((inputs) => ({ inputs: { ...inputs }, ...score(inputs) }))
  return { ...draft, verification: verification.map((v) => ({ ...v, scores: [...v.scores] })) }
}

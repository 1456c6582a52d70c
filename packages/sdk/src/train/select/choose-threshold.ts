/** The threshold of a model with a rule for it, chosen on rows it was not fitted on where there are any. */
import { type Diagnostic, diagnostic, type LearnedInput, type ModelDef, type ModelRecord } from '@viewcast/compiler'
import type { Collected } from '../collect/collect.ts'
import { createDesign } from '../encode/design.ts'
import { fitDesign } from '../fit-design.ts'
import { type Curved, type Predictions, predictionsOf } from '../measure/evaluate-fit.ts'
import { chooseThreshold } from '../measure/threshold.ts'
import type { ClassFit, Design, Fit } from '../solve/fit.ts'
import { encodeFold, failureOf } from './fit-fold.ts'
import { foldKeys } from './fold-view.ts'
import { type FoldChoice, type FoldPlan, planFolds } from './folds.ts'

interface FittedOn {
  /** With the fold keys, when there are folds. */
  readonly read: Collected
  readonly collected: Collected
  readonly inputs: readonly LearnedInput[]
  readonly design: Design
}

interface Options {
  readonly folds?: FoldChoice
  readonly signal?: AbortSignal
  readonly memoryBudgetBytes?: number
}

interface Chosen {
  readonly threshold: number
  readonly choice?: ModelRecord['thresholdChoice']
  readonly warnings: readonly Diagnostic[]
}

/**
 * The validation part; without one, predictions of models fitted on the other folds; without folds, or when none can be
 * fitted, the training rows, with the warning `train/threshold-rows`.
 */
export async function chooseModelThreshold(
  model: ModelDef & Curved,
  fit: Fit | ClassFit,
  { read, collected, inputs, design }: FittedOn,
  { folds, signal, memoryBudgetBytes }: Options,
): Promise<Chosen> {
  const { thresholdRule: rule } = model
  if (rule === undefined) return { threshold: model.threshold, warnings: [] }
  const warnings: Diagnostic[] = []
  let rows: NonNullable<ModelRecord['thresholdChoice']>['rows'] = 'validation'
  let found: Predictions
  if (collected.rows.validation > 0) {
    const validation = createDesign(collected, inputs, 'validation', {
      memoryBudgetBytes: 0,
      interactions: model.interactions,
    })
    found = await predictionsOf(model, fit, validation, signal)
  } else {
    const crossed = folds && (await outOfFold(model, read, folds, signal, memoryBudgetBytes))
    rows = crossed === undefined ? 'train' : 'cross-validated'
    if (crossed === undefined) warnings.push(diagnostic('train/threshold-rows', { model: model.name }))
    found = crossed ?? (await predictionsOf(model, fit, design, signal))
  }
  const chosen = chooseThreshold(rule, found.predictions, found.labels, found.weights)
  if (chosen === undefined) return { threshold: model.threshold, warnings }
  const { threshold, value, table } = chosen
  return { threshold, choice: { rule, rows, value, table: table.map((t) => ({ ...t })) }, warnings }
}

/** What models of the other folds predict for each fold; undefined when no fold can be fitted. */
async function outOfFold(
  model: ModelDef & Curved,
  read: Collected,
  { folds, gap }: FoldChoice,
  signal: AbortSignal | undefined,
  memoryBudgetBytes: number | undefined,
): Promise<Predictions | undefined> {
  const once = folds.kind === 'hash' ? { ...folds, repeats: 1 } : folds
  let plan: FoldPlan
  try {
    plan = planFolds(once, gap, foldKeys(read), `model "${model.name}"`)
  } catch (e) {
    failureOf(e)
    return undefined
  }
  const all: Predictions[] = []
  for (let fold = 0; fold < plan.count; fold++) {
    const encoded = encodeFold(model, read, (key) => plan.partOf(fold, key), memoryBudgetBytes)
    if ('code' in encoded) continue
    try {
      const fit = await fitDesign(model, encoded.train, { signal })
      all.push(await predictionsOf(model, fit, encoded.validation, signal))
    } catch (e) {
      failureOf(e)
    }
  }
  if (all.length === 0) return undefined
  const joined = (of: (p: Predictions) => Float64Array): Float64Array => {
    const into = new Float64Array(all.reduce((n, p) => n + p.labels.length, 0))
    let at = 0
    for (const p of all) {
      into.set(of(p), at)
      at += p.labels.length
    }
    return into
  }
  const isWeighted = all.some((p) => p.weights !== undefined)
  return {
    predictions: joined((p) => p.predictions),
    labels: joined((p) => p.labels),
    ...(isWeighted ? { weights: joined((p) => p.weights ?? p.labels.map(() => 1)) } : {}),
  }
}

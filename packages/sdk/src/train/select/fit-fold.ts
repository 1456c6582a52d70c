/** A model fitted on the training rows of a fold, and what it predicts for the others. */
import { type Diagnostic, diagnostic, isViewcastError, type LearnedInput, type ModelDef } from '@viewcast/compiler'
import type { Collected, Part } from '../collect/collect.ts'
import { createDesign } from '../encode/design.ts'
import { learnEncoders } from '../encode/encoders.ts'
import type { Design } from '../solve/fit.ts'
import { foldView } from './fold-view.ts'

/** Rows of a fold with encoders learned on its training rows alone. */
export interface EncodedFold {
  readonly inputs: readonly LearnedInput[]
  readonly train: Design
  readonly validation: Design
}

/** Learns the encoders anew; or says why the fold's rows cannot be learned from. */
export function encodeFold(
  model: ModelDef,
  read: Collected,
  partOf: (key: number) => Part | undefined,
  memoryBudgetBytes: number | undefined,
): EncodedFold | Diagnostic {
  const { view, keyed, hasOneLabel } = foldView(read, Object.keys(model.inputs), partOf)
  const lacking = view.rows.train === 0 ? 'training' : view.rows.validation === 0 ? 'validation' : undefined
  if (lacking !== undefined) return diagnostic('train/no-rows', { dataset: model.dataset.name, part: lacking })
  if (hasOneLabel && model.family !== 'gaussian') {
    return diagnostic('train/one-class', { label: model.label, rows: String(view.rows.train) })
  }
  const empty = view.inputs.find((i) => i.statistics.count === 0)
  if (empty !== undefined) return diagnostic('train/all-null', { input: empty.feature })
  try {
    const { inputs } = learnEncoders(model.inputs, view)
    const options = { memoryBudgetBytes, interactions: model.interactions }
    const train = createDesign(keyed, inputs, 'train', options)
    return { inputs, train, validation: createDesign(keyed, inputs, 'validation', options) }
  } catch (e) {
    return failureOf(e)
  }
}

/** Why a fold could not be fitted; anything but a refusal of its data is thrown on. */
export function failureOf(e: unknown): Diagnostic {
  const [first] = isViewcastError(e) ? e.diagnostics : []
  if (first === undefined || !/^(train|model|select)\//.test(first.code)) throw e
  return first
}

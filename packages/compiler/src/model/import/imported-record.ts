/** An imported model as a model record of this project: its features become columns of a dataset. */
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { Coefficient, ModelRecord } from '../../ir/model-record.ts'
import { isBoolean } from '../../ir/type.ts'
import { encodedColumns } from '../encoders/columns.ts'
import type { ImportedModel } from './imported-model.ts'

export interface ImportAbout {
  readonly name: string
  readonly version: number
  /** ISO instant of the import. */
  readonly at: string
  readonly label: string
  readonly threshold: number
  readonly dataset: Pick<ModelRecord['dataset'], 'name' | 'queryHash'>
  /** Feature of the file → column of the dataset, with its SQL type; a feature that is not named keeps its name and type. */
  readonly columns?: Readonly<Record<string, { readonly name: string; readonly type: string }>>
}

/** The record, without verification rows and metrics: the model was neither fitted nor measured here. */
export function importedRecord(model: ImportedModel, about: ImportAbout): ModelRecord {
  const column = (feature: string) => about.columns?.[feature]
  const named = (feature: string): string => column(feature)?.name ?? feature
  const read = model.inputs.map((input) => {
    const type = column(input.feature)?.type ?? input.type
    return { ...input, feature: named(input.feature), type }
  })
  const inputs = read.map(asColumn)
  const { trees } = model
  return {
    format: 'viewcast/model@2',
    name: about.name,
    version: about.version,
    trainedAt: about.at,
    family: model.family,
    link: model.link,
    label: about.label,
    ...(model.classes === undefined ? {} : { classes: [...model.classes] }),
    threshold: about.threshold,
    inputs,
    coefficients: trees === undefined ? renamed(read, inputs, model.coefficients) : [],
    ...(trees === undefined
      ? {}
      : {
          trees: {
            ...trees,
            inputs: trees.inputs.map(named),
            required: trees.required.map(named),
            ...(trees.importance === undefined
              ? {}
              : { importance: Object.fromEntries(Object.entries(trees.importance).map(([f, v]) => [named(f), v])) }),
          },
        }),
    fit: {
      solver: model.source,
      where: 'process',
      penalty: { l1: 0, l2: 0 },
      iterations: 0,
      converged: true,
      deviance: null,
      nullDeviance: null,
      residualDegrees: null,
      nullDegrees: null,
      dispersion: null,
      logLikelihood: null,
      aic: null,
    },
    dataset: { ...about.dataset, trainRows: 0, testRows: 0 },
    metrics: { train: {}, test: {}, baseline: {} },
    verification: [],
  }
}

/** A model takes truth values as numbers; a column that is one is encoded as one. */
function asColumn(input: LearnedInput): LearnedInput {
  return isBoolean(input.type) && input.encoder.kind === 'numeric' ? { ...input, encoder: { kind: 'boolean' } } : input
}

/** Coefficients under the names of their columns, which follow from the inputs. */
function renamed(
  read: readonly LearnedInput[],
  inputs: readonly LearnedInput[],
  coefficients: readonly Coefficient[],
): Coefficient[] {
  const names = encodedColumns(inputs)
  const scaled = inputs.flatMap((input, i) => {
    const was = read[i]?.encoder
    return encodedColumns([input]).map(() =>
      was?.kind === 'numeric' && input.encoder.kind === 'boolean' ? was : { center: 0, scale: 1 },
    )
  })
  const perScore = 1 + names.length
  const shifts = new Map<number, number>()
  const own = coefficients.map((c, i): Coefficient => {
    const place = (i % perScore) - 1
    const { center = 0, scale = 1 } = scaled[place] ?? {}
    if (place < 0) return c
    const estimate = c.estimate / scale
    const score = Math.floor(i / perScore)
    shifts.set(score, (shifts.get(score) ?? 0) - estimate * center)
    return { ...c, estimate, name: names[place]?.name ?? c.name, feature: names[place]?.feature ?? c.feature }
  })
  return own.map((c, i) =>
    i % perScore === 0 ? { ...c, estimate: c.estimate + (shifts.get(Math.floor(i / perScore)) ?? 0) } : c,
  )
}

/** Which columns of the training query are read, and how. */
import { type Column, featureKind, InternalError, labelKind, type ModelDef } from '@viewcast/compiler'
import type { NumberColumn } from '../../database/number-batch.ts'

/** Places in a row of numbers; −1 for a column the dataset does not have. */
export interface TrainingColumns {
  /** To be read, in this order: the inputs of the model in theirs, then the others. */
  readonly wanted: readonly NumberColumn[]
  readonly label: number
  /** What the label is; a text is read as a level. */
  readonly labelAs: 'number' | 'truth' | 'text'
  readonly weight: number
  readonly split: number
  readonly censored: number
  /** Where rows are groups of equal rows: how many each is. */
  readonly copies: number
}

/**
 * `columns` are those of the training query: the inputs and the label by name, and, when the dataset has them, `_weight`,
 * `_split` and `_censored`. Of groups of equal rows the last column is how many rows there are in each.
 */
export function trainingColumns(model: ModelDef, columns: readonly Column[], isGrouped = false): TrainingColumns {
  const wanted: NumberColumn[] = Object.keys(model.inputs).map((feature) => {
    const at = indexOf(columns, feature)
    const { type, isEnum } = columns[at] as Column
    return { at, as: featureKind(type, isEnum) === 'category' ? 'level' : 'number' }
  })
  const also = (at: number, as: NumberColumn['as']): number => (at < 0 ? -1 : wanted.push({ at, as }) - 1)
  const byName = (name: string): number => columns.findIndex((c) => c.name === name)
  const label = indexOf(columns, model.label)
  const { type, isEnum } = columns[label] as Column
  const isText = labelKind(model.family) === 'class' && featureKind(type, isEnum) === 'category'
  const drops = (model.dataset.target?.censored ?? 'drop') === 'drop'
  return {
    wanted,
    label: also(label, isText ? 'level' : 'number'),
    labelAs: isText ? 'text' : type === 'bool' ? 'truth' : 'number',
    weight: also(byName('_weight'), 'number'),
    split: also(byName('_split'), 'level'),
    censored: drops ? also(byName('_censored'), 'number') : -1,
    copies: isGrouped ? also(columns.length - 1, 'number') : -1,
  }
}

/** The place of a column of the training query. */
export function indexOf(columns: readonly Column[], name: string): number {
  const at = columns.findIndex((c) => c.name === name)
  if (at < 0) throw new InternalError(`The training query lacks the column "${name}"`)
  return at
}

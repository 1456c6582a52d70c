/** Which rows of the training query take part, and in what part. */
import {
  type EncoderSpec,
  type Family,
  fail,
  InternalError,
  labelKind,
  type ModelDef,
  usableNumber,
} from '@viewcast/compiler'
import type { NumberBatch } from '../../database/number-batch.ts'
import { type Classes, createClassReader } from './classes.ts'
import { type LeftOut, type Part, parts } from './parts.ts'
import type { TrainingColumns } from './training-columns.ts'

/** The rows of one batch that take part, side by side. */
export interface ChosenRows {
  readonly count: number
  /** Places in the batch. */
  readonly row: Int32Array
  readonly label: Float64Array
  readonly weight: Float64Array
  /** A value of {@link parts}. */
  readonly part: Uint8Array
  /** Equal rows that each of them is; undefined where rows are rows. */
  readonly copies?: Float64Array | undefined
}

export interface RowCounts {
  readonly rows: Readonly<Record<Part, number>>
  readonly leftOut: LeftOut
  readonly badWeights: number
  /** Training rows with label 1. */
  readonly positives: number
  /** Where rows are groups: how many, and Σ ln of the weights of the training rows. */
  readonly groups?: Groups
  /** Of a label with several classes; its rows have codes as labels. */
  readonly classes?: Classes
}

export interface Groups {
  readonly stored: Readonly<Record<Part, number>>
  readonly logWeights: number
}

export interface RowChoice {
  /** Valid until the next batch is looked at. Errors: `train/label-values`, `train/not-finite`. */
  choose(batch: NumberBatch): ChosenRows
  counts(): RowCounts
}

/** Which text of `_split` is which part, as `parts` numbers them; −1 for no part. */
const partNumber = (level: string | undefined): number => {
  if (level === 'train' || level === 'test' || level === 'validation') return parts[level]
  throw new InternalError('The training query divides rows into parts other than train, validation and test')
}

/** Labels that a family cannot have are no rows of it. */
export const expectedLabels: Readonly<
  Partial<Record<Family, { readonly isLabel: (y: number) => boolean; readonly words: string }>>
> = {
  poisson: { isLabel: (y) => y >= 0, words: 'numbers from 0' },
  gamma: { isLabel: (y) => y > 0, words: 'numbers above 0' },
  'inverse-gaussian': { isLabel: (y) => y > 0, words: 'numbers above 0' },
  multinomial: { isLabel: Number.isSafeInteger, words: 'whole numbers, texts or truth values' },
}

/** Chooses by what the columns say: complete outcome, part, label, weight, inputs that must not be missing, in this order. */
export function rowChoice(model: Pick<ModelDef, 'family' | 'label' | 'inputs'>, columns: TrainingColumns): RowChoice {
  const width = columns.wanted.length
  const { label, labelAs, weight, split, censored, copies } = columns
  const kind = labelKind(model.family)
  const isOutcome = kind === 'outcome'
  const expected = expectedLabels[model.family]
  const classes = kind === 'class' ? createClassReader() : undefined
  let texts: readonly string[] = []
  const leftOut: { -readonly [Reason in keyof LeftOut]: LeftOut[Reason] } = {
    censored: 0,
    gap: 0,
    unlabelled: 0,
    weightless: 0,
  }
  const needed = Object.values(model.inputs).flatMap((spec, j) => (hasNoScoreForMissing(spec) ? [j] : []))
  const perPart = [0, 0, 0]
  const storedPerPart = [0, 0, 0]
  let logWeights = 0
  const partOfLevel: number[] = []
  let badWeights = 0
  let positives = 0
  const isGrouped = copies >= 0
  let chosen = room(0, isGrouped)
  return {
    choose({ rows, values, levels }) {
      if (chosen.row.length < rows) chosen = room(rows, isGrouped)
      texts = levels[label] ?? []
      let count = 0
      for (let r = 0, at = 0; r < rows; r++, at += width) {
        const times = isGrouped ? (values[at + copies] as number) : 1
        if (censored >= 0 && values[at + censored] === 1) {
          leftOut.censored += times
          continue
        }
        let part: number = parts.train
        if (split >= 0) {
          const code = values[at + split] as number
          if (Number.isNaN(code)) {
            leftOut.gap += times
            continue
          }
          part = partOfLevel[code] ??= partNumber(levels[split]?.[code])
        }
        const y = values[at + label] as number
        if (Number.isNaN(y)) {
          leftOut.unlabelled += times
          continue
        }
        if (isOutcome && y !== 0 && y !== 1) fail('train/label-values', { label: model.label })
        if (!Number.isFinite(y)) fail('train/not-finite', { input: model.label })
        if (expected?.isLabel(y) === false) fail('train/label-values', { label: model.label, expected: expected.words })
        const w = weight < 0 ? 1 : (values[at + weight] as number)
        if (!(w >= 0 && w < Number.POSITIVE_INFINITY)) badWeights += times
        if (!(w > 0)) {
          leftOut.weightless += times
          continue
        }
        if (needed.some((j) => Number.isNaN(usableNumber(values[at + j] as number)))) {
          leftOut.missing = (leftOut.missing ?? 0) + times
          continue
        }
        chosen.row[count] = r
        const code = classes === undefined ? y : classes.code(y)
        chosen.label[count] = code
        chosen.weight[count] = w
        chosen.part[count] = part
        count++
        perPart[part] = (perPart[part] as number) + times
        if (chosen.copies !== undefined) {
          chosen.copies[count - 1] = times
          storedPerPart[part] = (storedPerPart[part] as number) + 1
        }
        if (part !== parts.train) continue
        if (isGrouped) logWeights += times * Math.log(w)
        if (classes !== undefined) classes.count(code, times)
        else if (y === 1) positives += times
      }
      return { ...chosen, count }
    },
    counts: () => {
      const groups = isGrouped ? { groups: { stored: byPart(storedPerPart), logWeights } } : {}
      const found = { rows: byPart(perPart), leftOut, badWeights, positives, ...groups }
      if (classes === undefined) return found
      const nameOf = (y: number): string =>
        labelAs === 'text' ? (texts[y] ?? '') : labelAs === 'truth' ? String(y === 1) : String(y)
      return { ...found, classes: classes.classes(nameOf, labelAs === 'text') }
    },
  }
}

/** Rows without a score cannot be fitted, and are told from others before any encoder is learned. */
const hasNoScoreForMissing = (spec: EncoderSpec | 'auto'): boolean =>
  spec !== 'auto' && 'missing' in spec && (spec.missing === 'null' || spec.missing === null)

const byPart = ([train = 0, test = 0, validation = 0]: readonly number[]): Readonly<Record<Part, number>> => ({
  train,
  test,
  validation,
})

const room = (rows: number, isGrouped: boolean): Omit<ChosenRows, 'count'> => ({
  row: new Int32Array(rows),
  label: new Float64Array(rows),
  weight: new Float64Array(rows),
  part: new Uint8Array(rows),
  copies: isGrouped ? new Float64Array(rows) : undefined,
})

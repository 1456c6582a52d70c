/** Takes the values of one input column into the store, and counts what it sees in the training rows. */
import { type Column, fail, featureKind, usableNumber } from '@viewcast/compiler'
import type { NumberBatch } from '../../database/number-batch.ts'
import { parts } from './parts.ts'
import type { ChosenRows } from './row-choice.ts'
import { createMoments, type InputStatistics } from './statistics.ts'

/** Where a column of the store is written: every `stride` numbers from `at` on. */
export interface StoreColumn {
  readonly values: Float64Array
  readonly at: number
  readonly stride: number
}

export interface InputReader {
  readonly feature: string
  readonly type: string
  /**
   * Writes the chosen rows `from … from + count` of a batch's column, as the store keeps them: a usable number, 0 or 1, the code
   * of a level; NaN when missing.
   */
  take(batch: NumberBatch, column: number, chosen: ChosenRows, from: number, count: number, into: StoreColumn): void
  statistics(): InputStatistics
}

/** Distinct values a category may have; a dictionary of them is kept in memory. */
export const mostLevels = 100_000

/**
 * Errors: `model/input-type` for a column that is neither number, truth value nor category; on reading
 * `train/many-levels`.
 */
export function createInputReader(column: Column): InputReader {
  const { name: feature, type } = column
  switch (featureKind(type, column.isEnum)) {
    case 'numeric':
      return numericReader(feature, type)
    case 'boolean':
      return booleanReader(feature, type)
    case 'category':
      return categoryReader(feature, type)
    default:
      return fail('model/input-type', { input: feature, type, encoder: 'a model' })
  }
}

function numericReader(feature: string, type: string): InputReader {
  const moments = createMoments()
  let training = new Float64Array(0)
  return {
    feature,
    type,
    take(
      { values, levels: { length: width } },
      column,
      { row, part, copies },
      from,
      count,
      { values: into, at, stride },
    ) {
      if (training.length < count) training = new Float64Array(count)
      const kept = training
      const end = from + count
      let trainingRows = 0
      for (let k = from, to = at; k < end; k++, to += stride) {
        const x = usableNumber(values[(row[k] as number) * width + column] as number)
        into[to] = x
        if (part[k] !== parts.train) continue
        if (copies === undefined) kept[trainingRows++] = x
        else moments.addCopies(x, copies[k] as number)
      }
      moments.addAll(kept, trainingRows)
    },
    statistics: moments.read,
  }
}

function booleanReader(feature: string, type: string): InputReader {
  let count = 0
  let missing = 0
  let trues = 0
  return {
    feature,
    type,
    take({ values, levels: { length: width } }, column, { row, part, copies }, from, rows, into) {
      for (let k = from, to = into.at; k < from + rows; k++, to += into.stride) {
        const x = values[(row[k] as number) * width + column] as number
        into.values[to] = x
        if (part[k] !== parts.train) continue
        const times = copies === undefined ? 1 : (copies[k] as number)
        if (Number.isNaN(x)) missing += times
        else {
          count += times
          trues += x * times
        }
      }
    },
    statistics: () => ({ kind: 'boolean', count, missing, trues }),
  }
}

function categoryReader(feature: string, type: string): InputReader {
  /** Code in the batch → code in the store: rows left out have levels that nobody is to know. */
  const codes: number[] = []
  const levels: { level: string; rows: number }[] = []
  let count = 0
  let missing = 0
  const codeOf = (code: number, level: string): number => {
    const known = codes[code]
    if (known !== undefined) return known
    if (levels.length === mostLevels) fail('train/many-levels', { input: feature, limit: String(mostLevels) })
    codes[code] = levels.length
    return levels.push({ level, rows: 0 }) - 1
  }
  return {
    feature,
    type,
    take({ values, levels: texts }, column, { row, part, copies }, from, rows, into) {
      const width = texts.length
      const names = texts[column] as readonly string[]
      for (let k = from, to = into.at; k < from + rows; k++, to += into.stride) {
        const found = values[(row[k] as number) * width + column] as number
        const isMissing = Number.isNaN(found)
        const code = isMissing ? Number.NaN : codeOf(found, names[found] as string)
        into.values[to] = code
        if (part[k] !== parts.train) continue
        const times = copies === undefined ? 1 : (copies[k] as number)
        if (isMissing) missing += times
        else {
          count += times
          const level = levels[code] as { rows: number }
          level.rows += times
        }
      }
    },
    statistics: () => ({ kind: 'category', count, missing, levels: levels.map((l) => ({ ...l })) }),
  }
}

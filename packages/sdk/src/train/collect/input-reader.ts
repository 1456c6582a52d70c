/** Turns the values of one input column into numbers, and counts what it sees in the training rows. */
import { type Column, fail, featureKind } from '@viewcast/compiler'
import { createMoments, type InputStatistics } from './statistics.ts'

export interface InputReader {
  readonly feature: string
  readonly type: string
  /** The value as the store keeps it: a number, 0 or 1, the code of a level; NaN when missing. */
  read(value: unknown): number
  /** Takes a read value into the statistics. */
  count(x: number): void
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
    case 'numeric': {
      const { add, read } = createMoments()
      return { feature, type, read: numberOf, count: add, statistics: read }
    }
    case 'boolean':
      return booleanReader(feature, type)
    case 'category':
      return categoryReader(feature, type)
    default:
      return fail('model/input-type', { input: feature, type, encoder: 'a model' })
  }
}

/** numeric and int8 arrive as text, and PostgreSQL writes 'NaN' and 'Infinity' as JavaScript reads them. */
export const numberOf = (value: unknown): number => (value === null || value === undefined ? Number.NaN : Number(value))

function booleanReader(feature: string, type: string): InputReader {
  let count = 0
  let missing = 0
  let trues = 0
  return {
    feature,
    type,
    read: (value) => (value === null || value === undefined ? Number.NaN : value ? 1 : 0),
    count(x) {
      if (Number.isNaN(x)) missing++
      else {
        count++
        trues += x
      }
    },
    statistics: () => ({ kind: 'boolean', count, missing, trues }),
  }
}

function categoryReader(feature: string, type: string): InputReader {
  const codes = new Map<string, number>()
  const rows: number[] = []
  let count = 0
  let missing = 0
  return {
    feature,
    type,
    read(value) {
      if (value === null || value === undefined) return Number.NaN
      const level = String(value)
      const known = codes.get(level)
      if (known !== undefined) return known
      const code = codes.size
      if (code === mostLevels) fail('train/many-levels', { input: feature, limit: String(mostLevels) })
      codes.set(level, code)
      rows.push(0)
      return code
    },
    count(x) {
      if (Number.isNaN(x)) missing++
      else {
        count++
        rows[x] = (rows[x] as number) + 1
      }
    },
    statistics: () => ({
      kind: 'category',
      count,
      missing,
      levels: [...codes.keys()].map((level, code) => ({ level, rows: rows[code] as number })),
    }),
  }
}

/** Encoders of categories as tables: what each level, NULL and a value never seen give in each column. */
import { type Expr, expr, type Literal } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import { isBoolean, isNumber, type SqlType } from '../../ir/type.ts'
import { isMissing } from './usable.ts'

/** The columns that are not 0, as [column, value]; null makes every column NULL. */
export type Cells = readonly (readonly [column: number, value: number])[] | null

export interface LevelTable {
  readonly width: number
  /** What the levels are compared with: the column, or its hash. */
  readonly key: (column: Expr) => Expr
  /** As the key has them: text, numbers or truth values. */
  readonly levels: readonly Literal[]
  readonly cells: (level: number) => Cells
  readonly missing: Cells
  readonly unseen: Cells
}

/** The table of an input whose encoder reads levels; undefined for numbers. */
export function levelTable({ encoder, type }: LearnedInput): LevelTable | undefined {
  const own = { key: (column: Expr): Expr => column }
  switch (encoder.kind) {
    case 'numeric':
    case 'raw':
      return undefined
    case 'boolean': {
      const width = encoder.missing === 'level' ? 2 : 1
      const missing = missingCells(encoder.missing, 1)
      return { ...own, width, levels: [true], cells: () => [[0, 1]], missing, unseen: [] }
    }
    case 'onehot': {
      const { levels, rare } = encoder
      const rareCells: Cells = rare === undefined ? [] : [[levels.length, 1]]
      const count = levels.length + (rare === undefined ? 0 : 1)
      return {
        ...own,
        width: count + (encoder.missing === 'level' ? 1 : 0),
        levels: [...levels, ...(rare?.levels ?? []), ...baseOf(encoder)].map((l) => levelValue(l, type)),
        cells: (i) => (i < levels.length ? [[i, 1]] : i < levels.length + (rare?.levels.length ?? 0) ? rareCells : []),
        missing: missingCells(encoder.missing, count),
        unseen: rare?.unseen ? rareCells : [],
      }
    }
    case 'levels': {
      const cell = (value: number | null): Cells => (value === null ? null : [[0, value]])
      return {
        ...own,
        width: 1,
        levels: encoder.levels.map((l) => levelValue(l, type)),
        cells: (i) => cell(encoder.values[i] ?? 0),
        missing: cell(encoder.missing),
        unseen: cell(encoder.unseen),
      }
    }
    case 'hashed': {
      const { columns, signed } = encoder
      const slots = signed ? 2 * columns : columns
      return {
        width: columns + (encoder.missing === 'level' ? 1 : 0),
        key: (column) => expr.call('hash_slot', [column, expr.literal('int8', slots)]),
        levels: Array.from({ length: slots }, (_, i) => i),
        cells: (i) => [[i % columns, i < columns ? 1 : -1]],
        missing: missingCells(encoder.missing, columns),
        unseen: [],
      }
    }
  }
}

/** The base has to be told from values never seen only where those are not all zeros too. */
const baseOf = (encoder: Extract<LearnedInput['encoder'], { kind: 'onehot' }>): readonly string[] =>
  encoder.base !== null && encoder.rare?.unseen ? [encoder.base] : []

const missingCells = (missing: 'level' | 'null' | undefined, column: number): Cells =>
  missing === 'null' ? null : missing === 'level' ? [[column, 1]] : []

/** A level of a record, which is text, as a column of the type has it behind the feature boundary. */
const levelValue = (level: string, type: SqlType): Literal =>
  isBoolean(type) ? level === 'true' : isNumber(type) ? Number(level) : level

/** True where the key is the level. */
export const isLevel = (key: Expr, level: Literal): Expr =>
  typeof level === 'boolean'
    ? level
      ? key
      : expr.not(key)
    : expr.compare('=', key, typeof level === 'number' ? expr.float(level) : expr.text(String(level)))

/** True where the column has no level. */
export const hasNoLevel = (column: Expr, type: SqlType): Expr =>
  isNumber(type) ? isMissing(type, column) : expr.isNull(column)

/**
 * Encoded columns of an input as expressions, one each: the definition of what an encoder means. Training encodes with
 * typed arrays for speed, and the linear predictor with folded expressions; both are tested against this.
 */
import { type Expr, expr } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { SqlType } from '../../ir/type.ts'
import { basisWidth } from './basis.ts'
import { type Cells, hasNoLevel, isLevel, type LevelTable, levelTable } from './level-table.ts'
import {
  basisFormula,
  clipped,
  type Formula,
  guarded,
  type NumericEncoder,
  numericOf,
  scaledFormula,
} from './numeric.ts'
import { isMissing } from './usable.ts'

/**
 * A value for each encoded column, in their order: always a finite number, or NULL where the encoder says that a missing
 * value has no score. `column` is the feature behind its boundary.
 *
 * ```sql
 * CASE WHEN abs(x) >= 1e-150::float8 AND abs(x) <= 1e150::float8 THEN (x + '-3'::float8) / 2::float8 WHEN … END
 * ```
 */
export function encodedValues(input: LearnedInput, column: Expr): readonly Expr[] {
  const { type } = input
  const table = levelTable(input)
  if (table !== undefined) return tableValues(table, type, column)
  const numeric = numericOf(input)
  const values = numericFormulas(numeric).map((f) => guarded(numeric, type, column, f, valueOfMissing(numeric, f)))
  return numeric.indicator ? [...values, indicator(numeric, type, column)] : values
}

/** What each column of a number is, of a clipped one. */
export function numericFormulas(encoder: NumericEncoder): readonly Formula[] {
  const { basis } = encoder
  if (basis === undefined) return [scaledFormula(encoder)]
  const width = basisWidth(basis)
  return Array.from({ length: width }, (_, own) =>
    basisFormula(
      encoder,
      Array.from({ length: width }, (_, j) => (j === own ? 1 : 0)),
    ),
  )
}

/** What a column has where the value is missing. */
export function valueOfMissing(encoder: NumericEncoder, formula: Formula): number | null {
  if (encoder.missing === 'null') return null
  return encoder.missing === 'level' ? 0 : formula.at(clipped(encoder, encoder.impute))
}

const indicator = (encoder: NumericEncoder, type: SqlType, column: Expr): Expr =>
  expr.case([{ when: isMissing(type, column), value: oneOrNull(encoder) }], expr.float(0))

const oneOrNull = ({ missing }: NumericEncoder): Expr =>
  missing === 'null' ? expr.literal('float8', null) : expr.float(1)

function tableValues(table: LevelTable, type: SqlType, column: Expr): readonly Expr[] {
  const key = table.key(column)
  const arms = Array.from({ length: table.width }, (): { when: Expr; value: Expr }[] => [])
  const whereUnseen = inColumns(table.unseen, table.width)
  for (const [i, level] of table.levels.entries()) {
    const values = inColumns(table.cells(i), table.width)
    for (const [j, own] of arms.entries()) {
      if (values(j) !== whereUnseen(j)) own.push({ when: isLevel(key, level), value: literal(values(j)) })
    }
  }
  const whereMissing = inColumns(table.missing, table.width)
  const missing = hasNoLevel(column, type)
  return arms.map((own, j) => {
    const last = whereMissing(j) === whereUnseen(j) ? [] : [{ when: missing, value: literal(whereMissing(j)) }]
    const all = [...own, ...last]
    return all.length === 0 ? literal(whereUnseen(j)) : expr.case(all, literal(whereUnseen(j)))
  })
}

function inColumns(cells: Cells, width: number): (column: number) => number | null {
  if (cells === null) return () => null
  if (width === 1) return () => cells[0]?.[1] ?? 0
  const values = new Map(cells)
  return (j) => values.get(j) ?? 0
}

const literal = (value: number | null): Expr => expr.literal('float8', value)

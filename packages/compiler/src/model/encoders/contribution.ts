/** An input's share of the linear predictor: encoder and coefficients folded into one multiply, one polynomial or one lookup. */
import { type Expr, expr, type Literal } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { SqlType } from '../../ir/type.ts'
import { basisWidth } from './basis.ts'
import { valueOfMissing } from './encoded-values.ts'
import { type Cells, hasNoLevel, isLevel, type LevelTable, levelTable } from './level-table.ts'
import { basisFormula, guarded, type NumericEncoder, numericOf, unguarded, weightedFormula } from './numeric.ts'
import { unusableIn } from './usable.ts'

export interface Contribution {
  readonly feature: string
  /** What the input adds to the linear predictor, the constant part left out. */
  readonly expr: Expr
  /**
   * The same without the test for missing values: NULL when the value is. Only of columns whose type has no NaN, no
   * infinity and no number that could overflow. Absent where nothing is tested.
   */
  readonly plain?: Expr
  /** Constant part: −β · center / scale. */
  readonly constant: number
  /** The same as `expr`, as a table; of encoders that read levels. */
  readonly lookup?: Lookup
}

/** One number for each level, to be looked up by a key. */
export interface Lookup {
  readonly kind: 'lookup'
  /** The column, or its hash. NULL where the column is. */
  readonly key: Expr
  /** Distinct levels, as the key has them, whose number is not that of a value never seen. */
  readonly levels: readonly { readonly level: Literal; readonly value: number | null }[]
  /** For NULL, and for a value that is not among the levels; null makes the score NULL. */
  readonly missing: number | null
  readonly unseen: number | null
}

/** `betas` are the coefficients of the input's encoded columns, in order; `column` is the feature behind its boundary. */
export function contribution(input: LearnedInput, betas: readonly number[], column: Expr): Contribution {
  const { feature, type } = input
  const table = levelTable(input)
  if (table === undefined) return { feature, ...numericContribution(numericOf(input), type, betas, column) }
  const lookup = lookupOf(table, betas, table.key(column))
  const value = lookupExpr(lookup, column, type)
  return { feature, expr: value, constant: 0, lookup }
}

function numericContribution(
  encoder: NumericEncoder,
  type: SqlType,
  betas: readonly number[],
  column: Expr,
): Omit<Contribution, 'feature'> {
  const { basis, center, scale, origin = 0 } = encoder
  const width = basis === undefined ? 1 : basisWidth(basis)
  const weights = betas.slice(0, width)
  const indicator = encoder.indicator ? (betas[width] ?? 0) : 0
  if (weights.every((w) => w === 0)) {
    const none = { at: () => 0, expr: () => expr.float(0), tellsTinyFromZero: false }
    const missing = encoder.missing === 'null' ? null : indicator
    const value = missing === 0 ? expr.float(0) : guarded(noClip(encoder), type, column, none, missing)
    return { expr: value, constant: 0 }
  }
  const linear = basis === undefined ? weightedFormula(encoder, (betas[0] ?? 0) / scale) : undefined
  const formula = linear ?? basisFormula(encoder, weights)
  const constant = linear === undefined ? 0 : -((betas[0] ?? 0) / scale) * center
  // With `level` the whole share is 0, its constant part included.
  const share = encoder.missing === 'level' ? -constant : valueOfMissing(encoder, formula)
  const missing = share === null ? null : share + indicator
  const x = origin === 0 ? column : expr.sum([column, expr.float(-origin)])
  const isPlain = unusableIn(type) === 'null' && linear !== undefined
  return {
    expr: guarded(encoder, type, column, formula, missing),
    ...(isPlain ? { plain: unguarded(encoder, type, x, formula) } : {}),
    constant,
  }
}

const noClip = ({ clip: _, ...encoder }: NumericEncoder): NumericEncoder => ({ ...encoder, transform: 'identity' })

function lookupOf(table: LevelTable, betas: readonly number[], key: Expr): Lookup {
  const folded = (cells: Cells): number | null =>
    cells === null ? null : cells.reduce((sum, [j, value]) => sum + (betas[j] ?? 0) * value, 0)
  const unseen = folded(table.unseen)
  const levels = table.levels
    .map((level, i) => ({ level, value: folded(table.cells(i)) }))
    .filter(({ value }) => value !== unseen)
  return { kind: 'lookup', key, levels, missing: folded(table.missing), unseen }
}

/** A lookup as a CASE. */
function lookupExpr({ key, levels, missing, unseen }: Lookup, column: Expr, type: SqlType): Expr {
  const literal = (value: number | null): Expr => expr.literal('float8', value)
  const arms = levels.map(({ level, value }) => ({ when: isLevel(key, level), value: literal(value) }))
  const all = missing === unseen ? arms : [...arms, { when: hasNoLevel(column, type), value: literal(missing) }]
  return all.length === 0 ? literal(unseen) : expr.case(all, literal(unseen))
}

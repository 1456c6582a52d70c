/** Between which numbers an encoded column is, whatever a row holds. */
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import { basisPieces, basisWidth } from './basis.ts'
import { largestFactor } from './bounded.ts'
import { type LevelTable, levelTable } from './level-table.ts'
import { clipped, type NumericEncoder, numericOf, scaledFormula } from './numeric.ts'
import { type Piece, type Pieces, pieceAt, safeCoefficients } from './pieces.ts'
import { largestIn } from './usable.ts'

export type Range = readonly [low: number, high: number]

/** Proven bounds of each encoded column, in their order; NULL, where an encoder gives it, not counted. */
export function encodedRange(input: LearnedInput): readonly Range[] {
  const table = levelTable(input)
  return table === undefined ? numericRange(numericOf(input), input.type) : tableRange(table)
}

function tableRange(table: LevelTable): readonly Range[] {
  // With several columns, each is 0 where another is not.
  const start: Range = table.width > 1 ? [0, 0] : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const ranges = Array.from({ length: table.width }, () => start)
  const extend = (j: number, value: number): void => {
    const [low, high] = ranges[j] as Range
    ranges[j] = [Math.min(low, value), Math.max(high, value)]
  }
  for (const cells of [...table.levels.map((_, i) => table.cells(i)), table.missing, table.unseen]) {
    if (cells === null) continue
    if (table.width === 1) extend(0, cells[0]?.[1] ?? 0)
    else for (const [j, value] of cells) extend(j, value)
  }
  return ranges
}

function numericRange(encoder: NumericEncoder, type: string): readonly Range[] {
  const { basis, missing, impute, origin = 0 } = encoder
  const scaled = scaledFormula(encoder)
  const largest = largestIn(type) + Math.abs(origin)
  const given = [-largest, largest, impute].map((x) => scaled.at(clipped(encoder, x)))
  const z: Range = [Math.min(...given), Math.max(...given)]
  const own = basis === undefined ? [z] : basisRange(basisPieces(basis), z, basisWidth(basis))
  const ranges = own.map(([l, h]): Range => (missing === 'level' ? [Math.min(l, 0), Math.max(h, 0)] : [l, h]))
  return encoder.indicator ? [...ranges, [0, 1]] : ranges
}

/** The bounds that a polynomial's coefficients prove, over the pieces that z can be in. */
function basisRange({ breaks, pieces, breakIn }: Pieces, z: Range, width: number): readonly Range[] {
  const first = pieceAt({ breaks, pieces, breakIn }, z[0])
  const last = pieceAt({ breaks, pieces, breakIn }, z[1])
  return Array.from({ length: width }, (_, j): Range => {
    let low = Number.POSITIVE_INFINITY
    let high = Number.NEGATIVE_INFINITY
    for (let i = first; i <= last; i++) {
      const { origin, columns } = pieces[i] as Piece
      const coefficients = safeCoefficients(columns[j] as readonly number[])
      const from = Math.max(z[0], breaks[i - 1] ?? z[0]) - origin
      const to = Math.min(z[1], breaks[i] ?? z[1]) - origin
      const [constant, ...rest] = coefficients
      const reach = Math.min(Math.max(Math.abs(from), Math.abs(to)), largestFactor(coefficients.length))
      const spread = rest.reduce((sum, a, k) => sum + Math.abs(a) * reach ** (k + 1), 0) * (1 + 1e-12)
      low = Math.min(low, (constant as number) - spread)
      high = Math.max(high, (constant as number) + spread)
    }
    return [low, high]
  })
}

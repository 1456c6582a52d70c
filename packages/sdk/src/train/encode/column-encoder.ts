/** Encodes one input of stored rows into its columns of the design. */
import {
  type Cells,
  hash32,
  InternalError,
  type LearnedInput,
  type LevelTable,
  levelTable,
  numberEncoder,
} from '@viewcast/compiler'
import type { Collected } from '../collect/collect.ts'

export interface ColumnEncoder {
  /** Columns it fills. */
  readonly width: number
  /**
   * Fills its columns, the first being `column`, of consecutive rows of `x`, `width` numbers wide. `chosen` are the places
   * in `values` where the stored rows begin, the first of which is the row `firstRow` of the store.
   */
  encode(
    values: Float64Array,
    chosen: Int32Array,
    x: Float64Array,
    column: number,
    width: number,
    firstRow: number,
  ): void
}

/** The encoder of the input at a place of the stored rows; training rows may be encoded otherwise than all others. */
export function columnEncoder(
  learned: LearnedInput,
  collected: Pick<Collected, 'inputs'>,
  input: number,
): ColumnEncoder {
  const table = levelTable(learned)
  if (table !== undefined) return tableEncoder(learned, table, collected, input)
  const { encoder } = learned
  if (encoder.kind !== 'numeric') throw new InternalError('An encoder of numbers was expected')
  if (isPlain(encoder)) return plainEncoder(encoder, input)
  const { width: count, encode } = numberEncoder(encoder)
  return {
    width: count,
    encode(values, chosen, x, column, width) {
      for (let r = 0, to = column; r < chosen.length; r++, to += width) {
        encode(values[(chosen[r] as number) + input] as number, x, to)
      }
    },
  }
}

type Numeric = Extract<LearnedInput['encoder'], { kind: 'numeric' }>

const isPlain = (e: Numeric): boolean =>
  e.transform === 'identity' &&
  e.basis === undefined &&
  e.clip === undefined &&
  e.origin === undefined &&
  e.missing === undefined

/** What `numberEncoder` computes, without a call per value: most inputs are such, and encoding is a pass over all rows. */
function plainEncoder({ impute, center, scale, indicator }: Numeric, input: number): ColumnEncoder {
  return {
    width: indicator ? 2 : 1,
    encode(values, chosen, x, column, width) {
      for (let r = 0, to = column; r < chosen.length; r++, to += width) {
        const raw = values[(chosen[r] as number) + input] as number
        const isMissing = Number.isNaN(raw)
        x[to] = ((isMissing ? impute : raw) - center) / scale
        if (indicator) x[to + 1] = isMissing ? 1 : 0
      }
    },
  }
}

function tableEncoder(
  learned: LearnedInput,
  table: LevelTable,
  collected: Pick<Collected, 'inputs'>,
  input: number,
): ColumnEncoder {
  const cellsOf = cellsByStored(learned, table, collected, input)
  const { width: count, missing } = table
  return {
    width: count,
    encode(values, chosen, x, column, width) {
      for (let r = 0, to = column; r < chosen.length; r++, to += width) {
        const stored = values[(chosen[r] as number) + input] as number
        const cells = Number.isNaN(stored) ? missing : cellsOf(stored)
        if (cells === null) {
          x.fill(Number.NaN, to, to + count)
          continue
        }
        x.fill(0, to, to + count)
        for (const [j, value] of cells) x[to + j] = value
      }
    },
  }
}

/** The cells of a stored value: the code of a level, 0 or 1, a number. */
function cellsByStored(
  { encoder }: LearnedInput,
  table: LevelTable,
  collected: Pick<Collected, 'inputs'>,
  input: number,
): (stored: number) => Cells {
  const statistics = collected.inputs[input]?.statistics
  const places = new Map(table.levels.map((level, i) => [level, i]))
  const at = (place: number | undefined): Cells => (place === undefined ? table.unseen : table.cells(place))
  if (statistics?.kind === 'category') {
    const { levels } = statistics
    const place = ({ level }: { level: string }): number | undefined =>
      encoder.kind === 'hashed' ? hash32(level) % table.levels.length : places.get(level)
    const byCode = levels.map((level) => at(place(level)))
    return (code) => byCode[code] as Cells
  }
  if (statistics?.kind === 'boolean') {
    const [no, yes] = [at(places.get(false)), at(places.get(true))]
    return (stored) => (stored === 1 ? yes : no)
  }
  return (stored) => at(places.get(stored))
}

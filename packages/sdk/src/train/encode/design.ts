/** The design matrix: rows of the store, encoded. */
import { encodedColumns, InternalError, type LearnedEncoder, type LearnedInput } from '@viewcast/compiler'
import { type Collected, type Part, parts } from '../collect/collect.ts'
import type { Rows } from '../collect/row-store.ts'
import type { Block, Design } from '../solve/fit.ts'
import { log1pOf } from './encoders.ts'

export interface DesignOptions {
  /** Bytes of encoded rows kept, so that only the first pass encodes; 256 MiB by default. */
  readonly memoryBudgetBytes?: number | undefined
}

const defaultBudget = 256 * 1024 * 1024

/**
 * The encoded rows of one part. When all of them fit the budget they are kept from the first pass on; otherwise each
 * pass encodes them again and blocks are valid until the next one.
 */
export function createDesign(
  collected: Collected,
  inputs: readonly LearnedInput[],
  part: Part,
  options: DesignOptions = {},
): Design {
  const columns = encodedColumns(inputs).map((c) => c.name)
  const rows = collected.rows[part]
  const encoders = inputs.map((input, i) => encoderOf(input.encoder, collected, i))
  const isKept = rows * (columns.length + 2) * 8 <= (options.memoryBudgetBytes ?? defaultBudget)
  const buffers: Buffers = { x: new Float64Array(0), y: new Float64Array(0), weight: new Float64Array(0) }
  let kept: Block[] | undefined
  return {
    columns,
    rows,
    *blocks() {
      if (kept !== undefined) {
        yield* kept
        return
      }
      const made: Block[] = []
      for (const stored of collected.store.blocks()) {
        const chosen = rowsOf(stored, collected.store.width, part)
        if (chosen.length === 0) continue
        const into = isKept ? { ...buffers } : buffers
        const block = encodeBlock(stored, chosen, encoders, columns.length, collected, into)
        if (isKept) made.push(block)
        yield block
      }
      if (isKept) kept = made
    },
  }
}

interface Buffers {
  x: Float64Array
  y: Float64Array
  weight: Float64Array
}

function rowsOf({ rows, values }: Rows, width: number, part: Part): Int32Array {
  const chosen = new Int32Array(rows)
  let count = 0
  for (let r = 0; r < rows; r++) if (values[r * width + width - 1] === parts[part]) chosen[count++] = r * width
  return chosen.subarray(0, count)
}

function encodeBlock(
  { values }: Rows,
  chosen: Int32Array,
  encoders: readonly Encoder[],
  width: number,
  collected: Collected,
  buffers: Buffers,
): Block {
  const rows = chosen.length
  if (buffers.y.length < rows) {
    buffers.x = new Float64Array(rows * width)
    buffers.y = new Float64Array(rows)
    buffers.weight = new Float64Array(rows)
  }
  const { x, y, weight } = buffers
  let column = 0
  for (const encoder of encoders) {
    encoder.encode(values, chosen, x, column, width)
    column += encoder.width
  }
  const label = collected.inputs.length
  for (let r = 0; r < rows; r++) {
    y[r] = values[(chosen[r] as number) + label] as number
    weight[r] = values[(chosen[r] as number) + label + 1] as number
  }
  return { rows, x, y, ...(collected.isWeighted ? { weight } : {}) }
}

interface Encoder {
  /** Columns it fills. */
  readonly width: number
  encode(values: Float64Array, chosen: Int32Array, x: Float64Array, column: number, width: number): void
}

function encoderOf(encoder: LearnedEncoder, collected: Collected, input: number): Encoder {
  switch (encoder.kind) {
    case 'numeric':
      return numericEncoder(encoder, input)
    case 'boolean':
      return {
        width: 1,
        encode(values, chosen, x, column, width) {
          for (let r = 0, to = column; r < chosen.length; r++, to += width) {
            x[to] = values[(chosen[r] as number) + input] === 1 ? 1 : 0
          }
        },
      }
    case 'onehot':
      return levelEncoder(encoder, collected, input)
    case 'raw':
      throw new InternalError('Trees are imported, not fitted')
  }
}

function numericEncoder(encoder: Extract<LearnedEncoder, { kind: 'numeric' }>, input: number): Encoder {
  const { impute, center, scale, indicator } = encoder
  const isLog = encoder.transform === 'log1p'
  return {
    width: indicator ? 2 : 1,
    encode(values, chosen, x, column, width) {
      for (let r = 0, to = column; r < chosen.length; r++, to += width) {
        const raw = values[(chosen[r] as number) + input] as number
        const isMissing = Number.isNaN(raw)
        const value = isMissing ? impute : raw
        x[to] = ((isLog ? log1pOf(value) : value) - center) / scale
        if (indicator) x[to + 1] = isMissing ? 1 : 0
      }
    },
  }
}

function levelEncoder(
  encoder: Extract<LearnedEncoder, { kind: 'onehot' }>,
  collected: Collected,
  input: number,
): Encoder {
  const statistics = collected.inputs[input]?.statistics
  if (statistics?.kind !== 'category') throw new InternalError('A one-hot encoder was learned from something else')
  const place = new Map(encoder.levels.map((level, i) => [level, i]))
  /** Code → column within the input; −1 for the base. */
  const placeOfCode = Int32Array.from(statistics.levels, ({ level }) => place.get(level) ?? -1)
  const count = encoder.levels.length
  return {
    width: count,
    encode(values, chosen, x, column, width) {
      for (let r = 0, to = column; r < chosen.length; r++, to += width) {
        x.fill(0, to, to + count)
        const code = values[(chosen[r] as number) + input] as number
        const at = Number.isNaN(code) ? -1 : (placeOfCode[code] as number)
        if (at >= 0) x[to + at] = 1
      }
    },
  }
}

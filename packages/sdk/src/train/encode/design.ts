/** The design matrix: rows of the store, encoded. */
import { encodedColumns, type LearnedInput } from '@viewcast/compiler'
import { type Collected, type Part, parts } from '../collect/collect.ts'
import type { Rows } from '../collect/row-store.ts'
import { foldKeyColumn } from '../select/folds.ts'
import { sharedNumbers } from '../shared-numbers.ts'
import type { Block, Design } from '../solve/fit.ts'
import { type ColumnEncoder, columnEncoder } from './column-encoder.ts'
import { outOfFoldEncoder } from './out-of-fold.ts'
import { multiply, productColumns } from './product-columns.ts'

export interface DesignOptions {
  /** Bytes of encoded rows kept, so that only the first pass encodes; 256 MiB by default. */
  readonly memoryBudgetBytes?: number | undefined
  /** Inputs whose columns are multiplied with each other, into columns after those of the inputs. */
  readonly interactions?: readonly (readonly string[])[] | undefined
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
  const encoded = inputs.filter((i) => i.feature !== collected.offset)
  const columns = encodedColumns(encoded, options.interactions).map((c) => c.name)
  const rows = (collected.groups?.stored ?? collected.rows)[part]
  const encoders = inputs.flatMap((input, i) => {
    if (input.feature === collected.offset) return []
    const own = part === 'train' ? outOfFoldEncoder(input, collected, i) : undefined
    return [own ?? columnEncoder(input, collected, i)]
  })
  const products = productColumns(encoded, options.interactions ?? [])
  const isKept = rows * (columns.length + 3) * 8 <= (options.memoryBudgetBytes ?? defaultBudget)
  const buffers: Buffers = {
    x: new Float64Array(0),
    y: new Float64Array(0),
    weight: new Float64Array(0),
    offset: new Float64Array(0),
  }
  let kept: Block[] | undefined
  return {
    columns,
    rows,
    ...(collected.groups === undefined
      ? {}
      : { standsFor: { rows: collected.rows[part], logWeights: collected.groups.logWeights } }),
    isKept,
    *blocks() {
      if (rows === 0) return
      if (kept !== undefined) {
        yield* kept
        return
      }
      const made: Block[] = []
      let firstRow = 0
      for (const stored of collected.store.blocks()) {
        const chosen = rowsOf(stored, collected.store.width, part)
        const before = firstRow
        firstRow += stored.rows
        if (chosen.length === 0) continue
        const into = isKept ? { ...buffers } : buffers
        const block = encodeBlock(stored, chosen, encoders, columns.length, collected, into, before)
        multiply(block, products, columns.length)
        if (isKept) made.push(block)
        yield block
      }
      if (isKept) kept = made
    },
  }
}

/** Encoders go through the rows one after the other, so few enough rows to stay in the processor's cache. */
const rowsAtOnce = 128

interface Buffers {
  x: Float64Array
  y: Float64Array
  weight: Float64Array
  offset: Float64Array
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
  encoders: readonly ColumnEncoder[],
  width: number,
  collected: Collected,
  buffers: Buffers,
  firstRow: number,
): Block {
  const rows = chosen.length
  if (buffers.y.length < rows) {
    buffers.x = sharedNumbers(rows * width)
    buffers.y = sharedNumbers(rows)
    buffers.weight = sharedNumbers(rows)
    buffers.offset = sharedNumbers(collected.offset === undefined ? 0 : rows)
  }
  const { x, y, weight, offset } = buffers
  for (let from = 0; from < rows; from += rowsAtOnce) {
    const some = chosen.subarray(from, from + rowsAtOnce)
    let column = from * width
    for (const encoder of encoders) {
      encoder.encode(values, some, x, column, width, firstRow)
      column += encoder.width
    }
  }
  const label = collected.inputs.length
  const places = collected.classes?.places
  const { copies } = collected.store
  const offsetAt = collected.inputs.findIndex((i) => i.feature === collected.offset)
  for (let r = 0; r < rows; r++) {
    const own = values[(chosen[r] as number) + label] as number
    y[r] = places === undefined ? own : (places[own] as number)
    if (offsetAt >= 0) offset[r] = values[(chosen[r] as number) + offsetAt] as number
    const w = values[(chosen[r] as number) + label + 1] as number
    weight[r] = copies === undefined ? w : w * (values[(chosen[r] as number) + copies] as number)
  }
  return {
    rows,
    x,
    y,
    ...(collected.isWeighted || copies !== undefined ? { weight } : {}),
    ...(collected.offset === undefined ? {} : { offset }),
    ...keysOf(collected, values, chosen),
  }
}

/** The fold keys, where the rows were collected with them: hashes, or instants, which are made whole numbers as well. */
function keysOf({ inputs }: Collected, values: Float64Array, chosen: Int32Array): Pick<Block, 'key'> {
  const at = inputs.findIndex((i) => i.feature === foldKeyColumn)
  return at < 0 ? {} : { key: Float64Array.from(chosen, (row) => (values[row + at] as number) >>> 0) }
}

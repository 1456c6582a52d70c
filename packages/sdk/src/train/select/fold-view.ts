/** Collected rows seen otherwise: fewer inputs, other parts, with the statistics of the training rows that makes. */
import { InternalError } from '@viewcast/compiler'
import { type Collected, type CollectedInput, type Part, parts } from '../collect/collect.ts'
import type { RowStore, Rows } from '../collect/row-store.ts'
import { createMoments, type InputStatistics } from '../collect/statistics.ts'
import { foldKeyColumn } from './folds.ts'

/** The same rows with these inputs only. What is known of them stays, as no row changes its part. */
export function withInputsOnly(collected: Collected, features: readonly string[]): Collected {
  const columns = columnsOf(collected, features)
  const store = viewOf(collected, columns, undefined)
  return { ...collected, store, inputs: columns.map((c) => collected.inputs[c] as CollectedInput) }
}

export interface FoldView {
  readonly view: Collected
  /** The same with the fold keys after the inputs. */
  readonly keyed: Collected
  readonly hasOneLabel: boolean
}

/**
 * The training rows, divided anew by their fold keys; the others are gone. The labels of the training rows come with it,
 * as far as two of them differ.
 */
export function foldView(
  collected: Collected,
  features: readonly string[],
  partOf: (key: number) => Part | undefined,
): FoldView {
  const columns = columnsOf(collected, features)
  const store = viewOf(collected, columns, partOf)
  const counters = columns.map((c) => counterOf((collected.inputs[c] as CollectedInput).statistics))
  const rows = { train: 0, validation: 0, test: 0 }
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  const { width } = store
  for (const { rows: count, values } of store.blocks()) {
    for (let r = 0, at = 0; r < count; r++, at += width) {
      if (values[at + width - 1] !== parts.train) {
        rows.validation++
        continue
      }
      rows.train++
      for (let j = 0; j < columns.length; j++) counters[j]?.add(values[at + j] as number)
      const label = values[at + columns.length] as number
      if (label < least) least = label
      if (label > most) most = label
    }
  }
  const inputs = columns.map((c, j) => ({
    ...(collected.inputs[c] as CollectedInput),
    statistics: (counters[j] as Counter).read(),
  }))
  const view = { ...collected, store, inputs, rows }
  const withKey = columnsOf(collected, [...features, foldKeyColumn])
  const keyed = {
    ...view,
    store: viewOf(collected, withKey, partOf),
    inputs: [...inputs, collected.inputs[withKey.at(-1) as number] as CollectedInput],
  }
  return { view, keyed, hasOneLabel: !(least < most) }
}

/** Fold keys of the training rows, in the order of the store. */
export function foldKeys(collected: Collected): Float64Array {
  const [column] = columnsOf(collected, [foldKeyColumn])
  const keys = new Float64Array(collected.rows.train)
  const { width } = collected.store
  let n = 0
  for (const { rows, values } of collected.store.blocks()) {
    for (let r = 0, at = 0; r < rows; r++, at += width) {
      if (values[at + width - 1] === parts.train) keys[n++] = values[at + (column as number)] as number
    }
  }
  return keys
}

function columnsOf({ inputs }: Collected, features: readonly string[]): number[] {
  return features.map((f) => {
    const at = inputs.findIndex((i) => i.feature === f)
    if (at < 0) throw new InternalError(`The collected rows lack the input "${f}"`)
    return at
  })
}

/** Rows are copied block by block as they are read; the view itself holds none. */
function viewOf(
  { store, inputs }: Collected,
  columns: readonly number[],
  partOf: ((key: number) => Part | undefined) | undefined,
): RowStore {
  /** What follows the inputs: label, weight, part. */
  const tail = store.width - inputs.length
  const width = columns.length + tail
  const key = partOf === undefined ? -1 : (columnsOf({ inputs } as Collected, [foldKeyColumn])[0] as number)
  const refuse = (): never => {
    throw new InternalError('A view of collected rows cannot be written to')
  }
  function* blocks(): Iterable<Rows> {
    let into = new Float64Array(0)
    for (const { rows, values } of store.blocks()) {
      if (into.length < rows * width) into = new Float64Array(rows * width)
      let kept = 0
      for (let r = 0, at = 0; r < rows; r++, at += store.width) {
        const own = values[at + store.width - 1] as number
        let part = own
        if (partOf !== undefined) {
          if (own !== parts.train) continue
          const found = partOf(values[at + key] as number)
          if (found === undefined) continue
          part = parts[found]
        }
        const to = kept * width
        for (let j = 0; j < columns.length; j++) into[to + j] = values[at + (columns[j] as number)] as number
        for (let j = 0; j < tail; j++) into[to + columns.length + j] = values[at + inputs.length + j] as number
        into[to + width - 1] = part
        kept++
      }
      if (kept > 0) yield { rows: kept, values: into.subarray(0, kept * width) }
    }
  }
  return {
    ...store,
    width,
    get rows() {
      return store.rows
    },
    get isSpooled() {
      return store.isSpooled
    },
    append: refuse,
    space: refuse,
    commit: refuse,
    blocks,
    dispose: refuse,
  }
}

interface Counter {
  add(x: number): void
  read(): InputStatistics
}

/** Counts as reading does, for what the statistics of all training rows say an input is. */
function counterOf(known: InputStatistics): Counter {
  if (known.kind === 'numeric') return createMoments()
  let missing = 0
  let count = 0
  if (known.kind === 'boolean') {
    let trues = 0
    return {
      add(x) {
        if (Number.isNaN(x)) missing++
        else {
          count++
          trues += x
        }
      },
      read: () => ({ kind: 'boolean', count, missing, trues }),
    }
  }
  const rows = new Float64Array(known.levels.length)
  return {
    add(x) {
      if (Number.isNaN(x)) missing++
      else {
        count++
        rows[x] = (rows[x] as number) + 1
      }
    },
    read: () => ({
      kind: 'category',
      count,
      missing,
      levels: known.levels.map(({ level }, code) => ({ level, rows: rows[code] as number })),
    }),
  }
}

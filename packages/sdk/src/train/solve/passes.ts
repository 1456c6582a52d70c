/**
 * Reading a design once, block by block. Fitting is long synchronous arithmetic, so the loop gives the event loop a
 * turn every few blocks; without it an interrupt could never arrive.
 */
import { fail } from '@viewcast/compiler'
import type { Block, Design } from './fit.ts'

const turnMilliseconds = 50

/** Calls `visit` with every block. Errors: `engine/interrupted` once `signal` is aborted. */
export const eachBlock = (
  design: Design,
  signal: AbortSignal | undefined,
  visit: (block: Block) => void,
): Promise<void> => givingTurns(signal, design.blocks(), visit)

/** The same for any pieces of work. */
export async function givingTurns<T>(
  signal: AbortSignal | undefined,
  pieces: Iterable<T>,
  visit: (piece: T) => void,
): Promise<void> {
  stopIfAborted(signal)
  let turn = performance.now()
  for (const piece of pieces) {
    visit(piece)
    if (performance.now() - turn < turnMilliseconds) continue
    await new Promise((resume) => setImmediate(resume))
    stopIfAborted(signal)
    turn = performance.now()
  }
}

/** Errors: `engine/interrupted`. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) fail('engine/interrupted', { what: 'Training' })
}

/** A design in memory, cut into blocks; for tests, samples and benchmarks. */
export function arrayDesign(
  columns: readonly string[],
  x: Float64Array,
  y: Float64Array,
  weight?: Float64Array,
  rowsPerBlock = 4096,
  offset?: Float64Array,
): Design {
  const rows = y.length
  const width = columns.length
  return {
    columns,
    rows,
    isKept: true,
    *blocks() {
      for (let from = 0; from < rows; from += rowsPerBlock) {
        const to = Math.min(rows, from + rowsPerBlock)
        yield {
          rows: to - from,
          x: x.subarray(from * width, to * width),
          y: y.subarray(from, to),
          ...(weight === undefined ? {} : { weight: weight.subarray(from, to) }),
          ...(offset === undefined ? {} : { offset: offset.subarray(from, to) }),
        }
      }
    },
  }
}

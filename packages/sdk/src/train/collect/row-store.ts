/**
 * Rows of numbers, written once and read any number of times, in bounded memory.
 *
 * Reading is synchronous although it may touch a file: a design is read by arithmetic loops that would otherwise await
 * for every block.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail, InternalError } from '@viewcast/compiler'
import { sharedNumbers } from '../shared-numbers.ts'

export interface RowStoreOptions {
  /** Bytes kept in memory before rows go to a temporary file; 256 MiB by default. */
  readonly memoryBudgetBytes?: number
  /** Where the temporary file is made; the system's directory for them by default. */
  readonly directory?: string
  /** Place in a row of the number of equal rows it stands for. */
  readonly copies?: number
}

/** Consecutive rows, row-major. */
export interface Rows {
  readonly rows: number
  /** Valid until the next block is asked for. */
  readonly values: Float64Array
}

export interface RowStore {
  /** Numbers in a row. */
  readonly width: number
  readonly rows: number
  /** Place in a row of the number of equal rows it stands for; rows stand for themselves when absent. */
  readonly copies?: number
  readonly isSpooled: boolean
  /** Adds a row. NaN and infinities are kept as they are. */
  append(row: ArrayLike<number>): void
  /** Where the next rows go: at least one row of space, from the number `at` on. */
  space(): { readonly values: Float64Array; readonly at: number; readonly rows: number }
  /** Takes over as many rows as were written to the space. */
  commit(rows: number): void
  blocks(): Iterable<Rows>
  /** Gives the memory back and removes the file; the store cannot be used afterwards. */
  dispose(): void
}

const rowsPerBlock = 4096
const defaultBudget = 256 * 1024 * 1024

/**
 * Makes an empty store of rows of `width` numbers.
 *
 * Errors: `train/spool` when the temporary file cannot be written or read.
 */
export function createRowStore(width: number, options: RowStoreOptions = {}): RowStore {
  const budget = options.memoryBudgetBytes ?? defaultBudget
  const blockLength = rowsPerBlock * width
  /** Full blocks in memory; none once there is a file. */
  const full: Float64Array[] = []
  let last = sharedNumbers(blockLength)
  let rowsInLast = 0
  let rows = 0
  let spool: Spool | undefined
  let isDisposed = false

  const completeBlock = (): void => {
    if (spool === undefined && (full.length + 2) * blockLength * 8 > budget) {
      spool = openSpool(options.directory ?? tmpdir())
      for (const block of full) spool.append(block)
      full.length = 0
    }
    if (spool !== undefined) spool.append(last)
    else {
      full.push(last)
      last = sharedNumbers(blockLength)
    }
    rowsInLast = 0
  }

  return {
    width,
    ...(options.copies === undefined ? {} : { copies: options.copies }),
    get rows() {
      return rows
    },
    get isSpooled() {
      return spool !== undefined
    },
    append(row) {
      const at = rowsInLast * width
      for (let j = 0; j < width; j++) last[at + j] = row[j] as number
      rows++
      if (++rowsInLast === rowsPerBlock) completeBlock()
    },
    space: () => ({ values: last, at: rowsInLast * width, rows: rowsPerBlock - rowsInLast }),
    commit(count) {
      rows += count
      rowsInLast += count
      if (rowsInLast === rowsPerBlock) completeBlock()
    },
    *blocks() {
      if (isDisposed) throw new InternalError('A row store was read after it was disposed of')
      for (const values of full) yield { rows: rowsPerBlock, values }
      if (spool !== undefined) {
        const buffer = sharedNumbers(blockLength)
        for (let from = 0; from + rowsPerBlock <= rows; from += rowsPerBlock) {
          spool.read(buffer, from * width * 8)
          yield { rows: rowsPerBlock, values: buffer }
        }
      }
      if (rowsInLast > 0) yield { rows: rowsInLast, values: last.subarray(0, rowsInLast * width) }
    },
    dispose() {
      isDisposed = true
      full.length = 0
      last = sharedNumbers(0)
      rowsInLast = 0
      spool?.close()
      spool = undefined
    },
  }
}

interface Spool {
  append(block: Float64Array): void
  read(into: Float64Array, position: number): void
  close(): void
}

function openSpool(directory: string): Spool {
  const path = join(directory, `viewcast-rows-${randomUUID()}`)
  const attempt = <T>(action: () => T): T => {
    try {
      return action()
    } catch (e) {
      return fail('train/spool', { directory, detail: (e as Error).message })
    }
  }
  const file = attempt(() => openSync(path, 'wx+', 0o600))
  const remove = removal(path)
  let end = 0
  let isOpen = true
  const bytes = (block: Float64Array): Uint8Array => new Uint8Array(block.buffer, block.byteOffset, block.byteLength)
  return {
    append(block) {
      attempt(() => {
        const data = bytes(block)
        for (let done = 0; done < data.length; ) done += writeSync(file, data, done, data.length - done, end + done)
        end += data.length
      })
    },
    read(into, position) {
      attempt(() => {
        const data = bytes(into)
        for (let done = 0; done < data.length; ) {
          const count = readSync(file, data, done, data.length - done, position + done)
          if (count === 0) throw new Error('it was cut short')
          done += count
        }
      })
    },
    close() {
      if (!isOpen) return
      isOpen = false
      closeSync(file)
      remove()
    },
  }
}

/**
 * Removes the name of an open file at once, so that nothing is left even when the process is killed; where the system
 * does not allow that, on closing or at exit.
 */
function removal(path: string): () => void {
  const unlink = (): boolean => {
    try {
      unlinkSync(path)
      return true
    } catch {
      return false
    }
  }
  if (unlink()) return () => undefined
  process.once('exit', unlink)
  return () => {
    if (unlink()) process.off('exit', unlink)
  }
}

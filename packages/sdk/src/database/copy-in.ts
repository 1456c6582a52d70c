import { fail } from '@viewcast/compiler/diagnostics'
import { copyRow } from './copy-text.ts'
import type { CopyOptions } from './database.ts'
import { type DatabaseError, databaseError, isDatabaseError } from './database-error.ts'
import { interruptible } from './interruptible.ts'
import type { Lease } from './lease.ts'
import { qualifiedName, quoteName } from './names.ts'

/** One COPY takes about this much: large enough to be cheap, small enough to be held twice. */
const chunkLength = 1 << 20

/**
 * Loads rows with several COPY commands, so that the session is free between them: the rows may come out of a query on
 * the same database. The caller's transaction makes them one. The next chunk is made while the last one loads.
 */
export async function copyIn(
  lease: Lease,
  table: string,
  columns: readonly string[],
  rows: AsyncIterable<readonly (readonly unknown[])[]>,
  options: CopyOptions,
): Promise<number> {
  const { onProgress, signal } = options
  const relation = qualifiedName(table)
  const target = `${relation} (${columns.map(quoteName).join(', ')})`
  let loading: Promise<unknown> = Promise.resolve()
  let lines: string[] = []
  let length = 0
  let made = 0
  let loaded = 0
  const flush = async () => {
    await loading
    const [first, chunk] = [loaded, Buffer.from(lines.join(''))]
    loaded = made
    lines = []
    length = 0
    loading = lease.load(target, chunk).catch((e) => refuse(table, e, first))
    loading.catch(() => undefined)
  }
  return interruptible(lease, signal, `Loading ${table}`, async () => {
    for await (const batch of signal ? until(signal, rows) : rows) {
      for (const row of batch) {
        const line = copyRow(row)
        lines.push(line)
        length += line.length
        made++
        if (length >= chunkLength) await flush()
      }
      onProgress?.(made)
    }
    if (length > 0) await flush()
    await loading
    // The embedded engine has no autovacuum, and plans are poor without statistics.
    await lease.run(`ANALYZE ${relation}`).catch((e) => refuse(table, e, 0))
    return made
  })
}

/** The rows, given up as soon as the signal says so: their source may hang. */
async function* until<T>(signal: AbortSignal, rows: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = rows[Symbol.asyncIterator]()
  try {
    for (;;) {
      const step = await new Promise<IteratorResult<T>>((resolve, reject) => {
        const abort = () => reject(signal.reason)
        if (signal.aborted) return abort()
        signal.addEventListener('abort', abort, { once: true })
        iterator
          .next()
          .then(resolve, reject)
          .finally(() => signal.removeEventListener('abort', abort))
      })
      if (step.done) return
      yield step.value
    }
  } finally {
    // Not awaited, for the same reason.
    void Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
}

function refuse(table: string, e: unknown, rowsBefore: number): never {
  const error = databaseError(e, '')
  if (!isDatabaseError(error)) throw e
  const hint = error.hint
  fail('engine/load', { table, detail: withoutValues(error) + place(error, rowsBefore), ...(hint ? { hint } : {}) })
}

/** Data exceptions (class 22) quote the value they refuse. */
const withoutValues = (e: DatabaseError): string =>
  e.sqlState.startsWith('22') ? e.message.replace(/"(?:[^"]|"")*"/gs, '"…"') : e.message

/** CONTEXT says `COPY flights, line 3, column delay: "x"`; lines count from the start of the chunk. */
function place(e: DatabaseError, rowsBefore: number): string {
  const match = /, line (\d+)(?:, column ((?:"(?:[^"]|"")*")|[^:,]+))?/.exec(e.context ?? '')
  if (!match) return ''
  const row = rowsBefore + Number(match[1])
  return match[2] === undefined ? ` (row ${row})` : ` (row ${row}, column ${match[2]})`
}

import { binaryRows } from './copy-binary.ts'
import { numberDecoder } from './copy-numbers.ts'
import type { Value } from './database.ts'
import { wrapped } from './database-error.ts'
import { interruptible } from './interruptible.ts'
import type { Field, Lease, Use } from './lease.ts'
import { type NumberBatch, type NumberColumn, numbersOfRows } from './number-batch.ts'
import { copied } from './stream-copy.ts'
import type { TypeNames } from './type-names.ts'

type Batch = readonly (readonly Value[])[]

export interface StreamOptions {
  readonly batch?: number
  readonly signal?: AbortSignal
}

let cursors = 0

/** Reads through a cursor, one batch ahead of the consumer. */
async function* fetched(
  use: Use,
  cursor: string,
  sql: string,
  { batch = 2000, signal }: StreamOptions,
): AsyncGenerator<Batch> {
  const name = `_viewcast_${++cursors}`
  const declare = `DECLARE ${name} ${cursor} FOR `
  let open = false
  const guarded = <T>(body: (l: Lease) => Promise<T>) =>
    use((l) =>
      interruptible(l, signal, 'The query', async () => {
        // A failed statement takes its cursor along, and so does an ended session.
        open = false
        const result = await body(l)
        open = true
        return result
      }),
    )
  const next = () => {
    const rows = guarded((l) => wrapped('', l.run(`FETCH FORWARD ${batch} FROM ${name}`))).then((r) => r.rows)
    // It may fail while the consumer is busy with the batch before, and is awaited only then.
    rows.catch(() => undefined)
    return rows
  }
  await guarded((l) => wrapped(sql, l.run(declare + sql), declare.length))
  let ahead = next()
  try {
    for (;;) {
      const rows = await ahead
      const last = rows.length < batch
      if (!last) ahead = next()
      if (rows.length > 0) yield rows
      if (last) return
    }
  } finally {
    await ahead.catch(() => undefined)
    if (open) await use((l) => l.run(`CLOSE ${name}`)).catch(() => undefined)
  }
}

/** Inside a transaction that is open already. */
export const streamInside = (use: Use, sql: string, options: StreamOptions): AsyncIterable<Batch> =>
  fetched(use, 'NO SCROLL CURSOR WITHOUT HOLD', sql, options)

/**
 * With one session only, a stream that kept it would hang whoever runs another statement between two batches. A held
 * cursor outlives its transaction: the server writes the result to a temporary file and the session is free.
 */
export const streamHeld = (use: Use, sql: string, options: StreamOptions): AsyncIterable<Batch> =>
  fetched(use, 'NO SCROLL CURSOR WITH HOLD', sql, options)

/**
 * On a session of its own, for as long as the consumer reads: by binary COPY where the types allow it, which is twice as
 * fast as a cursor and may run in parallel.
 */
export const streamAlone = (
  use: Use,
  types: TypeNames,
  sql: string,
  { batch = 2000, signal }: StreamOptions,
): AsyncIterable<Batch> =>
  leased(use, async function* (lease) {
    const fields = await wrapped(sql, lease.describe(sql))
    const decoder = binaryRows(await namesOf(lease, types, fields), batch)
    if (yield* copied<Batch>(lease, decoder, sql, signal)) return
    yield* inOwnTransaction(lease, sql, { batch, ...(signal ? { signal } : {}) })
  })

/** The same as numbers. */
export const numbersAlone = (
  use: Use,
  types: TypeNames,
  sql: string,
  wanted: readonly NumberColumn[],
  options: StreamOptions,
): AsyncIterable<NumberBatch> =>
  leased(use, async function* (lease) {
    const names = await namesOf(lease, types, await wrapped(sql, lease.describe(sql)))
    if (yield* copied<NumberBatch>(lease, numberDecoder(names, wanted), sql, options.signal)) return
    yield* asNumbers(names, wanted, inOwnTransaction(lease, sql, options))
  })

/**
 * The same inside a transaction that is open already. While COPY sends, the session takes nothing else, which `busy` is
 * told; a reader that has enough before the end ends the session.
 */
export async function* numbersInside(
  lease: Lease,
  use: Use,
  types: TypeNames,
  sql: string,
  wanted: readonly NumberColumn[],
  options: StreamOptions,
  busy: (isCopying: boolean) => void,
): AsyncGenerator<NumberBatch> {
  const names = await use(async (l) => namesOf(l, types, await wrapped(sql, l.describe(sql))))
  const decoder = lease.copyOut ? numberDecoder(names, wanted) : undefined
  if (decoder) {
    await use((l) => wrapped('', l.run(`SAVEPOINT ${copying}`)))
    busy(true)
    try {
      if (yield* copied<NumberBatch>(lease, decoder, sql, options.signal)) return
    } finally {
      busy(false)
    }
    await use((l) => wrapped('', l.run(`ROLLBACK TO SAVEPOINT ${copying}`)))
  }
  yield* asNumbers(names, wanted, streamInside(use, sql, options))
}

const copying = '_viewcast_copy'

/** The same by whatever gives rows. */
export async function* numbersOf(
  use: Use,
  types: TypeNames,
  sql: string,
  wanted: readonly NumberColumn[],
  rows: AsyncIterable<Batch>,
): AsyncGenerator<NumberBatch> {
  const names = await use(async (lease) => namesOf(lease, types, await wrapped(sql, lease.describe(sql))))
  yield* asNumbers(names, wanted, rows)
}

async function* asNumbers(
  types: readonly string[],
  wanted: readonly NumberColumn[],
  batches: AsyncIterable<Batch>,
): AsyncGenerator<NumberBatch> {
  const convert = numbersOfRows(types, wanted)
  for await (const batch of batches) yield convert(batch)
}

/** A generator cannot live inside the callback of a lease, so the callback waits for the generator. */
async function* leased<T>(use: Use, body: (lease: Lease) => AsyncGenerator<T>): AsyncGenerator<T> {
  let finish = (): void => undefined
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  let over: Promise<void> = Promise.resolve()
  const lease = await new Promise<Lease>((resolve, reject) => {
    over = use((l) => {
      resolve(l)
      return finished
    })
    over.catch(reject)
  })
  try {
    yield* body(lease)
  } finally {
    finish()
    await over.catch(() => undefined)
  }
}

async function* inOwnTransaction(lease: Lease, sql: string, options: StreamOptions): AsyncGenerator<Batch> {
  await wrapped('', lease.run('BEGIN'))
  let end = 'ROLLBACK'
  try {
    yield* streamInside((body) => body(lease), sql, options)
    end = 'COMMIT'
  } finally {
    await lease.run(end).catch(() => undefined)
  }
}

/** Internal type names of a result's columns; `enum` for any enum. */
async function namesOf(lease: Lease, types: TypeNames, fields: readonly Field[]): Promise<string[]> {
  const known = await types.lookup(lease, fields)
  return fields.map((f) => {
    const type = known.get(f.oid)
    return type?.isEnum ? 'enum' : (type?.name ?? '')
  })
}

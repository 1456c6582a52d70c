import { type Column, fail, InternalError } from '@viewcast/compiler'
import { copyRow } from './copy-text.ts'
import type { CopyOptions, Database, QueryResult } from './database.ts'
import { databaseError, isDatabaseError } from './database-error.ts'
import { introspect } from './introspect.ts'
import type { Field, Lease, Sessions } from './lease.ts'
import { qualifiedName, quoteName } from './names.ts'
import { typeNames } from './type-names.ts'

/** A {@link Database} over the sessions of an engine. */
export function database(sessions: Sessions): Database {
  const types = typeNames()
  const lease = <T>(body: (l: Lease) => Promise<T>) => sessions.lease(body)
  return {
    ...statements(sessions, types, lease),
    introspect: () => lease((l) => inTransaction(l, () => introspect(l))),
    stream: (sql, options = {}) => stream(sessions.single ? heldCursor(lease) : ownTransaction(lease), sql, options),
    copyIn: (table, columns, rows, options = {}) =>
      lease((l) => inTransaction(l, () => copyIn(l, table, columns, rows, options))),
    transaction: (body) =>
      lease(async (l) => {
        const { tx, end } = transaction(sessions, types, l, 0)
        return inTransaction(l, () => body(tx)).finally(end)
      }),
    close: () => sessions.close(),
  }
}

type Use = <T>(body: (lease: Lease) => Promise<T>) => Promise<T>
type Types = ReturnType<typeof typeNames>

function statements(sessions: Sessions, types: Types, use: Use) {
  const query = (sql: string, parameters: readonly unknown[] = []): Promise<QueryResult> =>
    use(async (l) => {
      const result = await wrapped(sql, l.run(sql, parameters))
      return { columns: await columns(l, types, result.fields), rows: result.rows }
    })
  return {
    engine: sessions.engine,
    description: sessions.description,
    query,
    rows: async <R>(sql: string, parameters?: readonly unknown[]): Promise<R[]> => {
      const result = await query(sql, parameters)
      const names = result.columns.map((c) => c.name)
      return result.rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])) as R)
    },
    execute: (sql: string) => use((l) => wrapped(sql, l.script(sql))),
    describe: (sql: string): Promise<Column[]> =>
      use(async (l) => columns(l, types, await wrapped(sql, l.describe(sql)))),
  }
}

async function columns(lease: Lease, types: Types, fields: readonly Field[]): Promise<Column[]> {
  const known = await types.lookup(lease, fields)
  return fields.map((f) => {
    const type = known.get(f.oid)
    return {
      name: f.name,
      type: type?.name ?? `oid ${f.oid}`,
      nullable: true,
      ...(type?.isEnum ? { isEnum: true } : {}),
    }
  })
}

async function wrapped<T>(sql: string, result: Promise<T>, prefix = 0): Promise<T> {
  try {
    return await result
  } catch (e) {
    throw databaseError(e, sql, prefix)
  }
}

async function inTransaction<T>(lease: Lease, body: () => Promise<T>): Promise<T> {
  await wrapped('', lease.run('BEGIN'))
  let result: T
  try {
    result = await body()
  } catch (e) {
    // The session may be gone; the first error is the one to report.
    await lease.run('ROLLBACK').catch(() => undefined)
    throw e
  }
  const end = await wrapped('', lease.run('COMMIT'))
  // The server answers COMMIT of a failed transaction with ROLLBACK, and without an error.
  if (end.command !== 'COMMIT') {
    fail('engine/failed', { detail: 'a statement of the transaction had failed, so nothing was committed' })
  }
  return result
}

function transaction(sessions: Sessions, types: Types, lease: Lease, depth: number): { tx: Database; end: () => void } {
  let open = true
  const use: Use = async (body) => {
    if (!open) throw new InternalError('A transaction was used after its end')
    return body(lease)
  }
  const nested = <T>(body: () => Promise<T>) => inSavepoint(lease, depth + 1, body)
  const tx: Database = {
    ...statements(sessions, types, use),
    introspect: () => use((l) => nested(() => introspect(l))),
    stream: (sql, options = {}) => stream(plainCursor(use), sql, options),
    copyIn: (table, names, rows, options = {}) => use((l) => nested(() => copyIn(l, table, names, rows, options))),
    transaction: (body) =>
      use(() => {
        const inner = transaction(sessions, types, lease, depth + 1)
        return nested(() => body(inner.tx)).finally(inner.end)
      }),
    close: async () => {
      throw new InternalError('A transaction cannot be closed; close the database it came from')
    },
  }
  return {
    tx,
    end: () => {
      open = false
    },
  }
}

async function inSavepoint<T>(lease: Lease, depth: number, body: () => Promise<T>): Promise<T> {
  const name = `_viewcast_${depth}`
  await wrapped('', lease.run(`SAVEPOINT ${name}`))
  let result: T
  try {
    result = await body()
  } catch (e) {
    await lease.run(`ROLLBACK TO SAVEPOINT ${name}`).catch(() => undefined)
    throw e
  }
  await wrapped('', lease.run(`RELEASE SAVEPOINT ${name}`))
  return result
}

/** Ways to keep a cursor open between fetches; `with` is what DECLARE says. */
interface Cursors {
  readonly declare: string
  open<T>(body: (use: Use) => AsyncGenerator<T>): AsyncGenerator<T>
}

const plainCursor = (use: Use): Cursors => ({ declare: 'NO SCROLL CURSOR', open: (body) => body(use) })

/**
 * With one session only, a stream that kept it would hang whoever runs another statement between two batches. A held
 * cursor belongs to no transaction: the server writes the result to a temporary file and the session is free.
 */
const heldCursor = (use: Use): Cursors => ({ declare: 'NO SCROLL CURSOR WITH HOLD', open: (body) => body(use) })

const ownTransaction = (use: Use): Cursors => ({
  declare: 'NO SCROLL CURSOR',
  async *open(body) {
    // A generator cannot live inside the callback of a lease, so the callback waits for the generator.
    let finish = (): void => undefined
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    let leased: Promise<void> = Promise.resolve()
    const lease = await new Promise<Lease>((resolve, reject) => {
      leased = use((l) =>
        inTransaction(l, () => {
          resolve(l)
          return finished
        }),
      )
      leased.catch(reject)
    })
    try {
      yield* body((inner) => inner(lease))
    } finally {
      finish()
      await leased.catch(() => undefined)
    }
  },
})

let cursors = 0

function stream(
  cursor: Cursors,
  sql: string,
  options: { batch?: number; signal?: AbortSignal },
): AsyncIterable<readonly (readonly unknown[])[]> {
  const { batch = 2000, signal } = options
  const name = `_viewcast_${++cursors}`
  const declare = `DECLARE ${name} ${cursor.declare} FOR `
  const guarded = <T>(use: Use, body: (l: Lease) => Promise<T>) =>
    use((l) => interruptible(l, signal, 'The query', () => body(l)))
  return cursor.open(async function* (use) {
    await guarded(use, (l) => wrapped(sql, l.run(declare + sql), declare.length))
    let open = true
    try {
      for (;;) {
        const { rows } = await guarded(use, (l) => wrapped('', l.run(`FETCH FORWARD ${batch} FROM ${name}`)))
        if (rows.length > 0) yield rows
        if (rows.length < batch) return
      }
    } catch (e) {
      // A failed statement takes its cursor along, and so does an ended session.
      open = !isDatabaseError(e)
      throw e
    } finally {
      if (open && !signal?.aborted) await use((l) => l.run(`CLOSE ${name}`)).catch(() => undefined)
    }
  })
}

async function interruptible<T>(
  lease: Lease,
  signal: AbortSignal | undefined,
  what: string,
  body: () => Promise<T>,
): Promise<T> {
  if (!signal) return body()
  if (signal.aborted) fail('engine/interrupted', { what })
  signal.addEventListener('abort', lease.interrupt, { once: true })
  try {
    return await body()
  } catch (e) {
    if (signal.aborted) fail('engine/interrupted', { what })
    throw e
  } finally {
    signal.removeEventListener('abort', lease.interrupt)
  }
}

const chunkBytes = 1 << 20

async function copyIn(
  lease: Lease,
  table: string,
  names: readonly string[],
  rows: AsyncIterable<readonly (readonly unknown[])[]>,
  options: CopyOptions,
): Promise<number> {
  const { onProgress, signal } = options
  const target = `${qualifiedName(table)} (${names.map(quoteName).join(', ')})`
  let sent = 0
  async function* chunks() {
    let text: string[] = []
    let size = 0
    for await (const batch of rows) {
      if (signal?.aborted) return
      for (const row of batch) {
        const line = copyRow(row)
        text.push(line)
        size += line.length
        if (size >= chunkBytes) {
          yield Buffer.from(text.join(''))
          text = []
          size = 0
        }
      }
      sent += batch.length
      onProgress?.(sent)
    }
    if (size > 0) yield Buffer.from(text.join(''))
  }
  return interruptible(lease, signal, `Loading ${table}`, async () => {
    try {
      await lease.load(target, chunks())
      await lease.run(`ANALYZE ${qualifiedName(table)}`)
    } catch (e) {
      const error = databaseError(e, '')
      if (!isDatabaseError(error)) throw e
      fail('engine/load', { table, detail: error.message })
    }
    return sent
  })
}

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Catalog, Column } from '@viewcast/compiler'
import { fail, InternalError } from '@viewcast/compiler/diagnostics'
import { copyIn } from './copy-in.ts'
import type { Database, QueryOptions, QueryResult } from './database.ts'
import { wrapped } from './database-error.ts'
import { interruptible } from './interruptible.ts'
import { introspect } from './introspect.ts'
import type { Field, Lease, Sessions, Use } from './lease.ts'
import { numbersAlone, numbersInside, numbersOf, streamAlone, streamHeld, streamInside } from './stream.ts'
import { inSavepoint, inTransaction } from './transaction.ts'
import { type TypeNames, typeNames } from './type-names.ts'

/** A {@link Database} over the sessions of an engine. */
export function database(sessions: Sessions): Database {
  const types = typeNames()
  const inside = new AsyncLocalStorage<Inside>()
  const use: Use = async (body) => {
    const outer = inside.getStore()
    // With one session a statement beside its own transaction would wait for itself; it is refused on every engine.
    if (outer?.open === 'transaction') fail('engine/inside-transaction')
    if (outer?.open === 'rows' && sessions.single) return body(outer.lease)
    return sessions.lease((l) => closed(l, body))
  }
  /** Marks what runs inside `body` as part of this lease, for as long as it runs. */
  async function within<T>(lease: Lease, open: 'transaction' | 'rows', body: () => Promise<T>): Promise<T> {
    const mark: Inside = { lease, open }
    return inside.run(mark, body).finally(() => {
      mark.open = undefined
    })
  }
  return {
    ...statements(sessions, types, use),
    isTransaction: false,
    introspect: ({ signal } = {}) => use((l) => inTransaction(l, () => catalogOf(l, signal))),
    stream: (sql, options = {}) =>
      sessions.single ? streamHeld(use, sql, options) : streamAlone(use, types, sql, options),
    streamNumbers: (sql, wanted, options = {}) =>
      sessions.single
        ? numbersOf(use, types, sql, wanted, streamHeld(use, sql, options))
        : numbersAlone(use, types, sql, wanted, options),
    copyIn: (table, columns, rows, options = {}) =>
      use((l) => inTransaction(l, () => within(l, 'rows', () => copyIn(l, table, columns, rows, options)))),
    transaction: (body) =>
      use((l) => {
        const { tx, end } = transaction(sessions, types, l, 0)
        return inTransaction(l, () => within(l, 'transaction', () => body(tx)).finally(end))
      }),
    close: () => sessions.close(),
  }
}

/** Gives a session back outside any transaction: whoever leased it next would be inside. */
async function closed<T>(lease: Lease, body: (lease: Lease) => Promise<T>): Promise<T> {
  const leave = async (): Promise<boolean> => {
    const open = lease.busy()
    if (open) await lease.run('ROLLBACK').catch(() => undefined)
    return open
  }
  let result: T
  try {
    result = await body(lease)
  } catch (e) {
    await leave()
    throw e
  }
  if (await leave()) fail('engine/open-transaction')
  return result
}

/** The lease an asynchronous call chain runs inside of; `open` goes when the lease ends, the chain may live on. */
interface Inside {
  readonly lease: Lease
  open: 'transaction' | 'rows' | undefined
}

function statements(sessions: Sessions, types: TypeNames, use: Use) {
  const query = (
    sql: string,
    parameters: readonly unknown[] = [],
    { signal, prepared }: QueryOptions = {},
  ): Promise<QueryResult> =>
    use(async (l) => {
      const result = await interruptible(l, signal, 'The query', () => wrapped(sql, l.run(sql, parameters, prepared)))
      return { columns: await columns(l, types, result.fields), rows: result.rows, affected: result.affected }
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
    execute: (sql: string, { signal }: { readonly signal?: AbortSignal } = {}) =>
      use((l) => interruptible(l, signal, 'The statement', () => wrapped(sql, l.script(sql)))),
    describe: (sql: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Column[]> =>
      use(async (l) => {
        const fields = await interruptible(l, signal, 'The statement', () => wrapped(sql, l.describe(sql)))
        return columns(l, types, fields)
      }),
  }
}

/** It asks for locks on what views read. */
const catalogOf = (lease: Lease, signal: AbortSignal | undefined): Promise<Catalog> =>
  interruptible(lease, signal, 'Reading the catalog', () => introspect(lease))

async function columns(lease: Lease, types: TypeNames, fields: readonly Field[]): Promise<Column[]> {
  const known = await types.lookup(lease, fields)
  return fields.map((f) => {
    const type = known.get(f.oid)
    if (!type) throw new InternalError(`The server named a type it does not have (oid ${f.oid})`)
    return { name: f.name, type: type.name, nullable: true, ...(type.isEnum ? { isEnum: true } : {}) }
  })
}

function transaction(
  sessions: Sessions,
  types: TypeNames,
  lease: Lease,
  depth: number,
): { tx: Database; end: () => void } {
  let open = true
  let copying = false
  const use: Use = async (body) => {
    if (!open) throw new InternalError('A transaction was used after its end')
    if (copying) throw new InternalError('A transaction was used while its numbers were read')
    return body(lease)
  }
  const nested = <T>(body: () => Promise<T>) => inSavepoint(lease, depth + 1, body)
  const plain = statements(sessions, types, use)
  const tx: Database = {
    ...plain,
    isTransaction: true,
    // What does not compile is an answer, and no reason to lose the transaction.
    describe: (sql, options) => use(() => nested(() => plain.describe(sql, options))),
    introspect: ({ signal } = {}) => use(() => nested(() => catalogOf(lease, signal))),
    stream: (sql, options = {}) => streamInside(use, sql, options),
    streamNumbers: (sql, wanted, options = {}) =>
      numbersInside(lease, use, types, sql, wanted, options, (isCopying) => {
        copying = isCopying
      }),
    copyIn: (table, names, rows, options = {}) => use(() => nested(() => copyIn(lease, table, names, rows, options))),
    transaction: (body) =>
      use(() => {
        const inner = transaction(sessions, types, lease, depth + 1)
        return nested(() => body(inner.tx)).finally(inner.end)
      }),
    close: async () => {
      throw new InternalError('A transaction cannot be closed; close the database it came from')
    },
  }
  const end = () => {
    open = false
  }
  return { tx, end }
}

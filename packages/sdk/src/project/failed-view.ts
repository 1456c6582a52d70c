/** Which view made a compiled query fail: the server names none, so each is asked alone. Costs nothing until then. */
import {
  type Diagnostic,
  diagnostic,
  type FeatureView,
  isViewcastError,
  type QueryPart,
  type SampleDef,
  type TargetDef,
  ViewcastError,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { type DatabaseError, isDatabaseError } from '../database/database-error.ts'
import { serverWords } from '../database/server-words.ts'
import { describeAll } from './facts.ts'
import { failureHint } from './failure-hint.ts'

export interface RunningQuery {
  /** For messages: `dataset "answers"`. */
  readonly query: string
  readonly parts: () => readonly QueryPart[]
  /** What may have changed under the query since it was compiled. */
  readonly definitions: readonly (FeatureView | SampleDef | TargetDef)[]
  readonly signal?: AbortSignal | undefined
}

/** For all questions together: the query itself has run as long as it did, and someone waits for the message. */
const limitMilliseconds = 60_000

/**
 * Classes of SQLSTATE that what a view says can cause: unsupported features, cardinality, data, constraints of domains,
 * exceptions of functions, missing relations and privileges, program limits, relations not in the state needed.
 */
const ofViews = /^(0A|21|22|23|2F|38|39|42|54|55|P0)/

/** Runs `body`; a failure of the database in it becomes `view/failed`, or `view/database-error` where a view no longer compiles. */
export async function namingFailedView<T>(db: Database, running: RunningQuery, body: () => Promise<T>): Promise<T> {
  await markPlace(db)
  try {
    return await body()
  } catch (e) {
    await returnToPlace(db)
    throw await withView(db, running, e)
  }
}

/** The same for rows that are still to be read. */
export async function* rowsNamingFailedView<T>(
  db: Database,
  running: RunningQuery,
  rows: AsyncIterable<T>,
): AsyncGenerator<T> {
  await markPlace(db)
  try {
    yield* rows
  } catch (e) {
    await returnToPlace(db)
    throw await withView(db, running, e)
  }
}

const place = '_viewcast_before'

/** Inside a transaction nothing can be asked after a failure, unless it goes back to before it. */
async function markPlace(db: Database): Promise<void> {
  if (db.isTransaction) await db.execute(`SAVEPOINT ${place}`)
}

async function returnToPlace(db: Database): Promise<void> {
  // The session itself may be gone; the first error is the one to report.
  if (db.isTransaction) await db.execute(`ROLLBACK TO SAVEPOINT ${place}`).catch(() => undefined)
}

async function withView(db: Database, running: RunningQuery, error: unknown): Promise<unknown> {
  if (!isDatabaseError(error) || !ofViews.test(error.sqlState)) return error
  const changed = await noLongerCompiles(db, running, error)
  if (changed) return changed
  const ask = asking(db, running.signal)
  const found = await failedPart(running.parts(), error, ask)
  if (running.signal?.aborted) return new ViewcastError([diagnostic('engine/interrupted', { what: 'The query' })])
  return new ViewcastError([await told(running, error, found, ask)], { cause: error })
}

/** A column dropped or a function changed since the query was compiled: describing tells the place to the character. */
async function noLongerCompiles(db: Database, running: RunningQuery, error: DatabaseError): Promise<unknown> {
  if (!error.sqlState.startsWith('42') || error.sqlState === '42501') return undefined
  try {
    await describeAll(db, running.definitions)
    return undefined
  } catch (e) {
    return isViewcastError(e) ? new ViewcastError(e.diagnostics, { cause: error }) : undefined
  }
}

interface Ask {
  /** How a query fails; undefined when it does not, or could not be asked. */
  readonly failure: (sql: string) => Promise<DatabaseError | undefined>
  readonly isOver: () => boolean
}

function asking(db: Database, signal: AbortSignal | undefined): Ask {
  const end = performance.now() + limitMilliseconds
  let broken = false
  const isOver = (): boolean => broken || signal?.aborted === true || performance.now() >= end
  return {
    isOver,
    async failure(sql) {
      if (isOver()) return undefined
      // Stopping a statement of the embedded engine ends the engine, so there the limit holds between statements only.
      const time = db.engine === 'pglite' ? [] : [AbortSignal.timeout(Math.max(1, Math.ceil(end - performance.now())))]
      const signals = [...(signal ? [signal] : []), ...time]
      try {
        const read = async (on: Database): Promise<void> => {
          const rows = on.stream(sql, signals.length === 0 ? {} : { signal: AbortSignal.any(signals) })
          for await (const _ of rows);
        }
        // Behind a savepoint: a question that fails, as it should, leaves the transaction for the next one.
        await (db.isTransaction ? db.transaction(read) : read(db))
        return undefined
      } catch (e) {
        if (isDatabaseError(e) && ofViews.test(e.sqlState)) return e
        // A cut connection, a transaction that has failed already, an interrupt: nothing more can be learned.
        broken = true
        return undefined
      }
    },
  }
}

/** As text, so that every column is computed and none is joined away. */
const everyColumn = (sql: string): string => `SELECT count(q::text) FROM (\n${sql}\n) AS q`

interface Found {
  readonly part: QueryPart
  readonly columns: readonly string[]
  /** The innermost view of the database that fails by itself. */
  readonly through?: string
}

/** The first part that fails as the query did; or else the first that fails at all. */
async function failedPart(parts: readonly QueryPart[], error: DatabaseError, ask: Ask): Promise<Found | undefined> {
  let other: { part: QueryPart; state: string } | undefined
  for (const part of parts) {
    const failure = await ask.failure(everyColumn(part.sql))
    if (failure?.sqlState === error.sqlState) return closer(part, error.sqlState, ask)
    if (failure) other ??= { part, state: failure.sqlState }
  }
  return other && closer(other.part, other.state, ask)
}

async function closer(part: QueryPart, state: string, ask: Ask): Promise<Found> {
  const fails = async (sql: string): Promise<boolean> => (await ask.failure(sql))?.sqlState === state
  const failing: string[] = []
  for (const column of part.columns) if (await fails(everyColumn(part.only(column)))) failing.push(column)
  // Where each column fails it is the rows, unless they are there without.
  const isRows = failing.length === part.columns.length && (await fails(everyColumn(part.rows)))
  const columns = ask.isOver() || isRows ? [] : failing
  for (const { relation, sql } of part.reads) {
    if (await fails(everyColumn(sql))) return { part, columns, through: relation }
  }
  return { part, columns }
}

async function told(
  running: RunningQuery,
  error: DatabaseError,
  found: Found | undefined,
  ask: Ask,
): Promise<Diagnostic> {
  const detail = serverWords(error)
  const hint = failureHint(error)
  const hinted = hint === undefined ? {} : { hint }
  if (found === undefined) {
    const why = ask.isOver() ? 'its views could not all be asked' : 'none of its views fails alone'
    return diagnostic('view/failed', { query: running.query, detail, why, ...hinted })
  }
  const { part, columns, through } = found
  return diagnostic(
    'view/failed',
    {
      view: part.view,
      detail,
      ...(columns.length === 0 ? {} : { columns: columns.map((c) => `"${c}"`).join(', ') }),
      ...(through === undefined ? {} : { through }),
      ...hinted,
    },
    part.place(columns[0]),
  )
}

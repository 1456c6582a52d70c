/**
 * The port every engine is reached through. `pg.ts` and `pglite.ts` implement it and are the only files that import
 * drivers. Both give the same JavaScript values for the same SQL.
 */
import type { Catalog, Column } from '@viewcast/compiler'
import type { NumberBatch, NumberColumn } from './number-batch.ts'

/**
 * A value as every engine returns it: bool → boolean; int2, int4, float4, float8 → number; int8 and numeric → string
 * (a number would lose digits); json, jsonb → parsed; bytea → Uint8Array; everything else, dates and instants
 * included, → the server's text under `TimeZone = UTC`, `DateStyle = ISO` (`2001-02-01 12:00:00+00`).
 */
export type Value = unknown

export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly Value[])[]
  /** Rows that a statement returned, or inserted, updated or deleted; 0 where the server says none. */
  readonly affected: number
}

export interface QueryOptions {
  /** Stops the statement and ends its session. */
  readonly signal?: AbortSignal
  /**
   * Name under which each session keeps the statement prepared, of at most 63 bytes; one name is one text. By default it is
   * parsed and planned anew.
   */
  readonly prepared?: string
}

export interface CopyOptions {
  /** Called with the number of rows sent so far. */
  readonly onProgress?: (rows: number) => void
  readonly signal?: AbortSignal
}

export interface Database {
  readonly engine: 'pglite' | 'postgres'
  /** Where it is, without secrets: `postgres://me@localhost:5432/shop` or `embedded database .viewcast/data`. */
  readonly description: string
  /** Whether it is an open transaction, which a statement that fails ends unless it stands behind a savepoint. */
  readonly isTransaction: boolean

  /** Runs one statement; rows as objects. Parameters are bound as `$1…`. */
  rows<R = Record<string, Value>>(sql: string, parameters?: readonly unknown[]): Promise<R[]>
  /** Runs one statement; rows as arrays, so that duplicate column names survive. */
  query(sql: string, parameters?: readonly unknown[], options?: QueryOptions): Promise<QueryResult>
  /** Runs several statements separated by semicolons; no result. The signal stops them and ends their session. */
  execute(sql: string, options?: { readonly signal?: AbortSignal }): Promise<void>
  /** Runs one SELECT and yields batches of rows (arrays) without holding the result in memory. */
  stream(sql: string, options?: { batch?: number; signal?: AbortSignal }): AsyncIterable<readonly (readonly Value[])[]>
  /**
   * Runs one SELECT and yields batches of the columns wanted as numbers. On a server they come by binary COPY, without a
   * JavaScript value for each. All columns are computed, so that a statement fails whatever part of it is wanted.
   * Inside a transaction nothing else runs on it until the last row, and stopping before it ends the transaction.
   *
   * @example
   * ```ts
   * for await (const { rows, values } of db.streamNumbers('SELECT id, amount FROM orders', [{ at: 1, as: 'number' }])) {
   *   for (let r = 0; r < rows; r++) total += values[r]
   * }
   * ```
   */
  streamNumbers(
    sql: string,
    wanted: readonly NumberColumn[],
    options?: { batch?: number; signal?: AbortSignal },
  ): AsyncIterable<NumberBatch>
  /** Names and types (pg_type.typname) of a statement's result without running it. */
  describe(sql: string, options?: { readonly signal?: AbortSignal }): Promise<Column[]>
  /**
   * Loads rows into a table with COPY, all or nothing; values as `null | string | number | bigint | boolean | Date`.
   * Returns the number of rows. Errors: `engine/load`.
   */
  copyIn(
    table: string,
    columns: readonly string[],
    rows: AsyncIterable<readonly (readonly unknown[])[]>,
    options?: CopyOptions,
  ): Promise<number>
  /** Runs `body` in one transaction: committed when it returns, rolled back when it throws. Nesting makes savepoints. */
  transaction<T>(body: (tx: Database) => Promise<T>): Promise<T>
  /** Relations outside pg_catalog and information_schema, with columns, view definitions and indexes. */
  introspect(options?: { readonly signal?: AbortSignal }): Promise<Catalog>
  close(): Promise<void>
}

import type { Database } from './database.ts'

/**
 * The same database, whose every statement is stopped by a signal: also one that waits for a lock, or describes. Loads and
 * streams take a signal of their own.
 *
 * Errors: `engine/interrupted`.
 */
export function interruptedBy(db: Database, signal: AbortSignal | undefined): Database {
  if (!signal) return db
  const query: Database['query'] = (sql, parameters, options) => db.query(sql, parameters, { signal, ...options })
  return {
    ...db,
    query,
    rows: async <R>(sql: string, parameters?: readonly unknown[]): Promise<R[]> => {
      const { columns, rows } = await query(sql, parameters)
      return rows.map((row) => Object.fromEntries(columns.map((c, i) => [c.name, row[i]])) as R)
    },
    execute: (sql, options) => db.execute(sql, { signal, ...options }),
    describe: (sql, options) => db.describe(sql, { signal, ...options }),
    introspect: (options) => db.introspect({ signal, ...options }),
    transaction: (body) => db.transaction((tx) => body(interruptedBy(tx, signal))),
  }
}

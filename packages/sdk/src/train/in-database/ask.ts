/** Runs the aggregates of a fit: statements whose rows are few and whose values are numbers. */
import type { Database } from '../../database/database.ts'

/** Runs a statement and gives its rows. Errors: those of the database; `engine/interrupted`. */
export type Ask = (sql: string) => Promise<readonly (readonly unknown[])[]>

export const askIn =
  (tx: Database, signal: AbortSignal | undefined): Ask =>
  async (sql) =>
    (await tx.query(sql, [], signal === undefined ? {} : { signal })).rows

/** The one row of each statement, one after another, as numbers; NaN where a sum has no rows. */
export async function askNumbers(ask: Ask, statements: readonly string[]): Promise<Float64Array> {
  const all: number[] = []
  for (const sql of statements) {
    const [row = []] = await ask(sql)
    for (const value of row) all.push(value === null ? Number.NaN : Number(value))
  }
  return Float64Array.from(all)
}

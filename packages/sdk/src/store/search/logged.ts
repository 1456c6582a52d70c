/** What was logged of some runs: three statements, however many they are. */
import type { Database } from '../../database/database.ts'

export interface LoggedMetric {
  /** The one with the greatest step, then time, then value. */
  readonly value: number
  readonly step: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** NaN counts for neither; null when there was nothing else. */
  readonly min: number | null
  readonly max: number | null
  /** How many points. */
  readonly n: number
}

export interface Logged {
  readonly metrics: Readonly<Record<string, LoggedMetric>>
  readonly params: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

export async function logged(db: Database, ids: readonly string[]): Promise<(id: string) => Logged> {
  if (ids.length === 0) return () => ({ metrics: {}, params: {}, tags: {} })
  const metrics = await byRun<LoggedMetric>(
    db,
    ids,
    `SELECT m.execution_id, k.name, m.value, m.step::float8, m.ts_ms::float8, m.min, m.max, m.n::float8
     FROM viewcast.metric_latest m JOIN viewcast.metric_key k ON k.id = m.key_id
     WHERE m.execution_id = ANY ($1::uuid[]) ORDER BY k.name COLLATE "C"`,
    ([value, step, at, min, max, n]) => ({ value, step, at, min, max, n }) as LoggedMetric,
  )
  const [params, tags] = [await texts(db, ids, 'param'), await texts(db, ids, 'run_tag')]
  return (id) => ({ metrics: metrics(id), params: params(id), tags: tags(id) })
}

const texts = (db: Database, ids: readonly string[], table: 'param' | 'run_tag') =>
  byRun<string>(
    db,
    ids,
    `SELECT execution_id, key, value FROM viewcast.${table} WHERE execution_id = ANY ($1::uuid[]) ORDER BY key COLLATE "C"`,
    ([value]) => value as string,
  )

async function byRun<T>(
  db: Database,
  ids: readonly string[],
  sql: string,
  read: (values: readonly unknown[]) => T,
): Promise<(id: string) => Readonly<Record<string, T>>> {
  const found = new Map<string, (readonly [string, T])[]>()
  for (const [id, key, ...values] of (await db.query(sql, [ids])).rows) {
    const entries = found.get(id as string) ?? []
    found.set(id as string, entries)
    entries.push([key as string, read(values)])
  }
  // fromEntries, because a key may be called __proto__.
  return (id) => Object.fromEntries(found.get(id) ?? [])
}

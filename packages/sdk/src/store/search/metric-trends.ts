/** The course of the metrics of a run, as few points as can be drawn. */
import type { Store } from '../store.ts'

/**
 * The values of every metric of a run that has more than one, in order of the steps: the last value of each of at most
 * so many parts of equal number, so the last is the latest.
 *
 * One statement, which reads the history of this run.
 *
 * @param points parts at most, default 24.
 */
export async function metricTrends(
  { db }: Store,
  run: string,
  points = 24,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const { rows } = await db.query(
    `SELECT DISTINCT ON (k.name COLLATE "C", p.part) k.name, p.value FROM (
       SELECT m.key_id, m.value, count(*) OVER whole AS n, row_number() OVER ordered AS place,
         (row_number() OVER ordered - 1) * least($2::int, count(*) OVER whole) / count(*) OVER whole AS part
       FROM viewcast.metric m WHERE m.execution_id = $1
       WINDOW whole AS (PARTITION BY m.key_id), ordered AS (whole ORDER BY m.step, m.ts_ms, m.value)
     ) AS p JOIN viewcast.metric_key k ON k.id = p.key_id
     WHERE p.n > 1 ORDER BY k.name COLLATE "C", p.part, p.place DESC`,
    [run, points],
  )
  const found = new Map<string, number[]>()
  for (const [name, value] of rows) {
    const values = found.get(name as string) ?? []
    found.set(name as string, values)
    values.push(value as number)
  }
  return Object.fromEntries(found)
}

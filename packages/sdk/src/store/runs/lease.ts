/** Signs of life: a run whose process is gone becomes `lost`. */
import { announceEnd } from '../outbox/announce.ts'
import { atomically, type Store } from '../store.ts'
import type { Run } from './started.ts'

/** How long a run is believed to live without a sign of it. */
export const leaseSeconds = 300

/** Says that a run's process lives; a run that was taken for lost runs again. False when it has ended, was deleted or is another's. */
export async function renewRun({ db }: Store, run: Run, lease: number = leaseSeconds): Promise<boolean> {
  const rows = await db.rows(
    `UPDATE viewcast.execution SET lease_until = clock_timestamp() + make_interval(secs => $3), state = 'running', ended_at = NULL
     WHERE id = $1 AND worker = $2 AND lifecycle = 'active' AND state IN ('running', 'lost') RETURNING id`,
    [run.id, run.worker, lease],
  )
  return rows.length > 0
}

/**
 * Turns runs whose lease ended into `lost`, with those that are part of them; returns how many. What they logged stays.
 *
 * One statement; it reads an index of running runs. Several at once do not wait for each other.
 */
export function markLostRuns(store: Store): Promise<number> {
  return atomically(store, async (inside) => {
    // A run that is renewed meanwhile is locked, and so skipped, or has another lease when it is looked at again.
    const rows = await inside.db.rows<{ id: string }>(
      `WITH RECURSIVE gone AS (
       SELECT id FROM viewcast.execution WHERE state = 'running' AND lease_until < clock_timestamp()
       UNION
       SELECT e.id FROM viewcast.execution e JOIN gone g ON e.parent_id = g.id WHERE e.state = 'running'
         AND (e.lease_until IS NULL OR e.lease_until < clock_timestamp())
     ), held AS (
       SELECT e.id FROM viewcast.execution e
       WHERE e.id IN (SELECT id FROM gone) AND e.state = 'running'
         AND (e.lease_until IS NULL OR e.lease_until < clock_timestamp())
       ORDER BY e.id FOR NO KEY UPDATE SKIP LOCKED
     )
     UPDATE viewcast.execution e SET state = 'lost', ended_at = greatest(clock_timestamp(), e.started_at)
     FROM held WHERE e.id = held.id RETURNING e.id`,
    )
    await announceEnd(
      inside,
      rows.map((run) => run.id),
    )
    return rows.length
  })
}

/** What may change of a run: name, note, state, tags, and whether it is deleted. */
import { fail } from '@viewcast/compiler'
import { isId } from '../new-id.ts'
import { announceEnd } from '../outbox/announce.ts'
import { atomically, type Store } from '../store.ts'
import { type Batch, logBatch } from './batch.ts'
import { holdRun } from './hold.ts'
import { checkText } from './limits.ts'
import type { RunState } from './started.ts'
import { bringBack } from './taken.ts'

export interface RunChange {
  readonly name?: string
  /** Markdown; null takes it away. */
  readonly note?: string | null
  /** Given by hand: nobody renews the run afterwards, so it is not taken for lost. */
  readonly state?: RunState
  /** Milliseconds since 1970, not before the start; only with a state that is an end. Default now. */
  readonly endedAt?: number
}

/**
 * Renames a run, writes its note or sets its state; what is not named stays.
 *
 * Errors: `run/not-active`, `run/value`.
 */
export function updateRun(store: Store, id: string, change: RunChange): Promise<void> {
  const { name, note, state, endedAt } = change
  return atomically(store, async (inside) => {
    if (name !== undefined) checkText('the name of a run', name)
    if (typeof note === 'string') checkText('the note of a run', note)
    const [row] = isId(id)
      ? await inside.db.rows<{ ends: boolean }>(
          `UPDATE viewcast.execution e SET name = coalesce($2, e.name),
             note = CASE WHEN $3::boolean THEN $4 ELSE e.note END,
             state = coalesce($5, e.state),
             lease_until = CASE WHEN $5 IS NULL THEN e.lease_until END,
             error = CASE WHEN $5 IN ('running', 'scheduled') THEN NULL ELSE e.error END,
             ended_at = CASE
               WHEN $5 IS NULL THEN e.ended_at
               WHEN $5 IN ('running', 'scheduled') THEN NULL
               ELSE greatest(coalesce(to_timestamp($6::float8 / 1000), e.ended_at, clock_timestamp()), e.started_at) END
           FROM (SELECT id, ended_at FROM viewcast.execution WHERE id = $1 AND lifecycle = 'active' FOR NO KEY UPDATE) before
           WHERE e.id = before.id RETURNING before.ended_at IS NULL AND e.ended_at IS NOT NULL AS ends`,
          [id, name ?? null, note !== undefined, note ?? null, state ?? null, endedAt ?? null],
        )
      : []
    if (!row) fail('run/not-active', { run: id })
    if (row.ends) await announceEnd(inside, [id])
  })
}

/** Sets tags; the last value counts. Errors: `run/not-active`, `run/value`. */
export async function setRunTags(store: Store, id: string, tags: NonNullable<Batch['tags']>): Promise<void> {
  await logBatch(store, id, { tags })
}

/** Takes a tag away; false when it was not there. Errors: `run/not-active`. */
export function deleteRunTag(store: Store, id: string, key: string): Promise<boolean> {
  return atomically(store, async (inside) => {
    await holdRun(inside, id)
    const rows = await inside.db.rows(
      'DELETE FROM viewcast.run_tag WHERE execution_id = $1 AND key = $2 RETURNING key',
      [id, key],
    )
    return rows.length > 0
  })
}

/**
 * Deletes a run and those that are part of it, until they are restored; nothing is logged to them meanwhile. What was
 * logged stays. A run that is deleted stays so.
 *
 * Errors: `run/not-active` when it is not there.
 */
export function deleteRun(store: Store, id: string): Promise<void> {
  return atomically(store, async ({ db }) => {
    const [there] = isId(id) ? await db.rows('SELECT FROM viewcast.execution WHERE id = $1', [id]) : []
    if (!there) fail('run/not-active', { run: id })
    // Later than what was deleted below it before: what has one instant was deleted together, and comes back together. The
    // embedded engine's clock has milliseconds.
    await db.query(
      `WITH RECURSIVE part AS (
         SELECT id FROM viewcast.execution WHERE id = $1 AND lifecycle = 'active'
         UNION
         SELECT e.id FROM viewcast.execution e JOIN part p ON e.parent_id = p.id
       )
       UPDATE viewcast.execution e SET lifecycle = 'deleted', deleted_at = (
         SELECT greatest(now(), max(d.deleted_at) + interval '1 microsecond')
         FROM viewcast.execution d WHERE d.id IN (SELECT id FROM part)
       )
       FROM part WHERE e.id = part.id AND e.lifecycle = 'active'`,
      [id],
    )
  })
}

/**
 * Brings a deleted run back, with those that were deleted with it. One that is not deleted stays as it is.
 *
 * Errors: `run/not-active` when it is not there; `run/key` when another run has its key by now; `experiment/not-found`
 * when its experiment is deleted.
 */
export function restoreRun(store: Store, id: string): Promise<void> {
  return atomically(store, async (inside) => {
    const [there] = isId(id)
      ? await inside.db.rows<{ experiment: string | null }>(
          `SELECT CASE WHEN c.lifecycle = 'deleted' THEN c.id::text END AS experiment
           FROM viewcast.execution e LEFT JOIN viewcast.context c ON c.id = e.experiment_id WHERE e.id = $1`,
          [id],
        )
      : []
    if (!there) fail('run/not-active', { run: id })
    if (there.experiment !== null) fail('experiment/not-found', { experiment: there.experiment })
    const parts = await inside.db.rows<{ id: string }>(
      `WITH RECURSIVE part AS (
         SELECT id, deleted_at FROM viewcast.execution WHERE id = $1 AND lifecycle = 'deleted'
         UNION
         SELECT e.id, e.deleted_at FROM viewcast.execution e JOIN part p ON e.parent_id = p.id
         WHERE e.lifecycle = 'deleted' AND e.deleted_at = p.deleted_at
       ) SELECT id FROM part`,
      [id],
    )
    await bringBack(
      inside,
      parts.map((p) => p.id),
    )
  })
}

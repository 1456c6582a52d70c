/** Writes the events of runs into the outbox, in the transaction of what they tell of. */

import type { RunEvent } from '../openlineage/event.ts'
import type { Naming } from '../openlineage/naming.ts'
import { namingOf } from '../openlineage/naming.ts'
import { endEvent, startEvent } from '../openlineage/run-event.ts'
import { runRow } from '../openlineage/run-rows.ts'
import type { Store } from '../store.ts'

/**
 * Tells that a run started; nothing when the store was opened without `events`. To be called inside the transaction that
 * starts it. Four statements.
 */
export async function announceStart(inside: Store, run: string): Promise<void> {
  if (inside.events === undefined) return
  await ensureAnnounced(inside, run, await namingOf(inside))
}

/**
 * Tells that runs ended, as what they are in the store now; to be called inside the transaction that ends them, after
 * everything else was written. One statement where nothing is to be told, else ten for a run.
 *
 * A run that was announced is ended under the names it was announced by, even by a process that has no `events`. One
 * that was not is told of from its START on, if this store has `events`.
 */
export async function announceEnd(inside: Store, runs: readonly string[]): Promise<void> {
  if (runs.length === 0) return
  const known = new Map(
    (
      await inside.db.rows<{ id: string; namespace: string; producer: string; tables: string }>(
        'SELECT execution_id AS id, namespace, producer, tables FROM viewcast.announced WHERE execution_id = ANY($1::uuid[])',
        [runs],
      )
    ).map((row) => [row.id, row]),
  )
  if (known.size === 0 && inside.events === undefined) return
  const naming = await namingOf(inside)
  for (const id of runs) {
    const announced = known.get(id)
    if (announced === undefined) {
      if (inside.events === undefined) continue
      await ensureAnnounced(inside, id, naming)
    }
    const run = await runRow(inside, id)
    if (run) await write(inside, await endEvent(inside, run, { ...naming, ...announced }))
  }
}

async function ensureAnnounced(inside: Store, id: string, naming: Naming): Promise<void> {
  const run = await runRow(inside, id)
  if (run === undefined) return
  const event = await startEvent(inside, run, naming)
  const [row] = await inside.db.rows<{ first: boolean }>('SELECT viewcast.announce($1, $2, $3, $4, $5) AS first', [
    id,
    event.job.namespace,
    event.job.name,
    naming.producer,
    naming.tables,
  ])
  if (row?.first) await write(inside, event)
}

const write = ({ db }: Store, event: RunEvent): Promise<unknown> =>
  db.query('SELECT viewcast.write_event($1, $2)', [event.run.runId, JSON.stringify(event)])

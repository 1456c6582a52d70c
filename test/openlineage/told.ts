/** The events that a store has written, every one held to the specification. */
import type { Database } from '@viewcast/sdk'
import { expect } from 'vitest'
import { problemsOfEvent } from './problems-of-event.ts'

/** As far as tests look into one. */
export interface ToldEvent {
  readonly eventType: string
  readonly eventTime: string
  readonly producer: string
  readonly run: { readonly runId: string; readonly facets: Told }
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Told }
  readonly inputs: readonly ToldDataset[]
  readonly outputs: readonly ToldDataset[]
}
export interface ToldDataset {
  readonly namespace: string
  readonly name: string
  readonly facets: Told
  readonly inputFacets?: Told
  readonly outputFacets?: Told
}
// biome-ignore lint/suspicious/noExplicitAny: facets are looked into by name, and their schemas have been checked.
type Told = Readonly<Record<string, any>>

/**
 * The events of a store in the order they were written, or of one run. Fails when one does not follow the specification,
 * or when a run has two STARTs, two ends, or an end before its START.
 */
export async function eventsTold(db: Database, run?: string): Promise<readonly ToldEvent[]> {
  const rows = await db.rows<{ event: ToldEvent }>(
    'SELECT event FROM viewcast.outbox WHERE $1::uuid IS NULL OR execution_id = $1 ORDER BY id',
    [run ?? null],
  )
  const events = rows.map((row) => row.event)
  for (const e of events) expect(problemsOfEvent(e), `${e.eventType} of ${e.job.name}`).toEqual([])
  const types = new Map<string, string[]>()
  for (const e of events) types.set(e.run.runId, [...(types.get(e.run.runId) ?? []), e.eventType])
  for (const [id, list] of types) expect(list.join(' '), id).toMatch(/^START( (COMPLETE|FAIL|ABORT)( OTHER)*)?$/)
  return events
}

/** What is in the outbox, and what an operator does about it. */
import type { Store } from '../store.ts'

export interface OutboxStatus {
  /** Events that were not sent yet, those that are due now, and those that some sender has. */
  readonly waiting: number
  readonly due: number
  readonly claimed: number
  readonly sent: number
  /** Events that the target refused so often that somebody has to look. */
  readonly setAside: number
  /** When the oldest that waits was written, and when the next is due. */
  readonly oldest?: string
  readonly next?: string
  /** Why events wait or were set aside, most frequent first; at most 20. */
  readonly reasons: readonly OutboxReason[]
}

export interface OutboxReason {
  readonly reason: string
  readonly isSetAside: boolean
  readonly events: number
  /** Most tries of one. */
  readonly tries: number
  /** Job and run of the oldest. */
  readonly job: string
  readonly run: string
}

/** Counts what is in the outbox. Two statements. */
export async function outboxStatus({ db }: Pick<Store, 'db'>): Promise<OutboxStatus> {
  const [counts] = await db.rows<Record<'waiting' | 'due' | 'claimed' | 'sent' | 'aside' | 'oldest' | 'next', string>>(
    `SELECT count(*) FILTER (WHERE waits) AS waiting,
       count(*) FILTER (WHERE waits AND next_at <= now AND claimed_until IS NULL) AS due,
       count(*) FILTER (WHERE waits AND claimed_until > now) AS claimed,
       count(*) FILTER (WHERE sent_at IS NOT NULL) AS sent,
       count(*) FILTER (WHERE set_aside_at IS NOT NULL) AS aside,
       min(created_at) FILTER (WHERE waits) AS oldest, min(next_at) FILTER (WHERE waits) AS next
     FROM viewcast.outbox o
     CROSS JOIN LATERAL (SELECT sent_at IS NULL AND set_aside_at IS NULL AS waits, clock_timestamp() AS now) w`,
  )
  const reasons = await db.rows<Omit<OutboxReason, 'events'> & { readonly events: string }>(
    `SELECT error AS reason, set_aside_at IS NOT NULL AS "isSetAside", count(*) AS events, max(attempts) AS tries,
       (array_agg(event #>> '{job,name}' ORDER BY id))[1] AS job, (array_agg(execution_id::text ORDER BY id))[1] AS run
     FROM viewcast.outbox WHERE error IS NOT NULL AND sent_at IS NULL
     GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT 20`,
  )
  return {
    waiting: Number(counts?.waiting),
    due: Number(counts?.due),
    claimed: Number(counts?.claimed),
    sent: Number(counts?.sent),
    setAside: Number(counts?.aside),
    ...(counts?.oldest ? { oldest: counts.oldest } : {}),
    ...(counts?.next ? { next: counts.next } : {}),
    reasons: reasons.map((r) => ({ ...r, events: Number(r.events) })),
  }
}

/**
 * Makes events that were set aside, and those that wait for another try, due now; returns how many. Those that were set
 * aside are sent after what came later in their runs.
 *
 * @param options `run` for the events of one run only.
 */
export async function retryEvents({ db }: Pick<Store, 'db'>, options: { readonly run?: string } = {}): Promise<number> {
  const rows = await db.rows(
    `UPDATE viewcast.outbox SET set_aside_at = NULL, attempts = 0, next_at = clock_timestamp()
     WHERE sent_at IS NULL AND (set_aside_at IS NOT NULL OR attempts > 0)
       AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
       AND ($1::uuid IS NULL OR execution_id = $1) RETURNING id`,
    [options.run ?? null],
  )
  return rows.length
}

/**
 * Deletes events that were sent, and with `setAside` those that were set aside; what waits stays. Returns how many. That
 * a run was told of is still known, so none is told of again.
 *
 * @param options `days`: only what was sent, or set aside, so many days ago or earlier. Default 7.
 */
export async function purgeEvents(
  { db }: Pick<Store, 'db'>,
  options: { readonly days?: number; readonly setAside?: boolean } = {},
): Promise<number> {
  const [row] = await db.rows<{ n: string }>(
    `WITH gone AS (
       DELETE FROM viewcast.outbox
       WHERE coalesce(sent_at, CASE WHEN $2 THEN set_aside_at END) <= clock_timestamp() - make_interval(secs => $1) RETURNING 1
     ) SELECT count(*) AS n FROM gone`,
    [(options.days ?? 7) * 86_400, options.setAside ?? false],
  )
  return Number(row?.n)
}

/** Sends what waits in the outbox. */
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '../new-id.ts'
import type { Store } from '../store.ts'
import { backoff } from './backoff.ts'
import type { Delivery, EventTarget } from './target.ts'

export interface SendOptions {
  readonly signal?: AbortSignal
  /** Stop after so many events. */
  readonly limit?: number
  /** Failures in a row after which the target is believed to be down. Default 3. */
  readonly patience?: number
  /** Tries after which an event that the target refuses is set aside. Default 5. */
  readonly tries?: number
  /** The time that counts; default the clock of the database. */
  readonly now?: () => Date
  /** 0 to 1; spreads the tries. Default `Math.random`. */
  readonly random?: () => number
}

export interface SendReport {
  readonly sent: number
  /** Tries that did not end in a clean answer; their events wait for another. */
  readonly failed: number
  /** Events that the target will never take; kept with the reason until somebody says `retry`. */
  readonly setAside: number
  /** Why it stopped early: the target is down. */
  readonly stopped?: string
  /** How long the target asks to be left alone, in seconds. */
  readonly retryAfter?: number
}

/** Events taken at once. */
const batch = 100
/** Bytes, as they are stored, that are held in memory at once. */
const mostBytes = 4 * 1024 * 1024
/** How long events are taken for; a sender that dies leaves them to others after it. */
const claimSeconds = 300

interface Claimed {
  readonly event_id: string
  readonly size: number
  readonly attempts: number
}

/**
 * Sends the events that are due, oldest first, until there are none or the target is down.
 *
 * At least once: an event counts as sent after a clean answer, so what was on the way when a process died is sent again;
 * consumers tell repetitions by run id, event type and event time. Several senders at once never hold the same event. The
 * events of a run keep their order. Failures are tried again after 1, 2, 4, … seconds, at most 15 minutes; an event that is
 * refused (400, 406, 409, 413, 415, 422) is set aside after five tries, and those after it are sent.
 *
 * @example
 * ```ts
 * await sendEvents(store, httpTarget({ url: 'http://localhost:5000' })) // { sent: 2, failed: 0, setAside: 0 }
 * ```
 */
export async function sendEvents(
  { db }: Pick<Store, 'db'>,
  target: EventTarget,
  options: SendOptions = {},
): Promise<SendReport> {
  const { limit = Number.POSITIVE_INFINITY, patience = 3, tries = 5, random = Math.random } = options
  const now = (): string | null => options.now?.().toISOString() ?? null
  const signal = options.signal ?? new AbortController().signal
  const total = { sent: 0, failed: 0, setAside: 0 }
  for (let taken = 0; taken < limit && !signal.aborted; ) {
    const claim = newId()
    const claimed = await db.rows<Claimed>('SELECT * FROM viewcast.claim_events($1, $2, $3, $4)', [
      claim,
      Math.min(batch, limit - taken),
      claimSeconds,
      now(),
    ])
    if (claimed.length === 0) break
    taken += claimed.length
    // A claim that ran out would let another send the same.
    const limited = AbortSignal.any([signal, AbortSignal.timeout(claimSeconds * 800)])
    let down: (Delivery & { kind: 'failed' }) | undefined
    for (const part of parts(claimed.sort((a, b) => Number(a.event_id) - Number(b.event_id)))) {
      const deliveries =
        down === undefined
          ? await target.deliver(await texts(db, part), { signal: limited, patience })
          : part.map((): Delivery => ({ kind: 'released' }))
      const rows = part.map((c, i) => settled(c, deliveries[i], tries, random))
      await db.query('SELECT viewcast.settle_events($1, $2::bigint[], $3::text[], $4::text[], $5::float8[], $6)', [
        claim,
        part.map((c) => c.event_id),
        rows.map((r) => r.outcome),
        rows.map((r) => r.error),
        rows.map((r) => r.seconds),
        now(),
      ])
      total.sent += rows.filter((r) => r.outcome === 'sent').length
      total.failed += rows.filter((r) => r.outcome === 'failed').length
      total.setAside += rows.filter((r) => r.outcome === 'aside').length
      down ??= downOf(deliveries, patience)
    }
    if (down !== undefined) {
      return {
        ...total,
        stopped: down.reason,
        ...(down.retryAfter === undefined ? {} : { retryAfter: down.retryAfter }),
      }
    }
    // What is left of a claim that took too long goes to the next.
  }
  return total
}

/** The last failure, when so many came in a row that the target is down. */
function downOf(deliveries: readonly Delivery[], patience: number): (Delivery & { kind: 'failed' }) | undefined {
  let failures = 0
  for (const d of deliveries) {
    if (d.kind === 'released') continue
    failures = d.kind === 'failed' ? failures + 1 : 0
    if (d.kind === 'failed' && (failures >= patience || d.retryAfter !== undefined)) return d
  }
  // Fewer were tried than it takes to tell: nothing but failures is down enough.
  const tried = deliveries.filter((d) => d.kind !== 'released')
  const last = tried.at(-1)
  return last?.kind === 'failed' && tried.every((d) => d.kind === 'failed') ? last : undefined
}

function* parts(claimed: readonly Claimed[]): Generator<readonly Claimed[]> {
  let part: Claimed[] = []
  let bytes = 0
  for (const c of claimed) {
    if (part.length > 0 && bytes + c.size > mostBytes) {
      yield part
      part = []
      bytes = 0
    }
    part.push(c)
    bytes += c.size
  }
  if (part.length > 0) yield part
}

async function texts(db: Store['db'], part: readonly Claimed[]): Promise<readonly string[]> {
  const rows = await db.rows<{ id: string; event: string }>(
    'SELECT id, event::text AS event FROM viewcast.outbox WHERE id = ANY($1::bigint[])',
    [part.map((c) => c.event_id)],
  )
  const byId = new Map(rows.map((r) => [r.id, r.event]))
  return part.map((c) => byId.get(c.event_id) ?? '{}')
}

interface Settled {
  readonly outcome: 'sent' | 'failed' | 'aside' | 'released'
  readonly error: string | null
  readonly seconds: number | null
}

function settled(claimed: Claimed, delivery: Delivery | undefined, tries: number, random: () => number): Settled {
  if (delivery === undefined || delivery.kind === 'released') return { outcome: 'released', error: null, seconds: null }
  if (delivery.kind === 'sent') return { outcome: 'sent', error: null, seconds: null }
  const tried = claimed.attempts + 1
  const { reason } = delivery
  if (delivery.kind === 'refused' && tried >= tries) return { outcome: 'aside', error: reason, seconds: null }
  const asked = delivery.kind === 'failed' ? (delivery.retryAfter ?? 0) : 0
  return { outcome: 'failed', error: reason, seconds: Math.max(backoff(tried, random()), Math.min(asked, 3600)) }
}

export interface KeepSendingOptions extends SendOptions {
  readonly signal: AbortSignal
  /** Milliseconds between two looks into the outbox. Default 2,000. */
  readonly every?: number
  /** Called after each look that found something. */
  readonly onReport?: (report: SendReport) => void
}

/** Sends until the signal stops it; a target that is down is left alone for longer each time, up to a minute. */
export async function keepSending(
  store: Pick<Store, 'db'>,
  target: EventTarget,
  options: KeepSendingOptions,
): Promise<SendReport> {
  const { signal, every = 2000, random = Math.random, onReport } = options
  const total = { sent: 0, failed: 0, setAside: 0 }
  for (let downs = 0; !signal.aborted; ) {
    const report = await sendEvents(store, target, options)
    total.sent += report.sent
    total.failed += report.failed
    total.setAside += report.setAside
    if (report.sent + report.failed + report.setAside > 0) onReport?.(report)
    downs = report.stopped === undefined ? 0 : downs + 1
    const pause = downs === 0 ? every : 1000 * Math.min(60, Math.max(backoff(downs, random()), report.retryAfter ?? 0))
    await sleep(pause, undefined, { signal }).catch(() => undefined)
  }
  return total
}

/** What is logged of a run, as one statement. */
import { fail } from '@viewcast/compiler'
import { isDatabaseError } from '../../database/database-error.ts'
import type { Store } from '../store.ts'

export interface MetricPoint {
  readonly name: string
  /** NaN and infinities are kept. */
  readonly value: number
  /** Default 0. */
  readonly step?: number
  /** Milliseconds since 1970; default now. */
  readonly at?: number
}

export interface Batch {
  /** Never change: another value for a key is refused. Values that are no text are kept as JSON. */
  readonly params?: Readonly<Record<string, unknown>>
  /** The last value counts. */
  readonly tags?: Readonly<Record<string, string>>
  /** Appended; the same point again adds nothing. */
  readonly metrics?: readonly MetricPoint[]
}

/**
 * Logs a batch to a run, all or nothing; returns how many points of metrics were new, so a retry returns 0.
 *
 * Errors: `run/param` for a param that has another value; `run/not-active` for a run that is not there or was deleted.
 *
 * @example
 * ```ts
 * await logBatch(store, run.id, { params: { lambda: 0.1 }, metrics: [{ name: 'test.auc', value: 0.71 }] })
 * ```
 * ```sql
 * SELECT viewcast.log_batch($1, …)
 * ```
 */
export async function logBatch(store: Store, run: string, { params, tags, metrics }: Batch): Promise<number> {
  const texts = Object.entries(params ?? {}).map(([key, value]) => [key, paramText(value)] as const)
  const now = Date.now()
  const parameters = [
    run,
    texts.map(([key]) => key),
    texts.map(([, text]) => text),
    texts.map(([, text]) => numberOf(text)),
    Object.keys(tags ?? {}),
    Object.values(tags ?? {}),
    (metrics ?? []).map((m) => m.name),
    (metrics ?? []).map((m) => m.value),
    (metrics ?? []).map((m) => m.step ?? 0),
    (metrics ?? []).map((m) => Math.round(m.at ?? now)),
  ]
  try {
    const [row] = await store.db.rows<{ n: number }>(
      'SELECT viewcast.log_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS n',
      parameters,
    )
    return row?.n ?? 0
  } catch (e) {
    if (isDatabaseError(e) && e.message.includes('another value already')) {
      fail('run/param', { detail: e.message })
    }
    if (isDatabaseError(e) && e.message.includes('is not there or was deleted')) fail('run/not-active', { run })
    throw e
  }
}

const paramText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null'))

const numberOf = (text: string): number | null =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : null

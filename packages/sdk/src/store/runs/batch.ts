/** What is logged of a run, as one statement. */
import { type Diagnostic, diagnostic, fail, throwIfErrors } from '@viewcast/compiler'
import { isDatabaseError } from '../../database/database-error.ts'
import { isId } from '../new-id.ts'
import type { Store } from '../store.ts'
import { keyProblems, pairProblems } from './limits.ts'
import { paramNumber, paramText } from './param-text.ts'

export interface MetricPoint {
  readonly name: string
  /** NaN and infinities are kept. */
  readonly value: number
  /** A whole number; default 0. */
  readonly step?: number
  /** Milliseconds since 1970; default now. */
  readonly at?: number
}

/** By key; as pairs where keys may come twice. */
export type Pairs<V> = Readonly<Record<string, V>> | readonly (readonly [key: string, value: V])[]

export interface Batch {
  /**
   * Never change: another value for a key is refused, within the batch as well. Texts of up to 6000 characters; values
   * that are no text are kept as JSON.
   */
  readonly params?: Pairs<unknown>
  /** The last value counts. Up to 8000 characters. */
  readonly tags?: Pairs<string>
  /** Appended; the same point again adds nothing. */
  readonly metrics?: readonly MetricPoint[]
}

/**
 * Logs a batch to a run, all or nothing; returns how many points of metrics were new, so a retry returns 0. Keys are texts
 * of up to 250 characters.
 *
 * One statement and one transaction, whatever the size; tens of thousands of points per second.
 *
 * Errors: `run/param` for a param that has another value; `run/not-active` for a run that is not there or was deleted;
 * `run/value`, all of them at once, for what cannot be kept.
 *
 * @example
 * ```ts
 * await logBatch(store, run.id, { params: { lambda: 0.1 }, metrics: [{ name: 'test.auc', value: 0.71 }] })
 * ```
 * ```sql
 * SELECT viewcast.log_batch($1, …)
 * ```
 */
export async function logBatch(store: Store, run: string, batch: Batch): Promise<number> {
  const params = pairsOf(batch.params).map(([key, value]) => [key, paramText(value)] as const)
  const tags = pairsOf(batch.tags)
  const metrics = batch.metrics ?? []
  throwIfErrors([
    ...params.flatMap(([key, value]) => pairProblems('param', key, value)),
    ...otherValues(params, run),
    ...tags.flatMap(([key, value]) => pairProblems('tag', key, value)),
    ...metricProblems(metrics),
  ])
  if (!isId(run)) fail('run/not-active', { run })
  const paramMap = new Map(params)
  const tagMap = new Map(tags)
  const now = Date.now()
  try {
    const [row] = await store.db.rows<{ n: number }>(
      'SELECT viewcast.log_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS n',
      [
        run,
        [...paramMap.keys()],
        [...paramMap.values()],
        [...paramMap.values()].map(paramNumber),
        [...tagMap.keys()],
        [...tagMap.values()],
        metrics.map((m) => m.name),
        metrics.map((m) => m.value),
        metrics.map((m) => m.step ?? 0),
        metrics.map((m) => Math.round(m.at ?? now)),
      ],
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

const pairsOf = <V>(pairs: Pairs<V> = {}): readonly (readonly [string, V])[] =>
  Array.isArray(pairs) ? pairs : Object.entries(pairs as Readonly<Record<string, V>>)

/** Params that the batch itself gives two values. */
function otherValues(params: readonly (readonly [string, string])[], run: string): readonly Diagnostic[] {
  const first = new Map<string, string>()
  const twice = new Set<string>()
  for (const [key, value] of params) {
    if ((first.get(key) ?? value) !== value) twice.add(key)
    else first.set(key, value)
  }
  return [...twice].map((key) =>
    diagnostic('run/param', { detail: `param "${key}" of run ${run} has two values in one batch` }),
  )
}

/** Each name and kind of problem once, however many points have it. */
export function metricProblems(metrics: readonly MetricPoint[]): readonly Diagnostic[] {
  const names = new Set<string>()
  const problems = new Map<string, string>()
  for (const { name, value, step = 0, at = 0 } of metrics) {
    names.add(name)
    if (typeof value !== 'number') problems.set(name, 'its value is no number')
    else if (!Number.isSafeInteger(step)) problems.set(name, `step ${step} is no whole number`)
    else if (!Number.isSafeInteger(Math.round(at))) problems.set(name, `${at} is no time in milliseconds`)
  }
  return [
    ...[...names].flatMap((name) => keyProblems('metric', name)),
    ...[...problems].map(([name, detail]) => diagnostic('run/value', { what: `metric "${name}"`, detail })),
  ]
}

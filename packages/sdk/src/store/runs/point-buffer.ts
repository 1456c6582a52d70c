/** Points of metrics on their way to the database. */
import { AsyncResource } from 'node:async_hooks'
import { throwIfErrors } from '@viewcast/compiler'
import type { Store } from '../store.ts'
import { logBatch, type MetricPoint, metricProblems } from './batch.ts'
import { isTransient } from './patience.ts'

export interface PointBuffer {
  /** Takes points, or refuses them at once. Errors: `run/value`, and whatever the database refused earlier ones with. */
  add(values: Readonly<Record<string, number>>, step: number | undefined, at: number | undefined): void
  /** Sends what is not there yet, or fails. */
  flush(): Promise<void>
  /** Sends nothing any more by itself. */
  stop(): void
}

/** Sent by itself when that many wait, or the first of them for that long. */
const many = 5000
const milliseconds = 1000

/**
 * Points stay here until the database has them, so that nothing is lost by an attempt that fails; sending one twice adds
 * nothing. Two flushes at the same time send the same points rather than wait for each other: the first may wait for a session
 * that whoever asks for the second holds.
 */
export function pointBuffer(store: Store, run: string): PointBuffer {
  const unsent = new Set<MetricPoint>()
  let timer: NodeJS.Timeout | undefined
  let sending = false
  let refusal: { readonly error: unknown } | undefined
  let clock = 0

  async function send(): Promise<void> {
    const points = [...unsent]
    for (let from = 0; from < points.length; from += 50_000) {
      const part = points.slice(from, from + 50_000)
      await logBatch(store, run, { metrics: part })
      for (const point of part) unsent.delete(point)
    }
  }
  // Not inside the transaction of whoever logs first: it would be refused, or rolled back with it.
  const sendByItself = AsyncResource.bind(async () => {
    if (sending || unsent.size === 0) return
    sending = true
    try {
      await send()
    } catch (error) {
      if (!isTransient(error)) refusal = { error }
    } finally {
      sending = false
    }
    if (refusal === undefined && unsent.size > 0) schedule()
  })
  function schedule(): void {
    // Holds the process for as long as points wait, a second at most.
    timer ??= setTimeout(() => {
      timer = undefined
      void sendByItself()
    }, milliseconds)
  }
  return {
    add(values, step, at) {
      if (refusal) throw refusal.error
      // "Latest" is by step and then by time: a clock that steps back must not make the last value an earlier one.
      clock = Math.max(clock, Date.now())
      const time = at ?? clock
      const points = Object.entries(values).map(([name, value]) => ({ name, value, step: step ?? 0, at: time }))
      throwIfErrors(metricProblems(points))
      for (const point of points) unsent.add(point)
      if (unsent.size >= many && !sending) void sendByItself()
      else if (points.length > 0) schedule()
    },
    flush: send,
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

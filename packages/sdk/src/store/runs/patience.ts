/** Trying again what a restarting server refused. */
import { setTimeout as pause } from 'node:timers/promises'
import { isViewcastError } from '@viewcast/compiler'
import { isDatabaseError } from '../../database/database-error.ts'

/** Milliseconds before the attempts after the first; some twenty seconds in all. */
const pauses = [100, 300, 1000, 3000, 5000, 10_000]

/** What `body` gives, tried again while the reason it fails may pass. Only for what may be done twice. */
export async function patiently<T>(body: () => Promise<T>): Promise<T> {
  for (const wait of pauses) {
    try {
      return await body()
    } catch (e) {
      if (!isTransient(e)) throw e
      await pause(wait)
    }
  }
  return body()
}

/**
 * Whether trying again may help: the server is restarting or out of reach, or ended one of two that were in each other's
 * way. A lost connection leaves open whether it was done.
 */
export const isTransient = (e: unknown): boolean =>
  isViewcastError(e)
    ? e.diagnostics.some((d) => d.code === 'engine/unreachable' || d.code === 'engine/pooler')
    : isDatabaseError(e) && /^(08|40001|40P01|53300|57P0[123])/.test(e.sqlState)

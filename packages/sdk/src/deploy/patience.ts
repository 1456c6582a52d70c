/**
 * Tries again what could not get its locks. Each try is short: whoever comes after a request for an exclusive lock waits
 * behind it, so that a long wait of ours would keep readers out for as long.
 */
import { setTimeout } from 'node:timers/promises'
import { fail } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { isDatabaseError } from '../database/database-error.ts'
import { assetName } from './object-name.ts'
import { blockingText, type Locked, type Waiting, type Watch, watchLocks } from './waiting.ts'

export interface PatienceOptions {
  /** How long one try waits for locks, in milliseconds; default 2,000. */
  readonly lockTimeout?: number
  /** How long is tried in all, in milliseconds; default 60,000. */
  readonly patience?: number
  readonly signal?: AbortSignal
  /** Called some three times a second while a lock is waited for. */
  readonly onWaiting?: (waiting: Waiting) => void
}

export const defaultLockTimeout = 2000
const defaultPatience = 60_000
const firstPause = 100
const longestPause = 3000

export interface Patience {
  /** Says by its `pid` which session waits. */
  readonly watch: Watch
  /**
   * Runs `body` until it gets its locks, or patience ends, which is one for all that is tried.
   *
   * Errors: `deploy/locked` with who is in the way; `engine/interrupted`; those of `body`.
   */
  until<T>(body: () => Promise<T>): Promise<T>
  stop(): Promise<void>
}

export function bePatient(db: Database, locked: Locked, options: PatienceOptions): Patience {
  const { signal, onWaiting, patience = defaultPatience } = options
  const start = Date.now()
  const watch = watchLocks(db, locked, (sessions) => onWaiting?.({ sessions, waited: Date.now() - start, patience }))
  return {
    watch,
    stop: () => watch.stop(),
    async until(body) {
      for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
        if (signal?.aborted) fail('engine/interrupted', { what: 'The deployment' })
        try {
          return await body()
        } catch (e) {
          if (!isLockFailure(e)) throw e
          await watch.missed()
          const left = patience - (Date.now() - start)
          if (left <= 0)
            fail('deploy/locked', {
              object: locked.objects.map(assetName).join(', '),
              seconds: inSeconds(patience),
              sessions: blockingText(watch.sessions),
            })
          // Half of it by chance, so that two who wait for each other do not go on in step.
          await sleep(Math.min(left, pause * (0.5 + Math.random() / 2)), signal)
        }
      }
    },
  }
}

const inSeconds = (milliseconds: number): string => String(Math.round(milliseconds / 100) / 10)

const sleep = (milliseconds: number, signal: AbortSignal | undefined): Promise<void> =>
  setTimeout(milliseconds, undefined, signal ? { signal } : {}).catch(() => undefined)

/** A lock not got in time, a deadlock, and two who write the same row of the catalog: all of it may work the next time. */
export function isLockFailure(e: unknown): boolean {
  if (!isDatabaseError(e)) return false
  if (e.sqlState === '55P03' || e.sqlState === '40P01') return true
  return e.sqlState === 'XX000' && /tuple concurrently (updated|deleted)/.test(e.message)
}

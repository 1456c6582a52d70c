/** Who is in the way of a lock, asked over another session while ours waits. */
import { setTimeout } from 'node:timers/promises'
import type { Database } from '../database/database.ts'

/** A session that holds what is waited for. What it runs is not looked at: it may hold values of rows. */
export interface BlockingSession {
  readonly pid: number
  /** As the session calls itself; empty where it does not. */
  readonly application: string
  readonly user: string | null
  /** Seconds its transaction has been open; null where the role may not know. */
  readonly seconds: number | null
  /** Whether it is idle in its transaction; null where the role may not know. */
  readonly isIdle: boolean | null
}

export interface Waiting {
  readonly sessions: readonly BlockingSession[]
  /** Milliseconds since the first try. */
  readonly waited: number
  /** How long is waited in all. */
  readonly patience: number
}

/** How long a lock is waited for before anybody is asked, and how often: most are there at once. */
const interval = 300

export interface Watch {
  /** The session that waits; undefined while none does. */
  pid: number | undefined
  /** Those last seen. */
  sessions: readonly BlockingSession[]
  stop(): Promise<void>
}

/**
 * Watches a session until it is stopped. It has to be started outside of the transaction that is watched, and watches nothing
 * on an engine with one session, where nobody else can be in the way.
 */
export function watchLocks(db: Database, onWaiting: (sessions: readonly BlockingSession[]) => void): Watch {
  const stopped = new AbortController()
  const watch: Watch = {
    pid: undefined,
    sessions: [],
    async stop() {
      stopped.abort()
      await watching
    },
  }
  const isPossible = db.engine === 'postgres' && !db.isTransaction
  const watching = isPossible ? look(db, watch, stopped.signal, onWaiting).catch(() => undefined) : Promise.resolve()
  return watch
}

async function look(
  db: Database,
  watch: Watch,
  signal: AbortSignal,
  onWaiting: (sessions: readonly BlockingSession[]) => void,
): Promise<void> {
  for (;;) {
    await setTimeout(interval, undefined, { signal, ref: false })
    if (watch.pid === undefined) continue
    const sessions = await db.rows<BlockingSession>(blocking, [watch.pid])
    if (signal.aborted || sessions.length === 0) continue
    watch.sessions = sessions
    onWaiting(sessions)
  }
}

const blocking = `
  SELECT a.pid, coalesce(a.application_name, '') AS application, a.usename::text AS "user",
         extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds, a.state LIKE 'idle in transaction%' AS "isIdle"
  FROM unnest(pg_blocking_pids($1)) AS b(pid) JOIN pg_stat_activity a ON a.pid = b.pid
  GROUP BY 1, 2, 3, 4, 5 ORDER BY 4 DESC NULLS LAST, 1`

/** `4711 (psql of ada, idle in its transaction for 312 s)`. */
export function blockingText(sessions: readonly BlockingSession[]): string {
  const one = ({ pid, application, user, seconds, isIdle }: BlockingSession) => {
    const who = [application, user === null ? '' : `of ${user}`].filter((part) => part !== '').join(' ')
    const since =
      seconds === null
        ? ''
        : `${isIdle ? 'idle in its transaction' : 'in its transaction'} for ${Math.round(seconds)} s`
    const about = [who, since].filter((part) => part !== '').join(', ')
    return about === '' ? `${pid}` : `${pid} (${about})`
  }
  return sessions.map(one).join('; ')
}

/** Who is in the way of a lock, asked over another session while ours waits. */
import { AsyncResource } from 'node:async_hooks'
import { setTimeout } from 'node:timers/promises'
import type { Database } from '../database/database.ts'
import { deployKey } from './deploy-lock.ts'
import type { ObjectName } from './object-name.ts'

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
  /** To be called when a lock was not got: if nobody was seen while it was waited for, looks who holds one now. */
  missed(): Promise<void>
  stop(): Promise<void>
}

/** What is to be locked, and what is read and only in the way when somebody has it for himself, as SQL writes it. */
export interface Locked {
  readonly objects: readonly ObjectName[]
  readonly reads: readonly string[]
}

/** How long is waited for an answer about who is in the way, in milliseconds: every session may be taken. */
const answerTime = 2000

/**
 * Watches a session until it is stopped. It has to be started outside of the transaction that is watched, and watches nothing
 * on an engine with one session, where nobody else can be in the way.
 */
export function watchLocks(
  db: Database,
  locked: Locked,
  onWaiting: (sessions: readonly BlockingSession[]) => void,
): Watch {
  const stopped = new AbortController()
  const watch: Watch = {
    pid: undefined,
    sessions: [],
    async missed() {
      if (!isPossible || watch.sessions.length > 0) return
      const answer = new AbortController()
      const late = setTimeout(answerTime, [], { signal: answer.signal, ref: false }).catch(() => [])
      const sessions = await Promise.race([holders(watch.pid).catch(() => []), late])
      answer.abort()
      if (sessions.length === 0) return
      watch.sessions = sessions
      onWaiting(sessions)
    },
    async stop() {
      stopped.abort()
      await watching
    },
  }
  const isPossible = db.engine === 'postgres' && !db.isTransaction
  // A try may be a part of a transaction, in which no other session can be asked but from outside.
  const holders = AsyncResource.bind((pid: number | undefined) => holdersOf(db, locked, pid))
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

/** A try of some milliseconds is over before anybody is asked who is in its way; who holds a lock can be asked later. */
const holdersOf = (db: Database, { objects, reads }: Locked, pid: number | undefined): Promise<BlockingSession[]> =>
  db.rows<BlockingSession & Record<string, unknown>>(holding, [
    objects.map((o) => o.schema),
    objects.map((o) => o.name),
    reads,
    pid ?? 0,
  ])

const described = `a.pid, coalesce(a.application_name, '') AS application, a.usename::text AS "user",
         extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds, a.state LIKE 'idle in transaction%' AS "isIdle"`

const blocking = `
  SELECT ${described}
  FROM unnest(pg_blocking_pids($1)) AS b(pid) JOIN pg_stat_activity a ON a.pid = b.pid
  GROUP BY 1, 2, 3, 4, 5 ORDER BY 4 DESC NULLS LAST, 1`

const holding = `
  WITH named AS (
    SELECT n.oid AS schema, w.name FROM unnest($1::text[], $2::text[]) AS w(schema, name) JOIN pg_namespace n ON n.nspname = w.schema
  ), wanted AS (
    SELECT c.oid FROM named w JOIN pg_class c ON (c.relnamespace, c.relname) = (w.schema, w.name)
    UNION ALL SELECT p.oid FROM named w JOIN pg_proc p ON (p.pronamespace, p.proname) = (w.schema, w.name)
  ), read AS (
    SELECT c.oid FROM unnest($3::text[]) AS r(relation) CROSS JOIN LATERAL parse_ident(r.relation) AS i(parts)
    JOIN pg_namespace n ON n.nspname = i.parts[1] JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = i.parts[2]
  )
  SELECT ${described}
  FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.granted AND l.pid NOT IN ($4, pg_backend_pid()) AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND CASE l.locktype
          WHEN 'relation' THEN l.relation IN (SELECT oid FROM wanted)
            OR (l.mode = 'AccessExclusiveLock' AND l.relation IN (SELECT oid FROM read))
          WHEN 'object' THEN l.objid IN (SELECT oid FROM wanted)
          -- The two halves of the key, as oneDeployer asks for it.
          WHEN 'advisory' THEN l.objsubid = 1 AND (l.classid::bigint << 32 | l.objid::bigint) = ${deployKey}
          ELSE false END
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

/** Runs: started and ended. */
import { hostname } from 'node:os'
import { fail } from '@viewcast/compiler'
import { isId, newId } from '../new-id.ts'
import { announceEnd, announceStart } from '../outbox/announce.ts'
import { atomically, type Store } from '../store.ts'
import { type Batch, logBatch } from './batch.ts'
import { processEnvironment } from './environment.ts'
import { ensureExperiment, getExperiment } from './experiments.ts'
import { gitSource, type RunSource } from './git.ts'
import { holdRun } from './hold.ts'
import { leaseSeconds } from './lease.ts'
import { checkText } from './limits.ts'
import { runError } from './run-error.ts'
import type { Run, RunState } from './started.ts'

export interface RunOptions {
  /** What it does: `train`, `predict`, `apply`, …; default `run`, a user's own. */
  readonly kind?: string
  /** Default the kind. */
  readonly name?: string
  /** The experiment it belongs to: by name, made when it is not there, or by id. Default that of the run it is part of. */
  readonly experiment?: string | { readonly id: string }
  /** Id of the run it is part of. */
  readonly parent?: string
  /** What is run again and again: `delay15.train`. */
  readonly job?: string
  /**
   * Names a piece of work, such as `nightly@2026-11-21`: there is one run of it. A second start is refused, so that
   * the work is not done twice.
   */
  readonly key?: string
  /** Takes up the run of the same key again when it failed, was killed or got lost. Default false: it is refused as well. */
  readonly resume?: boolean
  readonly params?: Batch['params']
  readonly tags?: Batch['tags']
  /** Markdown. */
  readonly note?: string
  readonly props?: Readonly<Record<string, unknown>>
  /** Seconds it is believed to live without a sign of it, default 300; null for ever, where nobody gives signs. */
  readonly lease?: number | null
  /** Default `running`. */
  readonly state?: 'scheduled' | 'running'
  /** Milliseconds since 1970; default the database's clock. */
  readonly startedAt?: number
  /** Default the actor of the store. */
  readonly user?: string
  /** Where its code is; default what git says of the working directory. */
  readonly source?: RunSource
  /** Whether git, Node, the packages and the database are looked at and noted. Default true, and false for a run that is part of another. */
  readonly capture?: boolean
}

/**
 * Starts a run, in one transaction. Its process renews it by {@link renewRun}, or {@link withRun} and {@link openRun} do; else it becomes `lost`
 * when its lease ends. Costs two processes of git, beside each other, unless `source` is given or `capture` is false.
 *
 * Errors: `run/key` when the key is that of another run; `run/running` when it is to be resumed and at work;
 * `run/not-active` for a parent that is not there; `experiment/not-found` for an id; `run/value`; `run/param`.
 *
 * @example
 * ```ts
 * const run = await startRun(store, { experiment: 'delays', params: { lambda: 0.1 }, tags: { team: 'ops' } })
 * await logBatch(store, run.id, { metrics: [{ name: 'test.auc', value: 0.71 }] })
 * await endRun(store, run, 'finished')
 * ```
 */
export async function startRun(store: Store, options: RunOptions = {}): Promise<Run> {
  const kind = options.kind ?? 'run'
  const run: Run = { id: newId(), kind, name: options.name ?? kind, worker: newWorker() }
  checkStart(run, options)
  const captured = options.capture ?? options.parent === undefined
  const source = options.source ?? (captured ? await gitSource(process.cwd()) : {})
  return atomically(store, async (inside) => {
    const experiment = await experimentOf(inside, options.experiment)
    const job = options.job === undefined ? null : await ensureJob(inside, options.job, kind)
    if (options.parent !== undefined) await holdRun(inside, options.parent)
    const { rows } = await inside.db.query(
      `INSERT INTO viewcast.execution
         (id, job_id, kind, name, experiment_id, parent_id, state, started_at, lease_until, worker, idem_key, user_name,
          source_uri, source_version, source_branch, source_dirty, environment, note, props)
       VALUES ($1, $2, $3, $4, coalesce($5::uuid, (SELECT experiment_id FROM viewcast.execution WHERE id = $6)), $6, $7, coalesce(to_timestamp($8::float8 / 1000), clock_timestamp()),
         clock_timestamp() + make_interval(secs => $9), $10, $11, $12, $13, $14, $15, $16,
         $17::jsonb || CASE WHEN $18 THEN jsonb_build_object('server', current_setting('server_version')) ELSE '{}' END,
         $19, $20)
       ON CONFLICT (idem_key) WHERE lifecycle = 'active' DO NOTHING RETURNING id`,
      [
        run.id,
        job,
        kind,
        run.name,
        experiment,
        options.parent ?? null,
        options.state ?? 'running',
        options.startedAt ?? null,
        options.lease === undefined ? leaseSeconds : options.lease,
        run.worker,
        options.key ?? null,
        options.user ?? store.actor,
        source.uri ?? null,
        source.commit ?? null,
        source.branch ?? null,
        source.dirty ?? null,
        JSON.stringify(captured ? { ...processEnvironment(), engine: store.db.engine } : {}),
        captured,
        options.note ?? null,
        JSON.stringify(options.props ?? {}),
      ],
    )
    const started = rows.length > 0 ? run : await runOfKey(inside, run, options)
    await logBatch(inside, started.id, {
      ...(options.params ? { params: options.params } : {}),
      ...(options.tags ? { tags: options.tags } : {}),
    })
    // One that is taken up again was announced when it started.
    if (started === run) await announceStart(inside, run.id)
    return started
  })
}

/** Names this process, and this start: of two that take a run up, the first is no longer its worker. */
const newWorker = (): string => `${hostname()} ${process.pid} ${newId()}`

function checkStart(run: Run, { key, note, job, user }: RunOptions): void {
  for (const [what, text] of Object.entries({ name: run.name, kind: run.kind, key, note, job, user })) {
    if (text !== undefined) checkText(`the ${what} of a run`, text)
  }
}

async function experimentOf(store: Store, which: RunOptions['experiment']): Promise<string | null> {
  if (which === undefined) return null
  if (typeof which === 'string') return ensureExperiment(store, which)
  const { id, lifecycle } = await getExperiment(store, which)
  return lifecycle === 'active' ? id : fail('experiment/not-found', { experiment: id })
}

async function ensureJob({ db, project }: Store, name: string, kind: string): Promise<string> {
  await db.query(
    'INSERT INTO viewcast.job (id, namespace, name, kind) VALUES ($1, $2, $3, $4) ON CONFLICT (namespace, name) DO NOTHING',
    [newId(), project, name, kind],
  )
  const [row] = await db.rows<{ id: string }>('SELECT id FROM viewcast.job WHERE (namespace, name) = ($1, $2)', [
    project,
    name,
  ])
  return row?.id as string
}

/** The run that has the key, taken up again. Errors: `run/key`, `run/running`. */
async function runOfKey(store: Store, run: Run, { key = '', resume = false, lease }: RunOptions): Promise<Run> {
  const [there] = await store.db.rows<{ id: string; state: RunState }>(
    `SELECT id, state FROM viewcast.execution WHERE idem_key = $1 AND lifecycle = 'active' FOR NO KEY UPDATE`,
    [key],
  )
  const { id, state } = there ?? fail('run/key', { key, run: '', state: 'just deleted' })
  const isDone = state === 'finished' || state === 'cached' || state === 'skipped'
  if (!resume || isDone) fail('run/key', { key, run: id, state })
  return reopenRun(store, id, { worker: run.worker, ...(lease === undefined ? {} : { lease }) })
}

/**
 * Opens a run again that has ended or got lost: it is running, as the next attempt, and this process's. What was logged
 * stays.
 *
 * Errors: `run/not-active`; `run/running` for one that another process is at work on.
 */
export async function reopenRun(
  { db }: Store,
  id: string,
  options: { readonly lease?: number | null; readonly worker?: string } = {},
): Promise<Run> {
  if (!isId(id)) fail('run/not-active', { run: id })
  const worker = options.worker ?? newWorker()
  const [row] = await db.rows<{ name: string; kind: string }>(
    `UPDATE viewcast.execution SET state = 'running', attempt = attempt + 1, worker = $2, ended_at = NULL, error = NULL,
       lease_until = clock_timestamp() + make_interval(secs => $3)
     WHERE id = $1 AND lifecycle = 'active' AND (state <> 'running' OR lease_until < clock_timestamp())
     RETURNING name, kind`,
    [id, worker, options.lease === undefined ? leaseSeconds : options.lease],
  )
  if (row) return { id, worker, ...row }
  const [there] = await db.rows(`SELECT FROM viewcast.execution WHERE id = $1 AND lifecycle = 'active'`, [id])
  return fail(there ? 'run/running' : 'run/not-active', { run: id })
}

/**
 * Ends a run; false when it has ended already, or another process has taken it up. The error is kept without secrets and
 * without values of rows: of an error that is not ours only its name; a text is kept as it is.
 */
export async function endRun(
  store: Store,
  run: Run,
  state: 'finished' | 'failed' | 'killed',
  error?: unknown,
): Promise<boolean> {
  return atomically(store, async (inside) => {
    // A server's clock may have stepped back since the start.
    const rows = await inside.db.rows(
      `UPDATE viewcast.execution
       SET state = $3, ended_at = greatest(clock_timestamp(), started_at), lease_until = NULL, error = $4
       WHERE id = $1 AND worker = $2 AND state IN ('scheduled', 'running', 'lost') RETURNING id`,
      [run.id, run.worker, state, error === undefined ? null : JSON.stringify(runError(error))],
    )
    if (rows.length > 0) await announceEnd(inside, [run.id])
    return rows.length > 0
  })
}

/** Runs: started, kept alive, ended. */
import { hostname } from 'node:os'
import { isViewcastError } from '@viewcast/compiler'
import { redact } from '../../database/redact.ts'
import { newId } from '../new-id.ts'
import { announceEnd, announceStart } from '../outbox/announce.ts'
import type { Store } from '../store.ts'
import { type Batch, logBatch } from './batch.ts'
import { ensureExperiment } from './experiments.ts'

export type RunState = 'scheduled' | 'running' | 'finished' | 'failed' | 'killed' | 'lost' | 'cached' | 'skipped'

export interface RunOptions {
  /** What it does: `train`, `predict`, `apply`, …; default `run`, a user's own. */
  readonly kind?: string
  /** Default the kind. */
  readonly name?: string
  /** Name of the experiment it belongs to, made when it is not there. */
  readonly experiment?: string
  /** Id of the run it is part of. */
  readonly parent?: string
  /** What is run again and again: `delay15.train`. */
  readonly job?: string
  /** A second run with the same key is refused. */
  readonly key?: string
  readonly params?: Batch['params']
  readonly tags?: Batch['tags']
  readonly props?: Readonly<Record<string, unknown>>
}

/** A run that was started; plain data, so that another process can end it. */
export interface Run {
  readonly id: string
  readonly name: string
  readonly kind: string
  /** Tells the process that started it from others. */
  readonly worker: string
}

/** How long a run is believed to live without a sign of it, in seconds. */
const leaseSeconds = 300

/**
 * Starts a run. Its process renews it by {@link renewRun}, or {@link withRun} does; else it becomes `lost` when its lease
 * ends.
 */
export async function startRun(store: Store, options: RunOptions = {}): Promise<Run> {
  const kind = options.kind ?? 'run'
  const run: Run = { id: newId(), kind, name: options.name ?? kind, worker: `${hostname()} ${process.pid} ${newId()}` }
  await store.db.transaction(async (tx) => {
    const inside = { ...store, db: tx }
    const experiment = options.experiment === undefined ? null : await ensureExperiment(inside, options.experiment)
    const job = options.job === undefined ? null : await ensureJob(inside, options.job, kind)
    await tx.query(
      `INSERT INTO viewcast.execution
         (id, job_id, kind, name, experiment_id, parent_id, lease_until, worker, idem_key, user_name, props)
       VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7), $8, $9, $10, $11)`,
      [
        run.id,
        job,
        kind,
        run.name,
        experiment,
        options.parent ?? null,
        leaseSeconds,
        run.worker,
        options.key ?? null,
        store.actor,
        JSON.stringify(options.props ?? {}),
      ],
    )
    if (options.params || options.tags) {
      await logBatch(inside, run.id, {
        ...(options.params ? { params: options.params } : {}),
        ...(options.tags ? { tags: options.tags } : {}),
      })
    }
    await announceStart(inside, run.id)
  })
  return run
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

/** Says that a run's process lives; a run that was taken for lost runs again. False when it has ended or is another's. */
export async function renewRun({ db }: Store, run: Run): Promise<boolean> {
  const rows = await db.rows(
    `UPDATE viewcast.execution SET lease_until = clock_timestamp() + make_interval(secs => $3), state = 'running', ended_at = NULL
     WHERE id = $1 AND worker = $2 AND state IN ('running', 'lost') RETURNING id`,
    [run.id, run.worker, leaseSeconds],
  )
  return rows.length > 0
}

/** Ends a run; one that has ended stays as it is. The error is kept without secrets. */
export async function endRun(
  store: Store,
  run: Run,
  state: 'finished' | 'failed' | 'killed',
  error?: unknown,
): Promise<void> {
  await store.db.transaction(async (tx) => {
    const ended = await tx.rows(
      `UPDATE viewcast.execution
       SET state = $2, ended_at = greatest(clock_timestamp(), started_at), lease_until = NULL, error = $3
       WHERE id = $1 AND state IN ('scheduled', 'running', 'lost') RETURNING id`,
      [run.id, state, error === undefined ? null : JSON.stringify(errorOf(error))],
    )
    if (ended.length > 0) await announceEnd({ ...store, db: tx }, [run.id])
  })
}

function errorOf(error: unknown): { readonly message: string; readonly codes?: readonly string[] } {
  if (isViewcastError(error)) {
    return {
      message: redact(error.diagnostics.map((d) => d.message).join('\n')),
      codes: error.diagnostics.map((d) => d.code),
    }
  }
  // What is not ours may quote values of rows.
  return { message: error instanceof Error ? error.name : 'failed' }
}

/** Turns runs whose lease ended into `lost`, with those that are part of them; returns how many. */
export async function markLostRuns(store: Store): Promise<number> {
  return store.db.transaction(async (tx) => {
    const lost = await tx.rows<{ id: string }>(
      `WITH RECURSIVE gone AS (
       SELECT id FROM viewcast.execution WHERE state = 'running' AND lease_until < clock_timestamp()
       UNION
       SELECT e.id FROM viewcast.execution e JOIN gone g ON e.parent_id = g.id WHERE e.state = 'running'
         AND (e.lease_until IS NULL OR e.lease_until < clock_timestamp())
     )
     UPDATE viewcast.execution e SET state = 'lost', ended_at = greatest(clock_timestamp(), e.started_at)
     FROM gone WHERE e.id = gone.id RETURNING e.id`,
    )
    await announceEnd(
      { ...store, db: tx },
      lost.map((run) => run.id),
    )
    return lost.length
  })
}

/**
 * Runs `body` as a run: started before, renewed meanwhile, ended after it, as `failed` when it throws and `killed` when
 * the signal has stopped it.
 *
 * @example
 * ```ts
 * await withRun(store, { experiment: 'delays' }, async (run) => {
 *   await logBatch(store, run.id, { metrics: [{ name: 'loss', value: 0.31, step: 1 }] })
 * })
 * ```
 */
export async function withRun<T>(
  store: Store,
  options: RunOptions & { readonly signal?: AbortSignal },
  body: (run: Run) => Promise<T>,
): Promise<T> {
  const run = await startRun(store, options)
  const pulse = setInterval(() => void renewRun(store, run).catch(() => undefined), (leaseSeconds * 1000) / 5)
  pulse.unref()
  try {
    const result = await body(run)
    await endRun(store, run, 'finished')
    return result
  } catch (e) {
    // The first error is the one to report; a run that cannot be ended becomes lost.
    await endRun(store, run, options.signal?.aborted ? 'killed' : 'failed', e).catch(() => undefined)
    throw e
  } finally {
    clearInterval(pulse)
  }
}

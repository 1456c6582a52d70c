/** One experiment as it is read, and the ways to name one. */
import { isId } from '../new-id.ts'
import type { Store } from '../store.ts'

export interface Experiment {
  readonly id: string
  readonly name: string
  /** The number that clients of MLflow know it by. */
  readonly seq: number
  readonly lifecycle: 'active' | 'deleted'
  /** Markdown. */
  readonly description: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly createdAt: string
  readonly updatedAt: string
  readonly deletedAt: string | null
  /** Runs that are not deleted; of a deleted experiment, those deleted with it. */
  readonly runs: number
  /** Those of them that are at work. */
  readonly running: number
  /** Start of the last of them. */
  readonly lastRunAt: string | null
}

/** An experiment by its name, its id or its number. A name means the one that is not deleted. */
export type ExperimentRef = string | { readonly id: string } | { readonly seq: number }

/** As it is put into messages. */
export const experimentKey = (which: ExperimentRef): string =>
  typeof which === 'string' ? `"${which}"` : 'id' in which ? which.id : String(which.seq)

/** A condition on `c`, with its parameter `$n`; of deleted ones with the same name the last. */
function condition(which: ExperimentRef, n: number): { readonly sql: string; readonly value: unknown } {
  if (typeof which === 'string') return { sql: `c.name = $${n}`, value: which }
  if ('id' in which) return { sql: `c.id = $${n}::uuid`, value: isId(which.id) ? which.id : null }
  return { sql: `c.seq = $${n}`, value: Number.isSafeInteger(which.seq) ? which.seq : null }
}

const select = `
  SELECT c.id, c.name, c.seq::float8 AS seq, c.lifecycle, c.description, c.tags, c.created_at AS "createdAt",
    c.updated_at AS "updatedAt", c.deleted_at AS "deletedAt", r.runs, r.running, r."lastRunAt"
  FROM viewcast.context c CROSS JOIN LATERAL (
    SELECT count(*)::int AS runs, count(*) FILTER (WHERE e.state = 'running')::int AS running,
      max(e.started_at) AS "lastRunAt"
    FROM viewcast.execution e
    WHERE e.experiment_id = c.id AND e.lifecycle = c.lifecycle AND e.deleted_at IS NOT DISTINCT FROM c.deleted_at
  ) r
  WHERE c.kind = 'experiment'`

/** An experiment, or undefined. A name means an active one, unless deleted ones are asked for. */
export async function findExperiment(
  { db }: Store,
  which: ExperimentRef,
  lifecycle?: 'active' | 'deleted',
): Promise<Experiment | undefined> {
  const { sql, value } = condition(which, 1)
  const wanted = lifecycle ?? (typeof which === 'string' ? 'active' : null)
  const [row] = await db.rows<Experiment>(
    `${select} AND ${sql} AND c.lifecycle = coalesce($2, c.lifecycle) ORDER BY c.deleted_at DESC NULLS FIRST, c.id DESC LIMIT 1`,
    [value, wanted],
  )
  return row
}

export interface ListExperimentsOptions {
  /** Default `active`. */
  readonly lifecycle?: 'active' | 'deleted' | 'all'
}

/**
 * Experiments with their number of runs and the start of the last; the one used last comes first.
 *
 * One statement; it counts the runs of all of them.
 */
export async function listExperiments(
  { db }: Store,
  { lifecycle = 'active' }: ListExperimentsOptions = {},
): Promise<readonly Experiment[]> {
  return db.rows<Experiment>(
    `${select} AND ($1 = 'all' OR c.lifecycle = $1) ORDER BY coalesce(r."lastRunAt", c.created_at) DESC, c.id DESC`,
    [lifecycle],
  )
}

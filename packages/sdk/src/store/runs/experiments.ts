/** Experiments: what runs are compared within. */
import { fail } from '@viewcast/compiler'
import { newId } from '../new-id.ts'
import { atomically, type Store } from '../store.ts'
import { type Experiment, type ExperimentRef, experimentKey, findExperiment } from './experiment.ts'
import { checkExperimentName, checkTags, checkText } from './limits.ts'
import { bringBack, unlessTaken } from './taken.ts'

export interface ExperimentText {
  /** Markdown. */
  readonly description?: string
  readonly tags?: Readonly<Record<string, string>>
}

/**
 * Creates an experiment.
 *
 * Errors: `experiment/exists`; `run/value` for a name that is empty or longer than 500 characters.
 *
 * @example
 * ```ts
 * await createExperiment(store, 'delays', { description: 'Which features tell delays', tags: { team: 'ops' } })
 * ```
 */
export async function createExperiment(store: Store, name: string, text: ExperimentText = {}): Promise<Experiment> {
  checkExperimentName(name)
  checkTags(text.tags ?? {})
  if (text.description !== undefined) checkText('the description of an experiment', text.description)
  const rows = await store.db.rows<{ id: string }>(
    `INSERT INTO viewcast.context (id, kind, name, description, tags) VALUES ($1, 'experiment', $2, $3, $4)
     ON CONFLICT (kind, name) WHERE lifecycle = 'active' DO NOTHING RETURNING id`,
    [newId(), name, text.description ?? null, JSON.stringify(text.tags ?? {})],
  )
  const id = rows[0]?.id
  if (id === undefined) fail('experiment/exists', { name })
  return getExperiment(store, { id })
}

/** Id of the experiment of a name, made when it is not there. Errors: `run/value`. */
export async function ensureExperiment({ db }: Store, name: string): Promise<string> {
  checkExperimentName(name)
  for (;;) {
    // Held until the transaction ends: it is not deleted while a run is put into it.
    const [row] = await db.rows<{ id: string }>(
      `SELECT id FROM viewcast.context WHERE kind = 'experiment' AND name = $1 AND lifecycle = 'active' FOR SHARE`,
      [name],
    )
    if (row) return row.id
    await db.query(
      `INSERT INTO viewcast.context (id, kind, name) VALUES ($1, 'experiment', $2)
       ON CONFLICT (kind, name) WHERE lifecycle = 'active' DO NOTHING`,
      [newId(), name],
    )
  }
}

/**
 * One experiment.
 *
 * Errors: `experiment/not-found`.
 */
export async function getExperiment(store: Store, which: ExperimentRef): Promise<Experiment> {
  return (await findExperiment(store, which)) ?? fail('experiment/not-found', { experiment: experimentKey(which) })
}

/**
 * Renames or describes an experiment, or changes its tags; what is not named stays. A tag that is null goes.
 *
 * Errors: `experiment/not-found` (a deleted one takes no changes), `experiment/exists`, `run/value`.
 */
export async function updateExperiment(
  store: Store,
  which: ExperimentRef,
  change: {
    readonly name?: string
    readonly description?: string | null
    readonly tags?: Readonly<Record<string, string | null>>
  },
): Promise<void> {
  const { name, description } = change
  const tags = Object.entries(change.tags ?? {})
  const set = Object.fromEntries(tags.flatMap(([k, v]) => (v === null ? [] : [[k, v]])))
  if (name !== undefined) checkExperimentName(name)
  if (typeof description === 'string') checkText('the description of an experiment', description)
  checkTags(set)
  const { id, lifecycle } = await getExperiment(store, which)
  if (lifecycle === 'deleted') fail('experiment/not-found', { experiment: experimentKey(which) })
  const done = await unlessTaken(store, ({ db }) =>
    db.query(
      `UPDATE viewcast.context SET name = coalesce($2, name), description = CASE WHEN $3::boolean THEN $4 ELSE description END,
         tags = (tags || $5::jsonb) - $6::text[], updated_at = clock_timestamp()
       WHERE id = $1`,
      [
        id,
        name ?? null,
        description !== undefined,
        description ?? null,
        JSON.stringify(set),
        tags.flatMap(([k, v]) => (v === null ? [k] : [])),
      ],
    ),
  )
  if (done === 'taken') fail('experiment/exists', { name: name ?? '' })
}

/**
 * Deletes an experiment and its runs, until it is restored. Its name can be used again. One that is deleted stays so.
 *
 * Errors: `experiment/not-found`.
 */
export function deleteExperiment(store: Store, which: ExperimentRef): Promise<void> {
  return atomically(store, async (inside) => {
    const { id, lifecycle } = await getExperiment(inside, which)
    if (lifecycle === 'deleted') return
    // Locked before the runs are looked for, as whoever starts one holds it. Later than the runs deleted before, which are
    // not to come back with it.
    await inside.db.query(
      `UPDATE viewcast.context SET lifecycle = 'deleted', deleted_at = (
         SELECT greatest(clock_timestamp(), max(e.deleted_at) + interval '1 microsecond')
         FROM viewcast.execution e WHERE e.experiment_id = $1
       ) WHERE id = $1 AND lifecycle = 'active'`,
      [id],
    )
    await inside.db.query(
      `UPDATE viewcast.execution e SET lifecycle = 'deleted', deleted_at = c.deleted_at
       FROM viewcast.context c WHERE c.id = $1 AND e.experiment_id = c.id AND e.lifecycle = 'active'`,
      [id],
    )
  })
}

/**
 * Brings a deleted experiment back, with the runs that were deleted with it; by name, the one that was deleted last.
 *
 * Errors: `experiment/not-found`; `experiment/exists` when its name is used again, `run/key` when the key of a run is.
 */
export function restoreExperiment(store: Store, which: ExperimentRef): Promise<void> {
  return atomically(store, async (inside) => {
    const found = await findExperiment(inside, which, 'deleted')
    if (!found) {
      await getExperiment(inside, which)
      return
    }
    await restoreRunsOf(inside, found.id)
    const back = await unlessTaken(inside, ({ db }) =>
      db.query(`UPDATE viewcast.context SET lifecycle = 'active', deleted_at = NULL WHERE id = $1`, [found.id]),
    )
    if (back === 'taken') fail('experiment/exists', { name: found.name })
  })
}

async function restoreRunsOf(store: Store, experiment: string): Promise<void> {
  const runs = await store.db.rows<{ id: string }>(
    `SELECT e.id FROM viewcast.execution e JOIN viewcast.context c ON c.id = e.experiment_id
     WHERE c.id = $1 AND e.lifecycle = 'deleted' AND e.deleted_at = c.deleted_at`,
    [experiment],
  )
  await bringBack(
    store,
    runs.map((r) => r.id),
  )
}

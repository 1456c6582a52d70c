/** Experiments as MLflow shows them: known by a number, `0` being the one called Default. */
import { newId } from '../store/new-id.ts'
import type { Store } from '../store/store.ts'
import { absent, invalid } from './failure.ts'
import { milliseconds } from './ids.ts'
import type { JsonObject } from './proto-json.ts'

export interface ExperimentRow {
  readonly id: string
  readonly seq: string
  readonly name: string
  readonly lifecycle: 'active' | 'deleted'
  readonly description: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly location: string | null
  readonly created: string
  readonly updated: string
}

const experimentColumns = `id, seq, name, lifecycle, description, tags, props ->> 'artifactLocation' AS location,
  ${milliseconds('created_at')} AS created, ${milliseconds('updated_at')} AS updated`

/** Shown as a tag, kept as the description. */
export const noteTag = 'mlflow.note.content'

/** Where the files of an experiment's runs are: with us, unless a client said otherwise. */
export const artifactLocation = (seq: string, location: string | null): string => location ?? `mlflow-artifacts:/${seq}`

export const experimentJson = (row: ExperimentRow): JsonObject => ({
  experiment_id: row.seq,
  name: row.name,
  artifact_location: artifactLocation(row.seq, row.location),
  lifecycle_stage: row.lifecycle,
  last_update_time: Number(row.updated),
  creation_time: Number(row.created),
  tags: [
    ...Object.entries(row.tags).map(([key, value]) => ({ key, value: String(value) })),
    ...(row.description === null ? [] : [{ key: noteTag, value: row.description }]),
  ],
})

/** The experiment of a number, deleted or not. `0` is made when it is asked for. */
export async function experimentOf(store: Store, id: string): Promise<ExperimentRow> {
  if (id === '0' || id === '') return defaultExperiment(store)
  const found = /^\d{1,18}$/.test(id) ? await select(store, 'seq = $1::bigint', [id]) : undefined
  return found ?? absent(`No Experiment with id=${id} exists`)
}

export async function activeExperiment(store: Store, id: string): Promise<ExperimentRow> {
  const experiment = await experimentOf(store, id)
  if (experiment.lifecycle === 'deleted') {
    invalid(`The experiment ${id} must be in the 'active' state. Current state is deleted.`)
  }
  return experiment
}

/** The active one of a name, or else the one that was deleted last. */
export async function experimentByName(store: Store, name: string): Promise<ExperimentRow> {
  const found = await select(store, 'name = $1', [name], `lifecycle = 'active' DESC, updated_at DESC`)
  if (found) return found
  if (name === defaultName) return defaultExperiment(store)
  return absent(`Could not find experiment with name '${name}'`)
}

const defaultName = 'Default'

/** What was called Default before a client of MLflow came is theirs by default, too. */
async function defaultExperiment(store: Store): Promise<ExperimentRow> {
  const byNumber = await select(store, 'seq = 0', [])
  if (byNumber) return byNumber
  await store.db.query(
    `INSERT INTO viewcast.context (id, kind, name, seq) VALUES ($1, 'experiment', $2, 0) ON CONFLICT DO NOTHING`,
    [newId(), defaultName],
  )
  const found = await select(store, `(seq = 0 OR (name = $1 AND lifecycle = 'active'))`, [defaultName], 'seq')
  return found ?? absent('No Experiment with id=0 exists')
}

async function select(
  { db }: Store,
  condition: string,
  parameters: readonly unknown[],
  order = 'seq',
): Promise<ExperimentRow | undefined> {
  const [row] = await db.rows<ExperimentRow>(
    `SELECT ${experimentColumns} FROM viewcast.context WHERE kind = 'experiment' AND ${condition} ORDER BY ${order} LIMIT 1`,
    parameters,
  )
  return row
}

/** Files of its runs are elsewhere: clients write and read them there by themselves. */
export async function keepLocation({ db }: Store, id: string, location: string): Promise<void> {
  await db.query(
    `UPDATE viewcast.context SET props = props || jsonb_build_object('artifactLocation', $2::text) WHERE id = $1`,
    [id, location],
  )
}

/** Experiments in the order of their ids. */
export const experimentsById = ({ db }: Store, ids: readonly string[]): Promise<ExperimentRow[]> =>
  db.rows<ExperimentRow>(
    `SELECT ${experimentColumns} FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (wanted_id, at)
     JOIN viewcast.context ON id = wanted_id ORDER BY at`,
    [ids],
  )

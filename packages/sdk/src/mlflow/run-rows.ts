/** Runs as MLflow shows them, many at a time in a fixed number of statements. */
import type { RunState } from '../store/runs/started.ts'
import type { Store } from '../store/store.ts'
import { artifactLocation } from './experiment-rows.ts'
import { absent, invalid } from './failure.ts'
import { hexOf, milliseconds, uuidOf } from './ids.ts'
import { datasetInputs } from './input-rows.ts'
import { doubleJson, type JsonObject } from './proto-json.ts'

interface RunRow {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly state: RunState
  readonly lifecycle: 'active' | 'deleted'
  readonly user_name: string | null
  readonly note: string | null
  readonly source_uri: string | null
  readonly source_version: string | null
  readonly parent_id: string | null
  readonly models: { readonly inputs?: readonly JsonObject[]; readonly outputs?: readonly JsonObject[] } | null
  readonly started: string
  readonly ended: string | null
  readonly experiment: string | null
  readonly location: string | null
}

/** A run that died is told as failed: MLflow has no word for it. Its own state is in the tag `viewcast.state`. */
const statusOf: Readonly<Record<RunState, string>> = {
  scheduled: 'SCHEDULED',
  running: 'RUNNING',
  finished: 'FINISHED',
  failed: 'FAILED',
  killed: 'KILLED',
  lost: 'FAILED',
  cached: 'FINISHED',
  skipped: 'KILLED',
}

const ownStates: ReadonlySet<string> = new Set(['lost', 'cached', 'skipped'])

/** Runs by id, in the order given; those that are not there are left out. */
export async function runsJson(store: Store, ids: readonly string[]): Promise<JsonObject[]> {
  if (ids.length === 0) return []
  const { db } = store
  const rows = await db.rows<RunRow>(
    `SELECT r.id, r.name, r.kind, r.state, r.lifecycle, r.user_name, r.note, r.source_uri, r.source_version, r.parent_id,
       r.props -> 'mlflowModels' AS models, ${milliseconds('r.started_at')} AS started, ${milliseconds('r.ended_at')} AS ended,
       x.seq AS experiment, x.props ->> 'artifactLocation' AS location
     FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, at)
     JOIN viewcast.execution r ON r.id = wanted.id
     LEFT JOIN viewcast.context x ON x.id = r.experiment_id ORDER BY wanted.at`,
    [ids],
  )
  const metrics = await db.rows<{ run: string; key: string; value: number; at: string; step: string }>(
    `SELECT l.execution_id AS run, k.name AS key, l.value, l.ts_ms AS at, l.step
     FROM viewcast.metric_latest l JOIN viewcast.metric_key k ON k.id = l.key_id
     WHERE l.execution_id = ANY ($1::uuid[]) ORDER BY k.name`,
    [ids],
  )
  const params = await db.rows<KeyValue>(
    'SELECT execution_id AS run, key, value FROM viewcast.param WHERE execution_id = ANY ($1::uuid[]) ORDER BY key',
    [ids],
  )
  const tags = await db.rows<KeyValue>(
    'SELECT execution_id AS run, key, value FROM viewcast.run_tag WHERE execution_id = ANY ($1::uuid[]) ORDER BY key',
    [ids],
  )
  const inputs = await datasetInputs(store, ids)
  const metricsOf = byRun(metrics)
  const paramsOf = byRun(params)
  const tagsOf = byRun(tags)
  return rows.map((row) => ({
    info: infoJson(row),
    data: {
      metrics: (metricsOf.get(row.id) ?? []).map(({ key, value, at, step }) => ({
        key,
        value: doubleJson(value),
        timestamp: Number(at),
        step: Number(step),
      })),
      params: (paramsOf.get(row.id) ?? []).map(({ key, value }) => ({ key, value })),
      tags: Object.entries({
        ...Object.fromEntries((tagsOf.get(row.id) ?? []).map(({ key, value }) => [key, value])),
        ...knownTags(row),
      }).map(([key, value]) => ({ key, value })),
    },
    inputs: { dataset_inputs: inputs.get(row.id) ?? [], model_inputs: row.models?.inputs ?? [] },
    outputs: { model_outputs: row.models?.outputs ?? [] },
  }))
}

interface KeyValue {
  readonly run: string
  readonly key: string
  readonly value: string
}

function byRun<R extends { readonly run: string }>(rows: readonly R[]): ReadonlyMap<string, R[]> {
  const found = new Map<string, R[]>()
  for (const row of rows) {
    const list = found.get(row.run)
    if (list) list.push(row)
    else found.set(row.run, [row])
  }
  return found
}

function infoJson(row: RunRow): JsonObject {
  const experiment = row.experiment ?? '0'
  const run = hexOf(row.id)
  return {
    run_id: run,
    run_uuid: run,
    run_name: row.name,
    experiment_id: experiment,
    user_id: row.user_name ?? '',
    status: statusOf[row.state],
    start_time: Number(row.started),
    ...(row.ended === null ? {} : { end_time: Number(row.ended) }),
    artifact_uri: `${artifactLocation(experiment, row.location)}/${run}/artifacts`,
    lifecycle_stage: row.lifecycle,
  }
}

const knownTags = (row: RunRow): Record<string, string> => ({
  'mlflow.runName': row.name,
  ...(row.user_name === null ? {} : { 'mlflow.user': row.user_name }),
  ...(row.note === null ? {} : { 'mlflow.note.content': row.note }),
  ...(row.source_uri === null ? {} : { 'mlflow.source.name': row.source_uri }),
  ...(row.source_version === null ? {} : { 'mlflow.source.git.commit': row.source_version }),
  ...(row.parent_id === null ? {} : { 'mlflow.parentRunId': hexOf(row.parent_id) }),
  ...(row.kind === 'run' ? {} : { 'viewcast.kind': row.kind }),
  ...(ownStates.has(row.state) ? { 'viewcast.state': row.state } : {}),
})

export async function runJson(store: Store, id: string): Promise<JsonObject> {
  const [run] = await runsJson(store, [id])
  return run ?? absent(`Run with id=${hexOf(id)} not found`)
}

/** The UUID of a run, as long as it is there and not deleted. */
export async function activeRun(store: Store, id: string): Promise<string> {
  const { uuid, lifecycle } = await anyRun(store, id)
  if (lifecycle !== 'active') invalid(`The run ${id} must be in the 'active' state. Current state is ${lifecycle}.`)
  return uuid
}

export async function anyRun(
  { db }: Store,
  id: string,
): Promise<{ readonly uuid: string; readonly lifecycle: string }> {
  const uuid = uuidOf(id)
  const [row] =
    uuid === undefined
      ? []
      : await db.rows<{ lifecycle: string }>('SELECT lifecycle FROM viewcast.execution WHERE id = $1', [uuid])
  return row && uuid ? { uuid, lifecycle: row.lifecycle } : absent(`Run with id=${id} not found`)
}

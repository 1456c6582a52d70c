/** `runs/…`: created, read, ended, deleted, restored. */
import { z } from 'zod'
import { newId } from '../store/new-id.ts'
import { deleteRun, restoreRun, updateRun } from '../store/runs/edit-run.ts'
import { startRun } from '../store/runs/run.ts'
import type { RunState } from '../store/runs/started.ts'
import { atomically, type Store } from '../store/store.ts'
import { activeExperiment } from './experiment-rows.ts'
import { invalid } from './failure.ts'
import { checkTag } from './limits.ts'
import { id, int64, type JsonObject, keyValue, repeated, text } from './proto-json.ts'
import { type Route, route } from './route.ts'
import { activeRun, anyRun, runJson } from './run-rows.ts'
import { splitTags } from './run-tags.ts'

/** Clients name a run by either; the second is the older. */
export const ofRun = { run_id: id.optional(), run_uuid: id.optional() }

export const runIdOf = ({ run_id, run_uuid }: { run_id?: string | undefined; run_uuid?: string | undefined }): string =>
  run_id ||
  run_uuid ||
  invalid(
    "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.",
  )

const states: Readonly<Record<string, RunState>> = {
  RUNNING: 'running',
  SCHEDULED: 'scheduled',
  FINISHED: 'finished',
  FAILED: 'failed',
  KILLED: 'killed',
}
const statusNumbers = Object.keys(states)
/** By name, or by its number in the protocol. */
const status = z.union([
  z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']),
  z
    .number()
    .int()
    .min(1)
    .max(5)
    .transform((n) => statusNumbers[n - 1] as string),
])

const nameTag = 'mlflow.runName'

const create = route(
  'POST',
  'runs/create',
  z.object({
    experiment_id: id.default('0'),
    user_id: text.optional(),
    run_name: text.optional(),
    start_time: int64.optional(),
    tags: repeated(keyValue),
  }),
  (store, request) =>
    atomically(store, async (inside) => {
      for (const tag of request.tags) checkTag(tag)
      const named = request.tags.findLast((t) => t.key === nameTag)?.value
      if (request.run_name && named && request.run_name !== named) {
        invalid(
          `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${request.run_name}', mlflow.runName='${named}').`,
        )
      }
      const experiment = await activeExperiment(inside, request.experiment_id)
      const { columns, tags } = await splitTags(inside, request.tags)
      const {
        user_name: user = request.user_id,
        note,
        parent_id: parent,
        source_uri: uri,
        source_version: commit,
      } = columns
      const { id: run } = await startRun(inside, {
        name: request.run_name || named || `run ${newId().slice(-8)}`,
        experiment: { id: experiment.id },
        // For ever: nobody renews it, and a client may think for days between two calls.
        lease: null,
        capture: false,
        source: { ...(uri ? { uri } : {}), ...(commit ? { commit } : {}) },
        tags,
        ...(user ? { user } : {}),
        ...(note === undefined ? {} : { note }),
        ...(parent === undefined ? {} : { parent }),
        ...(request.start_time === undefined ? {} : { startedAt: request.start_time }),
      })
      return { run: await runJson(inside, run) }
    }),
)

const get = route('GET', 'runs/get', z.object(ofRun), async (store, request) => ({
  run: await runJson(store, (await anyRun(store, runIdOf(request))).uuid),
}))

const update = route(
  'POST',
  'runs/update',
  z.object({ ...ofRun, status: status.optional(), end_time: int64.optional(), run_name: text.optional() }),
  (store, request) =>
    atomically(store, async (inside) => {
      const run = await activeRun(inside, runIdOf(request))
      const state = request.status === undefined ? undefined : states[request.status]
      await updateRun(inside, run, {
        ...(request.run_name ? { name: request.run_name } : {}),
        ...(state === undefined && request.end_time === undefined
          ? {}
          : { state: state ?? (await endOf(inside, run)) }),
        ...(request.end_time === undefined ? {} : { endedAt: request.end_time }),
      })
      return { run_info: (await runJson(inside, run))['info'] as JsonObject }
    }),
)

/** The state that goes with an end which comes without one. */
async function endOf({ db }: Store, run: string): Promise<RunState> {
  const [row] = await db.rows<{ state: RunState }>('SELECT state FROM viewcast.execution WHERE id = $1', [run])
  return row === undefined || row.state === 'running' || row.state === 'scheduled' ? 'finished' : row.state
}

const remove = route('POST', 'runs/delete', z.object(ofRun), async (store, request) => {
  await deleteRun(store, (await anyRun(store, runIdOf(request))).uuid)
  return {}
})

const restore = route('POST', 'runs/restore', z.object(ofRun), async (store, request) => {
  await restoreRun(store, (await anyRun(store, runIdOf(request))).uuid)
  return {}
})

export const runRoutes: readonly Route[] = [create, get, update, remove, restore]

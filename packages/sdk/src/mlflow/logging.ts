/** `runs/log-…`, `runs/set-tag`, `runs/delete-tag`. */
import { z } from 'zod'
import { deleteRunTag } from '../store/runs/edit-run.ts'
import { absent, invalid } from './failure.ts'
import { double, int64, keyValue, repeated, required, text } from './proto-json.ts'
import { type Route, route } from './route.ts'
import { log } from './run-log.ts'
import { activeRun } from './run-rows.ts'
import { columnOfTag } from './run-tags.ts'
import { ofRun, runIdOf } from './runs.ts'

const metric = { key: required, value: double, timestamp: int64, step: int64.default(0) }

const logMetric = route('POST', 'runs/log-metric', z.object({ ...ofRun, ...metric }), async (store, request) => {
  await log(store, runIdOf(request), { metrics: [request], params: [], tags: [] })
  return {}
})

const logParameter = route(
  'POST',
  'runs/log-parameter',
  z.object({ ...ofRun, key: required, value: text.default('') }),
  async (store, request) => {
    await log(store, runIdOf(request), { metrics: [], params: [request], tags: [] })
    return {}
  },
)

const batch = z.object({
  ...ofRun,
  metrics: repeated(z.object(metric)),
  params: repeated(keyValue),
  tags: repeated(keyValue),
})

const logBatchRoute = route('POST', 'runs/log-batch', batch, async (store, request) => {
  await log(store, runIdOf(request), request)
  return {}
})

const setTag = route(
  'POST',
  'runs/set-tag',
  z.object({ ...ofRun, key: required, value: text.default('') }),
  async (store, request) => {
    await log(store, runIdOf(request), { metrics: [], params: [], tags: [request] })
    return {}
  },
)

const deleteTag = route('POST', 'runs/delete-tag', z.object({ ...ofRun, key: required }), async (store, request) => {
  const id = runIdOf(request)
  const run = await activeRun(store, id)
  const { key } = request
  const column = columnOfTag(key)
  if (column === 'name') invalid('A run always has a name: mlflow.runName can be set, and not deleted.')
  const isGone = await deleteRunTag(store, run, key)
  const cleared =
    column === undefined
      ? []
      : await store.db.rows(
          `UPDATE viewcast.execution SET ${column} = NULL WHERE id = $1 AND ${column} IS NOT NULL RETURNING id`,
          [run],
        )
  if (!isGone && cleared.length === 0) absent(`No tag with name: ${key} in run with id ${id}`)
  return {}
})

export const loggingRoutes: readonly Route[] = [logMetric, logParameter, logBatchRoute, setTag, deleteTag]

/** `experiments/…` */
import { z } from 'zod'
import { createExperiment, deleteExperiment, restoreExperiment, updateExperiment } from '../store/runs/experiments.ts'
import { atomically } from '../store/store.ts'
import {
  activeExperiment,
  experimentByName,
  experimentJson,
  experimentOf,
  keepLocation,
  noteTag,
} from './experiment-rows.ts'
import { absent, invalid } from './failure.ts'
import { checkLength, checkName, limits } from './limits.ts'
import { keyValue, repeated, required, requiredId, text } from './proto-json.ts'
import { type Route, route } from './route.ts'

const create = route(
  'POST',
  'experiments/create',
  z.object({ name: required, artifact_location: text.optional(), tags: repeated(keyValue) }),
  (store, { name, artifact_location, tags }) => {
    if ([...name].length > limits.experimentName) {
      invalid(`Experiment name exceeds the maximum length of ${limits.experimentName} characters`)
    }
    for (const tag of tags) checkExperimentTag(tag)
    const { [noteTag]: description, ...rest } = Object.fromEntries(tags.map((t) => [t.key, t.value]))
    return atomically(store, async (inside) => {
      const made = await createExperiment(inside, name, {
        tags: rest,
        ...(description === undefined ? {} : { description }),
      })
      const location = artifact_location?.replace(/\/+$/, '')
      if (location) await keepLocation(inside, made.id, location)
      return { experiment_id: String(made.seq) }
    })
  },
)

const get = route(
  'GET',
  'experiments/get',
  z.object({ experiment_id: requiredId }),
  async (store, { experiment_id }) => ({
    experiment: experimentJson(await experimentOf(store, experiment_id)),
  }),
)

const getByName = route(
  'GET',
  'experiments/get-by-name',
  z.object({ experiment_name: required }),
  async (store, { experiment_name }) => ({
    experiment: experimentJson(await experimentByName(store, experiment_name)),
  }),
)

const update = route(
  'POST',
  'experiments/update',
  z.object({ experiment_id: requiredId, new_name: text.optional() }),
  async (store, { experiment_id, new_name }) => {
    if (!new_name) return {}
    const { id, lifecycle } = await experimentOf(store, experiment_id)
    if (lifecycle === 'deleted') invalid('Cannot rename a non-active experiment.')
    await updateExperiment(store, { id }, { name: new_name })
    return {}
  },
)

/** With its runs, as MLflow does; those deleted before stay so when it is restored. */
const remove = route(
  'POST',
  'experiments/delete',
  z.object({ experiment_id: requiredId }),
  async (store, { experiment_id }) => {
    const { id, lifecycle } = await experimentOf(store, experiment_id)
    if (lifecycle === 'deleted') absent(`No Experiment with id=${experiment_id} exists`)
    await deleteExperiment(store, { id })
    return {}
  },
)

const restore = route(
  'POST',
  'experiments/restore',
  z.object({ experiment_id: requiredId }),
  async (store, { experiment_id }) => {
    const { id, lifecycle } = await experimentOf(store, experiment_id)
    if (lifecycle === 'active') absent(`No Experiment with id=${experiment_id} exists`)
    await restoreExperiment(store, { id })
    return {}
  },
)

const setTag = route(
  'POST',
  'experiments/set-experiment-tag',
  z.object({ experiment_id: requiredId, key: required, value: text.default('') }),
  async (store, { experiment_id, key, value }) => {
    checkExperimentTag({ key, value })
    const { id } = await activeExperiment(store, experiment_id)
    await updateExperiment(store, { id }, key === noteTag ? { description: value } : { tags: { [key]: value } })
    return {}
  },
)

const deleteTag = route(
  'POST',
  'experiments/delete-experiment-tag',
  z.object({ experiment_id: requiredId, key: required }),
  async (store, { experiment_id, key }) => {
    const { id, description, tags } = await activeExperiment(store, experiment_id)
    const isThere = key === noteTag ? description !== null : Object.hasOwn(tags, key)
    if (!isThere) absent(`No tag with name: ${key} in experiment with id ${experiment_id}`)
    await updateExperiment(store, { id }, key === noteTag ? { description: null } : { tags: { [key]: null } })
    return {}
  },
)

function checkExperimentTag({ key, value }: { readonly key: string; readonly value: string }): void {
  checkName('tag', key)
  checkLength('Tag key', limits.key, key)
  checkLength('Tag value', limits.experimentTag, value)
}

export const experimentRoutes: readonly Route[] = [
  create,
  get,
  getByName,
  update,
  remove,
  restore,
  setTag,
  // npm's `mlflow` forgets the slash.
  { ...setTag, path: 'experimentsset-experiment-tag' },
  deleteTag,
]

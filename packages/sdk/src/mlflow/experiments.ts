/** `experiments/…` */
import { z } from 'zod'
import { newId } from '../store/new-id.ts'
import { atomically, type Store } from '../store/store.ts'
import { activeExperiment, experimentByName, experimentJson, experimentOf, noteTag } from './experiment-rows.ts'
import { absent, invalid, refuse } from './failure.ts'
import { checkLength, checkName, limits } from './limits.ts'
import { keyValue, repeated, required, requiredId, text } from './proto-json.ts'
import { type Route, route } from './route.ts'

const create = route(
  'POST',
  'experiments/create',
  z.object({ name: required, artifact_location: text.optional(), tags: repeated(keyValue) }),
  async ({ db }, { name, artifact_location, tags }) => {
    if ([...name].length > limits.experimentName) {
      invalid(`Experiment name exceeds the maximum length of ${limits.experimentName} characters`)
    }
    for (const tag of tags) checkExperimentTag(tag)
    const { [noteTag]: note, ...rest } = Object.fromEntries(tags.map((t) => [t.key, t.value]))
    const [row] = await db.rows<{ seq: string }>(
      `INSERT INTO viewcast.context (id, kind, name, description, tags, props)
       VALUES ($1, 'experiment', $2, $3, $4, jsonb_strip_nulls(jsonb_build_object('artifactLocation', $5::text)))
       ON CONFLICT (kind, name) WHERE lifecycle = 'active' DO NOTHING RETURNING seq`,
      [newId(), name, note ?? null, JSON.stringify(rest), artifact_location?.replace(/\/+$/, '') || null],
    )
    if (!row) refuse('RESOURCE_ALREADY_EXISTS', `Experiment '${name}' already exists.`)
    return { experiment_id: row.seq }
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
    // A name that is taken is left to the other: no row is changed.
    const renamed = await store.db.rows(
      `UPDATE viewcast.context SET name = $2, updated_at = clock_timestamp() WHERE id = $1 AND NOT EXISTS (
         SELECT FROM viewcast.context o WHERE o.kind = 'experiment' AND o.name = $2 AND o.lifecycle = 'active' AND o.id <> $1)
       RETURNING id`,
      [id, new_name],
    )
    if (renamed.length === 0) refuse('RESOURCE_ALREADY_EXISTS', `Experiment '${new_name}' already exists.`)
    return {}
  },
)

/** With its runs, as MLflow does; those deleted before stay so when it is restored. */
const remove = route(
  'POST',
  'experiments/delete',
  z.object({ experiment_id: requiredId }),
  (store, { experiment_id }) =>
    atomically(store, async (inside) => {
      const { id } = await activeOrAbsent(inside, experiment_id)
      await inside.db.query(
        `WITH gone AS (
         UPDATE viewcast.context SET lifecycle = 'deleted', updated_at = clock_timestamp() WHERE id = $1 RETURNING id, updated_at)
       UPDATE viewcast.execution r SET lifecycle = 'deleted', deleted_at = gone.updated_at
       FROM gone WHERE r.experiment_id = gone.id AND r.lifecycle = 'active'`,
        [id],
      )
      return {}
    }),
)

const restore = route(
  'POST',
  'experiments/restore',
  z.object({ experiment_id: requiredId }),
  (store, { experiment_id }) =>
    atomically(store, async (inside) => {
      const { id, lifecycle, name } = await experimentOf(inside, experiment_id)
      if (lifecycle === 'active') absent(`No Experiment with id=${experiment_id} exists`)
      const [taken] = await inside.db.rows(
        `SELECT FROM viewcast.context WHERE kind = 'experiment' AND name = $1 AND lifecycle = 'active'`,
        [name],
      )
      if (taken) refuse('RESOURCE_ALREADY_EXISTS', `Experiment '${name}' already exists.`)
      await inside.db.query(
        `UPDATE viewcast.execution r SET lifecycle = 'active', deleted_at = NULL
         FROM viewcast.context x WHERE x.id = $1 AND r.experiment_id = x.id AND r.deleted_at = x.updated_at`,
        [id],
      )
      await inside.db.query(
        `UPDATE viewcast.context SET lifecycle = 'active', updated_at = clock_timestamp() WHERE id = $1`,
        [id],
      )
      return {}
    }),
)

const setTag = route(
  'POST',
  'experiments/set-experiment-tag',
  z.object({ experiment_id: requiredId, key: required, value: text.default('') }),
  async (store, { experiment_id, key, value }) => {
    checkExperimentTag({ key, value })
    const { id } = await activeExperiment(store, experiment_id)
    await store.db.query(
      key === noteTag
        ? 'UPDATE viewcast.context SET description = $3, updated_at = clock_timestamp() WHERE id = $1 AND $2::text IS NOT NULL'
        : `UPDATE viewcast.context SET tags = tags || jsonb_build_object($2::text, $3::text), updated_at = clock_timestamp()
           WHERE id = $1`,
      [id, key, value],
    )
    return {}
  },
)

const deleteTag = route(
  'POST',
  'experiments/delete-experiment-tag',
  z.object({ experiment_id: requiredId, key: required }),
  async (store, { experiment_id, key }) => {
    const { id } = await activeExperiment(store, experiment_id)
    const gone = await store.db.rows(
      key === noteTag
        ? `UPDATE viewcast.context SET description = NULL, updated_at = clock_timestamp()
           WHERE id = $1 AND description IS NOT NULL AND $2::text IS NOT NULL RETURNING id`
        : `UPDATE viewcast.context SET tags = tags - $2::text, updated_at = clock_timestamp()
           WHERE id = $1 AND tags ? $2::text RETURNING id`,
      [id, key],
    )
    if (gone.length === 0) absent(`No tag with name: ${key} in experiment with id ${experiment_id}`)
    return {}
  },
)

async function activeOrAbsent(store: Store, id: string) {
  const experiment = await experimentOf(store, id)
  return experiment.lifecycle === 'active' ? experiment : absent(`No Experiment with id=${id} exists`)
}

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

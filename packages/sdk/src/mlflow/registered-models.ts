/** `registered-models/…`: the models of the project. */
import { z } from 'zod'
import { newId } from '../store/new-id.ts'
import { aliasesOf, demoteModel } from '../store/registry/aliases.ts'
import { deleteModel } from '../store/registry/delete-version.ts'
import { atomically } from '../store/store.ts'
import { invalid, refuse } from './failure.ts'
import { checkRegistryTag } from './limits.ts'
import { modelJson, modelOf, type VersionRow, versionColumns, versionJson, versionTables } from './model-rows.ts'
import { keyValue, repeated, required, text } from './proto-json.ts'
import { type Route, route } from './route.ts'
import { readStage, stageOf } from './stages.ts'

const taken = (name: string): never =>
  refuse('RESOURCE_ALREADY_EXISTS', `Registered Model (name=${name}) already exists.`)

/** A model that was deleted comes back, without its versions; the next is numbered on from them. */
const create = route(
  'POST',
  'registered-models/create',
  z.object({ name: required, description: text.optional(), tags: repeated(keyValue) }),
  (store, { name, description, tags }) => {
    for (const tag of tags) checkRegistryTag('Registered model', tag)
    return atomically(store, async (inside) => {
      const rows = await inside.db.rows(
        `INSERT INTO viewcast.asset AS s (id, kind, namespace, name, edited, props)
         VALUES ($1, 'model', $2, $3, jsonb_strip_nulls(jsonb_build_object('description', $4::text)), jsonb_build_object('tags', $5::jsonb))
         ON CONFLICT (kind, namespace, name) DO UPDATE SET lifecycle = 'active', edited = excluded.edited,
           props = s.props || excluded.props, created_at = clock_timestamp(), updated_at = clock_timestamp()
         WHERE s.lifecycle = 'deleted' RETURNING id`,
        [
          newId(),
          store.project,
          name,
          description || null,
          JSON.stringify(Object.fromEntries(tags.map((t) => [t.key, t.value]))),
        ],
      )
      if (rows.length === 0) taken(name)
      return { registered_model: await modelJson(inside, name) }
    })
  },
)

const get = route('GET', 'registered-models/get', z.object({ name: required }), async (store, { name }) => ({
  registered_model: await modelJson(store, name),
}))

const rename = route(
  'POST',
  'registered-models/rename',
  z.object({ name: required, new_name: required }),
  (store, { name, new_name }) =>
    atomically(store, async (inside) => {
      const { id } = await modelOf(inside, name)
      const [declared] = await inside.db.rows(
        `SELECT FROM viewcast.asset s WHERE s.id = $1 AND (s.declared <> '{}' OR EXISTS (
           SELECT FROM viewcast.artifact a JOIN viewcast.model_version v ON v.artifact_id = a.id WHERE a.asset_id = s.id))`,
        [id],
      )
      if (declared) invalid(`Registered Model (name=${name}) is declared in code, which is where it is renamed.`)
      const renamed = await inside.db.rows(
        `UPDATE viewcast.asset SET name = $2, updated_at = clock_timestamp() WHERE id = $1 AND NOT EXISTS (
           SELECT FROM viewcast.asset o WHERE o.kind = 'model' AND o.namespace = $3 AND o.name = $2 AND o.id <> $1) RETURNING id`,
        [id, new_name, store.project],
      )
      if (renamed.length === 0) taken(new_name)
      return { registered_model: await modelJson(inside, new_name) }
    }),
)

const update = route(
  'PATCH',
  'registered-models/update',
  z.object({ name: required, description: text.optional() }),
  async (store, { name, description }) => {
    const { id } = await modelOf(store, name)
    await store.db.query(
      `UPDATE viewcast.asset SET edited = edited || jsonb_build_object('description', $2::text), updated_at = clock_timestamp()
       WHERE id = $1`,
      [id, description ?? ''],
    )
    return { registered_model: await modelJson(store, name) }
  },
)

/** Its versions go with it; history and lineage stay in the store. */
const remove = route('DELETE', 'registered-models/delete', z.object({ name: required }), (store, { name }) =>
  atomically(store, async (inside) => {
    await modelOf(inside, name)
    for (const alias of Object.keys(await aliasesOf(inside, name))) await demoteModel(inside, name, alias)
    await deleteModel(inside, name)
    return {}
  }),
)

const latest = route(
  ['GET', 'POST'],
  'registered-models/get-latest-versions',
  z.object({ name: required, stages: repeated(text) }),
  async (store, { name, stages }) => {
    const { id } = await modelOf(store, name)
    const wanted = new Set(stages.map(readStage))
    const rows = await store.db.rows<VersionRow>(
      `SELECT ${versionColumns} FROM ${versionTables} WHERE s.id = $1 AND a.state = 'live' ORDER BY a.version`,
      [id],
    )
    const newest = new Map(rows.map((row) => [stageOf(row), row]))
    return {
      model_versions: [...newest].flatMap(([stage, row]) =>
        wanted.size === 0 || wanted.has(stage) ? [versionJson(row)] : [],
      ),
    }
  },
)

const setTag = route(
  'POST',
  'registered-models/set-tag',
  z.object({ name: required, key: required, value: text.default('') }),
  async (store, { name, key, value }) => {
    checkRegistryTag('Registered model', { key, value })
    const { id } = await modelOf(store, name)
    await store.db.query(
      `UPDATE viewcast.asset SET updated_at = clock_timestamp(),
         props = jsonb_set(props, '{tags}', coalesce(props -> 'tags', '{}') || jsonb_build_object($2::text, $3::text))
       WHERE id = $1`,
      [id, key, value],
    )
    return {}
  },
)

const deleteTag = route(
  'DELETE',
  'registered-models/delete-tag',
  z.object({ name: required, key: required }),
  async (store, { name, key }) => {
    const { id } = await modelOf(store, name)
    await store.db.query(
      `UPDATE viewcast.asset SET props = props #- ARRAY['tags', $2::text], updated_at = clock_timestamp()
       WHERE id = $1 AND props -> 'tags' ? $2::text`,
      [id, key],
    )
    return {}
  },
)

export const registeredModelRoutes: readonly Route[] = [create, get, rename, update, remove, latest, setTag, deleteTag]

/** `model-versions/…` */
import { z } from 'zod'
import { recordEvent, registerArtifact } from '../store/graph/artifacts.ts'
import { demoteModel } from '../store/registry/aliases.ts'
import { atomically, type Store } from '../store/store.ts'
import { uuidOf } from './ids.ts'
import { checkRegistryTag } from './limits.ts'
import { modelOf, versionJson, versionOf } from './model-rows.ts'
import { flag, type JsonObject, keyValue, repeated, required, requiredId, text } from './proto-json.ts'
import { type Route, route } from './route.ts'
import { moveToStage, readStage } from './stages.ts'
import { versionSource } from './version-files.ts'

const named = { name: required, version: requiredId }

const create = route(
  'POST',
  'model-versions/create',
  z.object({
    name: required,
    source: required,
    run_id: text.optional(),
    run_link: text.optional(),
    description: text.optional(),
    tags: repeated(keyValue),
  }),
  (store, request) => {
    for (const tag of request.tags) checkRegistryTag('Model version', tag)
    return atomically(store, async (inside) => {
      const model = await modelOf(inside, request.name)
      const run = await knownRun(inside, request.run_id)
      const { id, version } = await registerArtifact(inside, model.id, {
        uri: request.source,
        props: {
          ...(request.run_link ? { runLink: request.run_link } : {}),
          // A run of another server, or none of this store.
          ...(request.run_id && run === undefined ? { runId: request.run_id } : {}),
        },
      })
      await inside.db.query('UPDATE viewcast.artifact SET description = $2, tags = $3 WHERE id = $1', [
        id,
        request.description || null,
        JSON.stringify(Object.fromEntries(request.tags.map((t) => [t.key, t.value]))),
      ])
      if (run !== undefined) await recordEvent(inside, run, id, 'out', 'model')
      return answer(inside, request.name, String(version))
    })
  },
)

async function knownRun({ db }: Store, id: string | undefined): Promise<string | undefined> {
  const uuid = uuidOf(id ?? '')
  if (uuid === undefined) return undefined
  const [row] = await db.rows('SELECT FROM viewcast.execution WHERE id = $1', [uuid])
  return row && uuid
}

const answer = async (store: Store, name: string, version: string): Promise<JsonObject> => ({
  model_version: versionJson(await versionOf(store, name, version)),
})

const get = route('GET', 'model-versions/get', z.object(named), (store, { name, version }) =>
  answer(store, name, version),
)

const update = route(
  'PATCH',
  'model-versions/update',
  z.object({ ...named, description: text.optional() }),
  async (store, { name, version, description }) => {
    const { id } = await versionOf(store, name, version)
    await store.db.query('UPDATE viewcast.artifact SET description = $2 WHERE id = $1', [id, description || null])
    return answer(store, name, version)
  },
)

const remove = route('DELETE', 'model-versions/delete', z.object(named), (store, { name, version }) =>
  atomically(store, async (inside) => {
    const found = await versionOf(inside, name, version)
    for (const alias of found.aliases) await demoteModel(inside, name, alias, { reason: 'the version was deleted' })
    // By itself: a model stays registered with MLflow when its last version goes.
    await inside.db.query(`SELECT FROM viewcast.set_version_state($1, $2, 'deleted')`, [found.asset, found.version])
    await inside.db.query('UPDATE viewcast.asset SET updated_at = clock_timestamp() WHERE id = $1', [found.asset])
    return {}
  }),
)

const transition = route(
  'POST',
  'model-versions/transition-stage',
  z.object({ ...named, stage: required, archive_existing_versions: flag.default(false) }),
  (store, { name, version, stage, archive_existing_versions }) =>
    atomically(store, async (inside) => {
      const found = await versionOf(inside, name, version)
      await moveToStage(inside, found, readStage(stage), archive_existing_versions)
      await inside.db.query('UPDATE viewcast.asset SET updated_at = clock_timestamp() WHERE id = $1', [found.asset])
      return answer(inside, name, version)
    }),
)

const downloadUri = route(
  'GET',
  'model-versions/get-download-uri',
  z.object(named),
  async (store, { name, version }) => ({ artifact_uri: await placeOf(store, name, version) }),
)

/** A version that was made from another is where that one is. */
async function placeOf(store: Store, name: string, version: string, depth = 0): Promise<string> {
  const { id, uri, is_ours } = await versionOf(store, name, version)
  const source = uri ?? (is_ours ? versionSource(id) : '')
  const other = /^models:\/+([^/]+)\/(\d+)$/.exec(source)
  return other?.[1] && other[2] && depth < 8 ? placeOf(store, other[1], other[2], depth + 1) : source
}

const setTag = route(
  'POST',
  'model-versions/set-tag',
  z.object({ ...named, key: required, value: text.default('') }),
  async (store, { name, version, key, value }) => {
    checkRegistryTag('Model version', { key, value })
    const { id } = await versionOf(store, name, version)
    await store.db.query(
      'UPDATE viewcast.artifact SET tags = tags || jsonb_build_object($2::text, $3::text) WHERE id = $1',
      [id, key, value],
    )
    return {}
  },
)

const deleteTag = route(
  'DELETE',
  'model-versions/delete-tag',
  z.object({ ...named, key: required }),
  async (store, { name, version, key }) => {
    const { id } = await versionOf(store, name, version)
    await store.db.query('UPDATE viewcast.artifact SET tags = tags - $2::text WHERE id = $1 AND tags ? $2::text', [
      id,
      key,
    ])
    return {}
  },
)

export const modelVersionRoutes: readonly Route[] = [
  create,
  get,
  update,
  remove,
  transition,
  downloadUri,
  setTag,
  deleteTag,
]

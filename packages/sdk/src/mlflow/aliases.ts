/** `registered-models/alias`: names of versions. */
import { z } from 'zod'
import { aliasesOf, demoteModel, promoteModel } from '../store/registry/aliases.ts'
import { invalid } from './failure.ts'
import { modelOf, type VersionRow, versionColumns, versionJson, versionOf, versionTables } from './model-rows.ts'
import { required, requiredId } from './proto-json.ts'
import { type Route, route } from './route.ts'

const reason = 'by a client of MLflow'

const set = route(
  'POST',
  'registered-models/alias',
  z.object({ name: required, alias: required, version: requiredId }),
  async (store, { name, alias, version }) => {
    await promoteModel(store, name, alias, (await versionOf(store, name, version)).version, { reason })
    return {}
  },
)

const remove = route(
  'DELETE',
  'registered-models/alias',
  z.object({ name: required, alias: required }),
  async (store, { name, alias }) => {
    await modelOf(store, name)
    // One that is not there is gone, as with MLflow.
    if (Object.hasOwn(await aliasesOf(store, name), alias)) await demoteModel(store, name, alias, { reason })
    return {}
  },
)

const get = route(
  'GET',
  'registered-models/alias',
  z.object({ name: required, alias: required }),
  async (store, { name, alias }) => {
    const { id } = await modelOf(store, name)
    const [row] = await store.db.rows<VersionRow>(
      `SELECT ${versionColumns} FROM ${versionTables} JOIN viewcast.alias l ON l.artifact_id = a.id
       WHERE l.asset_id = $1 AND l.alias = $2 AND a.state <> 'deleted'`,
      [id, alias],
    )
    // MLflow's own word for it, which clients look for.
    return { model_version: versionJson(row ?? invalid(`Registered model alias ${alias} not found.`)) }
  },
)

export const aliasRoutes: readonly Route[] = [set, remove, get]

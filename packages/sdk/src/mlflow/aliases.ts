/** `registered-models/alias`: names of versions. */
import { z } from 'zod'
import { atomically } from '../store/store.ts'
import { invalid } from './failure.ts'
import { checkLength } from './limits.ts'
import { modelOf, type VersionRow, versionColumns, versionJson, versionOf, versionTables } from './model-rows.ts'
import { required, requiredId } from './proto-json.ts'
import { type Route, route } from './route.ts'
import { setAlias } from './stages.ts'

function checkAlias(alias: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(alias)) {
    invalid(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-), and begin with no digit.`,
    )
  }
  checkLength('Registered model alias name', 100, alias)
  if (alias.toLowerCase() === 'latest') invalid("'latest' alias name (case insensitive) is reserved.")
  if (/^[vV]\d+$/.test(alias)) invalid(`Version alias name '${alias}' is reserved.`)
}

const set = route(
  'POST',
  'registered-models/alias',
  z.object({ name: required, alias: required, version: requiredId }),
  (store, { name, alias, version }) => {
    checkAlias(alias)
    return atomically(store, async (inside) => {
      const { id, asset } = await versionOf(inside, name, version)
      await setAlias(inside, asset, alias, id, 'set by a client of MLflow')
      return {}
    })
  },
)

const remove = route(
  'DELETE',
  'registered-models/alias',
  z.object({ name: required, alias: required }),
  async (store, { name, alias }) => {
    const { id } = await modelOf(store, name)
    await store.db.query('DELETE FROM viewcast.alias WHERE asset_id = $1 AND alias = $2', [id, alias])
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

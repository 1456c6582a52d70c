/** What the store says of a deployment, read and written in the transaction that changes the object. */

import { registerArtifact } from '../store/graph/artifacts.ts'
import { ensureAsset } from '../store/graph/assets.ts'
import { keepFeatureDefinitions } from '../store/registry/feature-definitions.ts'
import { modelArtifact } from '../store/registry/model-artifact.ts'
import type { Store } from '../store/store.ts'
import { keepAside, keptAs, keptNoMore } from './kept-state.ts'
import { assetName, type ObjectName } from './object-name.ts'
import type { PlannedChange } from './plan-data.ts'
import { inspect } from './present.ts'

export interface LiveDeployment {
  readonly asset: string
  readonly artifact: string
  /** Which one deployed it. */
  readonly project: string
  readonly name: string
  readonly environment: string
  readonly isDeclared: boolean
  readonly kind: 'view' | 'table' | 'function'
  readonly version: number
  readonly digest: string
  readonly model: string | null
  readonly modelVersion: number | null
  readonly query: string
  readonly columns: readonly { readonly name: string; readonly type: string; readonly tombstone?: string }[]
  readonly statements: readonly string[]
  readonly spec: Readonly<Record<string, unknown>>
  /** Hash of the object as it was left, and the major version of the server that printed it. */
  readonly leftHash: string | null
  readonly leftServer: number | null
  /** The text of the hash. */
  readonly leftDefinition: string | null
  /** Roles whose grant is viewcast's. */
  readonly granted: readonly string[]
}

/** The version that is live under a name; undefined for an object that is not a deployment, or no more. */
export async function liveDeployment(store: Store, object: ObjectName): Promise<LiveDeployment | undefined> {
  const [row] = await store.db.rows<LiveDeployment>(
    `SELECT d.asset_id AS asset, d.artifact_id AS artifact, d.name, d.environment, d.is_declared AS "isDeclared", d.kind,
            a.version, a.digest, m.name AS model, ma.version AS "modelVersion", v.query, v.columns, to_jsonb(v.statements) AS statements, v.spec,
            d.left_hash AS "leftHash", d.left_server AS "leftServer", d.left_definition AS "leftDefinition", to_jsonb(d.granted) AS granted,
            d.project
     FROM viewcast.deployment d
     JOIN viewcast.asset o ON o.id = d.asset_id
     JOIN viewcast.artifact a ON a.id = d.artifact_id
     JOIN viewcast.deployment_version v ON v.artifact_id = d.artifact_id
     LEFT JOIN viewcast.artifact ma ON ma.id = v.model_artifact_id
     LEFT JOIN viewcast.asset m ON m.id = ma.asset_id
     WHERE o.kind = 'deployment' AND o.name = $1`,
    [assetName(object)],
  )
  return row
}

/** Of a planned change; nothing where none is live, or its model is not known any more. */
export const fromLive = (live: LiveDeployment | undefined): Pick<PlannedChange, 'from'> =>
  live?.model && live.modelVersion
    ? { from: { model: live.model, version: live.modelVersion, deployment: live.version } }
    : {}

export interface DeploymentChange {
  readonly change: PlannedChange
  readonly action: 'apply' | 'rollback' | 'remove'
  readonly environment: string
  readonly verification?: string
  readonly run?: string
  readonly planDigest?: string
  readonly reason?: string
}

/**
 * Writes what is done to an object; to be called in the transaction that does it, before it is done: from the first lock on
 * readers wait. How the object is left then is said by {@link recordLeft}. Returns the version that is live by then.
 */
export async function recordChange(
  store: Store,
  done: DeploymentChange,
): Promise<{ artifact: string; version: number } | undefined> {
  const { change } = done
  const before = await liveDeployment(store, change.object)
  const asset = await ensureAsset(store, { kind: 'deployment', name: assetName(change.object) })
  const { built, keptAt } = change.exchange ?? {}
  if (built) await keptNoMore(store.db, built)
  if (before && keptAt) await keepAside(store.db, before, keptAt)
  const now = done.action === 'remove' ? undefined : await keepVersion(store, asset, done)
  await store.db.query(
    `INSERT INTO viewcast.deployment (asset_id, project, environment, name, is_declared, kind, artifact_id, granted)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text[])
     ON CONFLICT (asset_id) DO UPDATE SET project = excluded.project, environment = excluded.environment, name = excluded.name,
       is_declared = excluded.is_declared, kind = excluded.kind, artifact_id = excluded.artifact_id,
       left_hash = NULL, left_server = NULL, left_definition = NULL, granted = excluded.granted,
       updated_at = clock_timestamp()`,
    [
      asset,
      store.project,
      done.environment,
      change.name,
      change.isDeclared,
      change.as,
      now?.id ?? null,
      change.granted,
    ],
  )
  await store.db.query(
    `INSERT INTO viewcast.deployment_change
       (asset_id, action, class, strategy, from_artifact, to_artifact, execution_id, plan_digest, actor, reason, project, environment, is_declared)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      asset,
      done.action,
      change.class,
      change.strategy,
      before?.artifact ?? null,
      now?.id ?? null,
      done.run ?? null,
      done.planDigest ?? null,
      store.actor,
      done.reason ?? null,
      store.project,
      done.environment,
      change.isDeclared,
    ],
  )
  return now && { artifact: now.id, version: now.version }
}

/** Says how the objects of changes are, now that they were changed, and those that were put aside: a hand edit shows by it. */
export async function recordLeft({ db }: Store, changes: readonly PlannedChange[]): Promise<void> {
  for (const { object, exchange, edited } of changes) {
    const now = await inspect(db, object)
    if (now) {
      await db.query(
        `UPDATE viewcast.deployment d SET left_hash = $2, left_server = current_setting('server_version_num')::integer / 10000,
           left_definition = $3
         FROM viewcast.asset o WHERE o.id = d.asset_id AND (o.kind, o.name) = ('deployment', $1)`,
        [assetName(object), now.hash, now.definition],
      )
    }
    if (exchange?.keptAt) await keptAs(db, exchange.keptAt, edited !== undefined)
  }
}

async function keepVersion(store: Store, asset: string, { change, verification }: DeploymentChange) {
  const model = change.to && (await modelArtifact(store, change.to.model, change.to.version))
  const version = await registerArtifact(store, asset, {
    digest: change.digest,
    props: { model: change.to?.model, modelVersion: change.to?.version, sql: change.creation[0] },
  })
  const columns = change.columns
    .filter((c) => c.change !== 'removed' || c.tombstone !== undefined)
    .map(({ name, type, tombstone }) => ({ name, type, ...(tombstone === undefined ? {} : { tombstone }) }))
  await store.db.query(
    `INSERT INTO viewcast.deployment_version
       (artifact_id, model_artifact_id, spec, query, statements, columns, parameters, verification)
     VALUES ($1, $2, $3, $4, $5::text[], $6, $7, $8)
     ON CONFLICT (artifact_id) DO NOTHING`,
    [
      version.id,
      model?.id ?? null,
      JSON.stringify(change.spec),
      change.query,
      change.creation,
      JSON.stringify(columns),
      JSON.stringify(change.parameters),
      verification ?? null,
    ],
  )
  await keepFeatureDefinitions(store, version.id, change.definitions ?? [])
  return version
}
